import CNNKernel

/// One training run: full-batch gradient descent, a bounded slice of work at a time.
///
///     var trainer = try Trainer(examples: examples, options: options)
///     while let progress = try trainer.step() {
///         if let cost = progress.cost { print(cost.iteration, cost.value) }
///     }
///     let network = try trainer.finish()
///
/// ``Network/init(training:options:onProgress:)`` does the same in one call. A trainer can stop between two steps, keep a
/// ``Checkpoint``, and go on from it later. It owns its memory and its examples. Keep it in a function or in a value of
/// yours: ``finish(quantized:)`` consumes it, which Swift does not allow for a global variable, as in main.swift.
///
/// With room for it (``TrainingOptions/capacity``), examples can come and go, and the run goes on
/// (<doc:ExamplesThatComeAndGo>).
public struct Trainer: ~Copyable, Sendable {
    /// What is trained, and how; nil is replaced by what it stands for.
    public internal(set) var options: TrainingOptions
    /// What it learns.
    public internal(set) var examples: Examples
    let arena: Arena
    private let team: Team
    /// What ``checkpoint()`` found on its way to where it could save; the next step tells it.
    private var waiting: Progress?

    /// How far a run is.
    public struct Progress: Equatable, Sendable {
        /// Gradient steps done.
        public let iteration: Int
        /// The cost, if this slice of work computed one (``TrainingOptions/costEvery``).
        public let cost: Cost?
        /// The iteration whose parameters become the model: with ``TrainingOptions/keepsBest``, the best so far.
        public let keptIteration: Int
    }

    /// The cost at one point of a run.
    public struct Cost: Equatable, Sendable {
        /// Gradient steps done before.
        public let iteration: Int
        /// The binary cross-entropy, a mean over the examples by their weights. Weight decay adds nothing to it.
        public let value: Double
        /// The plain mean over the examples that are held out; nil if none is.
        public let heldOut: Double?
    }

    // MARK: Beginning

