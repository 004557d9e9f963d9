#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writing whole files so that a reader finds the old content or the new, never a part of it.
public struct OutputFile {
    /// The path as the user wrote it.
    public let path: String

    /// Checks that the file can be written, so that it is known before hours of work. Throws `.io`.
    ///
    /// - Parameter path: `-` is the standard output.
    public init(_ path: String) throws(FileError) {
        self.path = path
        guard !isStandardOutput else { return }
        guard !path.isEmpty else { throw error("no name") }
        guard !isDevice else { return }
        guard !Self.isFolder(path) else { throw error("a folder") }
        let (file, name) = try createTemporary()
        close(file)
        unlink(name)
    }

    /// Writes `bytes` to a temporary file beside the target, syncs it, renames it, syncs the folder.
    /// Throws `.io`; what was at the path before is still there then.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        guard !isStandardOutput else { return try Self.writeToStandardOutput(bytes) }
        guard !isDevice else { return try writeToDevice(bytes) }
        let (file, name) = try createTemporary()
        var failure = Self.writeAll(bytes, to: file)
        if failure == nil, fsync(file) != 0 { failure = lastSystemError() }
        if close(file) != 0, failure == nil { failure = lastSystemError() }
        if failure == nil, rename(name, target) != 0 { failure = lastSystemError() }
        if let failure {
            unlink(name)
            throw error(failure)
        }
        let folder = open(Self.folder(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            // The file is in place; that a file system can't sync folders is no reason to say otherwise.
            fsync(folder)
            close(folder)
        }
    }

    private func error(_ found: String) -> FileError {
        FileError(.io, file: path, expected: "a file to write", found: found)
    }

    /// Whether it is not a file at all; one of this name is `./-`.
    private var isStandardOutput: Bool { path == "-" }

    /// Renaming over a device, such as the null device, would replace it: it is written to instead.
    private var isDevice: Bool { Self.isDevice(path) }

    private func writeToDevice(_ bytes: [UInt8]) throws(FileError) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw error(lastSystemError()) }
        let failure = Self.writeAll(bytes, to: file)
        close(file)
        if let failure { throw error(failure) }
    }

    /// Removes the file, if it is there. Throws `.io`.
    public func remove() throws(FileError) {
        if unlink(target) != 0, errno != ENOENT { throw error(lastSystemError()) }
    }

    /// Whether there is a file, a folder or a device.
    public static func exists(_ path: String) -> Bool { status(of: path) != nil }

    /// Whether there is a folder.
    public static func isFolder(_ path: String) -> Bool {
        status(of: path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// Whether there is something that is neither a file nor a folder: a device, a pipe.
    public static func isDevice(_ path: String) -> Bool {
        guard let status = status(of: path) else { return false }
        return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
    }

    /// Whether both paths lead to one file, be it there or not yet.
    public static func isSameFile(_ a: String, _ b: String) -> Bool {
        if let a = status(of: a), let b = status(of: b) {
            return a.st_dev == b.st_dev && a.st_ino == b.st_ino
        }
        return place(a) == place(b)
    }

    /// The path without the detours of its folder.
    private static func place(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let folder = realpath(folder(of: path), nil) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(name)"
    }

    /// What `path` leads to: a link stays a link, and the file that it names is made or replaced.
    private var target: String {
        var target = path
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        // As many links in a row as Linux follows.
        for _ in 0..<40 {
            let count = readlink(target, &buffer, buffer.count)
            guard count > 0 else { return target }
            let link = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
            target = link.hasPrefix("/") ? link : "\(Self.folder(of: target))/\(link)"
        }
        return target
    }

    private func createTemporary() throws(FileError) -> (file: Int32, name: String) {
        let target = target
        for attempt in 0..<100 {
            let name = "\(target).\(getpid())-\(attempt).part"
            let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if file >= 0 { return (file, name) }
            guard errno != ENOENT else { throw error("no folder \(Self.folder(of: target))") }
            guard errno == EEXIST else { throw error(lastSystemError()) }
        }
        throw error("a hundred leftovers of earlier runs (\(target).*.part)")
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// nil, or why it failed.
    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> String? {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let part = systemWrite(file, bytes.baseAddress! + done, bytes.count - done)
                if part < 0 {
                    if errno == EINTR { continue }
                    return lastSystemError()
                }
                done += part
            }
            return nil
        }
    }

    /// Makes a folder, unless there is one. Throws `.io`.
    public static func makeFolder(_ path: String) throws(FileError) {
        guard mkdir(path, 0o777) != 0 else { return }
        let found =
            switch errno {
            case EEXIST: "a file"
            case ENOENT: "no folder \(folder(of: path)) for it"
            default: lastSystemError()
            }
        if isFolder(path) { return }
        throw FileError(.io, file: path, expected: "a folder", found: found)
    }

    /// Writes `bytes` to the standard output. Throws `.io`, as on a full disk.
    public static func writeToStandardOutput(_ bytes: [UInt8]) throws(FileError) {
        if let failure = writeAll(bytes, to: STDOUT_FILENO) {
            throw FileError(.io, file: "stdout", expected: "an output to write", found: failure)
        }
    }

    /// Writes `text` and a newline to the standard output. Throws `.io`.
    public static func print(_ text: String) throws(FileError) {
        try writeToStandardOutput(Array((text + "\n").utf8))
    }
}
