import SwiftNN
import Testing

/// Expected values are the definitions, worked out by hand or beside; the core's tests compare with scikit-learn.
@Suite("Scores")
struct ScoresTests {
    private let logits = LabeledLogits([-2, 1, 3, -1, 0], labels: [0, 0, 1, 1, 0])!

    @Test("Scores follow their definitions")
    func definitions() {
        let scores = logits.scores
        #expect(scores.examples == 5)
        #expect(scores.accuracy == 0.6)
        #expect(scores.guessing == 0.6)
        #expect(!scores.isBetterThanGuessing)
        // Of six pairs, class 1 has the higher logit in 3 + 1.
        #expect(abs(scores.areaUnderCurve - 4.0 / 6) < 1e-15)
        #expect(scores.interval == Scores.interval(of: 0.6, among: 5))
        let p = logits.probabilities
        let own = zip(p, logits.labels).map { $1 == 1 ? $0 : 1 - $0 }
        #expect(zip(logits.ownClassProbabilities, own).allSatisfy { abs($0 - $1) < 1e-15 })
        // exp(-log loss) is the geometric mean of these.
        let product = own.reduce(1, *)
        #expect(abs(power(scores.logLoss, 5) - 1 / product) < 1e-12 / product)
    }

    /// exp(x)^n by the series of exp(x n), whose terms are positive.
    private func power(_ x: Double, _ n: Double) -> Double {
        var (sum, term) = (1.0, 1.0)
        for k in 1...60 {
            term *= x * n / Double(k)
            sum += term
        }
        return sum
    }

    @Test("Wilson's interval solves its equation")
    func interval() {
        #expect(0...1e-15 ~= Scores.interval(of: 0, among: 7).lowerBound)
        #expect(1 - 1e-15...1 ~= Scores.interval(of: 1, among: 40).upperBound)
        for (share, count) in [(0.6, 5), (0.0, 1), (1.0, 40), (0.75, 1000)] {
            let interval = Scores.interval(of: share, among: count)
            for p in [interval.lowerBound, interval.upperBound] {
                // |share - p| is 1.96 standard errors of p
                let error = (p * (1 - p) / Double(count)).squareRoot() * 1.959963984540054
                #expect(abs(abs(share - p) - error) < 1e-7, "\(share) \(count)")
            }
        }
    }

    @Test("Many right answers are better than guessing")
    func better() {
        let values = (0..<40).map { $0 % 2 == 0 ? -3.0 : 3.0 }
        let scores = LabeledLogits(values, labels: values.map { $0 > 0 ? 1 : 0 })!.scores
        #expect(scores.accuracy == 1)
        #expect(scores.areaUnderCurve == 1)
        #expect(scores.isBetterThanGuessing)
    }

    @Test("Several repeats are their mean")
    func repeats() {
        let both = LabeledLogits(logits.values + logits.values.map { 2 * $0 }, labels: logits.labels)!
        #expect(both.repeats == 2)
        #expect(both[repeat: 0] == logits)
        let doubled = both[repeat: 1]
        #expect(doubled.values == logits.values.map { 2 * $0 })
        let mean = (logits.scores.logLoss + doubled.scores.logLoss) / 2
        #expect(abs(both.scores.logLoss - mean) < 1e-15)
    }

    @Test("Confusions at thresholds")
    func confusion() {
        let middle = logits.confusion()
        #expect(middle.truePositives == 1 && middle.falsePositives == 1)
        #expect(middle.trueNegatives == 2 && middle.falseNegatives == 1)
        #expect(middle.precision == 0.5 && middle.recall == 0.5)
        let none = logits.confusion(above: 3)
        #expect(none.precision == 1 && none.recall == 0)
        #expect(logits.confusion(above: -3).recall == 1)
    }

    @Test("Bins hold all examples, and a calibration has no slope left")
    func calibration() {
        let bins = logits.calibrationBins(2)
        #expect(bins.map(\.examples).reduce(0, +) == 5)
        #expect(bins[0].probability < bins[1].probability)
        #expect(abs(bins.reduce(0) { $0 + $1.share * Double($1.examples) } - 2) < 1e-12)
        let calibration = logits.calibration
        // At the lowest log loss, probabilities and targets have the same sum, and the same sum of products with logits.
        let targets = [1.0 / 5, 3.0 / 4]
        var gradient = [0.0, 0.0]
        for (z, label) in zip(logits.values, logits.labels) {
            let calibrated = LabeledLogits(
                [calibration.scale * z + calibration.shift], labels: [label])!
            let difference = calibrated.probabilities[0] - targets[Int(label)]
            gradient[0] += difference * z
            gradient[1] += difference
        }
        #expect(calibration.scale > 0)
        #expect(gradient.allSatisfy { abs($0) < 1e-6 })
    }

    @Test("Logits that are no answers are refused")
    func refused() {
        #expect(LabeledLogits([], labels: []) == nil)
        #expect(LabeledLogits([1], labels: []) == nil)
        #expect(LabeledLogits([1, 2, 3], labels: [0, 1]) == nil)
        #expect(LabeledLogits([1, .nan], labels: [0, 1]) == nil)
        #expect(LabeledLogits([1, .infinity], labels: [0, 1]) == nil)
        #expect(LabeledLogits([1, 2], labels: [0, 2]) == nil)
    }
}
