import NNData
import SwiftNN

/// What to expect of a model, as JSON.
struct ExpectationFacts: Encodable {
    let accuracy: Float
    /// Low and high.
    let interval: [Float]
    let logLoss, auc, guessing: Float
    let isBetterThanGuessing: Bool
    let examples, folds: Int
    /// The calibration, which is a part of the last layer.
    let scale, shift: Double

    private enum CodingKeys: String, CodingKey {
        case accuracy, interval, auc, guessing, examples, folds, scale, shift
        case logLoss = "log_loss"
        case isBetterThanGuessing = "better_than_guessing"
    }

    init(_ expectation: Network.Expectation) {
        accuracy = expectation.accuracy
        interval = [expectation.interval.lowerBound, expectation.interval.upperBound]
        logLoss = expectation.logLoss
        auc = expectation.areaUnderCurve
        guessing = expectation.guessing
        isBetterThanGuessing = expectation.isBetterThanGuessing
        examples = expectation.examples
        folds = expectation.folds
        scale = expectation.calibration.scale
        shift = expectation.calibration.shift
    }
}

extension Network.Expectation {
    /// "accuracy 0.68 (0.62 to 0.74) on images not seen; guessing 0.60"
    var text: String {
        "accuracy \(shareText(accuracy)) (\(shareText(interval))) on images not seen; guessing \(shareText(guessing))"
    }

    /// "on 259 images in 5 folds: log loss 0.62, area under the curve 0.73"
    var judgement: String {
        "on \(counted(examples, "image")) in \(counted(folds, "fold")): "
            + "log loss \(rounded(Double(logLoss), places: 2)), area under the curve \(shareText(areaUnderCurve))"
    }
}
