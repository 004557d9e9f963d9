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

    /// Whether the system failed, which says nothing about the file.
    var isFailureOfSystem: Bool {
        [
            .ioError, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .interrupted,
            .staleNFSFileHandle,
        ].contains(self)
    }

    /// What the call answers. It is made again when a signal interrupts it.
    fileprivate static func result(_ call: () -> CInt) -> Result<CInt, Errno> {
        while true {
            let answer = call()
            guard answer < 0 else { return .success(answer) }
            let error = Errno(rawValue: errno)
            if error != .interrupted { return .failure(error) }
        }
    }

    @discardableResult
    fileprivate static func check(_ call: () -> CInt) throws(Errno) -> CInt { try result(call).get() }
}

extension UserID {
    /// Whose rights this process has.
    static var ofProcess: UserID { UserID(rawValue: geteuid()) }
}

// MARK: Open files

extension FileDescriptor {
    /// Writes all of it, also to a pipe that does not wait by itself until there is room.
    func writeWhole(_ bytes: [UInt8]) throws(Errno) {
        var done = 0
        while done < bytes.count {
            do {
                done += try bytes[done...].withUnsafeBytes { try write($0) }
            } catch Errno.resourceTemporarilyUnavailable {
                var wish = pollfd(fd: rawValue, events: CShort(POLLOUT), revents: 0)
                try Errno.check { poll(&wish, 1, -1) }
            } catch {
                throw error as! Errno
            }
        }
    }

    /// Returns when what was written is on the disk. What is no file on a disk cannot be synced, and need not be.
    func sync() throws(Errno) {
        do throws(Errno) { try Errno.check { fsync(rawValue) } } catch .invalidArgument {}
    }

    /// A file system in a network can say only now that its disk is full. An interrupted call has closed the file.
    func closeFile() throws(Errno) {
        do { try close() } catch Errno.interrupted {} catch { throw error as! Errno }
    }

    /// - Throws: unless the file is open for writing.
    func checkIsWritable() throws(Errno) {
        let flags = try Errno.check { fcntl(rawValue, F_GETFL) }
        guard flags & O_ACCMODE != O_RDONLY else { throw .badFileDescriptor }
    }

    func setPermissions(_ permissions: FilePermissions) throws(Errno) {
        try Errno.check { fchmod(rawValue, permissions.rawValue) }
    }

    /// Gives the file an owner, unless that is nil, and a group.
    ///
    /// - Returns: whether this process may.
    func setOwner(_ owner: UserID?, _ group: GroupID) -> Bool {
        fchown(rawValue, owner?.rawValue ?? uid_t.max, group.rawValue) == 0
    }

    /// Gives the file the times of another.
    func setTimes(of other: Stat) throws(Errno) {
        let times = [other.st_atim, other.st_mtim]
        try Errno.check { futimens(rawValue, times) }
    }
}

// MARK: Names in open folders

extension FileDescriptor {
    /// A folder that names are looked up in. It need not be one that may be read.
    static func openFolder(
        _ name: FilePath.Component, in folder: FileDescriptor
    ) throws(Errno) -> FileDescriptor {
        try open(name, in: folder, search, [.directory, .noFollow, .closeOnExec], [])
    }

    static func openFolder(_ path: FilePath) throws(Errno) -> FileDescriptor {
        try open(path: path, in: workingFolder, search, [.directory, .closeOnExec], [])
    }

    static func open(
        _ name: FilePath.Component, in folder: FileDescriptor, _ mode: AccessMode, _ options: OpenOptions,
        _ permissions: FilePermissions = []
    ) throws(Errno) -> FileDescriptor {
        try open(path: FilePath(name), in: folder, mode, options, permissions)
    }

    private static func open(
        path: FilePath, in folder: FileDescriptor, _ mode: AccessMode, _ options: OpenOptions,
        _ permissions: FilePermissions
    ) throws(Errno) -> FileDescriptor {
        let flags = mode.rawValue | options.rawValue
        let number = path.withPlatformString { path in
            Errno.result { openat(folder.rawValue, path, flags, permissions.rawValue) }
        }
        return FileDescriptor(rawValue: try number.get())
    }

    private static let workingFolder = FileDescriptor(rawValue: AT_FDCWD)

    #if canImport(Darwin)
        private static let search = AccessMode(rawValue: O_SEARCH)
        static let folderOfOpenFiles: FilePath = "/dev/fd"
    #else
        /// O_PATH, which Swift does not import; on x86, ARM and RISC-V it is this.
        private static let search = AccessMode(rawValue: 0o10_000_000)
        static let folderOfOpenFiles: FilePath = "/proc/self/fd"
    #endif

    /// - Throws: unless this process may write to the file of this name.
    func checkIsWritable(_ name: FilePath.Component) throws(Errno) {
        try call(name) { faccessat(rawValue, $0, W_OK, AT_EACCESS) }
    }

    func removeFile(_ name: FilePath.Component) throws(Errno) {
        try call(name) { unlinkat(rawValue, $0, 0) }
    }

    func makeFolder(_ name: FilePath.Component) throws(Errno) {
        try call(name) { mkdirat(rawValue, $0, 0o777) }
    }

    /// Removes an empty folder.
    func removeFolder(_ name: FilePath.Component) throws(Errno) {
        try call(name) { unlinkat(rawValue, $0, AT_REMOVEDIR) }
    }

    /// Gives the file, or the folder, this name instead; a file or an empty folder that has it already is replaced.
    func renameFile(
        _ name: FilePath.Component, to other: FilePath.Component, in folder: FileDescriptor
    ) throws(Errno) {
        let status = name.withPlatformString { old in
            other.withPlatformString { new in Errno.result { renameat(rawValue, old, folder.rawValue, new) } }
        }
        _ = try status.get()
    }

    /// Gives the file another name as well.
    func linkFile(
        _ name: FilePath.Component, to other: FilePath.Component, in folder: FileDescriptor
    ) throws(Errno) {
        let status = name.withPlatformString { old in
            other.withPlatformString { new in Errno.result { linkat(rawValue, old, folder.rawValue, new, 0) }
            }
        }
        _ = try status.get()
    }

    /// What the symbolic link of this name says.
    func linkDestination(_ name: FilePath.Component) throws(Errno) -> FilePath {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = try call(name) { name in
            bytes.withUnsafeMutableBytes {
                CInt(
                    readlinkat(rawValue, name, $0.assumingMemoryBound(to: CChar.self).baseAddress!, $0.count))
            }
        }
        return FilePath(text: PathText.text(bytes.prefix(Int(count))))
    }

    @discardableResult
    private func call(
        _ name: FilePath.Component, _ body: (UnsafePointer<CInterop.PlatformChar>) -> CInt
    ) throws(Errno) -> CInt {
        try name.withPlatformString { name in Errno.result { body(name) } }.get()
    }
}

// MARK: Paths

extension FilePath {
    init(_ name: Component) { self.init(root: nil, [name]) }

    /// The folder that the file is in, as a path that can be opened.
    var folder: FilePath {
        let folder = removingLastComponent()
        return folder.isEmpty ? "." : folder
    }

    /// Gives the file, or the one that a link here leads to, another name in an open folder.
    func link(to name: Component, in folder: FileDescriptor) throws(Errno) {
        let status = withPlatformString { old in
            name.withPlatformString { new in
                Errno.result { linkat(AT_FDCWD, old, folder.rawValue, new, AT_SYMLINK_FOLLOW) }
            }
        }
        _ = try status.get()
    }

    func makeFolder() throws(Errno) {
        _ = try withPlatformString { path in Errno.result { mkdir(path, 0o777) } }.get()
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
