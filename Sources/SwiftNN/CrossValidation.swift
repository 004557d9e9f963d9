import CNNKernel

/// How often a detector will be right about images that it has not seen, by recipe: for each recipe and fold, a network is
/// trained on all other examples, and asked about those of the fold (judge.h).
///
///     let validation = try CrossValidation(of: examples, recipes: Recipe.standard, options: options)
///     let heldOut = try validation.run()
///     let choice = try heldOut.choose()
///     print(validation.recipes[choice.recipe], heldOut[choice]!.scores)
///
/// The numbers are the same on every processor and for any number of threads.
public struct CrossValidation: Sendable {
    /// The examples. Their weights are ignored.
    public let examples: Examples
    /// The recipes, by the place that a ``Choice`` names.
    public private(set) var recipes: [Recipe]
    /// What all networks have in common.
    public private(set) var options: TrainingOptions
    /// How the examples are dealt into folds.
    public private(set) var folds: Folds
    /// How often. Repeat r adds r to the seeds of the folds and of the initial weights.
    public let repeats: Int
    /// Whether both classes weigh alike, however many examples they have.
    public let balances: Bool
    /// How much the images are alike.
    public private(set) var likeness = Likeness()
    private let grams: GramMatrices

    /// A recipe, and a number of iterations.
    public struct Choice: Hashable, Sendable {
        /// The place of the recipe.
        public let recipe: Int
        /// 0: after ``TrainingOptions/costEvery`` iterations; the last: after all.
        public let point: Int

        /// A choice.
        public init(recipe: Int, point: Int) {
            self.recipe = recipe
            self.point = point
        }
    }

    /// Prepares a cross-validation. The Gram matrices of the images, which all networks share, are formed here.
    ///
    /// - Parameters:
    ///   - examples: of both classes.
    ///   - recipes: one or more.
    ///   - options: what all networks have in common. The held-out logits are taken after each
    ///     ``TrainingOptions/costEvery`` iterations; their number is a multiple of it. ``TrainingOptions/mirror`` says how
    ///     recipes mirror. What recipes decide, ``TrainingOptions/keepsBest``, ``TrainingOptions/gram``
    ///     and ``TrainingOptions/capacity`` are ignored.
    ///   - folds: how the examples are dealt.
    ///   - repeats: how often, 1 or more.
    ///   - balances: whether both classes weigh alike.
    /// - Throws: ``NNError/missingClass(_:)``, ``NNError/tooFewExamples(ofClass:expected:found:)``,
    ///   ``NNError/notAMultiple(name:value:of:)``, and what ``Trainer/init(examples:options:)`` throws.
    public init(
        of examples: Examples, recipes: [Recipe], options: TrainingOptions, folds: Folds = Folds(),
        repeats: Int = 1, balances: Bool = false
    ) throws(NNError) {
        try self.init(
            reservedFor: examples, recipes, options, folds: folds, repeats: repeats, balances: balances)
        try form()
    }

    /// Checks the arguments and takes the memory of the Gram matrices, which ``form()`` fills.
    init(
        reservedFor examples: Examples, _ recipes: [Recipe], _ options: TrainingOptions, folds: Folds,
        repeats: Int = 1, balances: Bool = false
    ) throws(NNError) {
        self.examples = examples.unweighted
        self.recipes = recipes
        self.options = options.shared(by: recipes, examples: examples.count)
        self.folds = folds
        self.repeats = repeats
        self.balances = balances
        try Self.check(examples, recipes, options, folds, repeats)
        grams = try GramMatrices(reservedFor: self.examples, recipes, self.options)
    }

    /// Forms the Gram matrices.
    mutating func form() throws(NNError) {
        try grams.form(examples)
        likeness = try Likeness(of: examples, grams.any)
    }

    private static func check(
        _ examples: Examples, _ recipes: [Recipe], _ options: TrainingOptions, _ folds: Folds, _ repeats: Int
    ) throws(NNError) {
        try folds.check(examples)
        try NNError.check(repeats, .repeats, 1...Int(UInt32.max))
        guard !recipes.isEmpty else { throw .wrongCount(of: .recipes, expected: 1, found: 0) }
        try NNError.check(countOf: .bytesOfImage, examples.imageBytes, expected: options.topology.inputs)
        try NNError.check(options.iterations, .iterations, 1...Int(UInt32.max) - 1)
        try NNError.check(options.costEvery, .costEvery, 1...options.iterations)
        guard options.iterations.isMultiple(of: options.costEvery) else {
            throw .notAMultiple(name: .iterations, value: options.iterations, of: options.costEvery)
        }
        for recipe in recipes {
            if recipe.mirrors && options.mirror == nil {
                throw .invalidOption(name: .mirrorRow, value: 0, allowed: 1...Double(examples.imageBytes))
            }
            var options = options.applying(recipe)
            (options.keepsBest, options.gram, options.capacity) = (false, nil, nil)
            try options.check(examples: examples.count)
        }
    }

