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
    /// Whether the mean of all images is taken off, held-out ones included. It becomes part of the first bias, so a
    /// prediction does not know of it. Training then succeeds where it would otherwise end with one answer for all images,
    /// as for images with much in common.
    public var centersImages = false
    /// Whether each image's own brightness and contrast are taken off. The model says so, and a prediction does it too.
    /// Then the network also knows its classes in another light.
    public var takesOwnContrastOff = false
    /// How each image is also learned mirrored from left to right; nil: it is not. For classes that a mirror does not
    /// change. The mirrored images take no memory of their own, and have the labels and weights of their images.
    public var mirror: Mirror?
    /// How fast the weights decay, 0 or more (L2): each step takes this share, times the learning rate, off them. Biases
    /// stay. Times the learning rate it must be below 1.
    public var weightDecay = 0.0
    /// Whether the parameters with the lowest cost on held-out examples become the model, of those whose cost was computed
    /// (``costEvery``, 1 or more). Some examples must be held out: ``Examples/weights``.
    public var keepsBest = false
    /// A network of the same topology to start from, instead of drawn weights; nil: none. It takes own contrast off if
    /// this training does. Its element type may be another one.
    public var start: Network?
    /// The Gram matrix of the images, which other trainings use too; nil: this one forms its own. The method is the dual.
    public var gram: GramMatrix?
    /// Room for so many examples, which may then come and go (``Trainer/add(_:)``, ``Trainer/remove(at:)``), while the run
    /// can go on; nil: the examples stay. It takes the memory of a run on so many. The method is the dual in the least
    /// memory. There are no ``mirror``, ``keepsBest`` or ``gram`` then.
    public var capacity: Int?
    /// How many parts each sum over examples has: a power of two, up to 32,768, for ``Method/primal``, which is chosen then;
    /// nil: one. The parts are added along a tree, so the bits depend on this number, and not on how many computers share
    /// the training: `nn-mpi train` has 64 and writes the same model.
    public var virtualShards: Int?
    /// Threads that share the work where it can be shared, 1...4096. The result is the same, to the bit.
    public var threads = 1

    /// The defaults.
    public init() {}
}

extension TrainingOptions {
    static let threadCounts = 1...4096

    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` if an option is out of its range.
    func check(examples: Int) throws(NNError) {
        try NNError.check(examples, .examples, 1...Int(NNK_MAX_EXAMPLES) / columns(examples: 1))
        try checkCapacity(examples: examples)
        try NNError.check(iterations, .iterations, 0...Int(UInt32.max))
        try NNError.check(costEvery, .costEvery, (keepsBest ? 1 : 0)...Int(UInt32.max))
        try NNError.check(threads, .threads, Self.threadCounts)
        try NNError.check(positive: learningRate, .learningRate)
        try mirror?.check(inputs: topology.inputs)
        try checkWeightDecay()
        try checkShards()
        if let start, start.topology != topology { throw .otherStart(.topology) }
        if let start, start.takesOwnContrastOff != takesOwnContrastOff {
            throw .otherStart(.takesOwnContrastOff)
        }
        if gram != nil, method == .primal { throw .otherGram(.method) }
        if method == .dual || capacity != nil {
            try NNError.check(topology.layerCount, .layers, 2...Int(NNK_MAX_LAYERS))
            try NNError.check(topology.inputs, .inputs, 1...Int(NNK_MAX_DUAL_INPUTS))
        }
    }
}

extension TrainingOptions {
    /// How images are mirrored: the bytes of their rows and pixels.
    public typealias Mirror = Network.Origin.Mirror

    /// How many images the network learns: each counts twice if it is also learned mirrored.
    func columns(examples: Int) -> Int { mirror == nil ? examples : 2 * examples }

    private func checkCapacity(examples: Int) throws(NNError) {
        guard let capacity else { return }
        try NNError.check(capacity, .capacity, 1...Int(NNK_MAX_EXAMPLES))
        try NNError.check(examples, .examples, 1...capacity)
        if method == .primal { throw .notWithCapacity(.method) }
        if mirror != nil { throw .notWithCapacity(.mirror) }
        if keepsBest { throw .notWithCapacity(.keepsBest) }
        if gram != nil { throw .notWithCapacity(.gram) }
    }

    private func checkShards() throws(NNError) {
        guard let virtualShards else { return }
        try NNError.check(virtualShards: virtualShards)
        if method == .dual || capacity != nil || gram != nil { throw .notWithShards(.method) }
    }

    /// The weights must not vanish in one step.
    /// - Precondition: the learning rate is checked.
    private func checkWeightDecay() throws(NNError) {
        var largest = min(1 / learningRate, .greatestFiniteMagnitude)
        while !(1 - learningRate * largest > 0) { largest = largest.nextDown }
        guard 0...largest ~= weightDecay else {
            throw .invalidOption(name: .weightDecay, value: weightDecay, allowed: 0...largest)
        }
    }
}

extension TrainingOptions {
    /// The options that a run goes by: nil is replaced by what it stands for, and what the method ignores is as by default.
    func resolved(examples: Int) -> TrainingOptions {
        var options = self
        options.method = method ?? chosenMethod(examples: examples)
        if capacity != nil { options.usesLeastMemory = true }
        if options.method == .primal { options.usesLeastMemory = false }
        options.initializer = initializer ?? (topology.layerCount <= 2 ? .small : .deep)
        return options
    }

    /// The first option in which a run on so many examples differs from one of other options; nil if both can share
    /// checkpoints. ``start`` and ``gram`` are not compared.
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
            (.centersImages, a.centersImages == b.centersImages),
            (.takesOwnContrastOff, a.takesOwnContrastOff == b.takesOwnContrastOff),
            (.mirror, a.mirror == b.mirror),
            (.weightDecay, a.weightDecay == b.weightDecay),
            (.capacity, a.capacity == b.capacity),
            (.keepsBest, a.keepsBest == b.keepsBest),
            (.virtualShards, a.virtualShards == b.virtualShards),
        ]
        return comparisons.first { _, isEqual in !isEqual }?.0
    }
}
