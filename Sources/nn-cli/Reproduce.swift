import ArgumentParser
import NNData
import SwiftNN

struct Reproduce: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Train a model again and compare the bytes.",
        discussion: """
            The model says how it was trained. Exit code 0: training again gives the same bytes; 1: it does not. Then the \
            first difference is shown: data, options, or the place of a weight.

            EXAMPLES
              nn-cli reproduce model.nnk
              nn-cli reproduce cats.nnk --train train.h5
              nn-cli reproduce taught.nnk --train photos
              nn-cli reproduce mine.nnk --train mine.h5 --from cats.nnk --json
            """
    )

    @Argument(help: "Model to train again; - is standard input.", completion: .file())
    var model: String

    @Option(
        help: ArgumentHelp(
            """
            Folder of photos, or data set (HDF5), that it was trained on. Without it, the built-in drawings.
            """, valueName: "data"),
        completion: .file())
    var train: String?

    @OptionGroup var dataOptions: DataOptions

    @Option(
        help: ArgumentHelp("Model that its training started from.", valueName: "file"), completion: .file())
    var from: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    private struct Answer: Encodable {
        let difference: Reproduction.Difference?

        private enum CodingKeys: String, CodingKey {
            case equal
            case firstDifference = "first_difference"
        }

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: CodingKeys.self)
            try object.encode(difference == nil, forKey: .equal)
            try object.encode(difference, forKey: .firstDifference)
        }
    }

    func validate() throws {
        guard model != "-" || from != "-" else {
            throw ValidationError("only one of the two models can be - (standard input)")
        }
    }

    func run() throws {
        let network = try ModelFile.load(model)
        let data =
            try train.map { try DataSource($0, dataOptions, like: network.classNames).read(.train) }
            ?? DrawnData.training
        let start = try from.map(ModelFile.load)
        let difference = try ModelFile.blaming(model) {
            try Reproduction(network: network, data: data, start: start).difference()
        }
        if json {
            try Console.answer(json: Answer(difference: difference))
        } else if difference == nil {
            try Console.answer("the same \(network.bytes.count) bytes")
        }
        if let difference { throw Failure(code: 1, message: "\(model): \(difference.text)") }
    }
}

/// The training of a model, once more.
struct Reproduction {
    let network: Network
    let data: DataSet
    let start: Network?

    /// Where the model and what its training gives part, in the order in which it is looked for.
    enum Difference: Error, Encodable {
        /// It was trained on other data; the text says on which.
        case data(String)
        /// No training by this program gives such a model; the text says why, and what to do.
        case options(String)
        /// The first weight that differs, in the order of the file: layer 1 is the one above the images; rows are units;
        /// no column: a bias.
        case weight(layer: Int, row: Int, column: Int?)

