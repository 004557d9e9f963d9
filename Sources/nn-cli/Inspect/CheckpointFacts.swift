import NNData
import SwiftNN

struct CheckpointFacts: Facts {
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
        method = (options.method ?? .dual).name
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
            training       \(method) gradient descent, \(counted(iterations, "iteration")), learning rate \(learningRate)
            seed           \(seed)
            costs          every \(counted(logEvery, "iteration"))
            data           \(counted(examples, "image"))
            """)
    }
}
