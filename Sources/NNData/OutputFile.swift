import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writing whole files: a reader finds the old content or the new, never a part of it.
public struct OutputFile {
    /// The path as the user wrote it.
    public let path: String

    /// Checks that the file can be written, so that this is known before hours of work.
    ///
    /// - Parameter path: `-` is the standard output, `./-` the file of this name.
    /// - Throws: ``FileError``, `io`.
    public init(_ path: String) throws(FileError) {
        self.path = path
        guard !isStandardOutput else { return }
        guard !path.isEmpty else { throw error("no name") }
        guard !isDevice else { return }
        guard !Self.isFolder(path), !path.hasSuffix("/") else { throw error("a folder") }
        let (file, name) = try createTemporary(for: target)
        try? file.close()
        try? name.removeFile()
    }

    /// Writes `bytes` to a temporary file beside the target, syncs it, renames it, and syncs the folder.
    ///
    /// - Throws: ``FileError``, `io`; what was at the path before is still there then.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        guard !isStandardOutput else { return try Self.writeToStandardOutput(bytes) }
        guard !isDevice else { return try writeToDevice(bytes) }
        let target = target
        let (file, temporary) = try createTemporary(for: target)
        do throws(FileError) {
            try FileError.rethrowing(as: error) {
                try file.closeAfter {
                    try file.writeAll(bytes)
                    try file.sync()
                }
                try temporary.move(to: target)
            }
        } catch {
            try? temporary.removeFile()
            throw error
        }
        // The file is in place; that a file system cannot sync folders is no reason to say otherwise.
        let folder = try? FileDescriptor.open(target.folder, .readOnly, options: [.directory, .closeOnExec])
        try? folder?.closeAfter { try folder?.sync() }
    }

    /// Removes the file, if it is there.
    ///
    /// - Throws: ``FileError``, `io`.
    public func remove() throws(FileError) {
        do {
            try target.removeFile()
        } catch {
            if error != .noSuchFileOrDirectory { throw self.error(error.text()) }
        }
    }

    private func error(_ found: String) -> FileError {
        FileError(.io, file: path, expected: "a file to write", found: found)
    }

    private var isStandardOutput: Bool { path == "-" }

    /// A device, such as the null device, is written to: a rename would replace it.
    private var isDevice: Bool { Self.isDevice(path) }

    private func writeToDevice(_ bytes: [UInt8]) throws(FileError) {
        try FileError.rethrowing(as: error) {
            let file = try FileDescriptor.open(FilePath(text: path), .writeOnly, options: .closeOnExec)
            _ = try file.closeAfter { try file.writeAll(bytes) }
        }
    }

    /// What `path` leads to: a symbolic link stays one, and the file that it names is made or replaced.
    private var target: FilePath {
        var target = FilePath(text: path)
        // As many links in a row as Linux follows.
        for _ in 0..<40 {
            guard let destination = target.linkDestination else { return target }
            target = target.removingLastComponent().pushing(destination)
        }
        return target
    }

    private func createTemporary(for target: FilePath) throws(FileError) -> (FileDescriptor, FilePath) {
        for attempt in 0..<100 {
            let name = FilePath(text: "\(target.text).\(getpid())-\(attempt).part")
            do {
                let file = try FileDescriptor.open(
                    name, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: FilePermissions(rawValue: 0o666))
                return (file, name)
            } catch Errno.fileExists {
                continue
            } catch Errno.noSuchFileOrDirectory where !Self.isFolder(target.folder.text) {
                throw error("no folder \(target.folder.text)")
            } catch {
                throw self.error("\(error)")
            }
        }
        throw error("a hundred leftovers of earlier runs (\(target.text).*.part)")
    }
}

// MARK: The standard output

extension OutputFile {
    /// Writes `bytes` to the standard output.
    ///
    /// - Throws: ``FileError``, `io`, as on a full disk.
    public static func writeToStandardOutput(_ bytes: [UInt8]) throws(FileError) {
        func refusal(_ found: String) -> FileError {
            FileError(.io, file: "stdout", expected: "an output to write", found: found)
        }
        _ = try FileError.rethrowing(as: refusal) { try FileDescriptor.standardOutput.writeAll(bytes) }
    }

    /// Writes `text` and a newline to the standard output.
    ///
    /// - Throws: ``FileError``, `io`.
    public static func print(_ text: String) throws(FileError) {
        try writeToStandardOutput(Array((text + "\n").utf8))
    }
}

// MARK: What is there

extension OutputFile {
    /// Whether there is a file, a folder or a device.
    public static func exists(_ path: String) -> Bool { Folder.type(of: path) != nil }

    /// Whether there is a folder.
    public static func isFolder(_ path: String) -> Bool { Folder.type(of: path) == .directory }

    /// Whether there is something that is neither a file nor a folder: a device, a pipe.
    public static func isDevice(_ path: String) -> Bool {
        Folder.type(of: path).map { $0 != .regular && $0 != .directory } ?? false
    }

    /// Whether both paths lead to one file, be it there or not yet.
    public static func isSameFile(_ a: String, _ b: String) -> Bool {
        if let a = try? Stat(FilePath(text: a)), let b = try? Stat(FilePath(text: b)) {
            return (a.deviceID, a.inode) == (b.deviceID, b.inode)
        }
        return place(FilePath(text: a)) == place(FilePath(text: b))
    }

    /// The path without the detours of its folder.
    private static func place(_ path: FilePath) -> FilePath {
        guard let name = path.lastComponent, let folder = path.folder.resolved else { return path }
        return folder.appending(name)
    }

    /// Makes a folder, unless there is one.
    ///
    /// - Throws: ``FileError``, `io`.
    public static func makeFolder(_ path: String) throws(FileError) {
        do {
            try FilePath(text: path).makeFolder()
        } catch {
            guard !isFolder(path) else { return }
            let found =
                switch error {
                case .fileExists: "a file"
                case .noSuchFileOrDirectory where path.isEmpty: "no name"
                case .noSuchFileOrDirectory where !isFolder(FilePath(text: path).folder.text):
                    "no folder \(FilePath(text: path).folder.text) for it"
                default: "\(error)"
                }
            throw FileError(.io, file: path, expected: "a folder", found: found)
        }
    }
}
