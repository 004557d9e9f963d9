import NNData
import SwiftNN

// A network as named arrays, and back.

extension Topology {
    /// The arrays of a network, in the order of its parameters. Each has two names: the one that a list of
    /// PyTorch's nn.Linear gives it, which is written, and the one of textbooks, such as W1.
    fileprivate var arrays: [(name: String, textbookName: String, shape: [Int])] {
        zip(sizes, sizes.dropFirst()).enumerated().flatMap { layer, size in
            [
                ("layers.\(layer).weight", "W\(layer + 1)", [size.1, size.0]),
                ("layers.\(layer).bias", "b\(layer + 1)", [size.1]),
            ]
        }
    }
}

extension TensorFile {
    /// Doubles for an f64 model, else floats.
    init(_ network: Network) {
        var tensors: [Tensor] = []
        func add<S: Scalar>(_ parameters: [S], _ elements: ([S]) -> Tensor.Elements) {
            var rest = parameters[...]
            for array in network.topology.arrays {
                let count = array.shape.reduce(1, *)
                let part = Array(rest.prefix(count))
                tensors.append(Tensor(name: array.name, shape: array.shape, elements: elements(part)))
                rest = rest.dropFirst(count)
            }
        }
        if network.elementType == .f64 {
            add(network.parameters(), Tensor.Elements.f64)
        } else {
            add(network.parameters(), Tensor.Elements.f32)
        }
        self.init(tensors: tensors, metadata: Metadata(network).entries)
    }
}

/// What a model contains beside its weights, as named strings.
private struct Metadata {
    var classNames: [String]
    let origin: Network.Origin?
    let takesOwnContrastOff: Bool
    let expectation: Network.Expectation?

    private enum Key {
        static let classes = ["class_0", "class_1"]
        static let method = "method"
        static let initializer = "initializer"
        static let seed = "seed"
        static let iterations = "iterations"
        static let learningRate = "learning_rate"
        static let examples = "examples"
        static let dataCRC = "data_crc32"
        static let ownContrast = "own_contrast"
        static let centered = "centered"
        static let mirror = ["mirror_row_bytes", "mirror_pixel_bytes"]
        static let weightDecay = "weight_decay"
        static let weightsCRC = "weights_crc32"
        static let weightsRule = "weights_rule"
        static let startCRC = "start_crc32"
        static let keptIteration = "kept_iteration"
        static let virtualShards = "virtual_shards"
        static let accuracy = "expected_accuracy"
        static let interval = ["expected_low", "expected_high"]
        static let logLoss = "expected_log_loss"
        static let auc = "expected_auc"
        static let guessing = "expected_guessing"
        static let judgedExamples = "judged_examples"
        static let judgedFolds = "judged_folds"
        static let scale = "calibration_scale"
        static let shift = "calibration_shift"
    }

    init(_ network: Network) {
        classNames = network.classNames
        // Floats made from an i8 model's bytes are not the weights that the training gave.
        origin = network.elementType == .i8 ? nil : network.origin
        takesOwnContrastOff = network.takesOwnContrastOff
        expectation = network.expectation
    }

    var entries: [String: String] {
        var entries = [
            "input": "64 x 64 pixels, row by row, R G B: 12288 bytes, each divided by 255"
                + (takesOwnContrastOff
                    ? ", then less their mean and divided by their standard deviation, or 0 where that is 0"
                    : ""),
            "activations": "relu, after the last layer sigmoid: the probability of class_1",
            Key.classes[0]: classNames[0], Key.classes[1]: classNames[1],
        ]
        if takesOwnContrastOff { entries[Key.ownContrast] = "true" }
        if let expectation { entries.merge(Self.entries(of: expectation)) { first, _ in first } }
        guard let origin else { return entries }
        entries[Key.method] = origin.method.name
        entries[Key.initializer] = origin.initializer.name
        entries[Key.seed] = "\(origin.seed)"
        entries[Key.iterations] = "\(origin.iterations)"
        entries[Key.learningRate] = "\(origin.learningRate)"
        entries[Key.examples] = "\(origin.examples)"
        entries[Key.dataCRC] = origin.dataCRCText
        return entries.merging(Self.options(of: origin)) { first, _ in first }
    }

