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
    /// Known only for the built-in model.
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
        try object.encode(origin?.method.name, forKey: .method)
        try object.encode(origin?.initializer.name, forKey: .initializer)
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
        guard let origin else { return try Console.answer("training       unknown (imported weights)") }
        try Console.answer(
            """
            training       \(origin.method.name) gradient descent, \(origin.iterations) iterations, learning rate \(origin.learningRate)
            initial        \(origin.initializer.name) weights, seed \(origin.seed)
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
