import SystemPackage

/// Reading whole files and the standard input.
public enum InputFile {
    /// The bytes of the file at `path`.
    ///
    /// - Parameters:
    ///   - path: `-` is the standard input, `./-` the file of this name.
    ///   - expected: what the user should have given, for messages: "a model file".
    ///   - limit: the largest size in bytes, 0 or more; a larger file is bad data.
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails, `badData` when the
    ///   file is too large.
    public static func read(_ path: String, expected: String, limit: Int) throws(FileError) -> [UInt8] {
        guard path != "-" else { return try readStandardInput(expected: expected, limit: limit) }
        let file = try open(path, expected: expected)
        defer { try? file.close() }
        let size = (try? file.stat().size) ?? 0
        return try read(file, named: path, sizeHint: Int(size), limit: limit, expected: expected)
    }

    /// The first bytes of the file at `path`: up to `count`, fewer if it is shorter.
    ///
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails.
    public static func readStart(_ path: String, expected: String, count: Int) throws(FileError) -> [UInt8] {
        let file = try open(path, expected: expected)
        defer { try? file.close() }
        return try FileError.rethrowing(
            as: { FileError(.io, file: path, expected: expected, found: $0) },
            { try file.bytes(upTo: count) })
    }

    /// The bytes of the standard input.
    ///
    /// - Throws: ``FileError``; `io` when reading fails, `badData` when there are more than `limit` bytes.
    public static func readStandardInput(expected: String, limit: Int) throws(FileError) -> [UInt8] {
        try read(.standardInput, named: "stdin", sizeHint: 0, limit: limit, expected: expected)
    }

    static func open(_ path: String, expected: String) throws(FileError) -> FileDescriptor {
        func refusal(_ found: String) -> FileError {
            FileError(.missing, file: path, expected: expected, found: found)
        }
        let file = try FileError.rethrowing(as: refusal) {
            try FileDescriptor.open(FilePath(text: path), .readOnly, options: .closeOnExec)
        }
        guard (try? file.stat().type) != .directory else {
            try? file.close()
            throw refusal("a folder")
        }
        return file
    }

    private static func read(
        _ file: FileDescriptor, named name: String, sizeHint: Int, limit: Int, expected: String
    ) throws(FileError) -> [UInt8] {
        // One byte more than allowed shows that a file is too large, without reading all of it. What has no size
        // beforehand, such as a pipe, gets room for the largest: its memory is taken as bytes come in.
        let capacity = (sizeHint > 0 ? min(sizeHint, limit) : limit) + 1
        let bytes = try FileError.rethrowing(
            as: { FileError(.io, file: name, expected: expected, found: $0) },
            { try file.bytes(upTo: capacity) })
        guard bytes.count <= limit else {
            throw FileError(.badData, file: name, expected: expected, found: "more than \(limit) bytes")
        }
        guard bytes.count < capacity else {
            throw FileError(.io, file: name, expected: expected, found: "a file that grows while it is read")
        }
        return bytes
    }
}

extension FileDescriptor {
    /// The next bytes: `count`, or fewer if the file ends before. A pipe gives them in several parts.
    func bytes(upTo count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, found in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            while found < count {
                let part = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[found...]))
                if part == 0 { break }
                found += part
            }
        }
    }
}