    /// Images of one class that are nearly alike, but in different folds (of the first repeat): one of them gives away the
    /// other, which makes scores look too good.
    public var alikeAcrossFolds: [AlikePair] {
        guard !likeness.alike.isEmpty else { return [] }
        let (fold, labels) = (folds.dealChecked(examples), examples.labels)
        return likeness.alike.filter {
            labels[$0.first] == labels[$0.second] && fold[$0.first] != fold[$0.second]
        }
    }

    /// Bytes of memory of the Gram matrices and, in ``run(onProgress:)``, of the networks.
    public var byteCount: Int {
        let sizes = Sizes(self)
        return grams.byteCount + sizes.logits + sizes.seats * (sizes.arena + sizes.scratch)
    }

    /// How many networks are trained.
    public var networks: Int { recipes.count * repeats * folds.count }

    /// How many numbers of iterations are compared.
    public var points: Int { options.iterations / options.costEvery }

    /// The iterations of a choice.
    public func iterations(of choice: Choice) -> Int { (choice.point + 1) * options.costEvery }

    /// The options of one training with the recipe of a choice, and with its iterations.
    /// - Precondition: there is such a recipe.
    public func options(of choice: Choice) -> TrainingOptions {
        var options = options.applying(recipes[choice.recipe])
        options.iterations = iterations(of: choice)
        options.gram = grams.matrix(for: recipes[choice.recipe])
        return options
    }

    /// The same with one recipe and one number of iterations.
    func only(_ choice: Choice) -> CrossValidation {
        var validation = self
        validation.recipes = [recipes[choice.recipe]]
        validation.options.iterations = iterations(of: choice)
        validation.options.costEvery = validation.options.iterations
        return validation
    }

    /// The same with neighbours in one fold, if the images seem to be frames taken one after another
    /// (``Likeness/isSequence``): of the smaller class, a fold holds out one block. Leave-one-out stays as it is.
    public func keepingFramesTogether() -> CrossValidation {
        guard likeness.isSequence && folds.count < examples.count else { return self }
        let smaller = examples.countOfClasses.min()!
        var validation = self
        validation.folds.block = min(max((smaller + folds.count - 1) / folds.count, 2), smaller - 1)
        validation.folds = validation.folds.fitting(examples)
        return validation
    }

    /// The same with fewer examples, for a learning curve: see ``Recipe/curve``.
    /// - Precondition: there is one recipe.
    func withFewerExamples() -> CrossValidation {
        var validation = self
        validation.recipes = recipes[0].curve
        return validation
    }

    /// Multiply-adds of a network, for shares of progress.
    func multiplyAdds(of recipe: Recipe) -> Double {
        options.applying(recipe).multiplyAdds(options.method ?? .dual, examples: examples.count)
    }

    /// The core's view, valid within `body`.
    func withCore<Result>(_ body: (UnsafePointer<nnk_validation>) -> Result) -> Result {
        unsafe recipes.map(\.core).withUnsafeBufferPointer { recipes in
            unsafe options.withJob(examples) { job in
                var v = unsafe nnk_validation()
                unsafe v.job = job.pointee
                unsafe v.recipes = recipes.baseAddress
                unsafe v.recipe_count = UInt32(recipes.count)
                unsafe v.folds = folds.core
                unsafe v.repeats = UInt32(repeats)
                unsafe v.balance = balances
                unsafe v.gram = grams.plain?.memory
                unsafe v.mirrored_gram = grams.mirrored?.memory
                return unsafe withUnsafePointer(to: v, body)
            }
        }
    }
}

extension TrainingOptions {
    /// These options, with one method for all recipes.
    fileprivate func shared(by recipes: [Recipe], examples: Int) -> TrainingOptions {
        var options = self
        (options.keepsBest, options.gram, options.capacity) = (false, nil, nil)
        options.takesOwnContrastOff = false
        if !recipes.contains(where: \.mirrors) { options.mirror = nil }
        options.method = method ?? options.chosenMethod(examples: examples)
        return options
    }
}

/// The Gram matrices that the recipes of a cross-validation need. The primal method needs none.
struct GramMatrices: Sendable {
    private(set) var plain: GramMatrix?
    private(set) var mirrored: GramMatrix?

    /// Takes their memory, which ``form(_:)`` fills.
    /// - Parameter options: with the method.
    init(reservedFor examples: Examples, _ recipes: [Recipe], _ options: TrainingOptions) throws(NNError) {
        guard options.method == .dual else { return }
        if recipes.contains(where: { !$0.mirrors }) {
            var options = options
            options.mirror = nil
            plain = try GramMatrix(reservedFor: examples, options: options)
        }
        if recipes.contains(where: \.mirrors) {
            mirrored = try GramMatrix(reservedFor: examples, options: options)
        }
    }

    /// - Precondition: the memory was reserved for these examples.
    func form(_ examples: Examples) throws(NNError) {
        try plain?.form(examples)
        try mirrored?.form(examples)
    }

    var byteCount: Int { (plain?.byteCount ?? 0) + (mirrored?.byteCount ?? 0) }

    func matrix(for recipe: Recipe) -> GramMatrix? { recipe.mirrors ? mirrored : plain }

    /// One that has the pairs of images; nil: there is none.
    var any: GramMatrix? { plain ?? mirrored }
}
