import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// Calls of the C library that swift-system does not have, and what its errors are called in messages.

extension FileError {
    /// Runs calls of the system; an error of theirs becomes the one that `refusal` makes of its text.
    static func rethrowing<Result>(
        as refusal: (_ found: String) -> FileError, _ calls: () throws -> Result
    ) throws(FileError) -> Result {
        do {
            return try calls()
        } catch let error as Errno {
            throw refusal(error.text())
        } catch {
            preconditionFailure("swift-system throws Errno: \(error)")
        }
    }
}

extension Errno {
    /// - Parameter missing: what was looked for, where the error is that there is none.
    func text(missing: String = "file") -> String {
        self == .noSuchFileOrDirectory ? "no such \(missing)" : description
    }

    /// The error of the call that has just answered `status`.
    fileprivate init?(status: Int32) {
        guard status != 0 else { return nil }
        self.init(rawValue: errno)
    }
}

extension FileDescriptor {
    /// Returns when what was written is on the disk.
    func sync() throws(Errno) {
        if let error = Errno(status: fsync(rawValue)) { throw error }
    }

    /// Gives the file the times of another.
    func setTimes(of other: Stat) throws(Errno) {
        let times = [other.st_atim, other.st_mtim]
        if let error = Errno(status: futimens(rawValue, times)) { throw error }
    }
}

extension FilePath {
    /// The folder that the file is in, as a path that can be opened.
    var folder: FilePath {
        let folder = removingLastComponent()
        return folder.isEmpty ? "." : folder
    }

    /// Gives the file this name instead; a file that has it already is replaced.
    func move(to path: FilePath) throws(Errno) {
        let error = withPlatformString { old in
            path.withPlatformString { new in Errno(status: rename(old, new)) }
        }
        if let error { throw error }
    }

    /// Gives the file another name at this path, or the file that a link there leads to.
    func link(to path: FilePath) throws(Errno) {
        let error = withPlatformString { old in
            path.withPlatformString { new in
                Errno(status: linkat(AT_FDCWD, old, AT_FDCWD, new, AT_SYMLINK_FOLLOW))
            }
        }
        if let error { throw error }
    }

    func removeFile() throws(Errno) {
        if let error = withPlatformString({ Errno(status: unlink($0)) }) { throw error }
    }

    func makeFolder() throws(Errno) {
        if let error = withPlatformString({ Errno(status: mkdir($0, 0o777)) }) { throw error }
    }

    /// What the symbolic link at this path says; nil if there is none.
    var linkDestination: FilePath? {
        withPlatformString { path in
            let capacity = Int(PATH_MAX)
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity + 1) { buffer in
                let count = readlink(path, buffer.baseAddress!, capacity)
                guard count > 0 else { return nil }
                buffer[count] = 0
                return FilePath(platformString: buffer.baseAddress!)
            }
        }
    }

    /// The path without links, `.` and `..`; nil if nothing is there.
    var resolved: FilePath? {
        withPlatformString { path in
            guard let resolved = realpath(path, nil) else { return nil }
            defer { free(resolved) }
            return FilePath(platformString: resolved)
        }
    }

    /// The names of what is in the folder, without `.` and `..`, in no order.
    func names() throws(Errno) -> [String] {
        guard let folder = withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0  // which tells an error from the end
            guard let entry = readdir(folder) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                PathText.text($0.prefix { $0 != 0 })
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw Errno(rawValue: errno) }
        return names
    }
}
