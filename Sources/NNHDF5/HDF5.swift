import CHDF5
import Synchronization

/// Access to libhdf5 for one caller at a time: most builds of it are not thread-safe.
///
/// Only files in memory are written in this process. Files are read in processes of their own (``HDF5Reader``), which
/// start while nobody uses the library, as they inherit its state.
enum HDF5 {
    private static let lock = Mutex(())

    /// Runs `body` while nobody else uses the library. Not reentrant.
    static func exclusively<Result: Sendable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try lock.withLock { _ throws(Failure) in try body() }
    }
}

/// Owns one identifier of the library, of any kind.
struct HDF5Handle: ~Copyable {
    let id: hid_t

    /// `nil` if the call that made `id` failed.
    init?(_ id: hid_t) {
        guard id >= 0 else { return nil }
        self.id = id
    }

    deinit { H5Idec_ref(id) }
}