    /// Begins in memory of its own.
    ///
    /// - Parameters:
    ///   - examples: images of as many bytes as the topology has inputs.
    ///   - options: what to train, and how.
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)``; ``NNError/wrongCount(of:expected:found:)`` for images
    ///   of another size; ``NNError/nothingHeldOut``, ``NNError/otherStart(_:)``, and ``ModelDefect/unusableWeights`` of a
    ///   model to start from with a weight that is not finite; ``NNError/outOfMemory(bytes:)``;
    ///   ``NNError/unsupportedFloatingPoint``.
    public init(examples: Examples, options: TrainingOptions = TrainingOptions()) throws(NNError) {
        let bytes = try Self.arenaBytes(options, on: examples)
        try self.init(examples, options, Arena(byteCount: bytes), nil)
    }

    /// Begins in the given memory.
    ///
    /// - Parameters:
    ///   - examples: images of as many bytes as the topology has inputs.
    ///   - options: what to train, and how.
    ///   - arena: ``arenaBytes(_:examples:)`` bytes or more.
    /// - Throws: ``NNError/insufficientMemory(expected:found:)`` if there are fewer; what ``init(examples:options:)``
    ///   throws.
    public init(
        examples: Examples, options: TrainingOptions, arena: consuming Arena
    ) throws(NNError) {
        let bytes = try Self.arenaBytes(options, on: examples)
        guard arena.byteCount >= bytes else {
            throw .insufficientMemory(expected: bytes, found: arena.byteCount)
        }
        try self.init(examples, options, arena, nil)
    }

    /// Goes on from a checkpoint, and ends with the model of a run that was never interrupted.
    ///
    /// A checkpoint without ``Checkpoint/dataCRC`` was taken early in the setup, and does not say which images it has
    /// seen. Such a run begins anew, on these examples. With ``TrainingOptions/capacity`` a setup follows each change, and
    /// the run has learned before: it goes on, and only its labels are compared.
    ///
    /// - Parameters:
    ///   - checkpoint: of a run on these examples.
    ///   - examples: those of the run; names of classes may differ.
    ///   - options: those of the run; ``TrainingOptions/threads`` may differ. nil: ``Checkpoint/options``, for a run that
    ///     started from drawn weights.
    /// - Throws: ``NNError/otherRun(_:)`` for other options or another number of examples, ``NNError/otherImages`` for
    ///   other images or labels, ``NNError/otherWeights`` for other weights of the examples,
    ///   ``NNError/invalidModel(_:)`` for a state that no run reaches; what ``init(examples:options:)`` throws.
    public init(
        resuming checkpoint: Checkpoint, examples: Examples, options: TrainingOptions? = nil
    ) throws(NNError) {
        let options = options ?? checkpoint.options
        let bytes = try Self.arenaBytes(options, on: examples)
        if let option = checkpoint.difference(from: options, examples: examples.count) {
            throw .otherRun(option)
        }
        guard checkpoint.weightsCRC == examples.weightsCRC else { throw .otherWeights }
        try self.init(examples, options, Arena(byteCount: bytes), checkpoint)
    }

    /// - Precondition: the options, the examples and the size of the arena are checked.
    private init(
        _ examples: Examples, _ options: TrainingOptions, _ arena: consuming Arena, _ checkpoint: Checkpoint?
    ) throws(NNError) {
        if let checkpoint { try Self.load(checkpoint.bytes, examples, options, arena) }
        if checkpoint == nil || checkpoint?.dataCRC == nil && options.capacity == nil {
            let status = unsafe options.withJob(examples) {
                unsafe nnk_train_begin($0, arena.memory, arena.byteCount)
            }
            try NNError.check(status)
        }
        let scratchBytes = unsafe options.withJob(examples: examples.count) {
            unsafe nnk_train_scratch_bytes($0)
        }
        team = try Team(threads: options.threads, scratchBytes: scratchBytes)
        self.options = options.resolved(examples: examples.count)
        self.examples = examples
        self.arena = arena
    }

    private static func load(
        _ checkpoint: [UInt8], _ examples: Examples, _ options: TrainingOptions, _ arena: borrowing Arena
    ) throws(NNError) {
        var progress = nnk_checkpoint()
        let status = unsafe reading(checkpoint) { reader in
            unsafe options.withJob(examples) {
                unsafe nnk_checkpoint_load($0, arena.memory, arena.byteCount, &progress, reader)
            }
        }
        // The options are compared before, so only the examples can be others.
        if status == NNK_E_STATE { throw .otherImages }
        try NNError.check(status)
    }

    /// Bytes of memory that such a run needs beside its examples.
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)``; ``NNError/outOfMemory(bytes:)`` if no address space of
    ///   this processor holds them.
    public static func arenaBytes(_ options: TrainingOptions, examples: Int) throws(NNError) -> Int {
        try options.check(examples: examples)
        let bytes = unsafe options.withJob(examples: examples) { unsafe nnk_train_bytes($0) }
        guard bytes > 0 else { throw .outOfMemory(bytes: .max) }
        return bytes
    }

    /// The same for a run on these examples. All that can be wrong with both is found here.
    static func arenaBytes(_ options: TrainingOptions, on examples: Examples) throws(NNError) -> Int {
        let bytes = try arenaBytes(options, examples: examples.count)
        try NNError.check(countOf: .bytesOfImage, examples.imageBytes, expected: options.topology.inputs)
        if let option = options.gram?.difference(from: options, examples) { throw .otherGram(option) }
        guard !options.keepsBest || examples.weights?.contains(0) ?? false else { throw .nothingHeldOut }
        return bytes
    }

    // MARK: Going on

    /// Bytes of memory that the run uses.
    public var arenaBytes: Int { arena.byteCount }

    /// Whether the setup before the first iteration goes on.
    public var isSettingUp: Bool { progress.stage == NNK_SETUP }

    /// Gradient steps done.
    public var iteration: Int { Int(progress.iteration) }

    /// Does a little work, of a few milliseconds: some images, some columns of the weights, some iterations.
    ///
    /// - Returns: how far the run is; nil if it had ended before.
    /// - Throws: ``NNError/diverged(iteration:)`` when the cost is no longer finite.
    public mutating func step() throws(NNError) -> Progress? {
        if let progress = waiting.take() { return progress }
        let status = unsafe team.lead(helpers: { unsafe helpers($0) }, work: { unsafe work($0) })
        let now = progress
        try NNError.check(status, iteration: Int(now.iteration))
        return status == NNK_OK ? nil : told(status, now)
    }

    private func told(_ status: nnk_status, _ now: nnk_progress) -> Progress {
        Progress(
            iteration: Int(now.iteration),
            cost: status == NNK_COST ? cost(now) : nil, keptIteration: Int(now.kept_iteration))
    }

    private func cost(_ progress: nnk_progress) -> Cost {
        Cost(
            iteration: Int(progress.cost_iteration), value: progress.cost,
            heldOut: examples.weights?.contains(0) ?? false ? progress.held_out_cost : nil)
    }

    /// How many helpers would find anything to do.
    private func helpers(_ team: UnsafePointer<nnk_team>) -> UInt32 {
        unsafe options.withJob(examples) { unsafe nnk_team_shares(team, $0, arena.memory) }
    }

    /// Works for a while, as the leader of a team, or until there is something to say.
    private func work(_ team: UnsafeMutablePointer<nnk_team>) -> nnk_status {
        let end = ContinuousClock.now + .milliseconds(3)
        let stage = progress.stage
        return unsafe options.withJob(examples) { job in
            var (status, now) = (NNK_MORE, nnk_progress())
            let shared = unsafe nnk_team_shares(team, job, arena.memory)
            repeat {
                unsafe status = nnk_team_run(team, job, arena.memory, 16)
                _ = unsafe nnk_train_progress(job, arena.memory, &now)
            } while unsafe status == NNK_MORE && now.stage == stage
                && nnk_team_shares(team, job, arena.memory) == shared && ContinuousClock.now < end
            return status
        }
    }

    private var progress: nnk_progress {
        var progress = nnk_progress()
        _ = unsafe options.withJob(examples) { unsafe nnk_train_progress($0, arena.memory, &progress) }
        return progress
    }

    // MARK: Ending

    /// All that it takes to go on from here, on this or another processor. With ``TrainingOptions/virtualShards`` the run
    /// first goes on to where an iteration begins; a cost on the way is what the next step returns.
    /// - Throws: ``NNError/diverged(iteration:)`` for a run that came to nothing.
    public mutating func checkpoint() throws(NNError) -> Checkpoint {
        try goOnToIteration()
        let count = unsafe options.withJob(examples) { unsafe nnk_checkpoint_bytes($0) }
        var position = nnk_checkpoint()
        let (status, bytes) = unsafe written(atMost: max(count, Int(NNK_HEADER_BYTES))) { sink in
            unsafe options.withJob(examples) { unsafe nnk_checkpoint_save($0, arena.memory, &position, sink) }
        }
        try NNError.check(status, iteration: iteration)
        return try Checkpoint(bytes: bytes)
    }

    /// Takes slices until the core saves what is there: with virtual shards, where an iteration begins.
    private mutating func goOnToIteration() throws(NNError) {
        guard options.virtualShards != nil else { return }
        let refusing = unsafe nnk_sink(write: { _, _, _, _ in NNK_E_SINK }, context: nil)
        var status = NNK_MORE
        while true {
            var position = nnk_checkpoint()
            let saved = unsafe options.withJob(examples) {
                unsafe nnk_checkpoint_save($0, arena.memory, &position, refusing)
            }
            guard saved == NNK_E_STATE else { return }
            status = unsafe options.withJob(examples) { unsafe nnk_train_run($0, arena.memory, 1) }
            try NNError.check(status, iteration: iteration)
            if status == NNK_COST { waiting = told(status, progress) }
        }
    }

    /// The trained network.
    /// - Parameter quantized: whether the weights of the first layer become bytes, as those of ``Network/quantized()``.
    /// - Throws: ``NNError/untrained`` before ``step()`` has returned nil.
    public consuming func finish(quantized: Bool = false) throws(NNError) -> Network {
        try network(quantized: quantized)
    }

    /// The trained network. The run stays, and may go on: with other examples, or more iterations.
    /// - Parameter quantized: whether the weights of the first layer become bytes, as those of ``Network/quantized()``.
    /// - Throws: ``NNError/untrained`` before ``step()`` has returned nil.
    public mutating func network(quantized: Bool = false) throws(NNError) -> Network {
        // Where W1 is in memory, memory is of no concern.
        if quantized && !options.usesLeastMemory { return try network().quantized() }
        let elementType = quantized ? ElementType.i8 : ElementType(options.precision)
        let (status, bytes) = unsafe written(atMost: options.topology.largestModelBytes(elementType)) {
            sink in
            unsafe options.withJob(examples) {
                unsafe nnk_train_finish_as($0, arena.memory, elementType.code, sink)
            }
        }
        try NNError.check(status, iteration: iteration)
        return try Network(bytes: bytes, topologies: [options.topology])
    }
}

extension Network {
    /// Trains a network.
    ///
    ///     let network = try Network(training: examples) { progress in
    ///         if let cost = progress.cost { print(cost.iteration, cost.value) }
    ///     }
    ///
    /// - Parameters:
    ///   - examples: images of as many bytes as the topology has inputs.
    ///   - options: what to train, and how.
    ///   - onProgress: is called every few milliseconds. What it throws ends the training, for instance
    ///     `try Task.checkCancellation()`.
    /// - Throws: what ``Trainer/init(examples:options:)`` and ``Trainer/step()`` throw, and what `onProgress` throws.
    public init(
        training examples: Examples, options: TrainingOptions = TrainingOptions(),
        onProgress: (Trainer.Progress) throws -> Void = { _ in }
    ) throws {
        var trainer = try Trainer(examples: examples, options: options)
        while let progress = try trainer.step() { try onProgress(progress) }
        self = try trainer.finish()
    }
}
