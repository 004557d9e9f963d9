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
        ] as [([UInt8], String)])
    func roundTrip(bytes: [UInt8], shown: String) {
        let text = PathText.text(bytes)
        #expect(PathText.bytes(text) == bytes)
        #expect(PathText.shown(text) == shown)
    }

    @Test("two paths are never the same text")
    func everyByte() {
        let texts = (1...255).map { PathText.text([UInt8($0)]) }
        #expect(Set(texts.map { Array($0.utf8) }).count == 255)
        #expect(texts.enumerated().allSatisfy { PathText.bytes($1) == [UInt8($0 + 1)] })
    }
}
