import ArgumentParser
import NNData
import SwiftNN

struct Report: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show how well a model does, as a page for the browser.",
        discussion: """
            The page needs no other file and no network. It shows accuracies with confidence intervals, \
            mislabeled pictures, and the weights of the first layer. train --report shows the costs as well.

            EXAMPLES
              nn-cli report --data test.h5
              nn-cli report -m cats.nnk --data test.h5 --train train.h5 -o cats.html
            """
    )

    @OptionGroup var modelOption: ModelOption

    @Option(help: ArgumentHelp("Images to test with (HDF5).", valueName: "file"), completion: .file())
    var data: String

    @Option(
        help: ArgumentHelp("The images that the model was trained on (HDF5).", valueName: "file"),
        completion: .file())
    var train: String?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The page to write (HTML); - is the standard output.", valueName: "file"),
        completion: .file())
    var output = "report.html"

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        for input in [modelOption.model, data, train].compactMap({ $0 })
        where output != "-" && OutputFile.isSameFile(input, output) {
            throw ValidationError("--output: expected a file other than the inputs, got \(output)")
        }
    }

    func run() throws {
        let file = try OutputFile(output)
        let network = try ModelFile.load(modelOption.model)
        var results = [try evaluate(network, data, name: "Test")]
        if let train {
            let training = try evaluate(network, train, name: "Training")
            try check(network, wasTrainedOn: training.data)
            results.append(training)
        }
        let page = ReportPage(
            path: modelOption.model, network: network, results: results, run: nil,
            command: network.trainingCommand(data: train, test: data, output: modelOption.model))
        let bytes = Array(page.html.text.utf8)
        try file.write(bytes)
        Console.note("wrote \(output) (\(bytes.count) bytes)")
    }

    private func evaluate(_ network: Network, _ path: String, name: String) throws -> ReportPage.Results {
        let data = try CrashGuard.load(path)
        try data.checkClasses(of: path, are: network.classNames, of: modelOption.model)
        return ReportPage.Results(
            name: name, path: path, data: data, evaluation: try network.evaluate(Examples(data)))
    }

    private func check(_ network: Network, wasTrainedOn data: DataSet) throws {
        let crc = try Examples(data).crc
        guard let origin = network.origin, crc != origin.dataCRC else { return }
        throw FileError(
            .badData, file: train!,
            expected: "the \(origin.examples) images that \(modelOption.model) was trained on "
                + "(CRC-32 \(origin.dataCRCText))",
            found: "\(data.count) of CRC-32 \(crcText(crc))")
    }
}

extension Network {
    /// The call of nn-cli that trains this network again; nil if it can't.
    ///
    /// - Parameter data: where the training set is, if that is known.
    func trainingCommand(data: String?, test: String?, output: String) -> String? {
        guard let origin, let precision = Train.PrecisionName(rawValue: elementType.name),
            // The tool has no option for it (topology.h: small for up to two layers).
            origin.initializer == (topology.sizes.count <= 3 ? .small : .deep)
        else { return nil }
        var options: [(name: String, value: String?)] = [("--train", data)]
        if data != nil {
            options.append(("--test", test))
        } else if (try? Examples(DrawnData.training).crc) != origin.dataCRC {
            return nil
        }
        options += [
            ("--topology", topology == .deep ? "deep" : "two-layer"), ("--precision", precision.rawValue),
            ("--method", "\(origin.method)"), ("--iterations", "\(origin.iterations)"),
            ("--learning-rate", "\(origin.learningRate)"), ("--seed", "\(origin.seed)"), ("--output", output),
        ]
        let words = options.compactMap { name, value in value.map { "\(name) \(shellQuoted($0))" } }
        return (["nn-cli train"] + words).joined(separator: " \\\n  ")
    }
}

/// `word` as a shell takes it for one word.
func shellQuoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "+")...UInt8(ascii: "9") ~= byte || "_=@%".utf8.contains(byte)
    }
    return plain && !word.isEmpty
        ? word
        : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
}
