import ArgumentParser
import NNData

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Answers go to standard output, everything else to standard error.
enum Console {
    private enum Level: Int {
        case quiet, normal, verbose
    }

    // Both are set once, before the first message.
    nonisolated(unsafe) private static var level = Level.normal
    nonisolated(unsafe) private static var isColored = isColored(.auto)

    static func configure(_ options: ConsoleOptions) {
        level = options.quiet ? .quiet : options.verbose ? .verbose : .normal
        configure(options.color)
    }

    static func configure(_ color: ConsoleOptions.Color) { isColored = isColored(color) }

    /// https://no-color.org: any value but an empty one.
    private static func isColored(_ color: ConsoleOptions.Color) -> Bool {
        switch color {
        case .always: true
        case .never: false
        case .auto:
            isTerminal && environment("NO_COLOR").isEmpty && environment("TERM") != "dumb"
        }
    }

    static var isQuiet: Bool { level == .quiet }

    /// Whether standard error is a terminal.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard output is a terminal.
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The terminal's width.
    static var columns: Int? {
        var size = winsize()
        guard isTerminal, ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// Whether the terminal shows more than ASCII.
    static var isUnicode: Bool {
        // The first of these that is set decides (locale(7)).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(environment).first { !$0.isEmpty } ?? ""
        return ["UTF-8", "UTF8"].contains { locale.uppercased().hasSuffix($0) }
    }

    private static func environment(_ name: String) -> String {
        getenv(name).map { String(cString: $0) } ?? ""
    }

    // What is printed is one line, in which PathText shows all that a terminal would obey, and line breaks, which would make
    // a part of a name look like another message.

    /// Lines of an answer.
    static func answer(_ lines: String...) throws(FileError) {
        for line in lines { try OutputFile.print(PathText.shown(line)) }
    }

    /// The whole answer of a `--json` run, as one object.
    static func answer(json object: some Encodable) throws { try OutputFile.print(jsonText(object)) }

    /// The object on one line, in which JSON's own escapes stand for what is hidden. A byte that is not UTF-8 is shown as in
    /// messages; in JSON, each backslash is two.
    static func jsonText(_ object: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(object), as: UTF8.self)
        guard text.unicodeScalars.contains(where: \.isHidden) else { return text }
        return text.unicodeScalars.reduce(into: "") { text, scalar in
            switch PathText.escapedByte(scalar) {
            case UInt8(ascii: "\n"): text += #"\n"#
            case let byte?: text += #"\"# + PathText.escape(byte)
            case nil where scalar.isHidden: for unit in UTF16.encode(scalar)! { text += jsonEscape(unit) }
            case nil: text.unicodeScalars.append(scalar)
            }
        }
    }

    private static func jsonEscape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// A message that --verbose adds.
    static func detail(_ line: @autoclosure () -> String) {
        if level == .verbose { writeToStandardError("\(colored(PathText.shown(line()), .faint))\n") }
    }

    /// A message that --quiet leaves out.
    static func note(_ line: String) {
        if level != .quiet { writeToStandardError("\(PathText.shown(line))\n") }
    }

    /// - Parameter advice: lines below it.
    static func error(_ message: String, advice: some Sequence<Substring> = []) {
        writeToStandardError("\(colored("Error:", .boldRed)) \(PathText.shown(message))\n")
        for line in advice { writeToStandardError("\(PathText.shown(String(line)))\n") }
    }

    /// SGR, "select graphic rendition", of ECMA-48.
    private enum Rendition: String {
        case boldRed = "1;31"
        case faint = "2"
    }

    private static func colored(_ text: String, _ rendition: Rendition) -> String {
        isColored ? "\u{1b}[\(rendition.rawValue)m\(text)\u{1b}[0m" : text
    }

    static func writeToStandardError(_ text: String) {
        let bytes = Array(text.utf8)
        // If this fails, there is no place left to report it.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
