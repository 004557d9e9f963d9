import ArgumentParser
import NNData
import SwiftNN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct Train: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network and write it to a model file.",
        discussion: """
            Without --train it learns from 209 small drawings that it makes itself, and is tested on 50 others. \
            In place of a file to write, - is the standard output; what it says goes to the standard error then.

            EXAMPLES
              nn-cli train
              nn-cli train --train train.h5 --test test.h5 -o cats.nnk
              nn-cli train --topology two-layer --precision f32 --seed 7 --json
              nn-cli train --report report.html --log-csv costs.csv
            """
    )

    enum TopologyName: String, ExpressibleByArgument, CaseIterable {
        case deep
        case twoLayer = "two-layer"

        var topology: Topology { self == .deep ? .deep : .twoLayer }
    }

    enum PrecisionName: String, ExpressibleByArgument, CaseIterable {
        case f64, f32

        var precision: Precision { self == .f64 ? .f64 : .f32 }
    }

    enum MethodName: String, ExpressibleByArgument, CaseIterable {
        case auto, dual, primal

        var method: Method? {
            switch self {
            case .auto: nil
            case .dual: .dual
            case .primal: .primal
            }
        }
    }

    @Option(help: ArgumentHelp("Images to learn from (HDF5).", valueName: "file"), completion: .file())
    var train: String?

    @Option(help: ArgumentHelp("Images to test with (HDF5).", valueName: "file"), completion: .file())
    var test: String?

    @Option(help: "deep: 12288-20-7-5-1, two-layer: 12288-7-1.")
    var topology = TopologyName.deep

    @Option(help: "The type of the weights: double or float.")
    var precision = PrecisionName.f64

    @Option(help: "How the weights are computed; auto takes what has less to compute and fits memory.")
    var method = MethodName.auto

    @Option(parsing: .unconditional, help: ArgumentHelp("Gradient steps, 1 ... 4294967295.", valueName: "n"))
    var iterations = 2500

    @Option(parsing: .unconditional, help: ArgumentHelp("The size of a step, above 0.", valueName: "rate"))
    var learningRate = 0.0075

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Of the initial weights, 0 ... 4294967295.", valueName: "n"))
    var seed: UInt32 = 1

    @Option(parsing: .unconditional, help: ArgumentHelp("Iterations between two costs.", valueName: "n"))
    var logEvery = 100

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The model file to write.", valueName: "file"), completion: .file())
    var output = ModelFile.defaultPath

    @Option(
        help: ArgumentHelp(
            "Where Ctrl-C, and each half minute, saves the state of the run; gone when the model is written.",
            valueName: "file"), completion: .file())
    var checkpoint: String?

    @Flag(help: "Go on from the checkpoint; costs are shown from there on.")
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Show costs, accuracies, mislabeled pictures and weights in a page for the browser (HTML).",
            valueName: "file"), completion: .file())
    var report: String?

    @Option(
        name: .customLong("log-csv"),
        help: ArgumentHelp("Write the costs as a table (CSV).", valueName: "file"), completion: .file())
    var logCSV: String?

    @Flag(help: "Answer with one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard 1...Int(UInt32.max) ~= iterations else {
            throw ValidationError("--iterations: expected 1 ... \(UInt32.max), got \(iterations)")
        }
        guard learningRate > 0, learningRate.isFinite else {
            throw ValidationError("--learning-rate: expected a number above 0, got \(learningRate)")
        }
        guard 1...Int(UInt32.max) ~= logEvery else {
            throw ValidationError("--log-every: expected 1 ... \(UInt32.max), got \(logEvery)")
        }
        guard test == nil || train != nil else {
            throw ValidationError("--test needs --train: drawings have a test set of their own")
        }
        guard !resume || checkpoint != nil else {
            throw ValidationError("--resume needs --checkpoint, the file to go on from")
        }
        try checkOutputs()
        if let checkpoint {
            guard resume || !OutputFile.exists(checkpoint) || OutputFile.isFolder(checkpoint) else {
                throw ValidationError(
                    "--checkpoint: \(checkpoint) is there already: go on from it with --resume, or remove it")
            }
        }
    }

    private var outputs: [(name: String, path: String)] {
        [("--output", output), ("--checkpoint", checkpoint), ("--report", report), ("--log-csv", logCSV)]
            .compactMap { name, path in path.map { (name, $0) } }
    }

    /// Whether the standard output is taken by a file.
    private var isPiped: Bool { outputs.contains { $0.path == "-" } }

    private func checkOutputs() throws {
        guard checkpoint != "-" else { throw ValidationError("--checkpoint: expected a file, got -") }
        guard !isPiped || !json else {
            throw ValidationError("--json answers on the standard output, which - stands for as well")
        }
        for (index, (name, path)) in outputs.enumerated() {
            guard ![train, test].compactMap({ $0 }).contains(where: { OutputFile.isSameFile($0, path) })
            else {
                throw ValidationError("\(name): expected a file other than the data sets, got \(path)")
            }
            if let other = outputs.prefix(index).first(where: { OutputFile.isSameFile($0.path, path) }) {
                throw ValidationError("\(name): expected a file other than \(other.name), got \(path)")
            }
        }
    }

    private var options: TrainingOptions {
        var options = TrainingOptions()
        options.topology = topology.topology
        options.precision = precision.precision
        options.seed = seed
        options.iterations = iterations
        options.learningRate = learningRate
        options.costEvery = logEvery
        options.method = method.method
        options.threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return options
    }

    func run() throws {
        Interrupt.watch()
        let start = ContinuousClock.now
        let (file, table, page) = try (
            OutputFile(output), logCSV.map(OutputFile.init), report.map(OutputFile.init)
        )
        let checkpointFile = try checkpoint.map { try CheckpointFile($0) }
        let (trainingSet, testSet) = try loadData()
        var seconds = TrainingReport.Seconds(load: nn_cli.seconds(since: start))
        detail("reading \(trainingSet.count) images, and \(testSet?.count ?? 0) to test with", seconds.load)
        let (network, costs, begun, arenaBytes) = try fit(Examples(trainingSet), checkpointFile, &seconds)

        let finishing = ContinuousClock.now
        try file.write(network.bytes)
        try checkpointFile?.remove()
        let onTraining = try network.evaluate(Examples(trainingSet), threads: options.threads)
        let onTest = try testSet.map { try network.evaluate(Examples($0), threads: options.threads) }
        seconds.finish += nn_cli.seconds(since: finishing)
        seconds.total = nn_cli.seconds(since: start)
        detail("writing and evaluating the model", seconds.finish)

        let answer = TrainingReport(
            model: ModelSummary(network, path: output),
            method: "\(options.method ?? options.chosenMethod(examples: trainingSet.count))", seed: seed,
            iterations: iterations, learningRate: learningRate, begun: begun, costs: costs,
            trainAccuracy: onTraining.accuracy, testAccuracy: onTest?.accuracy,
            mislabeled: onTest?.mislabeled ?? [], arenaBytes: arenaBytes, seconds: seconds)
        // First what can't fail any more: then a page that can't be written takes nothing away.
        if json { try Console.answer(json: answer) } else { try say(answer) }
        note("wrote \(output) (\(network.bytes.count) bytes) after \(rounded(seconds.total, places: 1)) s")
        if let table {
            try table.write(Self.csv(costs))
            note("wrote \(table.path)")
        }
        guard let page else { return }
        var results = [
            ReportPage.Results(name: "Training", path: train, data: trainingSet, evaluation: onTraining)
        ]
        if let testSet, let onTest {
            let first = ReportPage.Results(name: "Test", path: test, data: testSet, evaluation: onTest)
            results.insert(first, at: 0)
        }
        try page.write(html(answer, network, results))
        note("wrote \(page.path)")
    }

    /// With --json the answer says all.
    private func note(_ line: String) {
        if !json { Console.note(line) }
    }

    private func say(_ answer: TrainingReport) throws {
        try say("Train Accuracy \(accuracyText(answer.trainAccuracy))")
        if let accuracy = answer.testAccuracy { try say("Test Accuracy \(accuracyText(accuracy))") }
        draw(answer.costs)
    }

    /// A line of the answer; where the standard output is taken, a note.
    private func say(_ line: String) throws {
        if isPiped { Console.note(line) } else { try Console.answer(line) }
    }

    private func detail(_ work: String, _ seconds: Double) {
        Console.detail("\(work): \(rounded(seconds, places: 3)) s")
    }

    /// On a terminal, what the costs look like.
    private func draw(_ costs: [TrainingReport.Cost]) {
        guard Console.isUnicode, let columns = Console.columns,
            let lines = CostCurve.lines(costs, columns: columns)
        else {
            return
        }
        for line in lines { Console.note(line) }
    }

    private static func csv(_ costs: [TrainingReport.Cost]) -> [UInt8] {
        Array("iteration,cost\n".utf8) + costs.flatMap { "\($0.iteration),\($0.cost)\n".utf8 }
    }

    private func html(
        _ answer: TrainingReport, _ network: Network, _ results: [ReportPage.Results]
    ) -> [UInt8] {
        let page = ReportPage(
            path: output, network: network, results: results, run: answer,
            command: network.trainingCommand(data: train, test: test, output: output))
        return Array(page.html.text.utf8)
    }

    private func loadData() throws -> (training: DataSet, test: DataSet?) {
        guard let train else {
            Console.note("no --train: learning from 209 drawings of cats and other things, testing with 50")
            return (DrawnData.training, DrawnData.test)
        }
        let training = try CrashGuard.load(train)
        for name in training.classes where name.utf8.count > Network.longestClassName {
            Console.note(
                "\(train): a model keeps \(Network.longestClassName) bytes of the class name \(name)")
        }
        guard let test else { return (training, nil) }
        let testing = try CrashGuard.load(test)
        try testing.checkClasses(of: test, are: training.classes, of: train)
        return (training, testing)
    }

    private func fit(
        _ examples: Examples, _ checkpoint: CheckpointFile?, _ seconds: inout TrainingReport.Seconds
    ) throws -> (Network, [TrainingReport.Cost], begun: Int, arenaBytes: Int) {
        let start = ContinuousClock.now
        var trainer =
            resume
            ? try checkpoint!.trainer(options, examples: examples) : try Trainer(options, examples: examples)
        Console.note(description(of: examples.count, arenaBytes: trainer.arenaBytes))
        let begun = trainer.iteration
        let costs = try descend(&trainer, checkpoint) { seconds.setup = nn_cli.seconds(since: start) }
        seconds.loop = nn_cli.seconds(since: start) - seconds.setup
        detail("setting up", seconds.setup)
        detail("\(iterations) iterations", seconds.loop)

        let finishing = ContinuousClock.now
        let arenaBytes = trainer.arenaBytes
        do {
            let network = try trainer.finish()
            seconds.finish = nn_cli.seconds(since: finishing)
            return (network, costs, begun, arenaBytes)
        } catch .diverged(let iteration) {
            throw divergence(iteration)
        }
    }

    /// What is trained and how, and why so.
    private func description(of count: Int, arenaBytes: Int) -> String {
        let chosen = options.method ?? options.chosenMethod(examples: count)
        let other: Method = chosen == .dual ? .primal : .dual
        let ratio =
            options.multiplyAdds(other, examples: count) / options.multiplyAdds(chosen, examples: count)
        let reason =
            method != .auto
            ? "as asked"
            : ratio >= 1
                ? "\(rounded(ratio, places: ratio < 10 ? 1 : 0)) times less to compute than \(other)"
                : "\(other) would need too much memory"
        return "training \(topology.topology.text) in \(precision.rawValue) on \(count) images, "
            + "\(arenaBytes) bytes of memory; method: \(chosen) (\(reason))"
    }

    /// The costs of the whole run, from the initial weights on.
    private func descend(
        _ trainer: inout Trainer, _ checkpoint: CheckpointFile?, onceSetUp: () -> Void
    ) throws -> [TrainingReport.Cost] {
        var checkpoint = checkpoint
        var costs: [TrainingReport.Cost] = []
        var progress = ProgressReport(total: iterations, begun: trainer.iteration)
        var isSettingUp = true
        defer { progress.clear() }
        do {
            while true {
                guard !Interrupt.isRequested else {
                    progress.clear()
                    throw try interruption(&trainer, checkpoint)
                }
                try checkpoint?.saveIfDue(&trainer)
                let step = try trainer.step()
                if isSettingUp && !trainer.isSettingUp {
                    isSettingUp = false
                    onceSetUp()
                }
                switch step {
                case .trained: return costs
                case .working: progress.update(trainer.iteration, cost: costs.last?.cost)
                case .cost(let cost, let iteration):
                    costs.append(TrainingReport.Cost(iteration: iteration, cost: cost))
                    progress.clear()
                    if !json { try say("Cost after iteration \(iteration): \(text(ofCost: cost))") }
                }
            }
        } catch let error as NNError {
            guard case .diverged(let iteration) = error else { throw error }
            throw divergence(iteration)
        }
    }

    private func interruption(_ trainer: inout Trainer, _ checkpoint: CheckpointFile?) throws -> Failure {
        let message =
            "interrupted after \(trainer.iteration) of \(iterations) iterations; \(output) was not written"
        guard var checkpoint else { return Failure(code: 130, message: message) }
        try checkpoint.save(&trainer)
        return Failure(code: 130, message: message + "; to go on, repeat the command with --resume")
    }

    /// The seed document shows six digits for the deep network and all for the two-layer one.
    private func text(ofCost cost: Double) -> String {
        topology == .deep ? rounded(cost, places: 6) : "\(cost)"
    }

    /// Training repeats itself to the bit, so the last finite weights are to be had by stopping before.
    private func divergence(_ iteration: Int) -> Failure {
        let advice =
            iteration > 1 ? ", or keep the last finite weights with --iterations \(iteration - 1)" : ""
        return .badData(
            "the cost is no longer finite after iteration \(iteration) with --learning-rate \(learningRate): "
                + "try a lower one" + advice)
    }
}