    /// Entries of the options that the training had.
    private static func options(of origin: Network.Origin) -> [String: String] {
        var entries: [String: String] = [:]
        if origin.isCentered { entries[Key.centered] = "true" }
        if let mirror = origin.mirror {
            entries[Key.mirror[0]] = "\(mirror.rowBytes)"
            entries[Key.mirror[1]] = "\(mirror.pixelBytes)"
        }
        if let decay = origin.weightDecay { entries[Key.weightDecay] = "\(decay)" }
        if let weights = origin.exampleWeights {
            entries[Key.weightsCRC] = crcText(weights.crc)
            entries[Key.weightsRule] = "\(weights.rule)"
        }
        if let crc = origin.startCRC { entries[Key.startCRC] = crcText(crc) }
        if let iteration = origin.keptIteration { entries[Key.keptIteration] = "\(iteration)" }
        if let shards = origin.virtualShards { entries[Key.virtualShards] = "\(shards)" }
        return entries
    }

    /// Entries of a judgement.
    private static func entries(of e: Network.Expectation) -> [String: String] {
        [
            Key.accuracy: "\(e.accuracy)", Key.interval[0]: "\(e.interval.lowerBound)",
            Key.interval[1]: "\(e.interval.upperBound)", Key.logLoss: "\(e.logLoss)",
            Key.auc: "\(e.areaUnderCurve)", Key.guessing: "\(e.guessing)",
            Key.judgedExamples: "\(e.examples)", Key.judgedFolds: "\(e.folds)",
            Key.scale: "\(e.calibration.scale)", Key.shift: "\(e.calibration.shift)",
        ]
    }

    /// A file without class names gives empty ones; a file without `method` gives no origin.
    init(_ entries: [String: String], path: String) throws(FileError) {
        classNames = Key.classes.map { entries[$0] ?? "" }
        let texts = Texts(entries: entries, path: path)
        takesOwnContrastOff = try texts.optional(Key.ownContrast) { $0 == "true" ? true : nil } ?? false
        origin = try entries[Key.method] == nil ? nil : Self.origin(texts)
        expectation = try entries[Key.accuracy] == nil ? nil : Self.expectation(texts)
    }

    private static func origin(_ texts: Texts) throws(FileError) -> Network.Origin {
        var origin = Network.Origin(
            method: try texts.value(Key.method) { Method(name: $0) },
            initializer: try texts.value(Key.initializer) { Initializer(name: $0) },
            seed: try texts.value(Key.seed) { UInt32($0) },
            iterations: try texts.value(Key.iterations) { UInt32($0).map(Int.init) },
            learningRate: try texts.value(Key.learningRate, positive),
            examples: try texts.value(Key.examples) { UInt32($0).map(Int.init) },
            dataCRC: try texts.value(Key.dataCRC, crc))
        origin.isCentered = try texts.optional(Key.centered) { $0 == "true" ? true : nil } ?? false
        if let row = try texts.optional(
            Key.mirror[0], { Int($0).flatMap { $0 > 0 && 12288 % $0 == 0 ? $0 : nil } })
        {
            let pixel = try texts.value(Key.mirror[1]) {
                Int($0).flatMap { $0 > 0 && row % $0 == 0 ? $0 : nil }
            }
            origin.mirror = .init(rowBytes: row, pixelBytes: pixel)
        }
        origin.weightDecay = try texts.optional(Key.weightDecay, positive)
        if let crc = try texts.optional(Key.weightsCRC, crc) {
            origin.exampleWeights = .init(crc: crc, rule: try texts.value(Key.weightsRule) { UInt32($0) })
        }
        origin.startCRC = try texts.optional(Key.startCRC, crc)
        let iterations = origin.iterations
        origin.keptIteration = try texts.optional(Key.keptIteration) { text in
            Int(text).flatMap { 0...iterations ~= $0 ? $0 : nil }
        }
        let isPrimal = origin.method == .primal
        origin.virtualShards = try texts.optional(Key.virtualShards) { text in
            Int(text).flatMap { isPrimal && 1...32768 ~= $0 && $0 & ($0 - 1) == 0 ? $0 : nil }
        }
        return origin
    }

