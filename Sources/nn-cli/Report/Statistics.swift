import SwiftNN

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
