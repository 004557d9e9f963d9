/// Round numbers along an axis that cover the values: "0, 0.2, 0.4, 0.6, 0.8".
struct Ticks {
    let values: [Double]

    /// From the last round number at or below `lower` to the first at or above `upper`, in about `count` equal
    /// steps of `least` or more.
    init(_ lower: Double, _ upper: Double, count: Int, least: Double = 0) {
        let span = max(upper - lower, abs(upper) * 1e-9, .leastNormalMagnitude * 1e6)
        let rough = span / Double(count)
        let magnitude = pow10(rough)
        let fitting = [1, 2, 2.5, 5].map { $0 * magnitude }.first { $0 >= rough * (1 - 1e-9) }
        let step = max(least, fitting ?? 10 * magnitude)
        let first = (lower / step + 1e-9).rounded(.down)
        let last = max((upper / step - 1e-9).rounded(.up), first + 1)
        values = (0...Int(last - first)).map { (first + Double($0)) * step }
    }

    var lower: Double { values.first! }
    var upper: Double { values.last! }
}

/// The largest power of ten up to `value`, which is above 0.
private func pow10(_ value: Double) -> Double {
    var power = 1.0
    while power * 10 <= value { power *= 10 }
    while power > value { power /= 10 }
    return power
}

/// Maps values from `lower`...`upper` to pixels; `from` may be greater than `to`.
struct Scale {
    let lower, upper, from, to: Double

    func callAsFunction(_ value: Double) -> Double {
        from + (value - lower) / (upper - lower) * (to - from)
    }
}

enum Chart {
    /// The cost over the iterations, and beside it the cost on held-out images, dashed.
    /// - Precondition: `all` is not empty.
    static func costs(
        _ all: [TrainingReport.Cost], heldOut: [TrainingReport.Cost] = [],
        title: String = "The cost over the iterations", name: String = "cost"
    ) -> HTML {
        let (costs, dashes) = (thinned(all, columns: 500), thinned(heldOut, columns: 500))
        let both = costs + dashes
        let plot = Plot(
            id: "cost", title: title,
            description: description(of: all, name)
                + (heldOut.isEmpty ? "" : " " + description(of: heldOut, "\(name) on held-out images")),
            x: .counts("iteration", to: both.map(\.iteration).max()!),
            y: .amounts(name, to: both.map(\.cost).max()!), isWide: true)
        let points = { (costs: [TrainingReport.Cost]) in costs.map { (Double($0.iteration), $0.cost) } }
        // A few points are seen one by one.
        let single = [costs, dashes].filter { $0.count <= 5 }.flatMap(points)
        let line: HTML? = dashes.isEmpty ? nil : plot.line(points(dashes), "line held-out")
        return plot.html(
            [line, plot.line(points(costs))].compactMap { $0 } + plot.dots(single + points([all.last!])))
    }

    private static func description(of costs: [TrainingReport.Cost], _ name: String) -> String {
        let (first, last) = (costs.first!, costs.last!)
        return "The \(name) goes from \(shortText(first.cost)) at iteration \(first.iteration) "
            + "to \(shortText(last.cost)) at iteration \(last.iteration)."
    }

    /// The smallest and the largest cost of each column: a chart cannot show more.
    static func thinned(_ costs: [TrainingReport.Cost], columns: Int) -> [TrainingReport.Cost] {
        guard costs.count > 2 * columns else { return costs }
        let parts = (0..<columns).flatMap { column in
            let part = costs[column * costs.count / columns..<(column + 1) * costs.count / columns]
            let extremes = [part.min { $0.cost < $1.cost }!, part.max { $0.cost < $1.cost }!]
            return extremes.sorted { $0.iteration < $1.iteration }
        }
        return [costs.first!] + parts + [costs.last!]
    }

    /// A histogram of the probabilities of class 1: examples of class 1 point up, those of class 0 down.
    static func probabilities(_ histogram: ProbabilityHistogram, classes: [String], id: String) -> HTML {
        let (left, right, top, bottom) = (8.0, 392.0, 20.0, 204.0)
        let center = (left + right) / 2
        let sizes = histogram.counts.map { $0.reduce(0, +) }
        let above = histogram.counts.map { $0.suffix(ProbabilityHistogram.bins / 2).reduce(0, +) }
        return """
            <svg viewBox="0 0 400 248" role="img" aria-labelledby="\(id)-title \(id)-desc">
            <title id="\(id)-title">Probabilities of \(classes[1])</title>
            <desc id="\(id)-desc">The probability is above 0.5 for \(above[1]) of \(sizes[1]) images of \
            \(classes[1]) and for \(above[0]) of \(sizes[0]) images of \(classes[0]).</desc>
            <text class="class-1" x="\(left)" y="\(top - 6)">\(classes[1]) ↑</text>
            <text class="class-0" x="\(left)" y="\(bottom + 40)">\(classes[0]) ↓</text>
            <line class="half" x1="\(center)" x2="\(center)" y1="\(top)" y2="\(bottom)"/>
            \(bars(histogram, classes, left: left, right: right, top: top, bottom: bottom))
            <text x="\(left)" y="\(bottom + 18)">0</text>
            <text class="middle" x="\(center)" y="\(bottom + 18)">0.5</text>
            <text class="end" x="\(right)" y="\(bottom + 18)">1</text>
            </svg>
            """
    }

    private static func bars(
        _ histogram: ProbabilityHistogram, _ classes: [String], left: Double, right: Double, top: Double,
        bottom: Double
    ) -> [HTML] {
        let label = 18.0
        let tallest = histogram.counts.map { $0.max()! }
        let unit = (bottom - top - 2 * label) / Double(max(1, tallest[0] + tallest[1]))
        let middle = top + label + unit * Double(tallest[1])
        let width = (right - left) / Double(ProbabilityHistogram.bins)
        let axis: HTML =
            "<line class=\"axis\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(middle)\" y2=\"\(middle)\"/>"
        let bars = (0...1).flatMap { index in
            histogram.counts[index].enumerated().filter { $0.element > 0 }.map { bin, count -> HTML in
                // A bar for a single image among thousands is still visible.
                let size = max(1.5, Double(count) * unit)
                let x = left + Double(bin) * width
                let (y, end) = index == 1 ? (middle - size, middle - size - 4) : (middle, middle + size + 14)
                let number: HTML =
                    "<text class=\"middle\" x=\"\(x + width / 2)\" y=\"\(end)\">\(count)</text>"
                return """
                    <rect class="class-\(index)" x="\(x + 1)" width="\(width - 2)" y="\(y)" height="\(size)">\
                    <title>\(count) of \(classes[index])</title></rect>\(count == tallest[index] ? number : "")
                    """
            }
        }
        return bars + [axis]
    }

    /// A share with its interval, and the share that guessing reaches, on a line from 0 to 100 %.
    static func interval(_ share: Double, _ interval: ClosedRange<Double>, guessing: Double) -> HTML {
        let x = Scale(lower: 0, upper: 1, from: 6, to: 314)
        return """
            <svg class="interval" viewBox="0 0 320 40" aria-hidden="true">
            <line class="axis" x1="\(x(0))" x2="\(x(1))" y1="12" y2="12"/>
            <line class="guess" x1="\(x(guessing))" x2="\(x(guessing))" y1="4" y2="20"/>
            <line class="reach" x1="\(x(interval.lowerBound))" x2="\(x(interval.upperBound))" y1="12" y2="12"/>
            <circle class="dot" cx="\(x(share))" cy="12" r="5"/>
            <text x="0" y="38">0</text>
            <text class="end" x="320" y="38">100 %</text>
            </svg>
            """
    }
}
