extension DataSet {
    /// `count` small drawings, half of them cats, for training without photos.
    ///
    /// Class 1 shows a cat's face or a sitting cat; class 0 a house, a tree, a ball or a car. Place, size,
    /// colours and background vary, and every pixel has a little noise.
    ///
    /// Integers alone decide every byte, so a count and a seed give the same images on every machine.
    /// Take held-out images from another seed:
    ///
    ///     let train = DataSet.drawn(count: 209, seed: 1)
    ///     let test = DataSet.drawn(count: 50, seed: 2)
    ///
    /// - Precondition: `count` is not negative.
    public static func drawn(count: Int, seed: UInt32) -> DataSet {
        let stream = DataSetStream.drawn(count: count, seed: seed)
        var images: [UInt8] = []
        images.reserveCapacity(count * imageBytes)
        // What is drawn cannot fail.
        try! stream.forEachPart { images += $0 }
        return DataSet(images: images, labels: stream.labels, classes: stream.classes)
    }
}

extension DataSetStream {
    /// The drawings of ``DataSet/drawn(count:seed:)``, one after another.
    ///
    /// - Precondition: `count` is not negative.
    package static func drawn(count: Int, seed: UInt32) -> DataSetStream {
        precondition(count >= 0)
        var dice = Dice(seed: seed)
        let labels = dice.shuffled((0..<count).map { UInt8($0 % 2) })
        return DataSetStream(labels: labels, classes: ["non-cat", "cat"]) { [dice] take throws(FileError) in
            var painter = Painter(dice: dice)
            for label in labels {
                painter.paintBackdrop()
                if label == 1 { painter.paintCat() } else { painter.paintSomethingElse() }
                try take(painter.pixels())
            }
        }
    }
}

/// SplitMix64: the steps and constants are those of Sebastiano Vigna's splitmix64.c (public domain),
/// after Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
///
/// The standard library may change how it turns random bits into a number in a range; here the way is fixed.
struct Dice {
    private var state: UInt64

    init(seed: UInt32) { state = UInt64(seed) }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func roll(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next().multipliedFullWidth(by: UInt64(range.count)).high)
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[roll(0...choices.count - 1)]
    }

    mutating func shuffled<Element>(_ items: [Element]) -> [Element] {
        var items = items
        for last in items.indices.dropFirst().reversed() {
            items.swapAt(last, roll(0...last))
        }
        return items
    }
}

private struct Color {
    var red, green, blue: Int

    init(_ red: Int, _ green: Int, _ blue: Int) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// This colour with `percent` of `other` in it.
    func mixed(_ percent: Int, of other: Color) -> Color {
        func mix(_ a: Int, _ b: Int) -> Int { (a * (100 - percent) + b * percent) / 100 }
        return Color(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
    }

    func darker(_ percent: Int) -> Color { mixed(percent, of: .black) }
    func lighter(_ percent: Int) -> Color { mixed(percent, of: .white) }

    static let black = Color(15, 15, 20)
    static let white = Color(250, 250, 245)
    static let pink = Color(235, 150, 160)
    static let glass = Color(175, 215, 235)
    static let shadow = Color(50, 47, 45)
    static let lamp = Color(250, 235, 150)
    static let steel = Color(190, 190, 195)
    static let wood = Color(110, 75, 45)

    static let furs = [
        Color(225, 140, 60), Color(130, 130, 140), Color(50, 48, 55), Color(235, 225, 205),
        Color(140, 95, 60),
    ]
    static let eyes = [Color(120, 190, 70), Color(235, 190, 50), Color(100, 170, 220)]
    static let leaves = [Color(60, 130, 55), Color(95, 150, 60), Color(45, 135, 90), Color(150, 165, 55)]
    static let paints = [
        Color(205, 50, 45), Color(45, 95, 190), Color(240, 200, 60), Color(60, 150, 90), Color(50, 160, 175),
        Color(150, 85, 160),
    ]
    /// Dark, because bright images have so much in common that the first steps of plain gradient descent
    /// overshoot: all ReLUs of a layer may die, and training stands still at a cost of ln 2.
    static let walls = [
        Color(60, 95, 150), Color(135, 80, 65), Color(90, 75, 125), Color(105, 100, 85), Color(50, 105, 95),
    ]
    static let floors = [Color(75, 115, 55), Color(140, 115, 80), Color(100, 98, 100), Color(115, 70, 50)]
}

private struct Point {
    var x, y: Int

    init(_ x: Int, _ y: Int) {
        self.x = x
        self.y = y
    }
}

/// Draws one image after another. A shape's coordinates are in percent of the object's size, from the object's middle,
/// x to the right and y down.
private struct Painter {
    /// Painted at twice the size and averaged down, for soft edges.
    private static let side = DataSet.side * 2

