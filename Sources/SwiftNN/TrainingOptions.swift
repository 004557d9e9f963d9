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
        try NNError.check(positive: learningRate, .learningRate)
        if method == .dual {
            try NNError.check(topology.layerCount, .layers, 2...Int(NNK_MAX_LAYERS))
            try NNError.check(topology.inputs, .inputs, 1...Int(NNK_MAX_DUAL_INPUTS))
        }
    }
}

extension TrainingOptions {
    /// The options that a run goes by: nil is replaced by what it stands for, and what the method ignores is as by default.
    func resolved(examples: Int) -> TrainingOptions {
        var options = self
        options.method = method ?? chosenMethod(examples: examples)
        if options.method == .primal { options.usesLeastMemory = false }
        options.initializer = initializer ?? (topology.layerCount <= 2 ? .small : .deep)
        return options
    }

    /// The first option in which a run on so many examples differs from one of other options; nil if both can share
    /// checkpoints.
    func difference(from other: TrainingOptions, examples: Int) -> NNError.Option? {
        let (a, b) = (resolved(examples: examples), other.resolved(examples: examples))
        let comparisons: [(NNError.Option, Bool)] = [
            (.topology, a.topology == b.topology),
            (.precision, a.precision == b.precision),
            (.method, a.method == b.method),
            (.usesLeastMemory, a.usesLeastMemory == b.usesLeastMemory),
            (.initializer, a.initializer == b.initializer),
            (.seed, a.seed == b.seed),
            (.iterations, a.iterations == b.iterations),
            (.learningRate, a.learningRate == b.learningRate),
            (.costEvery, a.costEvery == b.costEvery),
        ]
        return comparisons.first { _, isEqual in !isEqual }?.0
    }
}
