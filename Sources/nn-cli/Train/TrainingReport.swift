import SwiftNN

/// The answer of `train --json`.
struct TrainingReport: Encodable {
    struct Cost: Encodable {
        let iteration: Int
        let cost: Double

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
    /// null without a test set
    let testAccuracy: Double?
    let mislabeled: [Int]
    let arenaBytes: Int
    let seconds: Seconds

    init(
        _ options: TrainingOptions, _ trained: TrainingRun.Result, model: ModelSummary,
        results: TrainingData.Results, seconds: Seconds
    ) {
        self.model = model
        method = trained.method.name
        seed = options.seed
        iterations = options.iterations
        learningRate = options.learningRate
        begun = trained.begun
        costs = trained.costs
        trainAccuracy = results.training.evaluation.accuracy
        testAccuracy = results.test?.evaluation.accuracy
        mislabeled = results.test?.evaluation.mislabeled ?? []
        arenaBytes = trained.arenaBytes
        self.seconds = seconds
    }

    private enum CodingKeys: String, CodingKey {
        case model, method, seed, iterations, costs, mislabeled, seconds
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
        try object.encode(testAccuracy, forKey: .testAccuracy)
        try object.encode(mislabeled, forKey: .mislabeled)
        try object.encode(arenaBytes, forKey: .arenaBytes)
        try object.encode(seconds, forKey: .seconds)
    }
}
