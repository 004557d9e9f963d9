/// What a ``Teacher`` found out: the network, and what to expect of it.
public struct Lesson: Sendable {
    /// Trained on all examples, and calibrated.
    public let network: Network
    /// The cross-validation by which the recipe was chosen.
    public let heldOut: HeldOutLogits
    /// The recipe and the iterations that were chosen.
    public let choice: CrossValidation.Choice
    /// What makes the network's probabilities honest; it is part of ``network``.
    public let calibration: Calibration
    /// What to expect of ``network`` on images not seen. It has learned more examples than the networks that were judged,
    /// so the accuracy and its interval are a little above those of ``expected``, by what ``learningCurve`` says.
    public let scores: Scores
    /// Each example's answer by networks that have not learned it, after choosing and calibrating without it too.
    public let expected: LabeledLogits
    /// The costs of the training of ``network``.
    public let costs: [Trainer.Cost]
    /// What more examples would bring.
    public let learningCurve: LearningCurve
    /// The examples that the networks think to be of the other class, the most doubtful label first.
    public let doubtful: [Doubt]
    /// How long it took.
    public let durations: Durations

    /// The recipe that was chosen.
    public var recipe: Recipe { heldOut.validation.recipes[choice.recipe] }
    /// The iterations that were chosen.
    public var iterations: Int { heldOut.validation.iterations(of: choice) }
    /// How the examples were dealt into folds.
    public var folds: Folds { heldOut.validation.folds }
    /// How much the examples are alike.
    public var likeness: Likeness { heldOut.validation.likeness }
    /// The log loss of the recipe by iterations.
    public var heldOutCurve: [(iterations: Int, logLoss: Double)] { heldOut.curve(ofRecipe: choice.recipe) }

    /// An example whose label may be wrong.
    public struct Doubt: Equatable, Sendable {
        /// Its place.
        public let example: Int
        /// The probability of its own class, below 0.5.
        public let probability: Double
    }

    /// How long each part took.
    public struct Durations: Equatable, Sendable {
        /// The Gram matrices, and how much the images are alike
        public internal(set) var gramMatrices = Duration.zero
        /// The cross-validation, and the choice
        public internal(set) var crossValidation = Duration.zero
        /// The learning curve
        public internal(set) var learningCurve = Duration.zero
        /// The network
        public internal(set) var training = Duration.zero
    }
}
