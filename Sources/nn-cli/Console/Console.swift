import ArgumentParser
import Logging
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

/// Answers go to the standard output, everything else to the standard error.
enum Console {
    /// Set once, before anything is said.
    nonisolated(unsafe) private static var log = logger(ConsoleOptions.Color.auto, .notice)

    static func configure(_ options: ConsoleOptions) {
        log = logger(options.color, options.quiet ? .error : options.verbose ? .debug : .notice)
    }

    static func configure(_ color: ConsoleOptions.Color) { log = logger(color, .notice) }

    private static func logger(_ color: ConsoleOptions.Color, _ level: Logger.Level) -> Logger {
        let handler = ConsoleLog(isColored: isColored(color), logLevel: level)
        return Logger(label: "nn-cli") { _ in handler }
    }

    /// https://no-color.org: any value but an empty one.
    private static func isColored(_ color: ConsoleOptions.Color) -> Bool {
        switch color {
        case .always: true
        case .never: false
        case .auto:
            isTerminal && environment("NO_COLOR").isEmpty && environment("TERM") != "dumb"
        }
    }

    static var isQuiet: Bool { log.logLevel > .notice }

    /// Whether somebody reads the standard error as it is written.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// The terminal's width.
    static var columns: Int? {
        var size = winsize()
        guard isTerminal, ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// Whether it shows more than ASCII.
    static var isUnicode: Bool {
        // The first of them that is set decides (locale(7)).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(environment).first { !$0.isEmpty } ?? ""
        return ["UTF-8", "UTF8"].contains { locale.uppercased().hasSuffix($0) }
    }

    private static func environment(_ name: String) -> String {
        getenv(name).map { String(cString: $0) } ?? ""
    }

    /// One line of an answer.
    static func answer(_ line: String) throws(FileError) { try OutputFile.print(line) }

    /// The whole answer of a `--json` run: one object.
    static func answer(json object: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try answer(String(decoding: encoder.encode(object), as: UTF8.self))
    }

    /// What --verbose adds.
    static func detail(_ line: @autoclosure () -> String) { log.debug("\(line())") }

    /// What --quiet keeps away.
    static func note(_ line: String) { log.notice("\(line)") }

    static func error(_ message: String) { log.error("\(message)") }

    static func writeToStandardError(_ text: String) {
        let bytes = Array(text.utf8)
        // Where even this fails there is nobody left to tell.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
