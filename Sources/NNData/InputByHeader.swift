import SystemPackage

/// Reading files whose start says how long they are: of one that is much longer, no more is read.
extension InputFile {
    /// The bytes of the file at `path`; one more than there should be, if there are more.
    ///
    /// - Parameters:
    ///   - path: `-` is the standard input, `./-` the file of this name.
    ///   - expected: what the user should have given, for messages: "a model file".
    ///   - startBytes: how many of the first bytes say how many there are.
    ///   - length: how many bytes there should be, of the first ones; these can be fewer than `startBytes`.
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails,
    ///   `interrupted` when ``patience`` ends.
    public static func read(
        _ path: String, expected: String, startBytes: Int, length: (_ start: [UInt8]) -> Int
    ) throws(FileError) -> [UInt8] {
        guard path != "-" else {
            return try read(
                .standardInput, named: "stdin", expected: expected, startBytes: startBytes, length: length)
        }
        let file = try open(path, expected: expected)
        defer { try? file.close() }
        return try read(file, named: path, expected: expected, startBytes: startBytes, length: length)
    }

    static func read(
        _ file: FileDescriptor, named name: String, expected: String, startBytes: Int,
        length: (_ start: [UInt8]) -> Int
    ) throws(FileError) -> [UInt8] {
        let source = InputSource(file, name, expected)
        let start = try source.bytes(upTo: startBytes)
        let rest = max(length(start) - start.count, 0) + 1
        // Memory is taken for what is there, not for what a header claims. A pipe does not say it beforehand.
        let there = try? file.stat()
        let most = there?.type == .regular ? min(rest, max(Int(there!.size) - start.count, 0) + 1) : rest
        return start + (start.count < startBytes ? [] : try source.bytes(upTo: most))
    }
}
