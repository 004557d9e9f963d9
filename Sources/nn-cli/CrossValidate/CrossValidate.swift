import ArgumentParser
import NNData
import SwiftNN

struct CrossValidate: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "cross-validate",
        abstract: "Measure how good train's options are on photos that are held out.",
        discussion: """
            The photos are dealt into folds. For each fold a network is trained on all other photos and answers this one, \
            so each photo is answered by a network that has not seen it. Without options, train is judged as it is. \
            --weight-decay, --learning-rate and --iterations take several values each: then all combinations are \
            compared, and the one with the lowest log loss is marked. No model is written.

            EXAMPLES
              nn-cli cross-validate photos --center
              nn-cli cross-validate photos --center --weight-decay 0 0.1 1
              nn-cli cross-validate photos --mirror --iterations 1000 2000 3000
              nn-cli cross-validate train.h5 --leave-one-out --json
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Folder with one folder of photos per class, or a data set (HDF5).", valueName: "data"),
        completion: .file())
    var data: String

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var folds: FoldOptions

    @Flag(
        help: "Hold each photo out alone. Use it for very few photos; as many networks as photos are trained."
    )
    var leaveOneOut = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Repeat with other folds and seeds, 1 to 1000 times. Use 5 or 10 for steadier figures.",
            valueName: "n"))
    var repeats = 1

    @OptionGroup var network: NetworkOptions

    @OptionGroup var images: ImageOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Rates of decay to compare (L2), 0 or above.", valueName: "rate"))
    var weightDecay = [0.0]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Learning rates to compare, above 0.", valueName: "rate"))
    var learningRate = [0.0075]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Numbers of gradient steps to compare.", valueName: "n"))
    var iterations = [2500]

    @OptionGroup var threads: ThreadOption

    @Option(
        help: ArgumentHelp(
            "Write a web page (HTML) with the results, and charts of the best one.", valueName: "file"),
        completion: .file())
    var report: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        // The last held-out logits are taken at the beginning of an iteration more.
        for number in iterations { try JobOptions.check(iterations: number, most: .max - 1) }
        try learningRate.forEach(JobOptions.check(learningRate:))
        for decay in weightDecay {
            try LearningOptions.check(weightDecay: decay)
            for rate in learningRate {
                try LearningOptions.check(weightDecay: decay, learningRate: rate)
            }
        }
        guard 1...1000 ~= repeats else {
            throw ValidationError("--repeats: expected 1 to 1000, got \(repeats)")
        }
        guard !leaveOneOut || (folds.folds == nil && folds.blocks == nil) else {
            throw ValidationError("--leave-one-out cannot be used with --folds or --blocks")
        }
        guard !isPiped || !json else {
            throw ValidationError("--json prints to standard output, so no other output can be - as well")
        }
        guard iterations.max()! / step <= Self.mostPoints else {
            throw ValidationError(
                "--iterations: expected multiples of one number, such as 1000 2000 3000, got "
                    + iterations.map(String.init).joined(separator: " "))
        }
    }

    /// Whether the page goes to standard output.
    private var isPiped: Bool { report.map(OutputFile.isStandardOutput) ?? false }

    /// Held-out answers are kept at every multiple of the step, for all photos.
    private static let mostPoints = 1000

    /// The greatest common divisor of the numbers of iterations.
    private var step: Int {
        iterations.reduce(0) { a, b in
            var (a, b) = (a, b)
            while b != 0 { (a, b) = (b, a % b) }
            return a
        }
    }

    func run() throws {
        Interrupt.watch()
        let start = ContinuousClock.now
        let source = try DataSource(data, dataOptions)
        if let report { try source.check("--report", report) }
        let page = try report.map(OutputFile.init)
        let photos = try source.read(.train)
        let load = seconds(since: start)
        try folds.check(photos, of: data)
        guard leaveOneOut || folds.count < photos.count else {
            throw FileError(
                .badData, file: data, expected: "more photos than the \(folds.count) folds",
                found: "\(photos.count)")
        }
        let validation = try validation(Examples(photos))
        Console.note(
            "training \(counted(validation.networks, "network")) of \(network.topology.text) in "
                + "\(network.precision.name) on \(counted(photos.count, "photo")) with "
                + "\(validation.byteCount) bytes of memory")
        let heldOut = try heldOut(validation)
        let answer = CrossValidationReport(
            results: results(heldOut), data: photos, validation: validation, load: load,
            total: seconds(since: start))
        if json {
            try Console.answer(json: answer)
        } else {
            for line in answer.lines {
                if isPiped { Console.note(line) } else { try Console.answer(line) }
            }
        }
        guard let page else { return }
        try page.write(
            Array(CrossValidationPage(report: answer, path: data, command: command).html.text.utf8))
        if !json { Console.note("wrote \(page.path)") }
    }

    /// The command that gives the same figures.
    private var command: String {
        let flag = { (isThere: Bool) in isThere ? [] : nil as [String]? }
        return commandText(
            "nn-cli cross-validate \(shellQuoted(data))",
            dataOptions.options + [
                ("--folds", leaveOneOut ? nil : ["\(folds.count)"]),
                ("--blocks", folds.blocks.map { ["\($0)"] }), ("--leave-one-out", flag(leaveOneOut)),
                ("--repeats", ["\(repeats)"]), ("--topology", [network.topology.name]),
                ("--precision", [network.precision.name]),
                ("--method", [network.method.defaultValueDescription]),
                ("--seed", ["\(network.seed)"]), ("--center", flag(images.center)),
                ("--own-contrast", flag(images.ownContrast)), ("--mirror", flag(images.mirror)),
                ("--balance", flag(images.balance)), ("--weight-decay", weightDecay.map { "\($0)" }),
                ("--learning-rate", learningRate.map { "\($0)" }),
                ("--iterations", iterations.map { "\($0)" }),
            ])
    }

    private func validation(_ examples: Examples) throws -> CrossValidation {
        let count = leaveOneOut ? examples.count : folds.count
        let validation = try CrossValidation(
            of: examples, recipes: recipes, options: options,
            folds: Folds(count: count, block: folds.blocks ?? 1, seed: network.seed), repeats: repeats,
            balances: images.balance)
        return folds.blocks == nil ? validation.keepingFramesTogether() : validation
    }

    private func heldOut(_ validation: CrossValidation) throws -> HeldOutLogits {
        var bar = ProgressReport(total: 100, unit: ProgressReport.percent)
        defer { bar.clear() }
        return try validation.run { progress in
            bar.update(Int(100 * progress.share), cost: nil)
            guard !Interrupt.isRequested else {
                bar.clear()
                throw Failure(
                    code: 130,
                    message: "interrupted after \(progress.trained) of \(progress.networks) networks")
            }
        }
    }

    /// In the order of the options: by weight decay, then by learning rate, then by iterations.
    private func results(_ heldOut: HeldOutLogits) -> [CrossValidationReport.Result] {
        recipes.indices.flatMap { recipe in
            iterations.map { iterations in
                let choice = CrossValidation.Choice(recipe: recipe, point: iterations / step - 1)
                return CrossValidationReport.Result(
                    options: RecipeOptions(heldOut.validation.options(of: choice), balance: images.balance),
                    answers: heldOut[choice])
            }
        }
    }

    private var recipes: [Recipe] {
        weightDecay.flatMap { decay in
            learningRate.map { rate in
                Recipe(
                    mirrors: images.mirror, takesOwnContrastOff: images.ownContrast, weightDecay: decay,
                    learningRate: rate)
            }
        }
    }

    private var options: TrainingOptions {
        var options = network.trainingOptions
        images.apply(to: &options)
        options.iterations = iterations.max()!
        options.costEvery = step
        options.threads = threads.count
        return options
    }
}
