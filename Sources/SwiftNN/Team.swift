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

/// The threads that help a trainer (team.h). Called for one step, they stay for a moment: mostly another step follows.
@safe
final class Team: @unchecked Sendable {
    private let state: UnsafeMutablePointer<nnk_team>
    private let helpers: [Helper]

    private final class Helper: Sendable {
        let isHere = Atomic<Bool>(false)
        let isWanted = Atomic<Bool>(false)
        let scratch: Arena

        init(scratchBytes: Int) throws(NNError) { scratch = try Arena(byteCount: scratchBytes) }
    }

    /// - Throws: ``NNError/outOfMemory(bytes:)``.
    init(threads: Int, scratchBytes: Int) throws(NNError) {
        helpers = try (1..<threads).map { _ throws(NNError) in try Helper(scratchBytes: scratchBytes) }
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: nnk_team())
        unsafe state.pointee.threads = UInt32(clamping: threads)
        unsafe state.pointee.yield = { sched_yield() }
    }

    deinit { unsafe state.deallocate() }

    /// Does `work`, with as many helpers as `helpers` says that there is work for. They may come late or not at all.
    func lead(
        helpers count: (UnsafePointer<nnk_team>) -> UInt32,
        work: (UnsafeMutablePointer<nnk_team>) -> nnk_status
    ) -> nnk_status {
        call(Int(unsafe count(state)))
        defer { call(0) }
        return unsafe work(state)
    }

    /// Wants so many helpers, and no others.
    private func call(_ count: Int) {
        for (index, helper) in helpers.enumerated() {
            helper.isWanted.store(index < count, ordering: .relaxed)
            guard index < count, !helper.isHere.exchange(true, ordering: .acquiring) else { continue }
            DispatchQueue.global(qos: .userInitiated).async { self.help(helper) }
        }
    }

    /// A call without work takes some 20 microseconds. The leader waits for those that have begun any.
    private func help(_ helper: Helper) {
        var calls = 0
        while unsafe calls < 20 && nnk_team_help(state, helper.scratch.memory) == NNK_MORE {
            calls = helper.isWanted.load(ordering: .relaxed) ? 0 : calls + 1
            sched_yield()
        }
        helper.isHere.store(false, ordering: .releasing)
    }
}
