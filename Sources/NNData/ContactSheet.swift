/// A picture of a data set's images, side by side, each in a frame of its class's colour.
public enum ContactSheet {
    /// Images per row.
    public static let columns = 20
    /// The names of the frames' colours, for class 0 and class 1.
    public static let colorNames = ["blue", "orange"]

    /// Distinguishable with red-green colour blindness.
    private static let colors: [[UInt8]] = [[0x56, 0xb4, 0xe9], [0xe6, 0x9f, 0x00]]
    private static let background: [UInt8] = [0x18, 0x18, 0x18]
    private static let frame = 3
    /// Pixels between a frame and its image, which may have the same colour.
    private static let mat = 2
    private static let gap = 6

    /// A PNG of the examples `range`, row by row from the top left.
    ///
    /// - Precondition: `range` is not empty, and lies within `data`.
    public static func png(_ data: DataSet, _ range: Range<Int>) -> [UInt8] {
        let cell = DataSet.side + 2 * (mat + frame) + gap
        let rows = (range.count + columns - 1) / columns
        var canvas = Canvas(
            width: min(range.count, columns) * cell + gap, height: rows * cell + gap, color: background)
        for (place, index) in range.enumerated() {
            let left = gap + place % columns * cell
            let top = gap + place / columns * cell
            let border = mat + frame
            canvas.fill(left, top, DataSet.side + 2 * border, colors[Int(data.labels[index])])
            canvas.fill(left + frame, top + frame, DataSet.side + 2 * mat, background)
            canvas.draw(data.image(index), left + border, top + border)
        }
        return NNData.png(width: canvas.width, height: canvas.height, rgb: canvas.pixels)
    }
}

private struct Canvas {
    let width: Int
    let height: Int
    private(set) var pixels: [UInt8]

    init(width: Int, height: Int, color: [UInt8]) {
        self.width = width
        self.height = height
        pixels = Array(repeatElement(color, count: width * height).joined())
    }

    /// Fills a square.
    mutating func fill(_ left: Int, _ top: Int, _ side: Int, _ color: [UInt8]) {
        for y in top..<top + side {
            for x in left..<left + side {
                for channel in 0..<3 { pixels[3 * (y * width + x) + channel] = color[channel] }
            }
        }
    }

    mutating func draw(_ image: ArraySlice<UInt8>, _ left: Int, _ top: Int) {
        let rowBytes = 3 * DataSet.side
        for y in 0..<DataSet.side {
            let at = 3 * ((top + y) * width + left)
            pixels.replaceSubrange(at..<at + rowBytes, with: image.dropFirst(y * rowBytes).prefix(rowBytes))
        }
    }
}
