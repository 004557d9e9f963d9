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
    /// The cost over the iterations.
    /// - Precondition: `all` is not empty.
    static func costs(_ all: [TrainingReport.Cost], heldOut: [TrainingReport.Cost]? = nil) -> HTML {
        let (first, last) = (all.first!, all.last!)
        let costs = thinned(all, columns: 500)
        let heldOut = heldOut.map { thinned($0, columns: 500) } ?? []
        let ticks = Ticks(0, (costs + heldOut).map(\.cost).max()!, count: 4)
        let labels = ticks.values.map { shortText($0, digits: 7) }
        // A digit is up to 9 wide (ReportStyle).
        let (left, right, top, bottom) = (8 + 9 * Double(labels.map(\.count).max()!), 476.0, 8.0, 180.0)
        let iterations = Scale(lower: 0, upper: Double(max(1, last.iteration)), from: left, to: right)
        let y = Scale(lower: ticks.lower, upper: ticks.upper, from: bottom, to: top)
        let points = { (costs: [TrainingReport.Cost]) in
            costs.map { cost in
                "\(rounded(iterations(Double(cost.iteration)), places: 1)),\(rounded(y(cost.cost), places: 1))"
            }.joined(separator: " ")
        }
        let dashes: HTML? =
            heldOut.isEmpty ? nil : "<polyline class=\"line held-out\" points=\"\(points(heldOut))\"/>"
        return """
            <svg class="wide" viewBox="0 0 480 222" role="img" aria-labelledby="cost-title cost-desc">
            <title id="cost-title">The cost over the iterations</title>
            <desc id="cost-desc">The cost goes from \(shortText(first.cost)) at iteration \(first.iteration) \
            to \(shortText(last.cost)) at iteration \(last.iteration).</desc>
            \(zip(ticks.values, labels).map { gridLine(y($0), from: left, to: right, label: $1) })
            \(iterationLabels(iterations, y: bottom + 6))
            <text class="end" x="\(right)" y="218">iteration</text>
            \(dashes)<polyline class="line" points="\(points(costs))"/>
            <circle class="dot" cx="\(iterations(Double(last.iteration)))" cy="\(y(last.cost))" r="3"/>
            </svg>
            """
    }

    private static func gridLine(_ y: Double, from left: Double, to right: Double, label: String) -> HTML {
        """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(y)" y2="\(y)"/>
        <text class="end" x="\(left - 6)" y="\(y)" dy="0.35em">\(label)</text>
        """
    }

    private static func iterationLabels(_ scale: Scale, y: Double) -> [HTML] {
        Ticks(scale.lower, scale.upper, count: 5, least: 1).values.filter { $0 <= scale.upper }.map { tick in
            "<text class=\"middle\" x=\"\(scale(tick))\" y=\"\(y)\" dy=\"0.8em\">\(shortText(tick, digits: 7))</text>"
        }
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