    private static func expectation(_ texts: Texts) throws(FileError) -> Network.Expectation {
        let low = try texts.value(Key.interval[0], share)
        return Network.Expectation(
            accuracy: try texts.value(Key.accuracy, share),
            interval: low...(try texts.value(Key.interval[1]) { share($0).flatMap { low <= $0 ? $0 : nil } }),
            logLoss: try texts.value(Key.logLoss) {
                Float($0).flatMap { $0 >= 0 && $0.isFinite ? Double($0) : nil }
            },
            areaUnderCurve: try texts.value(Key.auc, share), guessing: try texts.value(Key.guessing, share),
            examples: try texts.value(Key.judgedExamples) { UInt32($0).map(Int.init) },
            folds: try texts.value(Key.judgedFolds) { UInt32($0).map(Int.init) },
            calibration: Calibration(
                scale: try texts.value(Key.scale) {
                    Double($0).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
                },
                shift: try texts.value(Key.shift) { Double($0).flatMap { $0.isFinite ? $0 : nil } }))
    }

    /// Texts and what they stand for.
    private struct Texts {
        let entries: [String: String]
        let path: String

        func value<Value>(_ key: String, _ parse: (String) -> Value?) throws(FileError) -> Value {
            guard let text = entries[key], let value = parse(text) else {
                throw FileError(
                    .badData, file: path, expected: "metadata that nn-cli export wrote, or none",
                    found: "\(key) \(entries[key] ?? "missing")")
            }
            return value
        }
        func optional<Value>(_ key: String, _ parse: (String) -> Value?) throws(FileError) -> Value? {
            try entries[key] == nil ? nil : value(key, parse)
        }
    }

    /// Of a float, so that it is rounded once.
    private static func share(_ text: String) -> Double? {
        Float(text).flatMap { 0...1 ~= $0 ? Double($0) : nil }
    }

    private static func positive(_ text: String) -> Double? {
        Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }

    private static func crc(_ text: String) -> UInt32? { UInt32(text, radix: 16) }
}

extension Network {
    /// The network of a file's tensors.
    ///
    /// - Parameters:
    ///   - path: for messages.
    ///   - topologies: the network must have one of these.
    ///   - classNames: nil: the names in the file's metadata, if any.
    ///   - channelsFirst: whether layer 1 is for pixels in planes: all of red, then green, then blue.
    init(
        _ file: TensorFile, path: String, topologies: [Topology], classNames: [String]?, channelsFirst: Bool
    ) throws {
        // The topology that fits; if none does, the error is about the one that fits best.
        let matches = topologies.map { TensorMatch(file.tensors, $0, channelsFirst: channelsFirst) }
        let match = matches.min { $0.misfits.count < $1.misfits.count }!
        if let complaint = match.misfits.first ?? match.notFinite.first {
            throw FileError(.badData, file: path, expected: complaint.expected, found: complaint.found)
        }
        let metadata = try Metadata(file.metadata, path: path)
        let classNames = classNames ?? metadata.classNames
        try Self.checkClassNames(classNames, of: path)
        func network<S: Scalar>(_ parameters: [S]) throws -> Network {
            try Network(
                topology: match.topology, parameters: parameters,
                classNames: classNames, origin: metadata.origin,
                takesOwnContrastOff: metadata.takesOwnContrastOff, expectation: metadata.expectation)
        }
        self =
            match.doubles.isEmpty ? try network(match.floats) : try network(match.doubles)
    }
}

