import SystemPackage

/// Paths as strings, without loss.
///
/// To Linux a path is bytes, which need not be UTF-8. Each byte that is not becomes a private code point here, U+10FF00
/// plus the byte, so that the string leads to the same file again. Messages and answers show it as `\xE9`.
public enum PathText {
    private static let escapes = UInt32(0x10ff80)...0x10ffff

    /// The string of the bytes of a path.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self), !hasEscapes(text) { return text }
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let byte = rest.first {
            if let scalar = firstScalar(of: rest), !escapes.contains(scalar.value) {
                text.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                // Code points above are bytes that are not UTF-8, also in a file's name: all come back as they were.
                text.append(Unicode.Scalar(escapes.lowerBound - 0x80 + UInt32(byte))!)
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    private static func firstScalar(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        (1...4).lazy.compactMap { String(validating: bytes.prefix($0), as: UTF8.self)?.unicodeScalars.first }
            .first
    }

    private static func hasEscapes(_ text: String) -> Bool {
        text.unicodeScalars.contains { escapes.contains($0.value) }
    }

    /// The bytes of a path.
    package static func bytes(_ text: String) -> [UInt8] {
        guard hasEscapes(text) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in
            escapes.contains(scalar.value)
                ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(UTF8.encode(scalar)!)
        }
    }

    /// The path as people are shown it: `caf\xE9.jpg`.
    public static func shown(_ text: String) -> String { shown(text, escape: "\\x") }

    /// - Parameter escape: what comes before the two digits of a byte that is not UTF-8.
    package static func shown(_ text: String, escape: String) -> String {
        guard hasEscapes(text) else { return text }
        return text.unicodeScalars.reduce(into: "") { shown, scalar in
            shown +=
                escapes.contains(scalar.value)
                ? "\(escape)\(String(scalar.value & 0xff, radix: 16, uppercase: true))" : String(scalar)
        }
    }

    /// The order in which files are listed, the same on every machine: that of the bytes of their names, where bytes that
    /// are not UTF-8 come last.
    package static func precedes(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }
}

extension FilePath {
    /// The path of a text, for calls of the system.
    package init(text: String) {
        let bytes = PathText.bytes(text)
        self = (bytes + [0]).withUnsafeBytes {
            FilePath(platformString: $0.assumingMemoryBound(to: CInterop.PlatformChar.self).baseAddress!)
        }
    }

    /// The text of the path, for messages and for other paths made of it.
    package var text: String {
        withPlatformString {
            PathText.text(UnsafeBufferPointer(start: $0, count: length).map { UInt8(bitPattern: $0) })
        }
    }
}
