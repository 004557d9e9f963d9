import CHDF5
import Synchronization

/// Access to libhdf5 for one caller at a time.
enum HDF5 {
    private static let lock = Mutex(())

    /// Runs `body` while nobody else uses the library, which prints nothing and loads no plugins. Not reentrant.
    ///
    /// Every use of the library goes through here, as most builds of it are not thread-safe.
    static func exclusively<Result: Sendable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try lock.withLock { _ throws(Failure) in
            // The clean-up of the library at exit can crash after a damaged file.
            H5dont_atexit()
            // The program may use HDF5 too, so its settings are restored.
            var plugins: UInt32 = 0
            var report: H5E_auto2_t?
            var reportData: UnsafeMutableRawPointer?
            H5PLget_loading_state(&plugins)
            H5Eget_auto2(nn_h5_error_stack(), &report, &reportData)
            H5PLset_loading_state(0)
            H5Eset_auto2(nn_h5_error_stack(), nil, nil)
            defer {
                H5Eset_auto2(nn_h5_error_stack(), report, reportData)
                H5PLset_loading_state(plugins)
            }
            return try body()
        }
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
