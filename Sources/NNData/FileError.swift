/// A file that could not be used: which, what was expected of it, and what was found.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// The kind of the failure, for callers that act on it.
    public enum Kind: Sendable {
        /// There is no such file, or it may not be opened.
        case missing
        /// The file exists, but its content is not what it should be.
        case badData
        /// The system reported an error while reading or writing.
        case io
        /// Ctrl-C ended the wait for a pipe or a terminal.
        case interrupted
    }

    public let kind: Kind
    /// The path as the user wrote it; `stdin` or `stdout` for the standard streams.
    public let file: String
    public let expected: String
    public let found: String

    public init(_ kind: Kind, file: String, expected: String, found: String) {
        self.kind = kind
        self.file = file
        self.expected = expected
        self.found = found
    }

    public var description: String {
        "\(file.isEmpty ? "\"\"" : Self.shown(file)): \(reason)"
    }

    /// The description without the file.
    public var reason: String {
        let (expected, found) = (Self.shown(expected), Self.shown(found))
        // Bad data is something else than what was expected; of other failures, the reason comes first.
        return kind == .badData ? "expected \(expected), got \(found)" : "\(found); expected \(expected)"
    }

    /// The text may come from a file: it is cut after 500 characters. Of a very long one, the rest is not looked at.
    private static func shown(_ text: String) -> String {
        let text = PathText.shown(
            text.utf8.count <= 1 << 16 ? text : String(text.unicodeScalars.prefix(1 << 12)))
        return text.count <= 500 ? text : "\(text.prefix(500))..."
    }
}
