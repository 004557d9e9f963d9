import CNNKernel

/// The answers of a cross-validation: for each recipe, number of iterations, repeat and example, the logit of a network that
/// has not learned the example.
public struct HeldOutLogits: Sendable {
    /// What was trained.
    public let validation: CrossValidation
    /// (recipes, points, repeats, examples); NaN where a network diverged
    private let values: [Double]

    /// - Parameter values: as the core stores them.
    init(validation: CrossValidation, values: [Double]) {
        self.validation = validation
        self.values = values
    }

    /// The logits of a choice; nil if a network of it diverged.
    /// - Precondition: there are such a recipe and such a point.
    public subscript(choice: CrossValidation.Choice) -> LabeledLogits? {
        LabeledLogits(Array(values[range(of: choice)]), labels: validation.examples.labels)
    }

    /// The log loss of a recipe by iterations; points at which it diverged are left out.
    /// - Precondition: there is such a recipe.
    public func curve(ofRecipe recipe: Int) -> [(iterations: Int, logLoss: Double)] {
        (0..<validation.points).compactMap { point in
            let choice = CrossValidation.Choice(recipe: recipe, point: point)
            return self[choice].map { (validation.iterations(of: choice), $0.scores.logLoss) }
        }
    }

    /// The recipe and the iterations with the lowest log loss, or a recipe that comes before and is above it by no more
    /// than one standard error of this difference.
    /// - Throws: ``NNError/diverged(iteration:)`` if every recipe diverged.
    public func choose() throws(NNError) -> CrossValidation.Choice {
        var choice = nnk_choice()
        let status = unsafe validation.withCore { unsafe nnk_choose($0, values, nil, 0, &choice) }
        try NNError.check(status, iteration: validation.options.iterations)
        return CrossValidation.Choice(recipe: Int(choice.recipe), point: Int(choice.point))
    }

    /// What to expect of choosing and calibrating by these logits. For each fold, both are done without the examples of the
    /// fold, and applied to them: a recipe that was chosen and judged on the same examples would look better than it is.
    /// - Returns: calibrated logits.
    /// - Throws: ``NNError/diverged(iteration:)`` if every recipe diverged.
    public func expected() throws(NNError) -> LabeledLogits {
        let examples = validation.examples
        var fold = [UInt32](repeating: 0, count: examples.count)
        var expected = [Double](repeating: 0, count: validation.repeats * examples.count)
        let status = unsafe validation.withCore { unsafe nnk_expect($0, values, &fold, &expected) }
        try NNError.check(status, iteration: validation.options.iterations)
        guard let logits = LabeledLogits(expected, labels: examples.labels) else {
            throw .diverged(iteration: validation.options.iterations)
        }
        return logits
    }

    /// These logits as if there had been no other recipe and no other number of iterations.
    /// - Precondition: there are such a recipe and such a point.
    func only(_ choice: CrossValidation.Choice) -> HeldOutLogits {
        HeldOutLogits(validation: validation.only(choice), values: Array(values[range(of: choice)]))
    }

    private func range(of choice: CrossValidation.Choice) -> Range<Int> {
        precondition(
            validation.recipes.indices ~= choice.recipe && 0..<validation.points ~= choice.point,
            "there is no such recipe or no such point")
        let count = validation.repeats * validation.examples.count
        let first = (choice.recipe * validation.points + choice.point) * count
        return first..<first + count
    }
}
