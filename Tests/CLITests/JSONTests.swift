import Foundation
import NNData
import Testing

@testable import nn_cli

/// A script that reads an answer must not break on a file's name, which may be any bytes.
@Suite("Any name in a JSON answer")
struct JSONTests {
    private struct Answer: Codable, Equatable {
        let input: String
        let places: [String: [Double?]]
    }

    /// What names are drawn from: single bytes, and characters that some programs treat as commands.
    private static let parts: [[UInt8]] =
        (0...255).map { [$0] }
        + ["\\", "\"", "\\u", "\u{2028}", "\u{202e}", "\u{85}", "\u{feff}", "é", "🐈", "\u{10ff90}", "\n"]
        .flatMap { Array(repeating: Array($0.utf8), count: 16) }

    /// The name as scripts get it: its characters, and its other bytes as they are shown.
    private func parsed(_ name: String) -> String {
        name.unicodeScalars.reduce(into: "") { text, scalar in
            switch PathText.escapedByte(scalar) {
            case UInt8(ascii: "\n"): text += "\n"
            case let byte?: text += PathText.escape(byte)
            case nil: text.unicodeScalars.append(scalar)
            }
        }
    }

    @Test("parses as JSON, gives the name again, and hides nothing from a terminal")
    func names() throws {
        var state: UInt64 = 18
        func random(below count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        for _ in 0..<5000 {
            let bytes = (0..<random(below: 13)).flatMap { _ in Self.parts[random(below: Self.parts.count)] }
            let name = PathText.text(bytes)
            let text = try Console.jsonText(Answer(input: name, places: [name: [1, nil, -1e-9]]))
            #expect(JSONText.isOneValue(text), "\(bytes)")
            #expect(!text.unicodeScalars.contains { $0.isHidden }, "\(bytes)")
            let expected = Answer(input: parsed(name), places: [parsed(name): [1, nil, -1e-9]])
            #expect(try JSONDecoder().decode(Answer.self, from: Data(text.utf8)) == expected, "\(bytes)")
        }
    }

    @Test(
        "what is no JSON is noticed",
        arguments: [
            "", "{", #"{"a":}"#, "\"\u{1}\"", #""\x41""#, #""\u12""#, "[1,]", "[01]", "1 2", "[1 2]", "nul",
            #"{"a" 1}"#,
        ])
    func noJSON(text: String) {
        #expect(!JSONText.isOneValue(text))
    }
}

/// Checks a text by the grammar of RFC 8259.
private struct JSONText {
    private var rest: ArraySlice<UInt8>

    static func isOneValue(_ text: String) -> Bool {
        var json = JSONText(rest: Array(text.utf8)[...])
        return json.takesValue() && json.rest.isEmpty
    }

    private mutating func takes(_ token: String) -> Bool {
        guard rest.starts(with: token.utf8) else { return false }
        rest = rest.dropFirst(token.utf8.count)
        return true
    }

    private mutating func takesValue() -> Bool {
        if takes("{") {
            return takesList(endsWith: "}") { $0.takesString() && $0.takes(":") && $0.takesValue() }
        }
        if takes("[") { return takesList(endsWith: "]") { $0.takesValue() } }
        return takes("null") || takes("true") || takes("false") || takesNumber() || takesString()
    }

    private mutating func takesList(endsWith end: String, _ takesItem: (inout Self) -> Bool) -> Bool {
        if takes(end) { return true }
        repeat {
            guard takesItem(&self) else { return false }
        } while takes(",")
        return takes(end)
    }

    private mutating func takesNumber() -> Bool {
        let text = String(decoding: rest, as: UTF8.self)
        guard let number = text.prefixMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) else {
            return false
        }
        return takes(String(number.output.0))
    }

    private mutating func takesString() -> Bool {
        guard takes("\"") else { return false }
        while let byte = rest.popFirst(), byte >= 0x20 {
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\"), !takesEscape() { return false }
        }
        return false
    }

    private mutating func takesEscape() -> Bool {
        guard let byte = rest.popFirst() else { return false }
        guard byte == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(byte) }
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        return digits.count == 4 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }
}