    var dice: Dice
    private var canvas = [Color](repeating: .black, count: side * side)
    private var middle = Point(0, 0)
    private var size = 0

    init(dice: Dice) { self.dice = dice }

    /// Paints the background of the next image, and chooses the object's place and size.
    mutating func paintBackdrop() {
        let wall = dice.pick(Color.walls).darker(dice.roll(0...30))
        let glow = wall.lighter(dice.roll(5...30))
        let floor = dice.pick(Color.floors)
        let horizon = dice.roll(82...98)
        for y in 0..<Self.side {
            let color =
                y < horizon ? wall.mixed(100 * y / horizon, of: glow) : floor.darker((y - horizon) / 2)
            for x in 0..<Self.side { canvas[y * Self.side + x] = color }
        }
        middle = Point(64 + dice.roll(-6...6), 64 + dice.roll(-5...5))
        size = dice.roll(44...52)
    }

    /// The image's bytes, with a little noise like a camera's.
    mutating func pixels() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(DataSet.imageBytes)
        for y in stride(from: 0, to: Self.side, by: 2) {
            for x in stride(from: 0, to: Self.side, by: 2) {
                let at = y * Self.side + x
                let a = canvas[at]
                let b = canvas[at + 1]
                let c = canvas[at + Self.side]
                let d = canvas[at + Self.side + 1]
                let random = dice.next()
                func byte(_ sum: Int, _ shift: Int) -> UInt8 {
                    UInt8(clamping: sum / 4 + Int(random >> shift & 15) - 8)
                }
                bytes.append(byte(a.red + b.red + c.red + d.red, 0))
                bytes.append(byte(a.green + b.green + c.green + d.green, 8))
                bytes.append(byte(a.blue + b.blue + c.blue + d.blue, 16))
            }
        }
        return bytes
    }

    // MARK: Shapes

    private func scaled(_ percent: Int) -> Int { percent * size / 100 }

    private mutating func fill(
        x: ClosedRange<Int>, y: ClosedRange<Int>, _ color: Color, where covers: (Int, Int) -> Bool
    ) {
        let inside = 0...Self.side - 1
        for y in y.clamped(to: inside) {
            for x in x.clamped(to: inside) where covers(x, y) {
                canvas[y * Self.side + x] = color
            }
        }
    }

    private func placed(_ point: Point) -> Point {
        Point(middle.x + scaled(point.x), middle.y + scaled(point.y))
    }

    /// The half axes are `a` (horizontal) and `b` (vertical).
    private mutating func ellipse(_ centre: Point, _ a: Int, _ b: Int, _ color: Color) {
        let centre = placed(centre)
        let a = scaled(a)
        let b = scaled(b)
        fill(x: centre.x - a...centre.x + a, y: centre.y - b...centre.y + b, color) {
            let dx = $0 - centre.x
            let dy = $1 - centre.y
            return dx * dx * b * b + dy * dy * a * a <= a * a * b * b
        }
    }

    private mutating func rectangle(_ topLeft: Point, _ bottomRight: Point, _ color: Color) {
        let a = placed(topLeft)
        let b = placed(bottomRight)
        fill(x: a.x...b.x, y: a.y...b.y, color) { _, _ in true }
    }

    private mutating func triangle(_ a: Point, _ b: Point, _ c: Point, _ color: Color) {
        let a = placed(a)
        let b = placed(b)
        let c = placed(c)
        /// Positive on one side of the line through two points, negative on the other.
        func side(_ from: Point, _ to: Point, _ x: Int, _ y: Int) -> Int {
            (to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x)
        }
        fill(x: min(a.x, b.x, c.x)...max(a.x, b.x, c.x), y: min(a.y, b.y, c.y)...max(a.y, b.y, c.y), color) {
            let ab = side(a, b, $0, $1)
            let bc = side(b, c, $0, $1)
            let ca = side(c, a, $0, $1)
            return min(ab, bc, ca) >= 0 || max(ab, bc, ca) <= 0
        }
    }
}

// MARK: Things

extension Painter {
    mutating func paintCat() {
        let fur = dice.pick(Color.furs).mixed(dice.roll(0...20), of: dice.pick([.black, .white]))
        if dice.roll(0...2) == 0 { sittingCat(fur) } else { catHead(fur) }
    }

    mutating func paintSomethingElse() {
        switch dice.roll(0...3) {
        case 0: house()
        case 1: tree()
        case 2: ball()
        default: car()
        }
    }