/// Compares the tensors of a file with those of a topology.
private struct TensorMatch {
    let topology: Topology
    private(set) var floats: [Float] = []
    private(set) var doubles: [Double] = []
    /// Names and shapes that differ from the topology's; then tensors with elements that are not finite.
    private(set) var misfits: [(expected: String, found: String)] = []
    private(set) var notFinite: [(expected: String, found: String)] = []

    /// Tensors go by their names where one has a name that we know, else by their shapes alone.
    init(_ tensors: [Tensor], _ topology: Topology, channelsFirst: Bool) {
        self.topology = topology
        let names = Set(topology.arrays.flatMap { [$0.name, $0.textbookName] })
        let areNamed = tensors.contains { names.contains($0.name) }
        var left = tensors
        for array in topology.arrays {
            let places = left.indices.filter {
                areNamed
                    ? [array.name, array.textbookName].contains(left[$0].name)
                    : left[$0].fitted(to: array.shape) != nil
            }
            // Where a column could be a bias or weights, the one of the very shape is meant.
            let exact = places.filter { left[$0].shape == array.shape }
            let candidates = exact.isEmpty ? places : exact
            switch candidates.count {
            case 0:
                let tensor = "a tensor \(array.name) of \(array.shape)"
                misfits.append((expected(tensor), Self.names(tensors, areNamed)))
            case 1:
                let isInPlanes = channelsFirst && array.shape.last == topology.inputs
                take(left.remove(at: candidates[0]), shape: array.shape, isInPlanes: isInPlanes)
            default:
                let rivals = candidates.map { left[$0] }
                misfits.append(
                    (
                        "one tensor of \(array.shape), or the name \(array.name) for the right one",
                        Self.names(rivals, areNamed)
                    ))
                left.removeAll { rivals.contains($0) }
            }
        }
        if !left.isEmpty {
            misfits.append(
                ("only the tensors of a \(topology.text) network", "also \(Self.names(left, areNamed))"))
        }
        if !floats.isEmpty && !doubles.isEmpty {
            misfits.append(("tensors of one type", "both f32 and f64"))
        }
    }

    private func expected(_ tensor: String) -> String { "\(tensor), as a \(topology.text) network has" }

    private mutating func take(_ tensor: Tensor, shape: [Int], isInPlanes: Bool) {
        guard let fitted = tensor.fitted(to: shape) else {
            return misfits.append((expected("\(tensor.name) of \(shape)"), "\(tensor.shape)"))
        }
        let tensor = isInPlanes ? fitted.forInterleavedPixels : fitted
        let allAreFinite: Bool
        switch tensor.elements {
        case .f32(let elements):
            floats += elements
            allAreFinite = elements.allSatisfy(\.isFinite)
        case .f64(let elements):
            doubles += elements
            allAreFinite = elements.allSatisfy(\.isFinite)
        }
        if !allAreFinite {
            notFinite.append(("finite numbers in \(tensor.name)", "an infinity or a NaN"))
        }
    }

    /// With their shapes where these decide.
    private static func names(_ tensors: [Tensor], _ areNamed: Bool) -> String {
        guard !tensors.isEmpty else { return "none" }
        let names = tensors.prefix(10).map { areNamed ? $0.name : "\($0.name) of \($0.shape)" }
            .joined(separator: ", ")
        return tensors.count > 10 ? "\(names) and \(tensors.count - 10) more" : names
    }
}

extension Tensor {
    /// The tensor in this shape: as it is, weights transposed (inputs, units) as Keras has them, a bias as the column
    /// of textbooks or as a row. nil if it is none of these.
    fileprivate func fitted(to shape: [Int]) -> Tensor? {
        if self.shape == shape { return self }
        if shape.count == 2, self.shape == shape.reversed() { return transposed }
        guard shape.count == 1, self.shape == shape + [1] || self.shape == [1] + shape else { return nil }
        return named(name, shape: shape)
    }
}
