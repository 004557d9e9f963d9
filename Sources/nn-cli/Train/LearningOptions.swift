import ArgumentParser
import NNData
import SwiftNN

/// The options of `train` and `cross-validate` that say how a network takes the images.
struct ImageOptions: ParsableArguments {
    @Flag(
        help: """
            Take the mean of all training images off. Use it for photos with much in common, such as those of one \
            camera, and whenever the network gives the same answer for every image.
            """)
    var center = false

    @Flag(
        help: """
            Take each image's own brightness and contrast off; predictions then do it too. Use it if the light or the \
            room will be another one.
            """)
    var ownContrast = false

    @Flag(
        help: """
            Also learn each image mirrored from left to right. Use it if there are few photos and both classes look the \
            same in a mirror, unlike letters.
            """)
    var mirror = false

    @Flag(help: "Let both classes count alike. Use it if one class has many more images.")
    var balance = false

    func apply(to options: inout TrainingOptions) {
        options.centersImages = center
        options.takesOwnContrastOff = ownContrast
        options.mirror = mirror ? Self.mirror : nil
    }

    /// Images of 64 x 64 RGB pixels.
    static let mirror = TrainingOptions.Mirror.rgb(width: 64)
}

/// The options of `train` that change how a network learns. Without them it is plain gradient descent.
struct LearningOptions: ParsableArguments {
    @OptionGroup var images: ImageOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Let the weights decay at this rate (L2), 0 or above. Use 0.01 to 1 if training images are classified far \
            better than others.
            """, valueName: "rate"))
    var weightDecay = 0.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Hold this share of each class out, 0.0001 to 0.9999, chosen by --seed; show the cost on it. Use 0.2 to see \
            when more iterations no longer help.
            """, valueName: "share"))
    var holdOut: Double?

    @Flag(
        help: """
            Write the parameters with the lowest held-out cost, of those at the iterations that --log-every shows. Use it \
            with --hold-out if the cost there rises again.
            """)
    var keepBest = false

    @Option(
        help: ArgumentHelp(
            """
            Start from this model instead of drawn weights. Use it to teach a finished model photos of your own, or to go \
            on with more photos. - is standard input.
            """, valueName: "model"), completion: .file())
    var from: String?

    func validate() throws {
        guard !keepBest || holdOut != nil else {
            throw ValidationError(
                "--keep-best needs --hold-out, the images that tell which parameters are the best")
        }
        try Self.check(weightDecay: weightDecay)
        if let holdOut, !(0.0001...0.9999).contains(holdOut) {
            throw ValidationError("--hold-out: expected a share of 0.0001 to 0.9999, got \(holdOut)")
        }
    }

    static func check(weightDecay: Double) throws {
        guard weightDecay >= 0, weightDecay.isFinite else {
            throw ValidationError("--weight-decay: expected a number, 0 or above, got \(weightDecay)")
        }
    }

    /// Decay takes the share rate x decay of the weights off in each step.
    static func check(weightDecay: Double, learningRate: Double) throws {
        guard 1 - learningRate * weightDecay > 0 else {
            throw ValidationError(
                "--weight-decay: expected less than 1 / --learning-rate = \(1 / learningRate), got \(weightDecay); "
                    + "no weight would be left after one step")
        }
    }

    func apply(to options: inout TrainingOptions) {
        images.apply(to: &options)
        options.weightDecay = weightDecay
        options.keepsBest = keepBest
    }

    /// The model of --from, which must fit the other options and the data.
    func start(_ options: TrainingOptions, _ data: DataSet, train: String?) throws -> Network? {
        guard let from else { return nil }
        let start = try ModelFile.load(from)
        func check(_ isRight: Bool, _ expected: String, _ found: String) throws(FileError) {
            guard isRight else { throw FileError(.badData, file: from, expected: expected, found: found) }
        }
        try check(
            start.topology == options.topology, "a \(options.topology.text) network, as --topology says",
            "a \(start.topology.text) network")
        try check(
            start.takesOwnContrastOff == options.takesOwnContrastOff,
            "a model trained \(options.takesOwnContrastOff ? "with" : "without") --own-contrast, as this one is to be",
            "one trained \(options.takesOwnContrastOff ? "without" : "with") it")
        try check(
            start.parameters(as: Double.self).allSatisfy { abs($0) <= options.precision.largest },
            "weights within the range of \(options.precision.name)", "larger ones")
        try data.checkClasses(of: train ?? "the drawings", are: start.classNames, of: from)
        return start
    }

    /// How the weights of the examples are made; nil: all are 1.
    var weightRule: WeightRule? {
        guard images.balance || holdOut != nil else { return nil }
        return WeightRule(
            heldOut: holdOut.map { Int(($0 * 10_000).rounded()) } ?? 0, balances: images.balance)
    }
}

extension Precision {
    fileprivate var largest: Double {
        switch self {
        case .f32: Double(Float.greatestFiniteMagnitude)
        case .f64: .greatestFiniteMagnitude
        }
    }
}
