import Testing

@testable import NNData

@Suite("Paths as text")
struct PathTextTests {
    @Test(
        "any bytes come back, and only those that are not UTF-8 are shown as bytes",
        arguments: [
            ("caf\u{e9}/\u{1f408}.jpg".utf8.map { $0 }, "caf\u{e9}/\u{1f408}.jpg"),
            ([0x63, 0x61, 0x66, 0xe9], "caf\\xE9"),
            ([0xff, 0xc3, 0xa9, 0xc3, 0x2e], "\\xFF\u{e9}\\xC3."),
            ([0xe2, 0x82], "\\xE2\\x82"),
            // A surrogate, an overlong slash, and the code points that stand for bytes.
            ([0xed, 0xa0, 0x80], "\\xED\\xA0\\x80"), ([0xc0, 0xaf], "\\xC0\\xAF"),
            ([0xf4, 0x8f, 0xbf, 0xa9], "\\xF4\\x8F\\xBF\\xA9"), ([], ""),
            // A name that looks like a byte, others with backslashes, and line breaks.
            (Array(#"\xE9\n\xg9\x"#.utf8), #"\x5CxE9\n\xg9\x"#), (Array("a\n\r\n".utf8), #"a\x0A\x0D\x0A"#),
            // What terminals obey, and what nobody sees, as bytes of UTF-8.
            (Array("\u{1b}[2J\u{7f}\u{9b}".utf8), #"\x1B[2J\x7F\xC2\x9B"#),
            (
                Array("a\u{202e}b\u{200b}\u{e0041}\u{2028}".utf8),
                #"a\xE2\x80\xAEb\xE2\x80\x8B\xF3\xA0\x81\x81\xE2\x80\xA8"#
            ),
        ] as [([UInt8], String)])
    func roundTrip(bytes: [UInt8], shown: String) {
        let text = PathText.text(bytes)
        #expect(PathText.bytes(text) == bytes)
        #expect(PathText.shown(text) == shown)
        #expect(PathText.shown(shown) == shown)
    }

    @Test("each name leads back from what is shown of it")
    func unshown() {
        var generator = SystemRandomNumberGenerator()
        let parts =
            [[0x5c], [0x78], [0x45], [0x39], [0x0a], [0x1b], [0xe9], Array("é\u{202e}".utf8)] as [[UInt8]]
        for _ in 0..<2_000 {
            let bytes = (0..<8).flatMap { _ in parts.randomElement(using: &generator)! }
            let shown = PathText.shown(PathText.text(bytes))
            var read: [UInt8] = []
            var rest = shown[...]
            while let first = rest.first {
                if let match = rest.prefixMatch(of: /\\x([0-9A-F]{2})/) {
                    read.append(UInt8(match.output.1, radix: 16)!)
                    rest = rest[match.range.upperBound...]
                } else {
                    read += Array(String(first).utf8)
                    rest = rest.dropFirst()
                }
            }
            #expect(read == bytes, "\(shown)")
        }
    }

    @Test("what is hidden", arguments: 0...0x10ffff / 0x1000)
    func hidden(block: Int) {
        for value in block * 0x1000..<(block + 1) * 0x1000 {
            guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
            if Self.hidden.contains(where: { $0.contains(value) }) {
                #expect(scalar.isHidden, "U+\(String(value, radix: 16))")
            } else if Self.seen.contains(where: { $0.contains(value) }) {
                #expect(!scalar.isHidden, "U+\(String(value, radix: 16))")
            }
        }
    }

    /// Cc, Cf, Zl, Zp and Co, and noncharacters, of Unicode 14.0, by Python's unicodedata.
    private static let hidden: [ClosedRange<Int>] = [
        0x0...0x1f, 0x7f...0x9f, 0xad...0xad, 0x600...0x605, 0x61c...0x61c, 0x6dd...0x6dd, 0x70f...0x70f,
        0x890...0x891, 0x8e2...0x8e2, 0x180e...0x180e, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2064,
        0x2066...0x206f, 0xe000...0xf8ff, 0xfeff...0xfeff, 0xfff9...0xfffb, 0x110bd...0x110bd,
        0x110cd...0x110cd, 0x13430...0x13438, 0x1bca0...0x1bca3, 0x1d173...0x1d17a, 0xe0001...0xe0001,
        0xe0020...0xe007f, 0xf0000...0xffffd, 0x100000...0x10ffff, 0xfdd0...0xfdef, 0xfffe...0xffff,
    ]

    /// What people write: letters of many scripts, signs, emoji and their variation selectors.
    private static let seen: [ClosedRange<Int>] = [
        0x20...0x7e, 0xa0...0xac, 0xae...0x34f, 0x400...0x52f, 0x5d0...0x5ea, 0x620...0x66f, 0x904...0x939,
        0x2010...0x2027, 0x2030...0x205e, 0x2190...0x23ff, 0x2800...0x28ff, 0x3041...0x3096, 0x4e00...0x9fff,
        0xac00...0xd7a3, 0xfe00...0xfe0f, 0xfffc...0xfffd, 0x1f300...0x1f64f, 0xe0100...0xe01ef,
    ]

    @Test("two paths are never the same text")
    func everyByte() {
        let texts = (1...255).map { PathText.text([UInt8($0)]) }
        #expect(Set(texts.map { Array($0.utf8) }).count == 255)
        #expect(texts.enumerated().allSatisfy { PathText.bytes($1) == [UInt8($0 + 1)] })
    }
}
