import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reading whole files and the standard input.
///
/// Nothing here waits silently for bytes that may never come: a pipe is opened without its writer, and while it gives nothing
/// the program is asked whether to go on (``patience``).
public enum InputFile {
    /// The bytes of the file at `path`.
    ///
    /// - Parameters:
    ///   - path: `-` is the standard input, `./-` the file of this name.
    ///   - expected: what the user should have given, for messages: "a model file".
    ///   - limit: the largest size in bytes, 0 or more; a larger file is bad data, and is refused before it is read.
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails or the file changes its
    ///   size meanwhile, `badData` when it is too large, `interrupted` when ``patience`` ends.
    public static func read(_ path: String, expected: String, limit: Int) throws(FileError) -> [UInt8] {
        guard path != "-" else { return try readStandardInput(expected: expected, limit: limit) }
        let file = try open(path, expected: expected)
        defer { try? file.close() }
        return try InputSource(file, path, expected).all(limit: limit)
    }

    /// The first bytes of the file at `path`: up to `count`, fewer if it is shorter.
    ///
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails, `interrupted` when
    ///   ``patience`` ends.
    public static func readStart(_ path: String, expected: String, count: Int) throws(FileError) -> [UInt8] {
        let file = try open(path, expected: expected)
        defer { try? file.close() }
        return try InputSource(file, path, expected).bytes(upTo: count)
    }

    /// The first bytes of a regular file, for messages about it: of nothing else, as that may have none yet.
    static func start(ofRegular path: String, count: Int) throws(FileError) -> [UInt8] {
        let expected = "a file"
        let file = try open(path, expected: expected, isRegular: true)
        defer { try? file.close() }
        return try InputSource(file, path, expected).bytes(upTo: count)
    }

    /// The bytes of the standard input.
    ///
    /// - Throws: ``FileError``; `io` when reading fails, `badData` when there are more than `limit` bytes, `interrupted` when
    ///   ``patience`` ends.
    public static func readStandardInput(expected: String, limit: Int) throws(FileError) -> [UInt8] {
        try InputSource(.standardInput, "stdin", expected).all(limit: limit)
    }

    /// What is asked every 100 ms while a pipe or a terminal gives nothing, or a pipe to write to has no reader: whether to
    /// wait on. It gets the name of the file, and how long it was waited for. Without it, the wait takes as long as it takes.
    package static let patience = Mutex<@Sendable (_ file: String, _ waited: Duration) -> Bool>({ _, _ in
        true
    })

    /// Opens a file for reading, but no folder.
    ///
    /// - Parameter isRegular: whether pipes, devices and sockets are refused, too.
    /// - Throws: ``FileError``; `missing` where there is no such file or it may not be read, `io` where the system fails.
    package static func open(
        _ path: String, expected: String, isRegular: Bool = false
    ) throws(FileError) -> FileDescriptor {
        func refusal(_ kind: FileError.Kind, _ found: String) -> FileError {
            FileError(kind, file: path, expected: expected, found: found)
        }
        let file: FileDescriptor
        do {
            // Without .nonBlocking a named pipe would wait for its writer.
            file = try .open(FilePath(text: path), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            let error = error as! Errno
            throw refusal(error.isFailureOfSystem ? .io : .missing, error.text())
        }
        let type = try? file.stat().type
        guard type != .directory, !isRegular || type == .regular else {
            try? file.close()
            throw refusal(.missing, type == .directory ? "a folder" : "a pipe or a device")
        }
        return file
    }

    /// The next bytes of a file: up to `count`, at its end none.
    static func readPart(
        of file: FileDescriptor, named name: String, expected: String, count: Int
    ) throws(FileError) -> [UInt8] {
        try InputSource(file, name, expected).bytes(upTo: count, areAllNeeded: false)
    }
}

/// An open file, with what is needed for messages.
struct InputSource {
    let file: FileDescriptor
    let name: String
    let expected: String

    init(_ file: FileDescriptor, _ name: String, _ expected: String) {
        (self.file, self.name, self.expected) = (file, name, expected)
    }

    private func error(_ kind: FileError.Kind, _ found: String) -> FileError {
        FileError(kind, file: name, expected: expected, found: found)
    }

    /// All bytes that are left.
    func all(limit: Int) throws(FileError) -> [UInt8] {
        let tooMany = error(.badData, "more than \(limit) bytes")
        guard let stat = try? file.stat(), stat.type == .regular, stat.size > 0 else {
            let bytes = try parts(limit: limit)
            guard bytes.count <= limit else { throw tooMany }
            return bytes
        }
        let size = Int(stat.size) - position
        guard size <= limit else { throw tooMany }
        let bytes = try bytes(upTo: max(size, 0) + 1)
        guard bytes.count <= size else { throw error(.io, "a file that grows while it is read") }
        guard bytes.count >= size else { throw error(.io, "a file that shrinks while it is read") }
        return bytes
    }

    /// Where the standard input begins, if others have read from it before.
    private var position: Int { (try? Int(file.seek(offset: 0, from: .current))) ?? 0 }

    /// The bytes of what has no size beforehand, such as a pipe. One more than allowed shows that there are too many,
    /// without reading all of them.
    private func parts(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let part = try self.bytes(upTo: min(1 << 20, limit + 1 - bytes.count))
            guard !part.isEmpty else { break }
            bytes += part
        }
        return bytes
    }

    /// The next bytes: `count`, or fewer if the file ends before. A pipe gives them in several parts; if not all are needed,
    /// the first part.
    func bytes(upTo count: Int, areAllNeeded: Bool = true) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, found in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            do throws(FileError) {
                while found < count, areAllNeeded || found == 0 {
                    let part = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[found...]))
                    if part == 0 { break }
                    found += part
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        while true {
            try waitForBytes()
            do {
                return try file.read(into: buffer)
            } catch Errno.wouldBlock {
                continue  // somebody else has read them
            } catch {
                throw self.error(.io, (error as! Errno).text())
            }
        }
    }

    /// Returns when there are bytes, the end, or an error that reading tells.
    private func waitForBytes() throws(FileError) {
        var request = pollfd(fd: file.rawValue, events: Int16(POLLIN), revents: 0)
        var waited = Duration.zero
        while true {
            let ready = poll(&request, 1, 100)
            guard ready == 0 || ready < 0 && errno == EINTR else { return }
            if ready == 0 { waited += .milliseconds(100) }
            let waitsOn = InputFile.patience.withLock { $0 }
            guard waitsOn(name, waited) else { throw error(.interrupted, "interrupted before its end") }
        }
    }
}
