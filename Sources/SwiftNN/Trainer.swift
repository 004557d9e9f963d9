#if !hasFeature(Embedded)
    import CNNKernel
    import Dispatch
    import Synchronization

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    /// What to train, and how (train.h). The defaults are those of the seed document's deep network.
    public struct TrainingOptions: Equatable, Sendable {
        /// The sizes of the layers.
        public var topology: Topology = .deep
        /// What training computes with, and the model has: ``Precision/f32`` takes half the memory.
        public var precision: Precision = .f64
        /// nil: chosen by ``chosenMethod(examples:)``.
        public var method: Method?
        /// The dual in the least memory, as boards train: the same model, to the bit, in more time. No matter to the
        /// primal.
        public var packed = false
        /// nil: ``Initializer/small`` for networks of up to two layers, else ``Initializer/deep``.
        public var initializer: Initializer?
        /// Of the initial weights.
        public var seed: UInt32 = 1
        /// Gradient steps, 0...2^32 - 1.
        public var iterations = 2500
        /// Finite and above 0.
        public var learningRate = 0.0075
        /// Iterations between two costs, 0...2^32 - 1; 0: no costs.
        public var costEvery = 100
        /// Threads that share the work where it can be shared, 1...4096. The result is the same, to the bit.
        public var threads = 1

        /// The defaults.
        public init() {}
    }

    /// Memory to train in, freed when its owner goes.
    public struct Arena: ~Copyable {
        let memory: UnsafeMutableRawPointer
        /// Its size.
        public let byteCount: Int

        /// - Precondition: `byteCount` is not negative.
        public init(byteCount: Int) {
            memory = .allocate(byteCount: byteCount, alignment: 64)
            self.byteCount = byteCount
        }

        deinit { memory.deallocate() }
    }

    /// One training run: full-batch gradient descent, a bounded slice of work at a time.
    ///
    ///     var trainer = try Trainer(options, examples: examples)
    ///     while case let progress = try trainer.step(), progress != .trained { ... }
    ///     let network = try trainer.finish()
    ///
    /// A trainer owns its arena and its examples, so neither can go before it does.
    public struct Trainer: ~Copyable {
        private let options: TrainingOptions
        private let examples: Examples
        private let arena: Arena
        private let team: Team

        /// What a slice of work brought.
        public enum Progress: Equatable, Sendable {
            /// There is more to do.
            case working
            /// There is more to do, and the cost of the parameters before this iteration's step is known.
            case cost(Double, iteration: Int)
            /// All iterations are done.
            case trained
        }

        /// Bytes that the arena of such a run needs.
        /// Throws ``NNError/invalidArgument`` if an option is out of its range.
        public static func arenaBytes(_ options: TrainingOptions, examples: Int) throws(NNError) -> Int {
            let bytes = options.withJob(examples: examples) { nnk_train_bytes($0) } ?? 0
            guard bytes > 0 else { throw .invalidArgument }
            return bytes
        }

        /// Begins in memory of its own.
        /// Throws ``NNError/invalidArgument`` if an option is out of its range or the images have another size
        /// than the topology's inputs.
        public init(_ options: TrainingOptions, examples: Examples) throws(NNError) {
            let bytes = try Self.arenaBytes(options, examples: examples.count)
            try self.init(options, examples: examples, arena: Arena(byteCount: bytes))
        }

        /// Begins in the given memory. Throws ``NNError/outOfMemory`` too, if it is too small.
        public init(_ options: TrainingOptions, examples: Examples, arena: consuming Arena) throws(NNError) {
            let isValid =
                examples.imageBytes == options.topology.inputs && (1...4096).contains(options.threads)
            let status =
                isValid
                ? options.withJob(examples) { nnk_train_begin($0, arena.memory, arena.byteCount) }
                : NNK_E_ARGUMENT
            let threadBytes = options.withJob(examples: examples.count) { nnk_train_scratch_bytes($0) } ?? 0
            team = Team(threads: isValid ? options.threads : 1, scratchBytes: threadBytes)
            self.options = options
            self.examples = examples
            self.arena = arena
            try NNError.check(status)
        }

        /// Goes on from a checkpoint of the same options, on the same examples; ``TrainingOptions/threads`` may
        /// differ. Throws ``NNError/outOfOrder`` if its options are others (``Checkpoint`` says which),
        /// ``NNError/invalidModel(_:)`` if it is no whole checkpoint.
        public static func resume(
            _ options: TrainingOptions, examples: Examples, checkpoint: [UInt8]
        ) throws(NNError) -> Trainer {
            let trainer = try Trainer(options, examples: examples)
            let (memory, byteCount) = (trainer.arena.memory, trainer.arena.byteCount)
            let status = checkpoint.withUnsafeBytes { file in
                var file = file
                return withUnsafeMutablePointer(to: &file) { file in
                    let reader = nnk_reader(read: copyFromMemory, context: file)
                    var (status, progress) = (NNK_MORE, nnk_checkpoint())
                    while status == NNK_MORE {
                        status = options.withJob(examples) {
                            nnk_checkpoint_load($0, memory, byteCount, &progress, reader)
                        }
                    }
                    return status
                }
            }
            // Where the file ends too early, the reader can't read.
            try NNError.check(status == NNK_E_SOURCE ? NNK_E_LENGTH : status)
            let count = options.withJob(examples) { nnk_checkpoint_bytes($0) }
            guard checkpoint.count == count else { throw .invalidModel(.wrongSize) }
            return trainer
        }

        /// All that it takes to go on from here, on this or another processor, as the bytes of a file
        /// (docs/FORMAT.md). Throws ``NNError/diverged(iteration:)`` for a run that came to nothing.
        public mutating func checkpoint() throws(NNError) -> [UInt8] {
            let (options, examples, memory) = (options, examples, arena.memory)
            var progress = nnk_checkpoint()
            let count = options.withJob(examples) { nnk_checkpoint_bytes($0) }
            let (status, bytes) = written(count: max(count, Int(NNK_HEADER_BYTES))) { sink in
                options.withJob(examples) { nnk_checkpoint_save($0, memory, &progress, sink) }
            }
            try NNError.check(status, iteration: iteration)
            return bytes
        }

        /// Bytes of memory that the run uses.
        public var arenaBytes: Int { arena.byteCount }

        /// Whether the initial weights are still being drawn, before the first iteration.
        public var isSettingUp: Bool { progress.stage == NNK_SETUP }

        /// Gradient steps done.
        public var iteration: Int { Int(progress.iteration) }

        /// A little work, of a few milliseconds: some images, some columns of the weights, some iterations.
        /// Throws ``NNError/diverged(iteration:)`` when the cost is no longer finite.
        public mutating func step() throws(NNError) -> Progress {
            let status = workInTeam()
            try NNError.check(status, iteration: iteration)
            switch status {
            case NNK_OK: return .trained
            case NNK_COST: return .cost(progress.cost, iteration: Int(progress.cost_iteration))
            default: return .working
            }
        }

        /// Works on all threads, of which this one leads; the others may come late or not at all.
        private func workInTeam() -> nnk_status {
            team.call(run.helpers(team.state))
            defer { team.call(0) }
            return run.work(team.state)
        }

        /// The trained network. Throws ``NNError/outOfOrder`` unless ``step()`` has said ``Progress/trained``.
        public consuming func finish() throws(NNError) -> Network {
            let (options, examples, memory) = (options, examples, arena.memory)
            let count = withUnsafePointer(to: options.topology.table) {
                Int(nnk_model_bytes($0, options.precision.rawValue))
            }
            let (status, bytes) = written(count: count) { sink in
                options.withJob(examples) { nnk_train_finish($0, memory, sink) }
            }
            try NNError.check(status, iteration: iteration)
            return try Network(bytes: bytes, topologies: [options.topology])
        }

        private var run: Run { Run(options: options, examples: examples, arena: arena.memory) }

        private var progress: nnk_progress { run.progress }
    }

    /// The threads that help. Called for a step, they stay for a moment longer: mostly another one follows.
    private final class Team: @unchecked Sendable {
        let state: UnsafeMutablePointer<nnk_team>
        private let helpers: [Helper]

        private final class Helper: @unchecked Sendable {
            let isHere = Atomic<Bool>(false)
            let isWanted = Atomic<Bool>(false)
            let scratch: Arena

            init(scratchBytes: Int) { scratch = Arena(byteCount: scratchBytes) }
        }

        init(threads: Int, scratchBytes: Int) {
            helpers = (1..<threads).map { _ in Helper(scratchBytes: scratchBytes) }
            state = .allocate(capacity: 1)
            state.initialize(to: nnk_team())
            state.pointee.threads = UInt32(clamping: threads)
            state.pointee.yield = { sched_yield() }
        }

        deinit { state.deallocate() }

        /// Wants so many helpers, and no others.
        func call(_ count: Int) {
            for (index, helper) in helpers.enumerated() {
                helper.isWanted.store(index < count, ordering: .relaxed)
                guard index < count, !helper.isHere.exchange(true, ordering: .acquiring) else { continue }
                DispatchQueue.global(qos: .userInitiated).async { self.help(helper) }
            }
        }

        /// Some 20 microseconds a call without work; the leader waits for those that have begun any.
        private func help(_ helper: Helper) {
            var calls = 0
            while calls < 20 && nnk_team_help(state, helper.scratch.memory) == NNK_MORE {
                calls = helper.isWanted.load(ordering: .relaxed) ? 0 : calls + 1
                sched_yield()
            }
            helper.isHere.store(false, ordering: .releasing)
        }
    }

    /// What it takes to go on with a run.
    private struct Run {
        let options: TrainingOptions
        let examples: Examples
        let arena: UnsafeMutableRawPointer

        /// How many helpers would find anything to do.
        func helpers(_ team: UnsafePointer<nnk_team>) -> Int {
            Int(options.withJob(examples) { nnk_team_shares(team, $0, arena) })
        }

        var progress: nnk_progress {
            var progress = nnk_progress()
            _ = options.withJob(examples) { nnk_train_progress($0, arena, &progress) }
            return progress
        }

        /// Works for a while, as the leader of a team, or until there is something to say.
        func work(_ team: UnsafeMutablePointer<nnk_team>) -> nnk_status {
            let end = ContinuousClock.now + .milliseconds(3)
            let stage = progress.stage
            return options.withJob(examples) { job in
                var (status, now) = (NNK_MORE, nnk_progress())
                let shared = nnk_team_shares(team, job, arena)
                repeat {
                    status = nnk_team_run(team, job, arena, 16)
                    _ = nnk_train_progress(job, arena, &now)
                } while status == NNK_MORE && now.stage == stage
                    && nnk_team_shares(team, job, arena) == shared && ContinuousClock.now < end
                return status
            }
        }
    }

    /// A file of `count` bytes, which `write` gives to a sink until it is done or fails.
    func written(count: Int, _ write: (nnk_sink) -> nnk_status) -> (nnk_status, [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: count)
        let status = bytes.withUnsafeMutableBytes { file in
            var base = file.baseAddress
            return withUnsafeMutablePointer(to: &base) { base in
                let sink = nnk_sink(write: copyToMemory, context: base)
                var status = NNK_MORE
                while status == NNK_MORE { status = write(sink) }
                return status
            }
        }
        return (status, bytes)
    }

    /// The sink whose context points to where the file's memory begins.
    private func copyToMemory(
        context: UnsafeMutableRawPointer?, offset: UInt32, bytes: UnsafePointer<UInt8>?, count: UInt32
    ) -> nnk_status {
        guard let context, let bytes else { return NNK_E_SINK }
        let base = context.load(as: UnsafeMutableRawPointer.self)
        (base + Int(offset)).copyMemory(from: bytes, byteCount: Int(count))
        return NNK_OK
    }

    extension String {
        /// As many whole characters as fit a class name of a model, as a C string.
        func withTruncatedCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
            var name = self
            while name.utf8.count >= Int(NNK_CLASS_NAME_BYTES) { name.removeLast() }
            return name.withCString(body)
        }
    }

    extension TrainingOptions {
        /// The core's view of a run on `examples`, valid within `body`.
        fileprivate func withJob<Result>(_ examples: Examples, _ body: (UnsafePointer<nnk_job>) -> Result)
            -> Result
        {
            examples.images.withUnsafeBufferPointer { images in
                examples.labels.withUnsafeBufferPointer { labels in
                    examples.classNames[0].withTruncatedCString { name0 in
                        examples.classNames[1].withTruncatedCString { name1 in
                            withJob(examples: examples.count) { job in
                                var job = job.pointee
                                job.images.images = images.baseAddress
                                job.labels = labels.baseAddress
                                job.class_names = (name0, name1)
                                return withUnsafePointer(to: job, body)
                            }
                                // An empty job is refused by every call.
                                ?? withUnsafePointer(to: nnk_job(), body)
                        }
                    }
                }
            }
        }

        /// The options as the core takes them, without data; nil if a number does not fit its field.
        fileprivate func withJob<Result>(examples: Int, _ body: (UnsafePointer<nnk_job>) -> Result) -> Result?
        {
            guard let iterations = UInt32(exactly: iterations), let costEvery = UInt32(exactly: costEvery),
                let examples = UInt32(exactly: examples)
            else { return nil }
            let chosen = method ?? chosenMethod(examples: Int(examples))
            return withUnsafePointer(to: topology.table) { table in
                var job = nnk_job()
                job.topology = table
                job.arithmetic = precision.kernels
                job.method = nnk_method_of(
                    chosen == .primal ? NNK_PRIMAL : packed ? NNK_DUAL : NNK_DUAL_WIDE)
                job.initializer = initializer?.rawValue ?? NNK_INIT_DEFAULT
                job.seed = seed
                job.iterations = iterations
                job.cost_every = costEvery
                job.examples = examples
                job.learning_rate = learningRate
                return body(&job)
            }
        }
    }
#endif
