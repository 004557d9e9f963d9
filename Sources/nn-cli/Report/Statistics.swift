import SwiftNN

/// Wilson's score interval of a share: all shares p that are compatible with `hits` of `count`, which are those with
///
///     |hits / count - p|  <=  z sqrt(p (1 - p) / count)
///
/// This is a quadratic inequality in p. Unlike p +- z s, the interval stays within 0...1 and also holds for few images.
struct WilsonInterval: Equatable {
    let lower: Double
    let upper: Double

    /// 95 % of a normal distribution lie within this many standard deviations of its mean.
    static let z = 1.959963984540054

    /// - Precondition: 0 <= hits <= count, 0 < count.
    init(hits: Int, count: Int) {
        let (n, z2) = (Double(count), Self.z * Self.z)
        let share = Double(hits) / n
        let center = (share + z2 / (2 * n)) / (1 + z2 / n)
        let reach = Self.z / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)).squareRoot()
        // Rounding must not move the ends past a share of 0 or 1.
        lower = hits == 0 ? 0 : center - reach
        upper = hits == count ? 1 : center + reach
    }
}

/// How many examples of each class were predicted as each class.
struct ConfusionMatrix {
    /// [true class][predicted class]
    private(set) var counts = [[0, 0], [0, 0]]

    init(_ evaluation: Evaluation, labels: [UInt8]) {
        for (probability, label) in zip(evaluation.probabilities, labels) {
            counts[Int(label)][Prediction(probability: probability).classIndex] += 1
        }
    }

    var count: Int { counts.joined().reduce(0, +) }
    var right: Int { counts[0][0] + counts[1][1] }
    /// Examples of each class.
    var sizes: [Int] { counts.map { $0.reduce(0, +) } }
}

/// Probabilities of class 1, counted in bins of equal width for each class.
struct ProbabilityHistogram {
    static let bins = 20
    /// [true class][bin]
    private(set) var counts = [[Int]](repeating: Array(repeating: 0, count: bins), count: 2)

    init(_ evaluation: Evaluation, labels: [UInt8]) {
        for (probability, label) in zip(evaluation.probabilities, labels) {
            // A half belongs to class 0, so a bin holds its upper end: (0, 0.05], (0.05, 0.1], ...
            let bin = Int((probability * Double(Self.bins)).rounded(.up)) - 1
            counts[Int(label)][min(max(bin, 0), Self.bins - 1)] += 1
        }
    }
}
