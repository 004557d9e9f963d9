import ArgumentParser
import NNData
import SwiftNN

struct Inspect: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a model, a checkpoint or a data set holds.",
        discussion: """
            EXAMPLES
              nn-cli inspect model.nnk
              nn-cli inspect train.h5 --json
              nn-cli inspect built-in
            """
    )

    @Argument(
        help: """
            A model, a checkpoint or a data set (HDF5); - is a model on the standard input, built-in the one that \
            nn-cli has with it.
            """,
        completion: .file())
    var file: String

    @Flag(help: "Answer with one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func run() throws {
        // A pipe can be read once: what comes from one is taken for a model.
        guard file != BuiltInModel.path && file != "-" && !OutputFile.isDevice(file) else {
            return try answerModel()
        }
        let expected = "a model, a checkpoint or a data set"
        let start = try InputFile.readStart(file, expected: expected, count: 8)
        let isHDF5 = start == Array("\u{89}HDF\r\n\u{1a}\n".unicodeScalars.map { UInt8($0.value) })
        if isHDF5 {
            let facts = DataSetFacts(try CrashGuard.load(file), path: file)
            try json ? Console.answer(json: facts) : facts.print()
        } else if start.starts(with: ModelFile.magic), start.last == CheckpointFile.kind {
            let facts = CheckpointFacts(try CheckpointFile.load(file), path: file)
            try json ? Console.answer(json: facts) : facts.print()
        } else if start.starts(with: ModelFile.magic) {
            try answerModel()
        } else {
            throw FileError(.badData, file: file, expected: expected, found: "another kind of file")
        }
    }

    private func answerModel() throws {
        let facts = ModelFacts(try ModelFile.load(file), path: file)
        try json ? Console.answer(json: facts) : facts.print()
    }
}

private struct DataSetFacts: Encodable {
    let kind = "data set"
    let path: String
    let count: Int
    let shape = [DataSet.side, DataSet.side, 3]
    let classes: [String]
    /// Examples of class 0 and of class 1.
    let counts: [Int]

    init(_ data: DataSet, path: String) {
        self.path = path
        count = data.count
        classes = data.classes
        let ones = data.labels.count { $0 == 1 }
        counts = [data.count - ones, ones]
    }

    func print() throws {
        try Console.answer("data set   \(path)")
        try Console.answer("images     \(count) of 64 x 64 pixels, RGB")
        for index in 0...1 { try Console.answer("class \(index)    \(classes[index]): \(counts[index])") }
    }
}

private struct CheckpointFacts: Encodable {
    let kind = "checkpoint"
    let path: String
    let layers: [Int]
    let precision: String
    let method: String
    let seed: UInt32
    let iterations: Int
    let learningRate: Double
    let logEvery: Int
    let examples: Int

    private enum CodingKeys: String, CodingKey {
        case kind, path, layers, precision, method, seed, iterations, examples
        case learningRate = "learning_rate"
        case logEvery = "log_every"
    }

    init(_ checkpoint: Checkpoint, path: String) {
        let options = checkpoint.options
        self.path = path
        layers = options.topology.sizes
        precision = options.precision.name
        method = "\(options.method ?? .dual)"
        seed = options.seed
        iterations = options.iterations
        learningRate = options.learningRate
        logEvery = options.costEvery
        examples = checkpoint.examples
    }

    func print() throws {
        try Console.answer(
            """
            checkpoint     \(path)
            layers         \(layers.map(String.init).joined(separator: "-")) in \(precision)
            training by    \(method) gradient descent, \(iterations) iterations at rate \(learningRate)
            seed           \(seed)
            costs          each \(logEvery) iterations
            data           \(examples) images
            """)
    }
}

private struct ModelFacts: Encodable {
    let kind = "model"
    let path: String
    let sha256: String
    let bytes: Int
    let layers: [Int]
    let parameters: Int
    let precision: String
    let classes: [String]
    /// How it was trained; an imported model has none, and its fields are null.
    let origin: Network.Origin?
    /// Shares that are right, known of the built-in model alone.
    let trainAccuracy: Double?
    let testAccuracy: Double?

    private enum CodingKeys: String, CodingKey {
        case kind, path, sha256, bytes, layers, parameters, precision, classes, method, initializer, seed
        case iterations, examples
        case learningRate = "learning_rate"
        case dataCRC = "data_crc32"
        case trainAccuracy = "train_accuracy"
        case testAccuracy = "test_accuracy"
    }

    init(_ network: Network, path: String) {
        self.path = path
        let (training, test) = BuiltInModel.right
        trainAccuracy = path == BuiltInModel.path ? Double(training.0) / Double(training.of) : nil
        testAccuracy = path == BuiltInModel.path ? Double(test.0) / Double(test.of) : nil
        sha256 = NNData.sha256(network.bytes)
        bytes = network.bytes.count
        layers = network.topology.sizes
        parameters = network.topology.parameterCount
        precision = network.elementType.name
        classes = network.classNames
        origin = network.origin
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(kind, forKey: .kind)
        try object.encode(path, forKey: .path)
        try object.encode(sha256, forKey: .sha256)
        try object.encode(bytes, forKey: .bytes)
        try object.encode(layers, forKey: .layers)
        try object.encode(parameters, forKey: .parameters)
        try object.encode(precision, forKey: .precision)
        try object.encode(classes, forKey: .classes)
        try object.encode(origin.map { "\($0.method)" }, forKey: .method)
        try object.encode(origin.map { "\($0.initializer)" }, forKey: .initializer)
        try object.encode(origin?.seed, forKey: .seed)
        try object.encode(origin?.iterations, forKey: .iterations)
        try object.encode(origin?.learningRate, forKey: .learningRate)
        try object.encode(origin?.examples, forKey: .examples)
        try object.encode(origin?.dataCRCText, forKey: .dataCRC)
        try object.encodeIfPresent(trainAccuracy, forKey: .trainAccuracy)
        try object.encodeIfPresent(testAccuracy, forKey: .testAccuracy)
    }

    func print() throws {
        try Console.answer(
            """
            model          \(path)
            sha256         \(sha256)
            size           \(bytes) bytes
            layers         \(layers.map(String.init).joined(separator: "-"))
            parameters     \(parameters) of \(precision)
            classes        0: \(classes[0].isEmpty ? "-" : classes[0]), 1: \(classes[1].isEmpty ? "-" : classes[1])
            """)
        guard let origin else { return try Console.answer("origin         imported") }
        try Console.answer(
            """
            trained by     \(origin.method) gradient descent, \(origin.iterations) iterations at rate \(origin.learningRate)
            initial        \(origin.initializer), seed \(origin.seed)
            data           \(origin.examples) images, CRC-32 \(origin.dataCRCText)
            """)
        guard path == BuiltInModel.path else { return }
        let (training, test) = BuiltInModel.right
        try Console.answer(
            """
            accuracy       \(training.0) of the \(training.of) photos it was trained on, \(test.0) of \(test.of) others
            """)
    }
}
