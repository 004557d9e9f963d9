/// Draws the costs as a curve of characters, for terminals.
///
/// A braille character has two columns of four dots: a curve is twice as fine as its width in characters, and four
/// times as fine as its height.
struct CostCurve {
    private static let rows = 7
    /// A wider curve would only look flatter.
    private static let widest = 80

    /// nil if there are fewer than two costs or the terminal is too narrow.
    static func lines(_ costs: [TrainingReport.Cost], columns: Int) -> [String]? {
        guard costs.count > 1, let last = costs.last, last.iteration > costs[0].iteration else { return nil }
        let top = Ticks(0, costs.map(\.cost).max()!, count: 4).upper
        let label = shortText(top)
        let width = min(columns, widest) - label.count - 3
        guard width >= 16 else { return nil }
        var canvas = Canvas(columns: width, rows: rows)
        canvas.draw { at in height(costs, at: at) / top }

        let margin = String(repeating: " ", count: label.count)
        let lines = canvas.lines.enumerated().map { row, dots in
            row == 0 ? "\(label) ┤\(dots)" : "\(margin) │\(dots)"
        }
        let iterations = ["\(costs[0].iteration)", "\(last.iteration)"]
        let space = String(repeating: " ", count: max(1, width - iterations.joined().count))
        return lines + [
            "\(margin.dropLast())0 ┼" + String(repeating: "─", count: width),
            "\(margin)  \(iterations.joined(separator: space))",
        ]
    }

    /// The cost at a share (0 to 1) of the way from the first to the last iteration, interpolated linearly.
    private static func height(_ costs: [TrainingReport.Cost], at share: Double) -> Double {
        let (first, last) = (Double(costs.first!.iteration), Double(costs.last!.iteration))
        let iteration = first + share * (last - first)
        var (low, high) = (0, costs.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Double(costs[middle].iteration) <= iteration { low = middle } else { high = middle }
        }
        let scale = Scale(
            lower: Double(costs[low].iteration), upper: Double(costs[high].iteration), from: costs[low].cost,
            to: costs[high].cost)
        return scale(iteration)
    }
}

/// Dots in braille characters.
private struct Canvas {
    /// [line][column]: the dots of a character as Unicode counts them from U+2800.
    private var cells: [[UInt8]]
    private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

    init(columns: Int, rows: Int) {
        cells = Array(repeating: Array(repeating: 0, count: columns), count: rows)
    }

    private var width: Int { 2 * cells[0].count }
    private var height: Int { 4 * cells.count }

    /// Draws a function from [0, 1] to [0, 1] without gaps.
    mutating func draw(_ function: (Double) -> Double) {
        var before: Int?
        for x in 0..<width {
            let value = function(Double(x) / Double(width - 1))
            let y = Int(((1 - min(max(value, 0), 1)) * Double(height - 1)).rounded())
            // Where the curve is steep, fill the rows between two dots.
            let from = before.map { $0 < y ? $0 + 1 : $0 > y ? $0 - 1 : y } ?? y
            for y in min(from, y)...max(from, y) { cells[y / 4][x / 2] |= Self.bits[y % 4][x % 2] }
            before = y
        }
    }

    var lines: [String] {
        cells.map { line in
            // Some fonts show the character without dots as rings, so use a space; drop spaces at the end.
            let end = line.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
            return String(
                String.UnicodeScalarView(
                    line[..<end].map { $0 == 0 ? " " : Unicode.Scalar(0x2800 + UInt32($0))! }))
        }
    }
}
