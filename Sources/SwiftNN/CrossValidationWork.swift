import CNNKernel
import Dispatch
import Synchronization

extension CrossValidation {
    /// How far the networks are.
    public struct Progress: Equatable, Sendable {
        /// Networks trained.
        public let trained: Int
        /// Networks to train.
        public let networks: Int
        /// The share of the work that is done, 0...1.
        public let share: Double
    }

    /// Trains all networks; ``TrainingOptions/threads`` take whole networks.
    ///
    /// - Parameter onProgress: is called on the caller's thread every few milliseconds. What it throws ends the work of all
    ///   threads as soon, for instance `try Task.checkCancellation()`.
    /// - Throws: ``NNError/outOfMemory(bytes:)``, ``NNError/unsupportedFloatingPoint``, and what `onProgress` throws. A
    ///   recipe that diverges is no error: its logits are nil.
    public func run(onProgress: (Progress) throws -> Void = { _ in }) throws -> HeldOutLogits {
        let work = try CrossValidationWork(self)
        return HeldOutLogits(validation: self, values: try work.lead(onProgress))
    }
}

extension CrossValidation {
    /// Bytes of memory of the networks, and the number of seats: of threads that work.
    struct Sizes {
        let logits, arena, scratch, seats: Int

        /// - Returns: zeros if there are too many networks, or if they are too large.
        init(_ validation: CrossValidation) {
            (logits, arena, scratch, seats) = unsafe validation.withCore {
                unsafe (
                    nnk_validation_bytes($0), nnk_validation_arena_bytes($0),
                    nnk_validation_scratch_bytes($0),
                    min(validation.options.threads, Int(nnk_validation_networks($0)))
                )
            }
        }
    }
}

/// The networks of a cross-validation, and the threads that take them.
private final class CrossValidationWork: Sendable {
    private let validation: CrossValidation
    /// (recipes, points, repeats, examples) doubles. Each network writes the places of its own examples.
    private let logits: Arena
    private let seats: [Seat]
    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    /// The memory of a thread.
    private final class Seat: Sendable {
        let arena: Arena
        let scratch: Arena

        init(_ arenaBytes: Int, _ scratchBytes: Int) throws(NNError) {
            arena = try Arena(byteCount: arenaBytes)
            scratch = try Arena(byteCount: scratchBytes)
        }
    }

    private struct State {
        var next = 0
        var isStopped = false
        var failure: NNError?
        /// The share of each network that a thread is at.
        var running: [Int: Double] = [:]
        var trained = 0
        var multiplyAdds = 0.0
    }

    /// - Throws: ``NNError/outOfMemory(bytes:)``.
    init(_ validation: CrossValidation) throws(NNError) {
        self.validation = validation
        let sizes = CrossValidation.Sizes(validation)
        guard sizes.seats > 0, sizes.arena > 0 else { throw .outOfMemory(bytes: .max) }
        logits = try Arena(byteCount: sizes.logits)
        seats = try (0..<sizes.seats).map { _ throws(NNError) in try Seat(sizes.arena, sizes.scratch) }
    }

    /// Takes networks, as the helpers do, until all are trained. Helpers may come late or not at all.
    func lead(_ onProgress: (CrossValidation.Progress) throws -> Void) throws -> [Double] {
        for seat in seats.dropFirst() {
            DispatchQueue.global(qos: .userInitiated).async { self.work(at: seat) {} }
        }
        var thrown: (any Error)?
        func report() {
            guard thrown == nil else { return }
            do { try onProgress(self.progress) } catch {
                thrown = error
                self.stop()
            }
        }
        work(at: seats[0], afterSlice: report)
        while state.withLock({ !$0.running.isEmpty }) {
            _ = ended.wait(timeout: .now() + .milliseconds(3))
            report()
        }
        if let thrown { throw thrown }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        let count = logits.byteCount / MemoryLayout<Double>.stride
        return unsafe Array(
            UnsafeBufferPointer(start: logits.memory.assumingMemoryBound(to: Double.self), count: count))
    }

    private func stop(_ failure: NNError? = nil) {
        state.withLock {
            $0.isStopped = true
            $0.failure = $0.failure ?? failure
        }
    }

    private var progress: CrossValidation.Progress {
        let total = validation.recipes.reduce(0) { $0 + validation.multiplyAdds(of: $1) }
        return state.withLock { state in
            let running = state.running.reduce(0) { $0 + $1.value * multiplyAdds(of: $1.key) }
            return CrossValidation.Progress(
                trained: state.trained, networks: validation.networks,
                share: min((state.multiplyAdds + running) / (total * Double(networksPerRecipe)), 1))
        }
    }

    private var networksPerRecipe: Int { validation.networks / validation.recipes.count }

    private func multiplyAdds(of network: Int) -> Double {
        validation.multiplyAdds(of: validation.recipes[network / networksPerRecipe])
    }

    // MARK: On each thread

    private func work(at seat: Seat, afterSlice: () -> Void) {
        while let network = take() {
            let status = train(network, at: seat, afterSlice)
            state.withLock {
                $0.running[network] = nil
                $0.trained += status == NNK_OK ? 1 : 0
                $0.multiplyAdds += multiplyAdds(of: network)
            }
            if status < 0 { stop(NNError(status)) }
            ended.signal()
        }
    }

    /// The next network; nil if there is none to train.
    private func take() -> Int? {
        state.withLock { state in
            guard !state.isStopped, state.next < validation.networks else { return nil }
            state.running[state.next] = 0
            defer { state.next += 1 }
            return state.next
        }
    }

    /// NNK_OK, NNK_MORE if it was stopped, or an error.
    private func train(_ network: Int, at seat: Seat, _ afterSlice: () -> Void) -> nnk_status {
        unsafe validation.withCore { v in
            let iterations = unsafe v.pointee.job.iterations
            var (job, progress) = unsafe (nnk_job(), nnk_progress())
            var status = unsafe nnk_validation_begin(v, UInt32(network), seat.scratch.memory, &job)
            if status == NNK_OK {
                status = unsafe nnk_train_begin(&job, seat.arena.memory, seat.arena.byteCount)
            }
            while status >= 0 && progress.cost_iteration < iterations {
                status = unsafe slice(&job, seat)
                _ = unsafe nnk_train_progress(&job, seat.arena.memory, &progress)
                let isStopped = state.withLock {
                    $0.running[network] = Double(progress.iteration) / Double(iterations)
                    return $0.isStopped
                }
                if isStopped { return NNK_MORE }
                afterSlice()
            }
            guard status >= 0 || status == NNK_E_DIVERGED else { return status }
            return unsafe nnk_validation_store(
                v, UInt32(network), seat.scratch.memory, status == NNK_E_DIVERGED,
                logits.memory.assumingMemoryBound(to: Double.self))
        }
    }

    /// Trains for some milliseconds, or until there is a cost or an error.
    private func slice(_ job: UnsafePointer<nnk_job>, _ seat: Seat) -> nnk_status {
        let end = ContinuousClock.now + .milliseconds(3)
        var status = NNK_MORE
        repeat {
            unsafe status = nnk_train_run(job, seat.arena.memory, 16)
        } while status == NNK_MORE && ContinuousClock.now < end
        return status
    }
}