        private enum CodingKeys: String, CodingKey { case layer, row, column }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .data: try "data".encode(to: encoder)
            case .options: try "options".encode(to: encoder)
            case .weight(let layer, let row, let column):
                var object = encoder.container(keyedBy: CodingKeys.self)
                try object.encode(layer, forKey: .layer)
                try object.encode(row, forKey: .row)
                try object.encode(column, forKey: .column)
            }
        }

        var text: String {
            switch self {
            case .data(let text), .options(let text): text
            case .weight(let layer, let row, let column?):
                "training again gives another weight in layer \(layer), row \(row), column \(column)"
            case .weight(let layer, let row, nil):
                "training again gives another bias in layer \(layer), row \(row)"
            }
        }
    }

    /// nil: there is none.
    func difference() throws -> Difference? {
        do {
            let again = try trainedAgain()
            guard again.bytes != network.bytes else { return nil }
            return firstWeight(again)
                ?? (again.classNames == network.classNames
                    ? .options("training again gives another header")
                    : .data("its classes are \(classes(network)), but those of the data \(classes(again))"))
        } catch let difference as Difference {
            return difference
        }
    }

    private func classes(_ network: Network) -> String {
        "\(network.className(0)) and \(network.className(1))"
    }

    private func trainedAgain() throws -> Network {
        guard let origin = network.origin else {
            throw Difference.options(
                "it does not say how it was trained, as its weights were imported; only a model that train wrote can be "
                    + "trained again")
        }
        guard let precision = network.elementType.precision else {
            throw Difference.options(
                "its weights were rounded to bytes after the training; reproduce the model that it was made from, and "
                    + "compare that model's export --i8 with it")
        }
        let examples = try examples(origin)
        var options = TrainingOptions(origin, network)
        options.precision = precision
        options.start = try checkedStart(origin)
        let trained: Network
        do {
            var progress = ProgressReport(total: options.iterations, begun: 0)
            defer { progress.clear() }
            trained = try Network(training: examples, options: options) { step in
                progress.update(step.iteration, cost: nil)
            }
        } catch let error as NNError {
            switch error {
            case .diverged: throw Difference.options("training again, \(error)")
            case .invalidOption, .otherStart:
                throw Difference.options("no training has such options: \(error)")
            default: throw error
            }
        }
        let again = try withKeptIteration(trained, origin)
        guard let expectation = network.expectation else { return again }
        return try again.calibrated(expectation)
    }

    /// What keeping the best makes of a training that ended at the iteration that was kept: the header says how far it
    /// went on.
    private func withKeptIteration(_ trained: Network, _ origin: Network.Origin) throws -> Network {
        guard origin.keptIteration != nil else { return trained }
        return trained.elementType == .f64
            ? try sealed(trained.parameters(as: Double.self), trained, origin)
            : try sealed(trained.parameters(as: Float.self), trained, origin)
    }

    private func sealed<S: Scalar>(_ parameters: [S], _ trained: Network, _ origin: Network.Origin) throws
        -> Network
    {
        try Network(
            topology: trained.topology, parameters: parameters, classNames: trained.classNames,
            origin: origin,
            takesOwnContrastOff: trained.takesOwnContrastOff)
    }

    /// The training set with its weights.
    private func examples(_ origin: Network.Origin) throws -> Examples {
        let examples = try Examples(data)
        guard examples.count == origin.examples, examples.crc == origin.dataCRC else {
            throw Difference.data(
                "it was trained on \(counted(origin.examples, "image")) with CRC-32 \(origin.dataCRCText), not on these "
                    + "\(counted(examples.count, "image")) with CRC-32 \(crcText(examples.crc))")
        }
        guard let weights = origin.exampleWeights else { return examples }
        guard let rule = WeightRule(code: weights.rule),
            let weighted = try? rule.weighted(examples, seed: origin.seed), weighted.weightsCRC == weights.crc
        else {
            throw Difference.options("its images had weights that train --hold-out and --balance do not give")
        }
        return weighted
    }

    private func checkedStart(_ origin: Network.Origin) throws -> Network? {
        guard origin.startCRC != start?.payloadCRC else { return start }
        let text =
            switch (origin.startCRC, start) {
            case (nil, _): "its training started from drawn weights; leave out --from"
            case (let crc?, nil):
                "its training started from the model of CRC-32 \(crcText(crc)); name that model with --from"
            case (let crc?, let start?):
                "its training started from the model of CRC-32 \(crcText(crc)), not from this one of CRC-32 "
                    + crcText(start.payloadCRC)
            }
        throw Difference.options(text)
    }

    private func firstWeight(_ other: Network) -> Difference? {
        let (a, b) = (network.parameters(as: Double.self), other.parameters(as: Double.self))
        guard var index = a.indices.first(where: { a[$0].bitPattern != b[$0].bitPattern }) else { return nil }
        let sizes = network.topology.sizes
        for (layer, (inputs, outputs)) in zip(sizes, sizes.dropFirst()).enumerated() {
            if index < inputs * outputs {
                return .weight(layer: layer + 1, row: index / inputs, column: index % inputs)
            }
            index -= inputs * outputs
            if index < outputs { return .weight(layer: layer + 1, row: index, column: nil) }
            index -= outputs
        }
        return nil
    }
}

extension TrainingOptions {
    /// How a network was trained, without its precision and the model that it started from. A network whose best
    /// parameters were kept is that of a training which ends there.
    fileprivate init(_ origin: Network.Origin, _ network: Network) {
        self.init()
        topology = network.topology
        method = origin.method
        initializer = origin.initializer
        seed = origin.seed
        iterations = origin.keptIteration ?? origin.iterations
        learningRate = origin.learningRate
        costEvery = 0
        centersImages = origin.isCentered
        takesOwnContrastOff = network.takesOwnContrastOff
        mirror = origin.mirror
        weightDecay = origin.weightDecay ?? 0
        virtualShards = origin.virtualShards
        threads = NetworkOptions.processors
    }
}
