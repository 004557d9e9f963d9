/// Shows on standard error how far a long run is: a bar on a terminal, else lines at least a second apart.
struct ProgressReport {
    /// A unit of which there are 100.
    static let percent = "%"

    /// nil: not known.
    private let total: Int?
    private let begun: Int
    private let unit: String
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var tenth = 0
    private var isBarShown = false

    /// - Parameter begun: what an earlier run had done.
    init(total: Int?, begun: Int = 0, unit: String = "iterations") {
        self.total = total
        self.begun = begun
        self.unit = unit
    }

    mutating func update(_ done: Int, cost: Double?) {
        guard !Console.isQuiet, total != 0 else { return }
        if Console.isTerminal {
            let now = ContinuousClock.now
            guard now - shown > .milliseconds(100) else { return }
            shown = now
            Console.writeToStandardError("\r\(line(done, cost, columns: Console.columns ?? 80))\u{1b}[K")
            isBarShown = true
        } else if let total, done * 10 / total > tenth, ContinuousClock.now - shown > .seconds(1) {
            shown = ContinuousClock.now
            tenth = done * 10 / total
            let amount = unit == Self.percent ? amount(done, total) : "\(amount(done, total)) \(unit)"
            Console.note("\(amount), \(rounded(seconds(since: start), places: 1)) s")
        }
    }

    /// Removes the bar, before other output.
    mutating func clear() {
        if isBarShown { Console.writeToStandardError("\r\u{1b}[K") }
        isBarShown = false
    }

    /// As much as fits one line of the terminal, without its last column: there, some terminals begin another line.
    private func line(_ done: Int, _ cost: Double?, columns: Int) -> String {
        guard let total else { return String(amountSoFar(done).prefix(columns - 1)) }
        let cost = cost.map { ", cost \(rounded($0, places: 4))" } ?? ""
        let text = "\(amount(done, total))\(cost), \(timeLeft(done))"
        let width = min(30, columns - 1 - text.count - 3)
        guard width >= 5 else { return String(text.prefix(columns - 1)) }
        let filled = width * done / total
        return
            "[\(String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled))] \(text)"
    }

    private func amountSoFar(_ done: Int) -> String {
        "\(grouped(done)) \(unit), \(rounded(Double(done) / seconds(since: start), places: 0)) per second"
    }

    private func amount(_ done: Int, _ total: Int) -> String {
        unit == Self.percent ? "\(done) %" : "\(done) of \(total)"
    }

    func timeLeft(_ done: Int) -> String {
        guard let total, done > begun else { return "starting" }
        let left = seconds(since: start) * Double(total - done) / Double(done - begun)
        return "\(rounded(left, places: left < 10 ? 1 : 0)) s left"
    }
}
