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
    /// One line of an answer.
    static func answer(_ line: String) throws(FileError) { try OutputFile.print(line) }

    /// The whole answer of a `--json` run: one object.
    static func answer(json object: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try answer(String(decoding: encoder.encode(object), as: UTF8.self))
    }

    static func note(_ line: String) { writeToStandardError(line + "\n") }

    static func error(_ message: String) { note("Error: \(message)") }

    static func writeToStandardError(_ text: String) {
        let bytes = Array(text.utf8)
        // Where even this fails there is nobody left to tell.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// How far a long run is, on the standard error: a bar on a terminal, else lines, a second or more apart.
struct ProgressReport {
    private let total: Int
    private let unit: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let isQuiet: Bool
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var tenth = 0
    private var isBarShown = false

    init(total: Int, unit: String = "iterations", isQuiet: Bool) {
        self.total = total
        self.unit = unit
        self.isQuiet = isQuiet
    }

    mutating func update(_ done: Int, cost: Double?) {
        guard !isQuiet, total > 0 else { return }
        if isTerminal {
            let now = ContinuousClock.now
            guard now - shown > .milliseconds(100) else { return }
            shown = now
            let width = 30
            let filled = width * done / total
            let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
            let cost = cost.map { ", cost \(rounded($0, places: 4))" } ?? ""
            Console.writeToStandardError("\r[\(bar)] \(done) of \(total)\(cost), \(timeLeft(done))\u{1b}[K")
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

    private func timeLeft(_ done: Int) -> String {
        guard done > 0 else { return "starting" }
        let left = seconds(since: start) * Double(total - done) / Double(done)
        return "\(rounded(left, places: left < 10 ? 1 : 0)) s left"
    }
}

func seconds(since start: ContinuousClock.Instant) -> Double {
    let duration = ContinuousClock.now - start
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

/// `value` with so many digits behind the point.
func rounded(_ value: Double, places: Int) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
        _ = withVaList([Int32(places), value]) { vsnprintf(buffer.baseAddress!, buffer.count, "%.*f", $0) }
        return String(cString: buffer.baseAddress!)
    }
}

/// `value` with at most 12 digits, as Python shows the accuracies of the seed document: 0.985645933014, 0.8, 1.0.
func accuracyText(_ value: Double) -> String {
    var text = rounded(value, places: 12)
    while text.hasSuffix("0") && !text.hasSuffix(".0") { text.removeLast() }
    return text
}
