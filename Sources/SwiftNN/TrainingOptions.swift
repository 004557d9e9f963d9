import CNNKernel

/// What to train, and how (train.h). The defaults are those of the seed document's deep network.
public struct TrainingOptions: Equatable, Sendable {
    /// The sizes of the layers.
    public var topology: Topology = .deep
    /// The numbers that training computes with and the model stores; ``Precision/f32`` takes half the memory.
    public var precision: Precision = .f64
    /// How the weights of the first layer are computed. nil: chosen by ``chosenMethod(examples:)``.
    public var method: Method?
    /// Whether the dual method takes the least memory, as on boards: the same model, to the bit, in more time. Ignored
    /// by the primal method.
    public var usesLeastMemory = false
    /// How the initial weights are drawn. nil: ``Initializer/small`` for networks of up to two layers, else
    /// ``Initializer/deep``.
    public var initializer: Initializer?
    /// Seed of the initial weights.
    public var seed: UInt32 = 1
    /// Gradient steps, 0...2^32 - 1; 0 leaves the initial weights.
    public var iterations = 2500
    /// The size of a step, finite and above 0.
    public var learningRate = 0.0075
    /// Iterations between two costs, 0...2^32 - 1; 0: no costs.
    public var costEvery = 100
    /// Threads that share the work where it can be shared, 1...4096. The result is the same, to the bit.
    public var threads = 1

    /// The defaults.
    public init() {}
}

extension TrainingOptions {
    static let threadCounts = 1...4096

    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` if an option is out of its range.
    func check(examples: Int) throws(NNError) {
        try NNError.check(examples, .examples, 1...Int(NNK_MAX_EXAMPLES))
        try NNError.check(iterations, .iterations, 0...Int(UInt32.max))
        try NNError.check(costEvery, .costEvery, 0...Int(UInt32.max))
        try NNError.check(threads, .threads, Self.threadCounts)
        guard NNError.positive ~= learningRate else {
            throw .invalidOption(name: .learningRate, value: learningRate, allowed: NNError.positive)
        }
        if method == .dual {
            try NNError.check(topology.layerCount, .layers, 2...Int(NNK_MAX_LAYERS))
            try NNError.check(topology.inputs, .inputs, 1...Int(NNK_MAX_DUAL_INPUTS))
        }
    }
}

/// How the weights of the first layer are computed. Both are the same gradient descent (train.h); they round differently.
public enum Method: String, CaseIterable, Sendable {
    /// On the weights themselves: an iteration goes through all images twice.
    case primal = "primal"
    /// By the Gram matrix of the images: an iteration touches neither an image nor a weight of layer 1.
    case dual = "dual"
}

extension Method: Coded {
    /// The number that stands for it in a model's header (docs/FORMAT.md).
    var code: Int32 {
        switch self {
        case .primal: NNK_PRIMAL
        case .dual: NNK_DUAL
        }
    }
}

extension TrainingOptions {
    /// Multiply-adds of a whole run in its first layer; the other layers take the same by both methods.
    ///
    /// With m images of n bytes and u units: primal 2 u n m per iteration; dual at most u m^2 per iteration, and
    /// 2 u n m + n m^2 / 2 before and after.
    public func multiplyAdds(_ method: Method, examples: Int) -> Double {
        let (m, n, u) = (Double(examples), Double(topology.inputs), Double(topology.firstUnits))
        let steps = Double(iterations)
        return switch method {
        case .primal: steps * 2 * u * n * m
        case .dual: steps * u * m * m + 2 * u * n * m + n * m * m / 2
        }
    }

    /// The most memory that ``chosenMethod(examples:)`` lets the dual method take: 1 GiB.
    public static var memoryForDual: Int { 1 << 30 }

    /// The method that nil stands for: the dual where it has less to compute and enough memory, else the primal.
    public func chosenMethod(examples: Int) -> Method {
        var options = self
        options.method = .dual
        guard multiplyAdds(.dual, examples: examples) < multiplyAdds(.primal, examples: examples),
            let bytes = try? Trainer.arenaBytes(options, examples: examples), bytes <= Self.memoryForDual
        else { return .primal }
        return .dual
    }
}
