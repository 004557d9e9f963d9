/// The frame of a chart with two axes, and the marks that can be drawn in it.
struct Plot {
    struct Axis {
        let name: String
        let range: ClosedRange<Double>
        let ticks: [(value: Double, label: String)]

        /// From 0 to the first round number at or above `upper`.
        static func amounts(_ name: String, to upper: Double) -> Axis {
            let ticks = Ticks(0, upper, count: 4)
            return Axis(
                name: name, range: 0...ticks.upper,
                ticks: ticks.values.map { ($0, shortText($0, digits: 7)) })
        }

        /// From 0 to `upper`, with whole numbers.
        static func counts(_ name: String, to upper: Int) -> Axis {
            let upper = Double(max(1, upper))
            let ticks = Ticks(0, upper, count: 5, least: 1).values.filter { $0 <= upper }
            return Axis(name: name, range: 0...upper, ticks: ticks.map { ($0, shortText($0, digits: 7)) })
        }

        /// From the first round number at or below `lower` to 100 %.
        static func shares(_ name: String, from lower: Double = 0) -> Axis {
            let ticks = Ticks(lower, 1, count: 5)
            return Axis(
                name: name, range: ticks.lower...1,
                ticks: ticks.values.filter { $0 < 1 + 1e-9 }.map {
                    ($0, "\(rounded(100 * $0, places: 0)) %")
                })
        }
    }

    /// The first part of the names of elements.
    let id: String
    let title: String
    let description: String
    let (x, y): (Axis, Axis)
    /// Whether it takes the width of the page, or half of it.
    let isWide: Bool

    /// Pixels of the drawing, and the rectangle between the axes.
    private let width, left, right, bottom: Double
    private let top = 24.0

    init(id: String, title: String, description: String, x: Axis, y: Axis, isWide: Bool = false) {
        (self.id, self.title, self.description, self.x, self.y) = (id, title, description, x, y)
        self.isWide = isWide
        // The largest widths of a digit (ReportStyle).
        let digit = isWide ? 9.0 : 7.5
        left = 8 + digit * Double(y.ticks.map(\.label.count).max()!)
        (width, right, bottom) = isWide ? (480, 464, 196) : (400, 384, 250)
    }

    private var across: Scale {
        Scale(lower: x.range.lowerBound, upper: x.range.upperBound, from: left, to: right)
    }

    private var upward: Scale {
        Scale(lower: y.range.lowerBound, upper: y.range.upperBound, from: bottom, to: top)
    }

    func html(_ marks: [HTML]) -> HTML {
        """
        <svg class="\(isWide ? "wide" : "half-page")" viewBox="0 0 \(width) \(bottom + 44)" role="img" \
        aria-labelledby="\(id)-title \(id)-desc">
        <title id="\(id)-title">\(title)</title>
        <desc id="\(id)-desc">\(description)</desc>
        <text x="0" y="10">\(y.name)</text>
        \(y.ticks.map(gridLine))
        \(x.ticks.map { value, label -> HTML in
            "<text class=\"middle\" x=\"\(across(value))\" y=\"\(bottom + 8)\" dy=\"0.8em\">\(label)</text>"
        })
        <text class="end" x="\(right)" y="\(bottom + 40)">\(x.name)</text>
        \(marks)
        </svg>
        """
    }

    private func gridLine(_ value: Double, label: String) -> HTML {
        """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(upward(value))" y2="\(upward(value))"/>
        <text class="end" x="\(left - 6)" y="\(upward(value))" dy="0.35em">\(label)</text>
        """
    }

    // MARK: Marks

    func line(_ points: [(Double, Double)], _ kind: String = "line") -> HTML {
        let text = points.map {
            "\(rounded(across($0), places: 1)),\(rounded(upward($1), places: 1))"
        }.joined(separator: " ")
        return "<polyline class=\"\(kind)\" points=\"\(text)\"/>"
    }

    func dots(_ points: [(Double, Double)]) -> [HTML] {
        points.map { "<circle class=\"dot\" cx=\"\(across($0))\" cy=\"\(upward($1))\" r=\"3\"/>" }
    }

    /// The interval of a value, as a bar from its lower end to its upper one.
    func reach(_ value: Double, _ interval: ClosedRange<Double>) -> HTML {
        let x = across(value)
        return """
            <line class="reach" x1="\(x)" x2="\(x)" y1="\(upward(interval.lowerBound))" \
            y2="\(upward(interval.upperBound))"/>
            """
    }
}
