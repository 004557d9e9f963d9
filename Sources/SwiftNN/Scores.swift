import CNNKernel

/// What the answers of a network are worth, on examples that it has not learned.
public struct Scores: Equatable, Sendable {
    /// How many examples.
    public let examples: Int
    /// The share that is right.
    public let accuracy: Double
    /// The accuracy on images not seen is in this interval in 95 of 100 cases.
    public let interval: ClosedRange<Double>
    /// The mean of -log(probability of the example's class), in nats.
    public let logLoss: Double
    /// Its standard error.
    public let logLossError: Double
    /// The area under the ROC curve: how often class 1 has the higher logit of two; 0.5: one class.
    public let areaUnderCurve: Double
    /// The accuracy of always naming the larger class.
    public let guessing: Double
    /// The log loss of always naming the shares of the classes.
    public let guessingLogLoss: Double
    /// The mean difference of probability and share of class 1, over ten bins of similar probability.
    public let calibrationError: Double

    /// Whether the whole interval is above guessing.
    public var isBetterThanGuessing: Bool {
        unsafe withUnsafePointer(to: core) { unsafe nnk_better_than_guessing($0) == 1 }
    }

    /// Wilson's interval of a share: 95 of 100 such intervals hold the share of which `share` was seen among `count`.
    /// - Precondition: `share` is 0...1, and `count` is 1 or more.
    public static func interval(of share: Double, among count: Int) -> ClosedRange<Double> {
        precondition(0...1 ~= share && count > 0, "a share is 0...1 of one example or more")
        var (low, high) = (0.0, 0.0)
        unsafe nnk_interval(share, Double(count), &low, &high)
        return low...high
    }

    /// What to expect of a network that all examples teach, where these scores are of networks that learned all but one of
    /// so many folds (nnk_extrapolate).
    /// - Parameters:
    ///   - chosen: the scores as chosen, calibrated and judged on the same folds
    ///   - half: those with half as many examples; nil: not known, so more examples are taken to gain nothing
    func extrapolated(chosen: Scores, half: Scores?, folds: Int) -> Scores {
        var expected = nnk_scores()
        unsafe withUnsafePointer(to: core) { whole in
            unsafe withUnsafePointer(to: chosen.core) { chosen in
                unsafe withUnsafePointer(to: (half ?? self).core) { half in
                    unsafe nnk_extrapolate(whole, chosen, half, UInt32(folds), &expected)
                }
            }
        }
        return Scores(expected)
    }

    /// - Precondition: none is NaN.
    init(_ scores: nnk_scores) {
        examples = Int(scores.examples)
        accuracy = scores.accuracy
        interval = scores.low...scores.high
        logLoss = scores.log_loss
        logLossError = scores.log_loss_error
        areaUnderCurve = scores.auc
        guessing = scores.guessing
        guessingLogLoss = scores.guessing_log_loss
        calibrationError = scores.calibration_error
    }

    var core: nnk_scores {
        nnk_scores(
            examples: UInt32(examples), accuracy: accuracy, low: interval.lowerBound,
            high: interval.upperBound,
            log_loss: logLoss, log_loss_error: logLossError, auc: areaUnderCurve, guessing: guessing,
            guessing_log_loss: guessingLogLoss, calibration_error: calibrationError)
    }
}

/// How many examples are classified how.
public struct Confusion: Equatable, Sendable {
    /// Of class 1, and named so
    public let truePositives: Int
    /// Of class 0, but named class 1
    public let falsePositives: Int
    /// Of class 0, and named so
    public let trueNegatives: Int
    /// Of class 1, but named class 0
    public let falseNegatives: Int

    /// Of those named class 1, the share that is; 1 if none is named so.
    public var precision: Double { unsafe withUnsafePointer(to: core) { unsafe nnk_precision($0) } }
    /// Of class 1, the share that is named so; 0 if there is none.
    public var recall: Double { unsafe withUnsafePointer(to: core) { unsafe nnk_recall($0) } }

    init(_ confusion: nnk_confusion) {
        truePositives = Int(confusion.true_positives)
        falsePositives = Int(confusion.false_positives)
        trueNegatives = Int(confusion.true_negatives)
        falseNegatives = Int(confusion.false_negatives)
    }

    private var core: nnk_confusion {
        nnk_confusion(
            true_positives: UInt32(truePositives), false_positives: UInt32(falsePositives),
            true_negatives: UInt32(trueNegatives), false_negatives: UInt32(falseNegatives))
    }
}

/// Examples of similar probability, for a picture of how honest probabilities are.
public struct CalibrationBin: Equatable, Sendable {
    /// How many.
    public let examples: Int
    /// Their mean probability of class 1.
    public let probability: Double
    /// The share of class 1 among them.
    public let share: Double

    init(_ bin: nnk_bin) {
        examples = Int(bin.examples)
        probability = bin.probability
        share = bin.share
    }
}

/// What makes probabilities honest: of the images that get 0.9, nine of ten are of class 1. The calibrated logit is
/// scale z + shift.
public struct Calibration: Equatable, Sendable {
    /// ``leastScale`` or more if it was found by ``LabeledLogits/calibration``.
    public let scale: Double
    /// Of any sign.
    public let shift: Double

    /// The scale of a network that is no better than chance: its probabilities are near the share of class 1.
    public static let leastScale = NNK_LEAST_SCALE

    /// A calibration.
    public init(scale: Double, shift: Double) {
        self.scale = scale
        self.shift = shift
    }
}
