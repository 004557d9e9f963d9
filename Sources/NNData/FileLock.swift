import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A lock on a file that one process has at a time (flock). It ends with the process, however that ends, and is no file
/// of its own. A file that is renamed keeps its lock.
public final class FileLock {
    private let file: FileDescriptor

    deinit { try? file.close() }

    /// Locks the file at `path`; nil if another process has locked it.
    ///
    /// - Parameter expected: what the file should be, for messages: "a checkpoint".
    /// - Throws: ``FileError``, `missing` when the file cannot be opened.
    public convenience init?(_ path: String, expected: String) throws(FileError) {
        while true {
            let file = try FileError.rethrowing(
                as: { FileError(.missing, file: path, expected: expected, found: $0) },
                { try FileDescriptor.open(FilePath(text: path), .readOnly, options: .closeOnExec) })
            guard file.locks() else {
                try? file.close()
                return nil
            }
            // Another file may have taken the place of the one that was opened.
            if let opened = try? file.stat(), let there = try? Stat(FilePath(text: path)),
                opened.inode == there.inode
            {
                self.init(locked: file)
                return
            }
            try? file.close()
        }
    }

    private init(locked file: FileDescriptor) { self.file = file }

    /// Locks a file that no other process has opened.
    init(new file: FileDescriptor) {
        _ = file.locks()
        self.file = file
    }
}

extension FileDescriptor {
    /// Locks the file, unless another process has.
    fileprivate func locks() -> Bool { flock(rawValue, LOCK_EX | LOCK_NB) == 0 }
}
