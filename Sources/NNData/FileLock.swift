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

    // A process that was forked meanwhile, and has not begun its program yet, holds the file open for a moment longer.
    deinit {
        _ = flock(file.rawValue, LOCK_UN)
        try? file.close()
    }

    /// Locks the file at the place; nil if another process has locked it.
    static func lock(_ place: FilePlace, _ path: String, expected: String) throws(FileError) -> FileLock? {
        func refusal(_ found: String) -> FileError {
            FileError(.missing, file: path, expected: expected, found: found)
        }
        while true {
            // A pipe that nobody writes to is not waited for.
            let lock = FileLock(
                try FileError.rethrowing(as: refusal) { try place.open(.readOnly, .nonBlocking) })
            guard let opened = try? lock.file.stat(), opened.type == .regular else {
                throw refusal("a pipe or a device")
            }
            guard lock.file.locks() else { return nil }
            // Another file may have taken the place of the one that was opened.
            if let there = try? place.look(), lock.isOf(there) { return lock }
        }
    }

    private init(_ file: FileDescriptor) { self.file = file }

    /// Locks a file that no other process has opened.
    convenience init(new file: FileDescriptor) {
        self.init(file)
        _ = file.locks()
    }

    /// Whether the locked file is the one that is there.
    func isOf(_ there: Stat) -> Bool { (try? file.stat())?.identity == there.identity }

    /// The bytes of the file, whatever is at its path now.
    ///
    /// - Parameters: as those of ``InputFile/read(_:expected:startBytes:length:)``.
    public func read(
        named path: String, expected: String, startBytes: Int, length: ([UInt8]) -> Int
    ) throws(FileError) -> [UInt8] {
        try InputFile.read(file, named: path, expected: expected, startBytes: startBytes, length: length)
    }
}

extension FileDescriptor {
    /// Locks the file, unless another process has. A file system without locks keeps nobody from it.
    fileprivate func locks() -> Bool {
        while flock(rawValue, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { return true }
        }
        return true
    }
}
