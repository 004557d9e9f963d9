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
    private let options: TrainingOptions
    private let weightsCRC, startCRC: UInt32?

    private enum CodingKeys: String, CodingKey {
        case kind, path, layers, precision, method, seed, iterations, examples
        case learningRate = "learning_rate"
        case logEvery = "log_every"
        case ownContrast = "own_contrast"
        case centered, mirrored
        case weightDecay = "weight_decay"
        case weightsCRC = "weights_crc32"
        case startCRC = "start_crc32"
        case keepBest = "keep_best"
        case virtualShards = "virtual_shards"
        case capacity
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
        self.options = options
        weightsCRC = checkpoint.weightsCRC
        startCRC = checkpoint.startCRC
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(kind, forKey: .kind)
        try object.encode(path, forKey: .path)
        try object.encode(layers, forKey: .layers)
        try object.encode(precision, forKey: .precision)
        try object.encode(method, forKey: .method)
        try object.encode(seed, forKey: .seed)
        try object.encode(iterations, forKey: .iterations)
        try object.encode(learningRate, forKey: .learningRate)
        try object.encode(logEvery, forKey: .logEvery)
        try object.encode(examples, forKey: .examples)
        if options.takesOwnContrastOff { try object.encode(true, forKey: .ownContrast) }
        if options.centersImages { try object.encode(true, forKey: .centered) }
        if options.mirror != nil { try object.encode(true, forKey: .mirrored) }
        if options.weightDecay > 0 { try object.encode(options.weightDecay, forKey: .weightDecay) }
        try object.encodeIfPresent(weightsCRC.map(crcText), forKey: .weightsCRC)
        try object.encodeIfPresent(startCRC.map(crcText), forKey: .startCRC)
        if options.keepsBest { try object.encode(true, forKey: .keepBest) }
        try object.encodeIfPresent(options.virtualShards, forKey: .virtualShards)
        try object.encodeIfPresent(options.capacity, forKey: .capacity)
    }

    private var optionsText: String? {
        let options = [
            options.takesOwnContrastOff ? "own contrast" : nil,
            options.centersImages ? "centered" : nil,
            options.mirror == nil ? nil : "mirrored",
            options.weightDecay > 0 ? "weight decay \(options.weightDecay)" : nil,
            weightsCRC.map { "weights of CRC-32 \(crcText($0))" },
            startCRC.map { "started from the model of CRC-32 \(crcText($0))" },
            options.keepsBest ? "keeps the best" : nil,
            options.virtualShards.map { counted($0, "virtual shard") },
            options.capacity.map { "room for \(counted($0, "image"))" },
        ].compactMap(\.self)
        return options.isEmpty ? nil : options.joined(separator: ", ")
    }

    func print() throws {
        try Console.answer(
            "checkpoint     \(path)",
            "layers         \(layers.map(String.init).joined(separator: "-")) in \(precision)",
            "training       \(method) gradient descent, \(counted(iterations, "iteration")), learning rate \(learningRate)",
            "seed           \(seed)",
            "costs          every \(counted(logEvery, "iteration"))",
            "data           \(counted(examples, "image"))")
        if let optionsText { try Console.answer("options        \(optionsText)") }
    }
}
