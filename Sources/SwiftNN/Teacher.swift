import CNNKernel

/// The whole way from examples to a detector that says how good it is.
///
/// It tries recipes by cross-validation, takes the one with the lowest held-out log loss, or a preferred one that is about as
/// good, trains it on all examples, calibrates it, and finds out what to expect and what would help.
///
///     let lesson = try Teacher(examples).teach()
///     print(lesson.scores.accuracy, lesson.scores.interval)
///     let network = lesson.network
///
/// The same examples and seed give the same lesson on every processor and for any number of threads.
public struct Teacher: Sendable {
    /// Those to learn. Their weights are ignored.
    public var examples: Examples
    /// What all networks have in common: precision, seed, threads and others. The seed is that of the folds, too.
    public var options: TrainingOptions
    /// The recipes to try, the preferred ones first. Those that mirror are left out if ``TrainingOptions/mirror`` is nil.
    public var recipes = Recipe.standard
    /// Folds of the cross-validation, 2...64; fewer are made if a class has fewer blocks.
    public var folds = 5
    /// ``Folds/block``. nil: blocks are made if the images seem to be frames taken one after another.
    public var block: Int?

    /// A teacher of these examples.
    public init(_ examples: Examples, options: TrainingOptions = Teacher.options) {
        self.examples = examples
        self.options = options
    }

    /// The options that it is made for: centred images of 64 x 64 pixels that may be mirrored, up to 3000 iterations, of
    /// which 1000, 2000 and 3000 are compared.
    public static var options: TrainingOptions {
        var options = TrainingOptions()
        options.centersImages = true
        options.mirror = .rgb(width: 64)
        options.iterations = 3000
        options.costEvery = 1000
        return options
    }

    /// Bytes of memory of the Gram matrices and of the networks that are trained at once.
    /// - Throws: what ``teach(onProgress:)`` throws before it begins.
    public var byteCount: Int { get throws(NNError) { try reserve().byteCount } }

    /// How far the lesson is.
    public struct Progress: Equatable, Sendable {
        /// What is being done.
        public let part: Part
        /// The share of all work that is done, 0...1.
        public let share: Double
    }

    /// What it does, one after the other.
    public enum Part: Equatable, Sendable, CaseIterable {
        /// Compares the images with each other.
        case gramMatrices
        /// Compares the recipes.
        case crossValidation
        /// Trains on fewer examples.
        case learningCurve
        /// Trains the network.
        case training
    }

    /// Teaches.
    ///
    /// - Parameter onProgress: is called every few milliseconds, but seldom while Gram matrices are formed. What it throws
    ///   ends the lesson, for instance `try Task.checkCancellation()`.
    /// - Throws: ``NNError/missingClass(_:)``; ``NNError/tooFewExamples(ofClass:expected:found:)``;
    ///   ``NNError/diverged(iteration:)`` if every recipe diverges; what ``CrossValidation`` and ``Trainer`` throw, and what
    ///   `onProgress` throws.
    public func teach(onProgress: (Progress) throws -> Void = { _ in }) throws -> Lesson {
        var durations = Lesson.Durations()
        try onProgress(Progress(part: .gramMatrices, share: 0))
        let validation = try durations.add(\.gramMatrices) { try prepare() }
        var work = Work(of: validation)
        let heldOut = try durations.add(\.crossValidation) {
            try validation.run { try onProgress(work.progress(.crossValidation, $0.share)) }
        }
        let choice = try heldOut.choose()
        let chosen = try heldOut[choice].orDiverged(validation)
        let calibration = chosen.calibration
        let expected = try heldOut.expected()
        work.choose(validation.recipes[choice.recipe], validation)
        let curve = try durations.add(\.learningCurve) {
            try LearningCurve(of: heldOut.only(choice)) {
                try onProgress(work.progress(.learningCurve, $0.share))
            }
        }
        var costs: [Trainer.Cost] = []
        let network = try durations.add(\.training) {
            var options = validation.options(of: choice)
            options.costEvery = 100
            return try Network(training: validation.examples, options: options) { progress in
                if let cost = progress.cost { costs.append(cost) }
                let share = Double(progress.iteration) / Double(options.iterations)
                try onProgress(work.progress(.training, share))
            }
        }
        let folds = validation.folds.count
        let scores = expected.scores.extrapolated(
            chosen: chosen.calibrated(calibration).scores, half: curve.half, folds: folds)
        let expectation = Network.Expectation(scores, calibration, folds: folds)
        return Lesson(
            network: try network.calibrated(expectation), heldOut: heldOut, choice: choice,
            calibration: calibration, scores: scores, expected: expected, costs: costs,
            learningCurve: curve,
            doubtful: Self.doubtful(expected), durations: durations)
    }

    /// The cross-validation, with blocks if the images need them.
    private func prepare() throws(NNError) -> CrossValidation {
        var validation = try reserve()
        try validation.form()
        return block == nil ? validation.keepingFramesTogether() : validation
    }

    /// The cross-validation before its Gram matrices are formed.
    private func reserve() throws(NNError) -> CrossValidation {
        let recipes = options.mirror == nil ? recipes.filter { !$0.mirrors } : recipes
        let folds = Folds(count: folds, block: block ?? 1, seed: options.seed).fitting(examples)
        return try CrossValidation(reservedFor: examples, recipes, options, folds: folds)
    }

    private static func doubtful(_ expected: LabeledLogits) -> [Lesson.Doubt] {
        expected.ownClassProbabilities.enumerated().filter { $0.element < 0.5 }
            .map { Lesson.Doubt(example: $0.offset, probability: $0.element) }
            .sorted { ($0.probability, $0.example) < ($1.probability, $1.example) }
    }
}

extension LabeledLogits? {
    fileprivate func orDiverged(_ validation: CrossValidation) throws(NNError) -> LabeledLogits {
        guard let self else { throw .diverged(iteration: validation.options.iterations) }
        return self
    }
}

extension Lesson.Durations {
    fileprivate mutating func add<Result>(
        _ part: WritableKeyPath<Self, Duration>, _ body: () throws -> Result
    ) rethrows -> Result {
        let start = ContinuousClock.now
        defer { self[keyPath: part] += ContinuousClock.now - start }
        return try body()
    }
}

extension Teacher {
    /// The multiply-adds of each part, for shares of progress. Forming Gram matrices takes little.
    private struct Work {
        private var parts: [Part: Double] = [:]

        /// Before the choice, the rest is expected to be as much as with the most expensive recipe.
        init(of validation: CrossValidation) {
            let networks = validation.recipes.map { validation.multiplyAdds(of: $0) }
            parts[.crossValidation] = networks.reduce(0, +) * Double(validation.folds.count)
            take(networks.max()!, validation)
        }

        mutating func choose(_ recipe: Recipe, _ validation: CrossValidation) {
            take(validation.multiplyAdds(of: recipe), validation)
        }

        private mutating func take(_ network: Double, _ validation: CrossValidation) {
            parts[.learningCurve] = network * Double(Int(NNK_CURVE_RECIPES) * validation.folds.count)
            parts[.training] = network
        }

        func progress(_ part: Part, _ share: Double) -> Progress {
            let before = Part.allCases.prefix { $0 != part }.reduce(0) { $0 + parts[$1, default: 0] }
            let done = before + parts[part, default: 0] * share
            return Progress(part: part, share: min(done / parts.values.reduce(0, +), 1))
        }
    }
}