    private mutating func catHead(_ fur: Color) {
        let eye = dice.pick(Color.eyes)
        let striped = dice.roll(0...1) == 1
        for s in [-1, 1] {
            triangle(Point(s * 88, 0), Point(s * 80, -105), Point(s * 12, -55), fur.darker(10))
            triangle(Point(s * 76, -25), Point(s * 72, -85), Point(s * 30, -52), .pink)
        }
        ellipse(Point(0, 5), 92, 78, fur)
        if striped {
            for x in [-22, 0, 22] {
                let top = abs(x) / 4 - 72
                triangle(Point(x - 7, top), Point(x + 7, top), Point(x, -36), fur.darker(45))
            }
        }
        for s in [-1, 1] {
            ellipse(Point(s * 40, -5), 20, 22, eye)
            ellipse(Point(s * 40, -5), 8, 20, .black)
            ellipse(Point(s * 40 - 5, -13), 5, 5, .white)
            ellipse(Point(s * 17, 44), 22, 18, fur.lighter(60))
            for y in [28, 44, 60] {
                triangle(Point(s * 28, 40), Point(s * 28, 48), Point(s * 105, y), fur.lighter(80))
            }
        }
        triangle(Point(-13, 22), Point(13, 22), Point(0, 38), .pink)
    }

    private mutating func sittingCat(_ fur: Color) {
        let s = dice.pick([-1, 1])
        for (x, y) in [(40, 88), (58, 82), (72, 70), (80, 55), (82, 38)] {
            ellipse(Point(s * x, y), 13, 13, fur.darker(15))
        }
        ellipse(Point(0, 50), 50, 55, fur)
        ellipse(Point(0, 45), 22, 36, fur.lighter(50))
        for x in [-20, 20] { ellipse(Point(x, 98), 20, 11, fur.lighter(30)) }
        middle = placed(Point(0, -35))
        size = scaled(62)
        catHead(fur)
    }

    private mutating func house() {
        let wall = dice.pick(Color.paints).lighter(40)
        let roof = dice.pick(Color.paints).darker(35)
        let chimney = dice.pick([-47, 47])
        rectangle(Point(chimney - 9, -85), Point(chimney + 9, -30), roof.darker(30))
        rectangle(Point(-75, -15), Point(75, 92), wall)
        triangle(Point(-98, -12), Point(0, -98), Point(98, -12), roof)
        rectangle(Point(-14, 35), Point(14, 92), .wood)
        for x in [-45, 45] {
            rectangle(Point(x - 17, 8), Point(x + 17, 42), .white)
            rectangle(Point(x - 13, 12), Point(x + 13, 38), .glass.darker(40))
        }
    }

    private mutating func tree() {
        let leaf = dice.pick(Color.leaves)
        rectangle(Point(-13, 10), Point(13, 105), .wood)
        if dice.roll(0...1) == 0 {
            for (y, reach) in [(68, 76), (23, 61), (-22, 46)] {
                triangle(Point(-reach, y), Point(0, y - 83), Point(reach, y), leaf.darker(15 + y / 5))
            }
        } else {
            for (x, y) in [(-42, -5), (42, -5), (0, -50), (0, 10)] { ellipse(Point(x, y), 48, 45, leaf) }
            for (x, y) in [(-40, -15), (25, -40), (10, 20)] { ellipse(Point(x, y), 14, 12, leaf.lighter(20)) }
        }
    }

    private mutating func ball() {
        let paint = dice.pick(Color.paints)
        ellipse(Point(8, 82), 75, 16, .shadow)
        ellipse(Point(0, 0), 85, 85, paint)
        ellipse(Point(0, 0), 58, 85, .white)
        ellipse(Point(0, 0), 24, 85, dice.pick(Color.paints))
        ellipse(Point(-35, -42), 14, 12, .white)
    }

    private mutating func car() {
        let paint = dice.pick(Color.paints)
        let s = dice.pick([-1, 1])
        triangle(Point(-s * 60, 0), Point(-s * 38, -55), Point(-s * 38, 0), paint)
        triangle(Point(s * 72, 0), Point(s * 38, -55), Point(s * 38, 0), paint)
        rectangle(Point(-38, -55), Point(38, 0), paint)
        for x in [-19, 19] { rectangle(Point(x - 15, -45), Point(x + 15, -5), .glass) }
        rectangle(Point(-102, 0), Point(102, 45), paint)
        ellipse(Point(s * 96, 14), 8, 8, .lamp)
        for x in [-58, 58] {
            ellipse(Point(x, 48), 28, 28, .black)
            ellipse(Point(x, 48), 13, 13, .steel)
        }
    }
}
