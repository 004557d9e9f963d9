import NNData
import SwiftNN

struct ModelFacts: Facts {
    let kind = "model"
    let path: String
    let sha256: String
    let bytes: Int
    let layers: [Int]
    let parameters: Int
    let precision: String
    let classes: [String]
    /// How it was trained; nil for an imported model, whose fields are null.
    let origin: Network.Origin?
    let takesOwnContrastOff: Bool
    /// nil if it was not judged.
    let expectation: Network.Expectation?
    /// Known only for the built-in model.
    let trainAccuracy: Double?
    let testAccuracy: Double?

    private enum CodingKeys: String, CodingKey {
        case kind, path, sha256, bytes, layers, parameters, precision, classes, method, initializer, seed
        case iterations, examples
        case learningRate = "learning_rate"
        case dataCRC = "data_crc32"
        case ownContrast = "own_contrast"
        case centered, mirrored
        case weightDecay = "weight_decay"
        case weightsCRC = "weights_crc32"
        case startCRC = "start_crc32"
        case keptIteration = "kept_iteration"
        case virtualShards = "virtual_shards"
        case expected
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
        takesOwnContrastOff = network.takesOwnContrastOff
        expectation = network.expectation
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
        try object.encode(origin?.method.name, forKey: .method)
        try object.encode(origin?.initializer.name, forKey: .initializer)
        try object.encode(origin?.seed, forKey: .seed)
        try object.encode(origin?.iterations, forKey: .iterations)
        try object.encode(origin?.learningRate, forKey: .learningRate)
        try object.encode(origin?.examples, forKey: .examples)
        try object.encode(origin?.dataCRCText, forKey: .dataCRC)
        if takesOwnContrastOff { try object.encode(true, forKey: .ownContrast) }
        if origin?.isCentered == true { try object.encode(true, forKey: .centered) }
        if origin?.mirror != nil { try object.encode(true, forKey: .mirrored) }
        try object.encodeIfPresent(origin?.weightDecay, forKey: .weightDecay)
        try object.encodeIfPresent(origin?.exampleWeights.map { crcText($0.crc) }, forKey: .weightsCRC)
        try object.encodeIfPresent(origin?.startCRC.map(crcText), forKey: .startCRC)
        try object.encodeIfPresent(origin?.keptIteration, forKey: .keptIteration)
        try object.encodeIfPresent(origin?.virtualShards, forKey: .virtualShards)
        try object.encodeIfPresent(expectation.map(ExpectationFacts.init), forKey: .expected)
        try object.encodeIfPresent(trainAccuracy, forKey: .trainAccuracy)
        try object.encodeIfPresent(testAccuracy, forKey: .testAccuracy)
    }

    static let contrastText = "each image's own brightness and contrast are taken off"

    func print() throws {
        try Console.answer(
            "model          \(path)",
            "sha256         \(sha256)",
            "size           \(bytes) bytes",
            "layers         \(layers.map(String.init).joined(separator: "-"))",
            "parameters     \(parameters) of \(precision)",
            "classes        0: \(classes[0].isEmpty ? "-" : classes[0]), 1: \(classes[1].isEmpty ? "-" : classes[1])"
        )
        if takesOwnContrastOff {
            try Console.answer("contrast       \(Self.contrastText)")
        }
        if let expectation {
            try Console.answer(
                "expected       \(expectation.text)",
                "judged         \(expectation.judgement)")
        }
        guard let origin else { return try Console.answer("training       unknown (imported weights)") }
        try Console.answer(
            "training       \(origin.method.name) gradient descent, \(counted(origin.iterations, "iteration")), learning rate \(origin.learningRate)",
            "initial        \(origin.initializer.name) weights, seed \(origin.seed)",
            "data           \(counted(origin.examples, "image")), CRC-32 \(origin.dataCRCText)")
        if let options = origin.optionsText { try Console.answer("options        \(options)") }
        guard path == BuiltInModel.path else { return }
        let (training, test) = BuiltInModel.right
        try Console.answer(
            "accuracy       \(training.0) of the \(training.of) photos it was trained on, \(test.0) of \(test.of) others"
        )
    }
}

extension Network.Origin {
    /// The options of the training in words; nil if it had none.
    var optionsText: String? {
        let options = [
            isCentered ? "centered" : nil,
            mirror.map { "mirrored (rows of \($0.rowBytes) bytes, pixels of \($0.pixelBytes))" },
            weightDecay.map { "weight decay \($0)" },
            exampleWeights.map { "weights of CRC-32 \(crcText($0.crc))" },
            startCRC.map { "started from the model of CRC-32 \(crcText($0))" },
            keptIteration.map { "kept the best, of iteration \($0)" },
            virtualShards.map { counted($0, "virtual shard") },
        ].compactMap(\.self)
        return options.isEmpty ? nil : options.joined(separator: ", ")
    }
}
