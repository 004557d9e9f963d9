import NNData
import SwiftNN

/// The answer of `cross-validate`: as a table, and as JSON.
struct CrossValidationReport {
    struct Result {
        let options: RecipeOptions
        /// The answers to the photos that were held out; nil: a training diverged.
        let answers: LabeledLogits?
    }

    let results: [Result]
    /// How many were trained.
    let data: DataSet
    let validation: CrossValidation
    /// Seconds of reading the photos, and of everything.
    let load: Double
    let total: Double
    let scores: [Scores?]

    init(
        results: [Result], data: DataSet, validation: CrossValidation, load: Double, total: Double
    ) {
        self.results = results
        self.data = data
        self.validation = validation
        self.load = load
        self.total = total
        scores = results.map { $0.answers?.scores }
    }

    /// The result with the lowest log loss, the first of equal ones; nil: all diverged.
    var best: Int? {
        scores.indices.filter { scores[$0] != nil }.min { scores[$0]!.logLoss < scores[$1]!.logLoss }
    }

    /// The log loss by iterations, with the other options of a result.
    func curve(of result: Int) -> [TrainingReport.Cost] {
        let options = results[result].options.options
        return zip(results, scores).compactMap { other, scores in
            let others = other.options.options
            guard let scores, others.weightDecay == options.weightDecay,
                others.learningRate == options.learningRate
            else { return nil }
            return TrainingReport.Cost(iteration: others.iterations, cost: scores.logLoss)
        }.sorted { $0.iteration < $1.iteration }
    }
}

// MARK: As a table

extension CrossValidationReport {
    static let heads = [
        "", "weight decay", "learning rate", "iterations", "accuracy", "95 % interval", "log loss", "AUC",
    ]

    var lines: [String] {
        let rows = [Self.heads] + results.indices.map(row)
        let widths = Self.heads.indices.map { column in rows.map { $0[column].count }.max()! }
        let table = rows.map { row in
            zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
        }
        return validation.remarks + table + [summary]
    }

    func row(_ index: Int) -> [String] {
        let options = results[index].options.options
        let start = [
            index == best ? "*" : "", shortText(options.weightDecay), shortText(options.learningRate),
            "\(options.iterations)",
        ]
        guard let scores = scores[index] else { return start + ["diverged", "", "", ""] }
        return start + [
            shareText(scores.accuracy), shareText(scores.interval),
            rounded(scores.logLoss, places: 3), rounded(scores.areaUnderCurve, places: 3),
        ]
    }

    var summary: String {
        let guessing = Guessing(data)
        let block = validation.folds.block
        let kept = block > 1 ? "; \(block) neighbours stay in one fold" : ""
        return
            "\(counted(data.count, "photo")) held out in turn, \(counted(validation.networks, "network"))\(kept). "
            + "Always answering \(guessing.answer) gets \(shareText(guessing.accuracy))."
    }
}

// MARK: As JSON

extension CrossValidationReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case results, best, networks, names, folds, block, seconds
        case alikeAcrossFolds = "alike_across_folds"
        case arenaBytes = "arena_bytes"
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        let guessing = Guessing(data)
        try object.encode(
            zip(results, scores).map { ScoredResult(result: $0, scores: $1, guessing: guessing) },
            forKey: .results)
        try object.encode(best, forKey: .best)
        try object.encode(validation.networks, forKey: .networks)
        try object.encodeIfPresent(data.names, forKey: .names)
        try object.encode(validation.folds.count, forKey: .folds)
        try object.encode(validation.folds.block, forKey: .block)
        try object.encode(validation.alikeAcrossFolds.count, forKey: .alikeAcrossFolds)
        try object.encode(validation.byteCount, forKey: .arenaBytes)
        try object.encode(["load": load, "total": total], forKey: .seconds)
    }

    private struct ScoredResult: Encodable {
        let result: Result
        let scores: Scores?
        let guessing: Guessing

        private enum CodingKeys: String, CodingKey { case options, probabilities }

        func encode(to encoder: any Encoder) throws {
            try ScoresAnswer(scores: scores, guessing: guessing).encode(to: encoder)
            var object = encoder.container(keyedBy: CodingKeys.self)
            try object.encode(result.options, forKey: .options)
            try object.encode(probabilities, forKey: .probabilities)
        }

        /// Of class 1, held out, in the order of the data; the mean over the repeats.
        private var probabilities: [Double]? {
            guard let answers = result.answers else { return nil }
            return zip(answers.ownClassProbabilities, answers.labels).map { $1 == 1 ? $0 : 1 - $0 }
        }
    }
}
