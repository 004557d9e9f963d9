import ArgumentParser
import NNData
import SwiftNN

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

    @Option(
        help: ArgumentHelp(
            "Images to train on: a folder with one folder of photos per class, or a data set (HDF5).",
            valueName: "data"), completion: .file())
    var train: String?

    @Option(
        help: ArgumentHelp(
            "Images to test on. A folder or file with both sets may be given twice.", valueName: "data"),
        completion: .file())
    var test: String?

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var job: JobOptions

    @OptionGroup var learning: LearningOptions

    @OptionGroup var files: OutputOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard test == nil || train != nil else {
            throw ValidationError("--test needs --train: the built-in drawings have their own test set")
        }
        guard !files.isPiped || !json else {
            throw ValidationError("--json prints to standard output, so no other output can be - as well")
        }
        try LearningOptions.check(weightDecay: learning.weightDecay, learningRate: job.learningRate)
        try files.check(isNot: learning.from)
    }

    func run() throws {
        Interrupt.watch()
        var clock = PhaseClock()
        let trainSource = try train.map { try DataSource($0, dataOptions) }
        let testSource = try test.map { try DataSource($0, dataOptions.forTest(at: $0)) }
        for (option, path) in files.all {
            try trainSource?.check(option, path)
            try testSource?.check(option, path)
        }
        // Outputs are opened first: one that cannot be written is known before the training.
        let modelFile = try OutputFile(files.output)
        let costTable = try files.logCSV.map(OutputFile.init)
        let page = try files.report.map(OutputFile.init)
        let checkpoint = try files.checkpoint.map { try CheckpointFile($0, resuming: files.resume) }

        let data = try TrainingData(
            train: trainSource, test: testSource, weights: learning.weightRule, seed: job.network.seed)
        try files.model.check(replacingBy: data.examples)
        clock.lap(\.load, "reading \(data.description)")

        var warnings = TrainingWarning.of(training: data.training, test: data.test)
        for warning in warnings { Console.note("warning: \(warning.text)") }
        var options = job.trainingOptions
        learning.apply(to: &options)
        options.start = try learning.start(options, data.training, train: train)
        var run = TrainingRun(
            options: options, examples: data.examples, checkpoint: checkpoint,
            modelPath: files.output, startPath: learning.from)
        let isPiped = files.isPiped
        let trained = try run.train(resuming: files.resume, &clock) { try show($0, isPiped) }

        let network = trained.network
        let results = try run.results(of: network, for: data)
        try modelFile.write(network.bytes)
        try run.checkpoint?.remove()
        for warning in TrainingWarning.of(results.training, of: network, options) {
            Console.note("warning: \(warning.text)")
            warnings.append(warning)
        }
        clock.lap(\.finish, "writing and evaluating the model")

        let answer = TrainingReport(
            options, trained, model: ModelSummary(network, path: files.output), results: results,
            warnings: warnings, seconds: clock.seconds)
        // The answer comes before the table and the page: it is there even if one of these cannot be written.
        if json { try Console.answer(json: answer) } else { try show(answer, isPiped) }
        note(
            "wrote \(files.output) (\(network.bytes.count) bytes) after \(rounded(answer.seconds.total, places: 1)) s"
        )
        try costTable?.write(csv(answer.costs))
        if let costTable { note("wrote \(costTable.path)") }
        try page?.write(html(answer, network, results))
        if let page { note("wrote \(page.path)") }
    }

    // MARK: What the user sees

    private func show(_ cost: TrainingReport.Cost, _ isPiped: Bool) throws {
        guard !json else { return }
        let heldOut = cost.heldOut.map { ", held out: \(text(ofCost: $0))" } ?? ""
        try say("Cost after iteration \(cost.iteration): \(text(ofCost: cost.cost))\(heldOut)", isPiped)
    }

    private func show(_ answer: TrainingReport, _ isPiped: Bool) throws {
        try say("Train Accuracy \(accuracyText(answer.trainAccuracy))", isPiped)
        if let kept = answer.keptIteration {
            try say("Kept the parameters before iteration \(kept)", isPiped)
        }
        if let accuracy = answer.heldOutAccuracy {
            try say("Held-out Accuracy \(accuracyText(accuracy))", isPiped)
        }
        if let accuracy = answer.testAccuracy {
            try say("Test Accuracy \(accuracyText(accuracy))", isPiped)
        }
        draw(answer.costs)
    }

    /// Prints a line of the answer, or a note if a file goes to standard output.
    private func say(_ line: String, _ isPiped: Bool) throws {
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
        job.network.topology == .deep ? rounded(cost, places: 6) : "\(cost)"
    }

    private func csv(_ costs: [TrainingReport.Cost]) -> [UInt8] {
        let holdsOut = learning.holdOut != nil
        return Array("iteration,cost\(holdsOut ? ",held_out_cost" : "")\n".utf8)
            + costs.flatMap { cost in
                "\(cost.iteration),\(cost.cost)\(cost.heldOut.map { ",\($0)" } ?? "")\n".utf8
            }
    }

    private func html(
        _ answer: TrainingReport, _ network: Network, _ results: TrainingData.Results
    ) -> [UInt8] {
        let page = ReportPage(
            path: files.output, network: network,
            results: [results.test, results.heldOut, results.training].compactMap { $0 },
            run: answer,
            command: network.trainingCommand(
                data: train, test: test, options: dataOptions, output: files.output, start: learning.from,
                logEvery: job.logEvery))
        return Array(page.html.text.utf8)
    }
}
