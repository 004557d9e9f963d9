#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reading whole files and the standard input.
public enum InputFile {
    /// The bytes of the file at `path`.
    ///
    /// - Parameters:
    ///   - path: `-` is the standard input, `./-` the file of this name.
    ///   - expected: what the user should have given, for messages: "a model file".
    ///   - limit: no more bytes than this are read; a larger file is bad data.
    public static func read(_ path: String, expected: String, limit: Int) throws(FileError) -> [UInt8] {
        guard path != "-" else { return try readStandardInput(expected: expected, limit: limit) }
        let file = try openFile(path, expected: expected)
        defer { close(file) }
        var status = stat()
        fstat(file, &status)
        return try read(file, named: path, sizeHint: Int(status.st_size), limit: limit, expected: expected)
    }

    /// The first bytes of the file at `path`: up to `count`, fewer if it is shorter.
    public static func readStart(_ path: String, expected: String, count: Int) throws(FileError) -> [UInt8] {
        let file = try openFile(path, expected: expected)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        let found = bytes.withUnsafeMutableBytes { systemRead(file, $0.baseAddress!, count) }
        guard found >= 0 else {
            throw FileError(.io, file: path, expected: expected, found: lastSystemError())
        }
        return Array(bytes.prefix(found))
    }

    /// The bytes of the standard input.
    public static func readStandardInput(expected: String, limit: Int) throws(FileError) -> [UInt8] {
        try read(STDIN_FILENO, named: "stdin", sizeHint: 0, limit: limit, expected: expected)
    }

    private static func openFile(_ path: String, expected: String) throws(FileError) -> Int32 {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw FileError(.missing, file: path, expected: expected, found: lastSystemError())
        }
        var status = stat()
        guard fstat(file, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
            close(file)
            throw FileError(.missing, file: path, expected: expected, found: "a folder")
        }
        return file
    }

    private static func read(
        _ file: Int32, named name: String, sizeHint: Int, limit: Int, expected: String
    ) throws(FileError) -> [UInt8] {
        // One byte more than it may have shows that a file is too large, without reading all of it. What has no
        // size beforehand, such as a pipe, gets room for the largest: its memory is taken as bytes come in.
        let capacity = (sizeHint > 0 ? min(sizeHint, limit) : limit) + 1
        var failure: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            while count < capacity {
                let part = systemRead(file, buffer.baseAddress! + count, capacity - count)
                if part < 0, errno == EINTR { continue }
                if part < 0 { failure = lastSystemError() }
                if part <= 0 { break }
                count += part
            }
        }
        if let failure { throw FileError(.io, file: name, expected: expected, found: failure) }
        guard bytes.count <= limit else {
            throw FileError(.badData, file: name, expected: expected, found: "more than \(limit) bytes")
        }
        guard bytes.count < capacity else {
            throw FileError(.io, file: name, expected: expected, found: "a file that grows while it is read")
        }
        return bytes
    }
}
