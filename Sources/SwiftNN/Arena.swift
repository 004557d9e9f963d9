/// Memory to train in. It is freed when its owner goes.
@safe
public struct Arena: ~Copyable, @unchecked Sendable {
    let memory: UnsafeMutableRawPointer
    /// Its size.
    public let byteCount: Int

    /// Memory of this size.
    /// - Precondition: `byteCount` is not negative.
    public init(byteCount: Int) {
        precondition(byteCount >= 0, "memory has no negative size")
        unsafe memory = .allocate(byteCount: byteCount, alignment: 64)
        self.byteCount = byteCount
    }

    deinit { unsafe memory.deallocate() }
}
