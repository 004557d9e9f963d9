import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writing whole files: a reader finds the old content or the new, never a part of it.
///
/// Where the path leads is found out once, at the beginning. From then on what happens to links and folders on the way
/// changes nothing.
public struct OutputFile {
    /// The path as the user wrote it.
    public let path: String
    private let destination: Destination

    /// Checks that the file can be written, so that this is known before hours of work.
    ///
    /// - Parameter path: `-` is the standard output, `./-` the file of this name.
    /// - Throws: ``FileError``, `io`.
    public init(_ path: String) throws(FileError) {
        self.path = path
        destination =
            switch path {
            case "-": .openFile(.standardOutput)
            case "": throw Self.refusal(path, "no name")
            case _ where path.hasSuffix("/"): throw Self.refusal(path, "a folder")
            default: try Destination(path) { Self.refusal(path, $0) }
            }
        switch destination {
        case .openFile(let file): try calling { try file.checkIsWritable() }
        case .place(let place):
            let there = try replaceable(at: place)
            if there?.isStream != true { _ = try createTemporary(beside: place, replacing: there) }
        case .folder: throw error("a folder")
        }
    }

    /// Writes the whole file, as ``Writer`` does.
    ///
    /// - Throws: ``FileError``, `io`; what was at the path before is still there then.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        let writer = try Writer(self)
        try writer.write(bytes)
        try writer.finish()
    }

    /// Whether the path leads to the standard output: `-`, `/dev/stdout`.
    public static func isStandardOutput(_ path: String) -> Bool {
        guard path != "-" else { return true }
        guard !path.isEmpty,
            case .openFile(.standardOutput)? = try? Destination(path, refusal: { refusal(path, $0) })
        else { return false }
        return true
    }

    fileprivate static func refusal(_ path: String, _ found: String) -> FileError {
        path == "-"
            ? FileError(.io, file: "stdout", expected: "an output to write", found: found)
            : FileError(.io, file: path, expected: "a file to write", found: found)
    }

    private func error(_ found: String) -> FileError { Self.refusal(path, found) }

    private func calling<Result>(_ calls: () throws -> Result) throws(FileError) -> Result {
        try FileError.rethrowing(as: error, calls)
    }

    /// What is at the place, which is replaced or, a stream, written to; nil if nothing is.
    ///
    /// - Throws: if it must stay. A file that may not be written to is not replaced either.
    private func replaceable(at place: FilePlace) throws(FileError) -> Stat? {
        guard let there = try calling({ try place.look() }) else { return nil }
        switch there.type {
        case .directory: throw error("a folder")
        case .symbolicLink: throw error("a link that came meanwhile")
        case _ where place.isOfStranger(there):
            throw error("a file of another user in a folder that all may write to")
        default: try calling { try place.checkIsWritable() }
        }
        return there
    }

    /// Opens what is written to as it is. A pipe is waited for until it has a reader, as ``InputFile/patience`` allows.
    private func openStream(at place: FilePlace) throws(FileError) -> FileDescriptor {
        var waited = Duration.zero
        while true {
            do throws(Errno) {
                return try place.open(.writeOnly, .nonBlocking)
            } catch {
                guard error == .noSuchAddressOrDevice, (try? place.look())??.type == .fifo else {
                    throw self.error(error.text())
                }
            }
            usleep(100_000)
            waited += .milliseconds(100)
            let waitsOn = InputFile.patience.withLock { $0 }
            guard waitsOn(path, waited) else {
                throw FileError(
                    .interrupted, file: path, expected: "a pipe to write to",
                    found: "interrupted before it had a reader")
            }
        }
    }

    /// Creates the file that becomes the one at the place.
    ///
    /// - Parameter old: what is there, which may be what nobody else may read.
    private func createTemporary(
        beside place: FilePlace, replacing old: Stat?
    ) throws(FileError) -> TemporaryFile {
        do throws(Errno) {
            return try old == nil
                ? TemporaryFile(beside: place) : TemporaryFile(beside: place, permissions: .ownerReadWrite)
        } catch {
            let folder = FilePath(text: path).folder.text
            guard error == .noSuchFileOrDirectory, !Self.isFolder(folder) else {
                throw self.error("\(error)")
            }
            throw self.error("no folder \(folder)")
        }
    }
}

// MARK: Part by part

extension OutputFile {
    /// Writes a file of any length part by part.
    ///
    /// The parts go to a temporary file beside the target. It gets the target's name once it is complete and on the disk.
    /// Without ``finish()`` it is removed, and what was at the path before stays. Parts for a stream, as the standard
    /// output, a pipe or a device, are written at once.
    public final class Writer {
        private let output: OutputFile
        private var target: Target
        private var buffer: [UInt8] = []

        private enum Target {
            case stream(FileDescriptor, closes: Bool)
            case file(TemporaryFile, FilePlace)
            case closed
        }

        private static let bufferBytes = 1 << 16

        /// The path as the user wrote it.
        public var path: String { output.path }

        /// - Throws: ``FileError``, `io`.
        public init(_ output: OutputFile) throws(FileError) {
            self.output = output
            switch output.destination {
            case .openFile(let file): target = .stream(file, closes: false)
            case .place(let place):
                let there = try output.replaceable(at: place)
                target =
                    there?.isStream == true
                    ? .stream(try output.openStream(at: place), closes: true)
                    : .file(try output.createTemporary(beside: place, replacing: there), place)
            case .folder: throw output.error("a folder")
            }
        }

