import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Ctrl-C as a request, checked between two slices of work, so that the run can be saved first.
enum Interrupt {
    private static let requested = Atomic<Bool>(false)

    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// From now on Ctrl-C is a request. A second Ctrl-C ends the process at once.
    static func watch() {
        // A signal handler must not be the first to touch a global, as that initializes it.
        requested.store(false, ordering: .relaxed)
        signal(SIGINT) { _ in
            Interrupt.requested.store(true, ordering: .relaxed)
            signal(SIGINT, SIG_DFL)
        }
    }

    /// Waits, but not much longer than until Ctrl-C.
    static func sleep(_ duration: Duration) {
        let end = ContinuousClock.now + duration
        while !isRequested, case let left = end - .now, left > .zero {
            usleep(UInt32(seconds(min(left, .milliseconds(100))) * 1e6))
        }
    }
}
