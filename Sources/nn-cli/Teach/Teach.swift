import ArgumentParser
import NNData
import SwiftNN

struct Teach: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "teach",
        abstract: "Make a detector from photos, and say how good it is.",
        discussion: """
            Takes a folder with one folder of photos per class, as dataset pack does, or a data set file. It tries eight \
            ways of training by cross-validation, trains the best one on all photos, and writes the model. Then it says \
            how often the model will be right about photos that it has not seen, and what would help most.

            The class that the model detects is the one that --positive names. Without --positive, it is cat if the names \
            are like cat and non-cat, or cat and other; otherwise it is the second name in alphabetical order.

            EXAMPLES
              nn-cli teach photos
              nn-cli teach photos --positive dog -o dogs.nnk --report dogs.html
              nn-cli teach train.h5 --seed 2 --json
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Folder with one folder of photos per class, or a data set (HDF5).", valueName: "photos"),
        completion: .file())
    var photos: String

    @OptionGroup var modelOutput: ModelOutput

    private var output: String { modelOutput.path }

    @Option(
        help: ArgumentHelp(
            "Write a web page (HTML) with what to expect, charts, and the photos to look at.",
            valueName: "file"),
        completion: .file())
    var report: String?

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var folds: FoldOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Seed of folds and initial weights, 0 to 4294967295. Use others to see how much is chance.",
            valueName: "n"))
    var seed: UInt32 = 1

    @Option(help: "Number type of the weights. f64: double; f32: float, for a model of half the size.")
    var precision = Precision.f64

    @OptionGroup var threads: ThreadOption

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard !isPiped || !json else {
            throw ValidationError("--json prints to standard output, so no other output can be - as well")
        }
        if let report, OutputFile.isSameFile(output, report) {
            throw ValidationError("--report: expected a file other than --output, got \(report)")
        }
    }

    func run() throws {
        Interrupt.watch()
        let start = ContinuousClock.now
        let source = try DataSource(photos, dataOptions)
        try source.check("--output", output)
        if let report { try source.check("--report", report) }
        // An output that cannot be written is known before the work.
        let modelFile = try OutputFile(output)
        let page = try report.map(OutputFile.init)
        let data = try source.read(.train)
        try Network.checkClassNames(data.classes, of: photos)
        let load = seconds(since: start)
        try folds.check(data, of: photos)
        let teacher = try teacher(of: data)
        try modelOutput.check(replacingBy: teacher.examples)
        let arenaBytes = try teacher.byteCount
        Console.note(
            "teaching a \(teacher.options.topology.text) network in \(precision.name) on "
                + "\(counted(data.count, "photo")) with \(arenaBytes) bytes of memory; it will detect \(data.classes[1])"
        )
        let lesson = try lesson(teacher)
        let taught = try lesson.network.evaluate(teacher.examples, threads: threads.count)
        try modelFile.write(lesson.network.bytes)
        if let text = lesson.network.silenceText(taught) { Console.note("warning: \(text)") }
        let answer = TeachReport(
            lesson: lesson, data: data, arenaBytes: arenaBytes,
            model: ModelSummary(lesson.network, path: output),
            load: load, total: seconds(since: start))
        // The answer comes before the page: it is there even if the page cannot be written.
        if json {
            try Console.answer(json: answer)
        } else {
            for line in answer.lines { try say(line) }
        }
        note("wrote \(output) (\(lesson.network.bytes.count) bytes)")
        guard let page else { return }
        try page.write(
            Array(TeachPage(report: answer, path: output, command: command).html.text.utf8))
        note("wrote \(page.path)")
    }

    /// The command that gives the same model.
    private var command: String {
        commandText(
            "nn-cli teach \(shellQuoted(photos))",
            dataOptions.options + [
                ("--folds", ["\(folds.count)"]),
                ("--blocks", folds.blocks.map { ["\($0)"] }), ("--seed", ["\(seed)"]),
                ("--precision", [precision.name]), ("--output", [output]),
            ])
    }

    private func teacher(of data: DataSet) throws -> Teacher {
        var teacher = Teacher(try Examples(data))
        teacher.options.precision = precision
        teacher.options.seed = seed
        teacher.options.threads = threads.count
        teacher.folds = folds.count
        teacher.block = folds.blocks
        return teacher
    }

    private func lesson(_ teacher: Teacher) throws -> Lesson {
        var bar = ProgressReport(total: 100, unit: ProgressReport.percent)
        defer { bar.clear() }
        return try teacher.teach { progress in
            bar.update(Int(100 * progress.share), cost: nil)
            guard !Interrupt.isRequested else {
                bar.clear()
                throw Failure(code: 130, message: "interrupted; \(output) was not written")
            }
        }
    }

    /// Whether a file goes to standard output.
    private var isPiped: Bool { [output, report].contains { $0.map(OutputFile.isStandardOutput) ?? false } }

    /// Prints a line of the answer, or a note if a file goes to standard output.
    private func say(_ line: String) throws {
        if isPiped { Console.note(line) } else { try Console.answer(line) }
    }

    /// Prints a note, but not with --json: its answer says all.
    private func note(_ line: String) {
        if !json { Console.note(line) }
    }
}
