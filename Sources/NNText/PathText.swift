/// Paths and names as strings, without loss, and as people may be shown them.
///
/// To Linux a path is bytes, which need not be UTF-8. Each byte that is not becomes a private code point here, U+10FF00
/// plus the byte, so that the string leads to the same file again. So does a line feed, which no message then takes for its
/// own, and a backslash that would read as ``shown(_:)`` writes a byte.
public enum PathText {
    private static let firstEscape: UInt32 = 0x10ff00
    private static let lineFeed = UInt8(ascii: "\n")

    /// The string of the bytes of a path.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self), !needsEscapes(bytes, text) { return text }
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let byte = rest.first {
            if let scalar = firstScalar(of: rest), escapedByte(scalar) == nil, byte != lineFeed,
                !isShownByte(rest)
            {
                text.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                // The code points that stand for bytes, too: in a file's name they are bytes like others.
                text.append(Unicode.Scalar(firstEscape + UInt32(byte))!)
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    private static func needsEscapes(_ bytes: [UInt8], _ text: String) -> Bool {
        bytes.contains { $0 == lineFeed || $0 == UInt8(ascii: "\\") } || hasEscapes(text)
    }

    private static func firstScalar(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        (1...4).lazy.compactMap { String(validating: bytes.prefix($0), as: UTF8.self)?.unicodeScalars.first }
            .first
    }

    /// Whether the bytes begin like `\xE9`.
    private static func isShownByte(_ bytes: ArraySlice<UInt8>) -> Bool {
        let start = Array(bytes.prefix(4))
        return start.count == 4 && start.starts(with: #"\x"#.utf8)
            && start[2...].allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    /// The byte that a code point stands for.
    package static func escapedByte(_ scalar: Unicode.Scalar) -> UInt8? {
        scalar.value >= firstEscape && scalar.value <= firstEscape + 0xff
            ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    private static func hasEscapes(_ text: String) -> Bool {
        text.unicodeScalars.contains { escapedByte($0) != nil }
    }

    /// The bytes of a path.
    package static func bytes(_ text: String) -> [UInt8] {
        hasEscapes(text) ? text.unicodeScalars.flatMap(bytes) : Array(text.utf8)
    }

    private static func bytes(_ scalar: Unicode.Scalar) -> [UInt8] {
        escapedByte(scalar).map { [$0] } ?? Array(UTF8.encode(scalar)!)
    }

    /// The text on one line, as terminals, pages and people may be shown it: `caf\xE9.jpg`. Each `\xE9` is a byte, of what
    /// is not UTF-8 or of a character that is hidden (``Unicode/Scalar/isHidden``). What is shown is shown again as it is.
    public static func shown(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: \.isHidden) else { return text }
        return text.unicodeScalars.reduce(into: "") { shown, scalar in
            if scalar.isHidden {
                for byte in bytes(scalar) { shown += escape(byte) }
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
    }

    /// `\xE9`
    package static func escape(_ byte: UInt8) -> String {
        #"\x"# + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    /// The order in which files are listed, the same on every machine: that of the bytes of their names, where those that
    /// have code points of their own come last.
    package static func precedes(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }
}

extension Unicode.Scalar {
    /// Whether it is no character that people see but one that acts on others, on terminals or on lines: of Unicode's general
    /// categories Cc (control), Cf (format: directions, zero widths, tags), Zl and Zp (separators of lines and paragraphs)
    /// and Co (private use, where each machine shows something else), or a noncharacter.
    ///
    /// Variation selectors (Mn) only choose between two pictures of an emoji. Other code points without a meaning (Cn) get one
    /// in later versions of Unicode, so machines would not agree on them.
    package var isHidden: Bool {
        // Nearly all that is printed.
        if (0x20..<0x7f).contains(value) { return false }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse: true
        default: properties.isNoncharacterCodePoint
        }
    }
}
