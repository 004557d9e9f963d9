import SwiftNN

/// Scores as `--json` shows them.
struct ScoresAnswer: Encodable {
    /// nil: a training diverged.
    let scores: Scores?
    let guessing: Guessing

    private enum CodingKeys: String, CodingKey {
        case accuracy, interval, auc, guessing
        case logLoss = "log_loss"
        case isBetter = "better_than_guessing"
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(scores?.accuracy, forKey: .accuracy)
        try object.encode(
            scores.map { [$0.interval.lowerBound, $0.interval.upperBound] }, forKey: .interval)
        try object.encode(scores?.logLoss, forKey: .logLoss)
        try object.encode(scores?.areaUnderCurve, forKey: .auc)
        try object.encode(guessing.accuracy, forKey: .guessing)
        try object.encode(scores?.isBetterThanGuessing ?? false, forKey: .isBetter)
    }
}
