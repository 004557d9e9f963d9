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

    /// Writes the whole file, as ``Writer`` does.
    ///
    /// - Throws: ``FileError``, `io`; what was at the path before is still there then.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        let writer = try Writer(self)
        try writer.write(bytes)
        try writer.finish()
    }

    /// Writes `bytes` as ``write(_:)`` does; the file is locked from the moment it is there.
    ///
    /// - Precondition: the path is not that of a device or the standard output.
    /// - Throws: ``FileError``, `io`.
    public func writeLocked(_ bytes: [UInt8]) throws(FileError) -> FileLock {
        let writer = try Writer(self)
        try writer.write(bytes)
        let lock = try writer.lock()
        try writer.finish()
        return lock
    }

    /// Makes an empty file, and locks it; nil if there is a file already.
    ///
    /// - Throws: ``FileError``, `io`.
    public func createLocked() throws(FileError) -> FileLock? {
        do {
            let file = try FileDescriptor.open(
                target, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: FilePermissions(rawValue: 0o666))
            return FileLock(new: file)
        } catch Errno.fileExists {
            return nil
        } catch {
            throw self.error("\(error)")
        }
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
        do {
            return try target.createTemporary()
        } catch .noSuchFileOrDirectory where !Self.isFolder(target.folder.text) {
            throw error("no folder \(target.folder.text)")
        } catch .fileExists {
            throw error("a hundred leftovers of earlier runs (\(target.temporaryStart.text).*.part)")
        } catch {
            throw self.error("\(error)")
        }
    }
}

extension FilePath {
    /// How the paths of temporary files beside this one begin. They are hidden, so that nobody who reads the folder takes
    /// them for files of its own. Of a long name the first 50 code points are kept, 200 bytes at most.
    var temporaryStart: FilePath {
        let name = text.unicodeScalars.split(separator: "/").last ?? []
        return folder.appending(FilePath(text: ".\(String.UnicodeScalarView(name.prefix(50)))").components)
    }

    /// Creates a file beside this one, which becomes it when it is complete.
    func createTemporary(
        permissions: FilePermissions = FilePermissions(rawValue: 0o666)
    ) throws(Errno) -> (FileDescriptor, FilePath) {
        // The temporary name fits where this one may be too long.
        do { _ = try Stat(self) } catch Errno.fileNameTooLong { throw .fileNameTooLong } catch {}
        let start = temporaryStart.text
        for attempt in 0..<100 {
            let name = FilePath(text: "\(start).\(getpid())-\(attempt).part")
            do {
                let file = try FileDescriptor.open(
                    name, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: permissions)
                return (file, name)
            } catch Errno.fileExists {
                continue
            } catch {
                throw error as! Errno
            }
        }
        throw .fileExists
    }
}

// MARK: Part by part

extension OutputFile {
    /// Writes a file of any length part by part.
    ///
    /// The parts go to a temporary file beside the target. It gets the target's name once it is complete and on the disk.
    /// Without ``finish()`` it is removed, and what was at the path before stays. Parts for the standard output or a device
    /// are written at once.
    public final class Writer {
        private let output: OutputFile
        /// nil once it is closed.
        private var file: FileDescriptor?
        /// Where the parts are, until the file is complete; nil for the standard output and devices.
        private var temporary: FilePath?
        private let target: FilePath
        private var buffer: [UInt8] = []

        private static let bufferBytes = 1 << 16

        /// The path as the user wrote it.
        public var path: String { output.path }

        /// - Throws: ``FileError``, `io`.
        public init(_ output: OutputFile) throws(FileError) {
            self.output = output
            target = output.target
            if output.isStandardOutput {
                file = .standardOutput
            } else if output.isDevice {
                file = try FileError.rethrowing(as: output.error) {
                    try FileDescriptor.open(FilePath(text: output.path), .writeOnly, options: .closeOnExec)
                }
            } else {
                (file, temporary) = try output.createTemporary(for: target)
            }
        }

        deinit { abandon() }

        /// - Throws: ``FileError``, `io`, as on a full disk; nothing more can be written then.
        public func write(_ part: some Sequence<UInt8>) throws(FileError) {
            buffer += part
            guard temporary == nil || buffer.count >= Self.bufferBytes else { return }
            do throws(FileError) {
                try flush()
            } catch {
                abandon()
                throw error
            }
        }

        /// - Throws: ``FileError``, `io`.
        public func write(_ text: String) throws(FileError) { try write(text.utf8) }

        /// Locks the file, before it has its name.
        fileprivate func lock() throws(FileError) -> FileLock {
            try FileError.rethrowing(as: output.error) {
                FileLock(new: try FileDescriptor.open(temporary!, .readOnly, options: .closeOnExec))
            }
        }

        /// Gives the complete file its name.
        ///
        /// - Throws: ``FileError``, `io`; what was at the path before is still there then.
        public func finish() throws(FileError) {
            defer { abandon() }
            try flush()
            guard let temporary else { return }
            try FileError.rethrowing(as: output.error) {
                try file?.sync()
                try close()
                try temporary.move(to: target)
            }
            self.temporary = nil
            // The file is in place; that a file system cannot sync folders is no reason to say otherwise.
            let folder = try? FileDescriptor.open(
                target.folder, .readOnly, options: [.directory, .closeOnExec])
            try? folder?.closeAfter { try folder?.sync() }
        }

        private func flush() throws(FileError) {
            defer { buffer.removeAll(keepingCapacity: true) }
            if output.isStandardOutput { return try OutputFile.writeToStandardOutput(buffer) }
            _ = try FileError.rethrowing(as: output.error) { try file?.writeAll(buffer) }
        }

        private func close() throws {
            defer { file = nil }
            if !output.isStandardOutput { try file?.close() }
        }

        /// Removes what is not complete.
        private func abandon() {
            try? close()
            try? temporary?.removeFile()
            temporary = nil
        }
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
