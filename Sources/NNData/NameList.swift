import SystemPackage

/// Reads a list of file names, one per line or with a NUL after each, one name at a time.
package final class NameList {
    private let path: String
    private let isSeparatedByNUL: Bool
    private let file: FileDescriptor
    private var part: ArraySlice<UInt8> = []
    private var isAtStart = true

    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
    private static let partBytes = 1 << 16
    /// Far more than a path may have. As many empty names are no list: a file of zeros would have no end.
    private static let longestName = 1 << 16

    /// - Parameter path: `-` is the standard input.
    /// - Throws: ``FileError``, `missing`, when the list cannot be opened.
    package init(_ path: String, isSeparatedByNUL: Bool) throws(FileError) {
        self.path = path == "-" ? "stdin" : path
        self.isSeparatedByNUL = isSeparatedByNUL
        file = path == "-" ? .standardInput : try InputFile.open(path, expected: Self.expected)
    }

    deinit { if file != .standardInput { try? file.close() } }

    private static let expected = "a list of files"

    /// The next name; nil after the last. Empty lines are no names, and the last line may end without a newline. A carriage
    /// return before a newline, and a byte order mark, are not part of a name.
    ///
    /// - Throws: ``FileError``; `io` when reading fails, `badData` for what is no list of names.
    package func next() throws(FileError) -> String? {
        var empty = 0
        while var name = try nextBytes() {
            if !isSeparatedByNUL {
                if isAtStart, name.starts(with: Self.byteOrderMark) {
                    name.removeFirst(Self.byteOrderMark.count)
                }
                isAtStart = false
                if name.last == UInt8(ascii: "\r") { name.removeLast() }
                guard !name.contains(0) else {
                    throw error("a NUL in a line (NULs between names need --null)")
                }
            }
            // Here, - is the file of this name.
            if !name.isEmpty { return name == [UInt8(ascii: "-")] ? "./-" : PathText.text(name) }
            empty += 1
            guard empty <= Self.longestName else { throw error("\(empty) empty names in a row") }
        }
        return nil
    }

    /// What comes before the next separator.
    private func nextBytes() throws(FileError) -> [UInt8]? {
        let separator = isSeparatedByNUL ? 0 : UInt8(ascii: "\n")
        var name: [UInt8] = []
        while true {
            if part.isEmpty { try readPart() }
            guard !part.isEmpty else { return name.isEmpty ? nil : name }
            guard let end = part.firstIndex(of: separator) else {
                name += part
                part = []
                guard name.count <= Self.longestName else {
                    throw error("a name of more than \(Self.longestName) bytes")
                }
                continue
            }
            name += part[..<end]
            part = part[(end + 1)...]
            return name
        }
    }

    private func readPart() throws(FileError) {
        part = try InputFile.readPart(
            of: file, named: path, expected: Self.expected, count: Self.partBytes)[...]
    }

    private func error(_ found: String) -> FileError {
        FileError(.badData, file: path, expected: Self.expected, found: found)
    }
}
