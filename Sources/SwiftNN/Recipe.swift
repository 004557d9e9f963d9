import CNNKernel

/// A way to train, to be compared with others. It takes the place of these options of a training.
public struct Recipe: Equatable, Sendable {
    /// Whether images are also learned mirrored, as ``TrainingOptions/mirror`` says.
    public var mirrors = false
    /// ``TrainingOptions/takesOwnContrastOff``
    public var takesOwnContrastOff = false
    /// ``TrainingOptions/weightDecay``
    public var weightDecay = 0.0
    /// ``TrainingOptions/learningRate``; nil: the one of the options.
    public var learningRate: Double?
    /// The share of the examples of each class that teach, above 0 and below 1; 0: all of them.
    var shares = [0.0, 0.0]

    /// A recipe.
    public init(
        mirrors: Bool = false, takesOwnContrastOff: Bool = false, weightDecay: Double = 0,
        learningRate: Double? = nil
    ) {
        self.mirrors = mirrors
        self.takesOwnContrastOff = takesOwnContrastOff
        self.weightDecay = weightDecay
        self.learningRate = learningRate
    }

    /// The recipes to try where nobody says which, the preferred ones first. They are for ``TrainingOptions/centersImages``.
    public static let standard: [Recipe] = unsafe withUnsafeBytes(of: nnk_recipes) {
        unsafe $0.bindMemory(to: nnk_recipe.self).map(Recipe.init)
    }
}

extension Recipe {
    init(_ recipe: nnk_recipe) {
        mirrors = recipe.mirror
        takesOwnContrastOff = recipe.own_contrast
        weightDecay = recipe.weight_decay
        learningRate = recipe.learning_rate == 0 ? nil : recipe.learning_rate
        shares = [recipe.share.0, recipe.share.1]
    }

    var core: nnk_recipe {
        nnk_recipe(
            mirror: mirrors, own_contrast: takesOwnContrastOff, weight_decay: weightDecay,
            learning_rate: learningRate ?? 0, share: (shares[0], shares[1]))
    }

    /// This recipe with fewer examples: half of class 0, half of class 1, half of both, and a quarter of both.
    var curve: [Recipe] {
        var recipes = [nnk_recipe](repeating: nnk_recipe(), count: Int(NNK_CURVE_RECIPES))
        unsafe withUnsafePointer(to: core) { unsafe nnk_curve_recipes($0, &recipes) }
        return recipes.map(Recipe.init)
    }
}

extension TrainingOptions {
    /// These options, but for what the recipe decides.
    public func applying(_ recipe: Recipe) -> TrainingOptions {
        var options = self
        if !recipe.mirrors { options.mirror = nil }
        options.takesOwnContrastOff = recipe.takesOwnContrastOff
        options.weightDecay = recipe.weightDecay
        options.learningRate = recipe.learningRate ?? learningRate
        return options
    }
}
