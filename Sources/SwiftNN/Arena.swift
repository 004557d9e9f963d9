import CNNKernel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Memory to train in. It is freed when its owner goes.
@safe
public struct Arena: ~Copyable, @unchecked Sendable {
    let memory: UnsafeMutableRawPointer
    /// Its size.
    public let byteCount: Int

    /// Bytes of a huge page, as most processors have them.
    private static let hugePage = 1 << 21

    /// Memory of this size.
    /// - Precondition: `byteCount` is not negative.
    /// - Throws: ``NNError/outOfMemory(bytes:)``: how much is needed depends on the data, so this must not end the
    ///   program.
    public init(byteCount: Int) throws(NNError) {
        precondition(byteCount >= 0, "memory has no negative size")
        var memory: UnsafeMutableRawPointer?
        let alignment = byteCount < Self.hugePage ? 64 : Self.hugePage
        guard unsafe posix_memalign(&memory, alignment, max(byteCount, 1)) == 0, let memory = unsafe memory
        else {
            throw .outOfMemory(bytes: byteCount)
        }
        #if os(Linux)
            // Iterations go through all of a large arena: a tenth of their time would go to finding small pages.
            if alignment == Self.hugePage { _ = unsafe madvise(memory, byteCount, MADV_HUGEPAGE) }
        #endif
        unsafe self.memory = memory
        self.byteCount = byteCount
    }

    deinit { unsafe free(memory) }
}
