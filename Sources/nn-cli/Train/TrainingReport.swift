import SwiftNN

/// The answer of `train --json`.
struct TrainingReport: Encodable {
    struct Cost: Encodable {
        let iteration: Int
        let cost: Double
        /// On the held-out examples; nil if there are none.
        var heldOut: Double?

        func encode(to encoder: any Encoder) throws {
            var pair = encoder.unkeyedContainer()
            try pair.encode(iteration)
            try pair.encode(cost)
        }
    }

    struct Seconds: Encodable {
        var load = 0.0
        var setup = 0.0
        var loop = 0.0
        var finish = 0.0
        var total = 0.0
    }

    let model: ModelSummary
    let method: String
    let seed: UInt32
    let iterations: Int
    let learningRate: Double
    /// The iteration at which the run was resumed, or 0. Not part of the JSON.
    let begun: Int
    let costs: [Cost]
    let trainAccuracy: Double
    /// How many examples were held out, and how many of them are classified correctly; nil: none.
    let heldOut: Int?
    let heldOutAccuracy: Double?
    /// The iteration whose parameters were kept; nil without --keep-best.
    let keptIteration: Int?
    /// null without a test set
    let testAccuracy: Double?
    let mislabeled: [Int]
    /// nil: the test set has none.
    let mislabeledNames: [String]?
    let warnings: [TrainingWarning]
    let arenaBytes: Int
    let seconds: Seconds

    init(
        _ options: TrainingOptions, _ trained: TrainingRun.Result, model: ModelSummary,
        results: TrainingData.Results, warnings: [TrainingWarning], seconds: Seconds
    ) {
        self.model = model
        method = trained.method.name
        seed = options.seed
        iterations = options.iterations
        learningRate = options.learningRate
        begun = trained.begun
        costs = trained.costs
        trainAccuracy = results.training.evaluation.accuracy
        heldOut = results.heldOut?.data.count
        heldOutAccuracy = results.heldOut?.evaluation.accuracy
        keptIteration = trained.network.origin?.keptIteration
        testAccuracy = results.test?.evaluation.accuracy
        let mislabeled = results.test?.evaluation.mislabeled ?? []
        self.mislabeled = mislabeled
        mislabeledNames = results.test?.data.names.map { names in mislabeled.map { names[$0] } }
        self.warnings = warnings
        arenaBytes = trained.arenaBytes
        self.seconds = seconds
    }

    /// The costs on the held-out examples; nil if there are none.
    var heldOutCosts: [Cost]? {
        heldOut == nil
            ? nil
            : costs.compactMap { cost in cost.heldOut.map { Cost(iteration: cost.iteration, cost: $0) } }
    }

    private enum CodingKeys: String, CodingKey {
        case model, method, seed, iterations, costs, mislabeled, warnings, seconds
        case mislabeledNames = "mislabeled_names"
        case heldOut = "held_out"
        case heldOutCosts = "held_out_costs"
        case heldOutAccuracy = "held_out_accuracy"
        case keptIteration = "kept_iteration"
        case learningRate = "learning_rate"
        case trainAccuracy = "train_accuracy"
        case testAccuracy = "test_accuracy"
        case arenaBytes = "arena_bytes"
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(model, forKey: .model)
        try object.encode(method, forKey: .method)
        try object.encode(seed, forKey: .seed)
        try object.encode(iterations, forKey: .iterations)
        try object.encode(learningRate, forKey: .learningRate)
        try object.encode(costs, forKey: .costs)
        try object.encode(trainAccuracy, forKey: .trainAccuracy)
        try object.encodeIfPresent(heldOut, forKey: .heldOut)
        try object.encodeIfPresent(heldOutCosts, forKey: .heldOutCosts)
        try object.encodeIfPresent(heldOutAccuracy, forKey: .heldOutAccuracy)
        try object.encodeIfPresent(keptIteration, forKey: .keptIteration)
        try object.encode(testAccuracy, forKey: .testAccuracy)
        try object.encode(mislabeled, forKey: .mislabeled)
        try object.encodeIfPresent(mislabeledNames, forKey: .mislabeledNames)
        try object.encode(warnings, forKey: .warnings)
        try object.encode(arenaBytes, forKey: .arenaBytes)
        try object.encode(seconds, forKey: .seconds)
    }
}
