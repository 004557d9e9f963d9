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

/// The options of every command that say how it speaks.
struct ConsoleOptions: ParsableArguments {
    enum Color: String, ExpressibleByArgument, CaseIterable {
        case auto, always, never
    }

    @Option(help: "Colours of messages; auto: on a terminal, unless NO_COLOR is set.")
    var color = Color.auto

    @Flag(help: "Say nothing but answers and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say what is done, and how long it takes.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
    }
}

/// A command that has them.
protocol ConsoleCommand: ParsableCommand {
    var console: ConsoleOptions { get }
}

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

/// Messages as lines for people: no dates, and colours where they help.
private struct ConsoleLog: LogHandler {
    let isColored: Bool
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let (red, faint) = ("1;31", "2")
        switch event.level {
        case .error...: Console.writeToStandardError("\(colored("Error:", red)) \(event.message)\n")
        case ...Logger.Level.debug: Console.writeToStandardError(colored("\(event.message)", faint) + "\n")
        default: Console.writeToStandardError("\(event.message)\n")
        }
    }

    /// SGR, "select graphic rendition", of ECMA-48.
    private func colored(_ text: String, _ code: String) -> String {
        isColored ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}

/// How far a long run is, on the standard error: a bar on a terminal, else lines, a second or more apart.
struct ProgressReport {
    private let total: Int
    private let begun: Int
    private let unit: String
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var tenth = 0
    private var isBarShown = false

    /// - Parameter begun: what was done before, in another run.
    init(total: Int, begun: Int = 0, unit: String = "iterations") {
        self.total = total
        self.begun = begun
        self.unit = unit
    }

    mutating func update(_ done: Int, cost: Double?) {
        guard !Console.isQuiet, total > 0 else { return }
        if Console.isTerminal {
            let now = ContinuousClock.now
            guard now - shown > .milliseconds(100) else { return }
            shown = now
            Console.writeToStandardError("\r\(line(done, cost, columns: Console.columns ?? 80))\u{1b}[K")
            isBarShown = true
        } else if done * 10 / total > tenth, ContinuousClock.now - shown > .seconds(1) {
            shown = ContinuousClock.now
            tenth = done * 10 / total
            Console.note("\(done) of \(total) \(unit), \(rounded(seconds(since: start), places: 1)) s")
        }
    }

    /// Makes room for other output.
    mutating func clear() {
        if isBarShown { Console.writeToStandardError("\r\u{1b}[K") }
        isBarShown = false
    }

    /// What fits one line of the terminal: at its last column some would begin another.
    private func line(_ done: Int, _ cost: Double?, columns: Int) -> String {
        let cost = cost.map { ", cost \(rounded($0, places: 4))" } ?? ""
        let text = "\(done) of \(total)\(cost), \(timeLeft(done))"
        let width = min(30, columns - 1 - text.count - 3)
        guard width >= 5 else { return String(text.prefix(columns - 1)) }
        let filled = width * done / total
        return
            "[\(String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled))] \(text)"
    }

    func timeLeft(_ done: Int) -> String {
        guard done > begun else { return "starting" }
        let left = seconds(since: start) * Double(total - done) / Double(done - begun)
        return "\(rounded(left, places: left < 10 ? 1 : 0)) s left"
    }
}

func seconds(since start: ContinuousClock.Instant) -> Double {
    let duration = ContinuousClock.now - start
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

/// `value` with so many digits behind the point.
func rounded(_ value: Double, places: Int) -> String {
    formatted("%.*f", [Int32(places), value])
}

/// What C's printf would print.
private func formatted(_ format: String, _ arguments: [any CVarArg]) -> String {
    // Large enough for the largest double, which has 309 digits.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
        _ = withVaList(arguments) { vsnprintf(buffer.baseAddress!, buffer.count, format, $0) }
        return String(cString: buffer.baseAddress!)
    }
}

/// `value` with no more digits than people need: "0.6931", "2500", "1e-07".
func shortText(_ value: Double, digits: Int = 4) -> String { formatted("%.*g", [Int32(digits), value]) }

/// `value` with at most 12 digits, as Python shows the accuracies of the seed document: 0.985645933014, 0.8, 1.0.
func accuracyText(_ value: Double) -> String {
    var text = rounded(value, places: 12)
    while text.hasSuffix("0") && !text.hasSuffix(".0") { text.removeLast() }
    return text
}