        deinit { abandon() }

        /// - Throws: ``FileError``, `io`, as on a full disk; nothing more can be written then.
        public func write(_ part: some Sequence<UInt8>) throws(FileError) {
            buffer += part
            if case .file = target, buffer.count < Self.bufferBytes { return }
            do throws(FileError) {
                try flush()
            } catch {
                abandon()
                throw error
            }
        }

        /// - Throws: ``FileError``, `io`.
        public func write(_ text: String) throws(FileError) { try write(text.utf8) }

        /// Gives the complete file its name.
        ///
        /// - Throws: ``FileError``, `io`; what was at the path before is still there then, unless the folder is all that
        ///   could not be written to the disk.
        public func finish() throws(FileError) {
            try finish { file, place throws(FileError) in
                try complete(file, replacing: try output.replaceable(at: place))
                try output.calling { try file.move(to: place) }
            }
        }

        /// - Parameter name: gives the complete file its name.
        fileprivate func finish<Result>(
            name: (TemporaryFile, FilePlace) throws(FileError) -> Result
        ) throws(FileError) -> Result? {
            defer { abandon() }
            try flush()
            guard case .file(let file, let place) = target else { return nil }
            let result = try name(file, place)
            try output.calling { try place.folder.sync() }
            return result
        }

        /// - Parameter old: what was there before.
        fileprivate func complete(_ file: TemporaryFile, replacing old: Stat?) throws(FileError) {
            try output.calling {
                try file.complete(replacing: old)
                try file.file.sync()
            }
        }

        private func flush() throws(FileError) {
            defer { buffer.removeAll(keepingCapacity: true) }
            switch target {
            case .stream(let file, _): try output.calling { try file.writeWhole(buffer) }
            case .file(let file, _): try output.calling { try file.file.writeWhole(buffer) }
            case .closed: break
            }
        }

        /// Removes what is not complete.
        private func abandon() {
            if case .stream(let file, closes: true) = target { try? file.close() }
            target = .closed
        }
    }
}

// MARK: Files that one process has to itself

extension OutputFile {
    /// Locks the file that is there; nil if another process has locked it.
    ///
    /// - Parameter expected: what the file should be, for messages: "a checkpoint".
    /// - Throws: ``FileError``, `missing` when the file cannot be opened.
    public func lock(expected: String) throws(FileError) -> FileLock? {
        guard case .place(let place) = destination else {
            throw FileError(.missing, file: path, expected: expected, found: "a pipe or a device")
        }
        return try FileLock.lock(place, path, expected: expected)
    }

    /// Writes the file, which is locked from the moment it is there.
    ///
    /// - Parameter own: the file that may be replaced, and no other. It becomes the new one as soon as that is there, even
    ///   if it is an error that the folder can't be written to the disk then.
    /// - Returns: whether the file is written; if not, there is another one.
    /// - Throws: ``FileError``, `io`.
    public func writeLocked(_ bytes: [UInt8], replacing own: inout FileLock?) throws(FileError) -> Bool {
        let writer = try Writer(self)
        try writer.write(bytes)
        let isWritten = try writer.finish { file, place throws(FileError) -> Bool in
            let lock = try calling { FileLock(new: try file.place.open(.readOnly)) }
            let there = try replaceable(at: place)
            guard there == nil || own?.isOf(there!) == true else { return false }
            try writer.complete(file, replacing: there)
            do throws(Errno) {
                if there != nil { try file.move(to: place) } else { try file.moveIfFree(to: place) }
            } catch {
                guard there == nil, error == .fileExists else { throw self.error("\(error)") }
                return false
            }
            own = lock
            return true
        }
        guard let isWritten else { throw error("a pipe or a device") }
        return isWritten
    }

    /// Removes the file, unless it is not the locked one any more.
    ///
    /// - Throws: ``FileError``, `io`.
    public func remove(_ own: FileLock) throws(FileError) {
        guard case .place(let place) = destination else { return }
        try calling { if let there = try place.look(), own.isOf(there) { try place.remove() } }
    }
}

// MARK: The standard output

extension OutputFile {
    /// Writes `bytes` to the standard output.
    ///
    /// - Throws: ``FileError``, `io`, as on a full disk.
    public static func writeToStandardOutput(_ bytes: [UInt8]) throws(FileError) {
        do throws(Errno) {
            try FileDescriptor.standardOutput.writeWhole(bytes)
        } catch {
            throw refusal("-", "\(error)")
        }
    }

    /// Writes `text` and a newline to the standard output.
    ///
    /// - Throws: ``FileError``, `io`.
    public static func print(_ text: String) throws(FileError) {
        try writeToStandardOutput(Array((text + "\n").utf8))
    }
}

extension Stat {
    /// Whether this is written to as it is, such as the null device: a rename would replace it.
    fileprivate var isStream: Bool { type != .regular }
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
                case .fileExists: exists(path) ? "a file" : "a link that leads nowhere"
                case .noSuchFileOrDirectory where path.isEmpty: "no name"
                case .noSuchFileOrDirectory where !isFolder(FilePath(text: path).folder.text):
                    "no folder \(FilePath(text: path).folder.text) for it"
                default: "\(error)"
                }
            throw FileError(.io, file: path, expected: "a folder", found: found)
        }
    }
}
