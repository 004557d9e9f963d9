import NNData

/// Markup that escapes interpolated text, so that the name of a file or a class cannot become a tag.
///
/// The usual template engine would load all of Foundation. For every command, that takes longer than a prediction.
struct HTML: ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral text: String) { self.text = text }

    init(stringInterpolation parts: StringInterpolation) { text = parts.text }

    init(_ parts: [HTML]) { text = parts.map(\.text).joined(separator: "\n") }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(2 * literalCapacity) }

        mutating func appendLiteral(_ markup: String) { text += markup }

        mutating func appendInterpolation(_ text: String) {
            // Commands have several lines.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for scalar in lines.map({ PathText.shown(String($0)) }).joined(separator: "\n").unicodeScalars {
                switch scalar {
                case "&": self.text += "&amp;"
                case "<": self.text += "&lt;"
                case ">": self.text += "&gt;"
                case "\"": self.text += "&quot;"
                case "'": self.text += "&#39;"
                default: self.text.unicodeScalars.append(scalar)
                }
            }
        }

        mutating func appendInterpolation(_ number: Int) { text += String(number) }

        /// A coordinate, to a tenth of a pixel.
        mutating func appendInterpolation(_ coordinate: Double) { text += rounded(coordinate, places: 1) }

        mutating func appendInterpolation(_ markup: HTML) { text += markup.text }

        mutating func appendInterpolation(_ parts: [HTML]) { text += HTML(parts).text }

        mutating func appendInterpolation(_ markup: HTML?) { text += markup?.text ?? "" }
    }
}
