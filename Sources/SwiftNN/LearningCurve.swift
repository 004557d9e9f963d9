import CNNKernel

/// The scores of a recipe by the number of examples that teach.
public struct LearningCurve: Equatable, Sendable {
    /// With a quarter, with half, and with all of the examples outside of a fold; without those where a network diverged.
    public let points: [Point]
    /// With half of class 0 or of class 1, and all of the other class; nil where a network diverged.
    public let halved: [Scores?]
    /// The class of which more examples would help most: the one whose halving costs more log loss. nil: neither costs
    /// more than a standard error.
    public let classToAdd: Int?
    /// With half of both classes; nil if a network diverged.
    let half: Scores?

    /// A point of the curve.
    public struct Point: Equatable, Sendable {
        /// About so many examples teach each network.
        public let examples: Int
        /// What to expect then.
        public let scores: Scores
    }

    /// - Parameter whole: of one recipe and one number of iterations.
    init(
        of whole: HeldOutLogits, onProgress: (CrossValidation.Progress) throws -> Void
    ) throws {
        let validation = whole.validation
        let fewer = try validation.withFewerExamples().run(onProgress: onProgress)
        let scores = (0..<fewer.validation.recipes.count).map {
            try? fewer.only(CrossValidation.Choice(recipe: $0, point: 0)).expected().scores
        }
        let all = try whole.expected().scores
        let folds = Double(validation.folds.count)
        let taught = Double(validation.examples.count) * (folds - 1) / folds
        points = [(0.25, scores[3]), (0.5, scores[2]), (1, all)].compactMap { share, scores in
            scores.map { Point(examples: Int((share * taught).rounded()), scores: $0) }
        }
        halved = Array(scores[..<2])
        half = scores[2]
        classToAdd = Self.classToAdd(all, scores)
    }

    private static func classToAdd(_ all: Scores, _ fewer: [Scores?]) -> Int? {
        let curve = fewer.compactMap { $0?.core }
        guard curve.count == fewer.count else { return nil }
        let index = unsafe withUnsafePointer(to: all.core) { unsafe nnk_class_to_add($0, curve) }
        return index < 0 ? nil : Int(index)
    }
}
