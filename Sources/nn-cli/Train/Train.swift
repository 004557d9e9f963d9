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
            Without --train, the network is trained on 209 small drawings that nn-cli makes itself, and tested \
            on 50 others. For a file to write, - is standard output; messages then go to standard error.

            EXAMPLES
              nn-cli train
              nn-cli train --train train.h5 --test test.h5 -o cats.nnk
              nn-cli train --topology two-layer --precision f32 --seed 7 --json
              nn-cli train --report report.html --log-csv costs.csv
            """
    )

    @Option(help: ArgumentHelp("Images to train on (HDF5).", valueName: "file"), completion: .file())
    var train: String?

    @Option(help: ArgumentHelp("Images to test on (HDF5).", valueName: "file"), completion: .file())
    var test: String?

    @Option(help: "Sizes of the layers. deep: 12288-20-7-5-1; two-layer: 12288-7-1.")
    var topology = Topology.deep

    @Option(help: "Number type of the weights. f64: double; f32: float.")
    var precision = Precision.f64

    @Option(
        help:
            "How to compute the first layer. auto: the method with fewer operations, if its memory is at most 1 GiB."
    )
    var method = MethodChoice.auto

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Number of gradient steps, 1 to 4294967295.", valueName: "n"))
    var iterations = 2500

    @Option(parsing: .unconditional, help: ArgumentHelp("Learning rate, above 0.", valueName: "rate"))
    var learningRate = 0.0075

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seed of the initial weights, 0 to 4294967295.", valueName: "n"))
    var seed: UInt32 = 1

    @Option(parsing: .unconditional, help: ArgumentHelp("Show the cost every n iterations.", valueName: "n"))
    var logEvery = 100

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Model file to write.", valueName: "file"), completion: .file())
    var output = ModelFile.defaultPath

    @Option(
        help: ArgumentHelp(
            "Save the run here on Ctrl-C and every 30 s; removed once the model is written.",
            valueName: "file"), completion: .file())
    var checkpoint: String?

    @Flag(help: "Continue the run that --checkpoint saved; costs are shown from there on.")
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Write a web page (HTML) with costs, accuracies, mislabeled images and weights.",
            valueName: "file"), completion: .file())
    var report: String?

    @Option(
        name: .customLong("log-csv"),
        help: ArgumentHelp("Write the costs as a table (CSV).", valueName: "file"), completion: .file())
    var logCSV: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard 1...Int(UInt32.max) ~= iterations else {
            throw ValidationError("--iterations: expected 1 to \(UInt32.max), got \(iterations)")
        }
        guard learningRate > 0, learningRate.isFinite else {
            throw ValidationError("--learning-rate: expected a number above 0, got \(learningRate)")
        }
        guard 1...Int(UInt32.max) ~= logEvery else {
            throw ValidationError("--log-every: expected 1 to \(UInt32.max), got \(logEvery)")
        }
        guard test == nil || train != nil else {
            throw ValidationError("--test needs --train: the built-in drawings have their own test set")
        }
        guard !resume || checkpoint != nil else {
            throw ValidationError("--resume needs --checkpoint, the file to continue from")
        }
        try checkOutputs()
        if let checkpoint {
            guard resume || !OutputFile.exists(checkpoint) || OutputFile.isFolder(checkpoint) else {
                throw ValidationError(
                    "--checkpoint: \(checkpoint) already exists; continue it with --resume, or remove it")
            }
        }
    }

    private var outputs: [(name: String, path: String)] {
        [("--output", output), ("--checkpoint", checkpoint), ("--report", report), ("--log-csv", logCSV)]
            .compactMap { name, path in path.map { (name, $0) } }
    }

    /// Whether one of the files goes to standard output.
    private var isPiped: Bool { outputs.contains { $0.path == "-" } }

    private func checkOutputs() throws {
        guard checkpoint != "-" else {
            throw ValidationError("--checkpoint: expected a file, got - (standard output)")
        }
        guard !isPiped || !json else {
            throw ValidationError("--json prints to standard output, so no other output can be - as well")
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

    func run() throws {
        Interrupt.watch()
        var clock = PhaseClock()
        var seconds = TrainingReport.Seconds()
        // Outputs are opened first: one that cannot be written is known before the training.
        let modelFile = try OutputFile(output)
        let costTable = try logCSV.map(OutputFile.init)
        let page = try report.map(OutputFile.init)
        let checkpointFile = try checkpoint.map { try CheckpointFile($0) }

        let data = try TrainingData(train: train, test: test)
        seconds.load = clock.lap(
            "reading \(counted(data.training.count, "training image")) and "
                + counted(data.test?.count ?? 0, "test image"))

        var run = try TrainingRun(
            options: options, examples: Examples(data.training), checkpoint: checkpointFile, modelPath: output
        )
        let trained = try run.train(resuming: resume, &clock, &seconds, onCost: show)

        let network = trained.network
        try modelFile.write(network.bytes)
        try run.checkpoint?.remove()
        let results = try data.results(of: network, threads: options.threads)
        seconds.finish = clock.lap("writing and evaluating the model")
        seconds.total = clock.total

        let answer = TrainingReport(
            options, trained, model: ModelSummary(network, path: output), results: results, seconds: seconds)
        // The answer comes before the table and the page: it is there even if one of these cannot be written.
        if json { try Console.answer(json: answer) } else { try show(answer) }
        note("wrote \(output) (\(network.bytes.count) bytes) after \(rounded(seconds.total, places: 1)) s")
        try costTable?.write(csv(answer.costs))
        if let costTable { note("wrote \(costTable.path)") }
        try page?.write(html(answer, network, results))
        if let page { note("wrote \(page.path)") }
    }

    private var options: TrainingOptions {
        var options = TrainingOptions()
        options.topology = topology
        options.precision = precision
        options.seed = seed
        options.iterations = iterations
        options.learningRate = learningRate
        options.costEvery = logEvery
        options.method = method.method
        options.threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return options
    }

    // MARK: What the user sees

    private func show(_ cost: TrainingReport.Cost) throws {
        if !json { try say("Cost after iteration \(cost.iteration): \(text(ofCost: cost.cost))") }
    }

    private func show(_ answer: TrainingReport) throws {
        try say("Train Accuracy \(accuracyText(answer.trainAccuracy))")
        if let accuracy = answer.testAccuracy { try say("Test Accuracy \(accuracyText(accuracy))") }
        draw(answer.costs)
    }

    /// Prints a line of the answer, or a note if a file goes to standard output.
    private func say(_ line: String) throws {
        if isPiped { Console.note(line) } else { try Console.answer(line) }
    }

    /// Prints a note, but not with --json: its answer says all.
    private func note(_ line: String) {
        if !json { Console.note(line) }
    }

    /// On a terminal, the costs as a curve.
    private func draw(_ costs: [TrainingReport.Cost]) {
        guard Console.isUnicode, let columns = Console.columns,
            let lines = CostCurve.lines(costs, columns: columns)
        else { return }
        for line in lines { Console.note(line) }
    }

    /// The seed document shows six digits for the deep network and all for the two-layer one.
    private func text(ofCost cost: Double) -> String {
        topology == .deep ? rounded(cost, places: 6) : "\(cost)"
    }

    private func csv(_ costs: [TrainingReport.Cost]) -> [UInt8] {
        Array("iteration,cost\n".utf8) + costs.flatMap { "\($0.iteration),\($0.cost)\n".utf8 }
    }

    private func html(
        _ answer: TrainingReport, _ network: Network, _ results: TrainingData.Results
    ) -> [UInt8] {
        let page = ReportPage(
            path: output, network: network, results: [results.test, results.training].compactMap { $0 },
            run: answer, command: network.trainingCommand(data: train, test: test, output: output))
        return Array(page.html.text.utf8)
    }
}
