import ArgumentParser
import NNData
import SwiftNN

struct Predict: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Classify images.",
        discussion: """
            Takes PNG, JPEG and WebP pictures of any size, recognized by their content. A picture is rotated as its EXIF \
            data says, laid over white where it is transparent, and resized to 64 x 64 pixels; the aspect \
            ratio is not kept. Any other file must be a raw image of 12288 bytes: 64 rows of 64 pixels, R G B.

            Of a folder, all pictures in it and in its folders are classified. A picture that cannot be read is named on \
            standard error, and the others are answered.

            EXAMPLES
              nn-cli predict photo.jpg
              nn-cli predict -m cats.nnk *.png image.bin --json
              nn-cli predict --min-confidence 0.9 photo.jpg
              nn-cli predict photos --csv answers.csv
              nn-cli predict photos --sort-into sorted --min-confidence 0.9
              nn-cli predict --watch inbox
              find photos -name '*.jpg' | nn-cli predict --files-from -
              camera | nn-cli predict -
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Pictures, and folders of pictures, to classify; - is standard input.", valueName: "input"),
        completion: .file())
    var inputs: [String] = []

    @Option(
        help: ArgumentHelp(
            "Also classify the files and folders named here, one name per line; - is standard input.",
            valueName: "list"),
        completion: .file())
    var filesFrom: String?

    @Flag(
        name: [.customShort("0"), .customLong("null")],
        help: "The names of --files-from end with a NUL, as find -print0 writes them.")
    var isListSeparatedByNUL = false

    @Option(
        name: [.customShort("m"), .customLong("model")],
        help: ArgumentHelp(
            "Model to use. (default: model.nnk if it exists, else built-in, which detects cats)",
            valueName: "file"),
        completion: .file())
    var modelPath: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Answer "not sure" if the class has a lower probability than this, 0.5 or more and below 1. Use it where a \
            wrong answer costs more than none.
            """, valueName: "probability"))
    var minConfidence: Double?

    @Option(
        help: ArgumentHelp(
            "Write the answers as a table, not as text: input,class,probability,error. The probability is that of class 1.",
            valueName: "file"),
        completion: .file())
    var csv: String?

    @Option(
        help: ArgumentHelp(
            "Copy each picture into a folder here that is named after its class, or \"not sure\".",
            valueName: "folder"),
        completion: .directory)
    var sortInto: String?

    @Flag(help: "Make hard links instead of copies.")
    var link = false

    @Option(
        help: ArgumentHelp(
            "Answer each picture that is new in this folder, one JSON object per line, until Ctrl-C.",
            valueName: "folder"),
        completion: .directory)
    var watch: String?

    @Flag(help: "Answer nothing if one picture has no answer or a flaw.")
    var strict = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        if let minConfidence, !(minConfidence >= 0.5 && minConfidence < 1) {
            throw ValidationError(
                "--min-confidence: expected 0.5 or more and below 1, got \(minConfidence)")
        }
        guard !inputs.isEmpty || filesFrom != nil || watch != nil else {
            throw ValidationError("Missing expected argument '<input> ...'")
        }
        guard (inputs + [modelPath, filesFrom]).count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError(
                "standard input can be read only once: use - for one image, for the model or for --files-from"
            )
        }
        if isListSeparatedByNUL && filesFrom == nil { throw ValidationError("--null needs --files-from") }
        if link && sortInto == nil { throw ValidationError("--link needs --sort-into") }
        if json && csv != nil { throw ValidationError("--json and --csv cannot be used together") }
        if sortInto != nil && inputs.contains("-") {
            throw ValidationError("--sort-into needs files; standard input is none")
        }
        if watch != nil && strict { throw ValidationError("--watch and --strict cannot be used together") }
        if let csv, watch != nil, !OutputFile.isStandardOutput(csv) {
            throw ValidationError(
                "--csv: with --watch, which has no end, expected - (standard output), got \(csv)")
        }
        if sortInto == "-" {
            throw ValidationError("--sort-into: expected a folder, got - (standard output)")
        }
    }

    func run() throws {
        let path = modelPath ?? Self.defaultModel
        try checkTable(model: path)
        let network = try ModelFile.load(path)
        let sorter = try sortInto.map {
            try PhotoSorter($0, isLinking: link, network: network, model: path)
        }
        let list = try filesFrom.map { try NameList($0, isSeparatedByNUL: isListSeparatedByNUL) }
        let answers = try AnswerStream(
            form(network, path), to: OutputFile.Writer(OutputFile(csv ?? "-")))
        var run = PredictionRun(
            answers: answers, sorter: sorter, bar: answers.isOnTerminal ? nil : bar, isStrict: strict)
        let classifier = Classifier(network: network, minConfidence: minConfidence ?? 0)
        let folder = try watch.map { try FolderWatch($0, sortedInto: sorter?.places) }
        // Until here, Ctrl-C ends the program at once; from here on, the run looks for it.
        Interrupt.watch()
        do {
            try run.answer(
                Inputs(inputs, list, except: OwnFiles(sorted: sorter?.places, table: csv)), classifier)
            if let folder {
                Console.note("model: \(path)")
                Console.note("watching \(folder.path); Ctrl-C ends this")
                try run.answer(newIn: folder, classifier)
                try run.endWatch()
            }
        } catch NNError.invalidModel(.unusableWeights) {
            throw ModelFile.overflow(path)
        }
        if run.answered > 0 && !json { Console.note("model: \(path)") }
        if let range = run.probabilities, let text = network.silenceText(range, count: run.answered) {
            Console.note("warning: \(text)")
        }
        try run.end()
    }

    /// Refuses to replace what is read by the table.
    private func checkTable(model: String) throws {
        guard let csv, !OutputFile.isStandardOutput(csv) else { return }
        for input in inputs + [filesFrom, model].compactMap(\.self) where OutputFile.isSameFile(input, csv) {
            throw Failure.usage("--csv: expected a file other than the inputs, got \(csv)")
        }
        // It may be a photo of a folder or a list, or the first of *.jpg, which the shell puts in the table's place.
        let isFile = OutputFile.exists(csv) && !OutputFile.isFolder(csv) && !OutputFile.isDevice(csv)
        guard try !isFile || AnswerStream.isTable(at: csv) else {
            throw Failure.usage(
                "--csv: \(csv) exists and is no table of predict; write another file, or remove it")
        }
    }

    private func form(_ network: Network, _ path: String) -> AnswerStream.Form {
        if csv != nil { return .csv }
        if watch != nil { return .jsonLines }
        return json ? .json(ModelSummary(network, path: path)) : .text(positive: network.className(1))
    }

    /// How far the run is. How many photos there are in folders and lists is not known before the end.
    private var bar: ProgressReport {
        let isCounted = filesFrom == nil && !inputs.contains(where: OutputFile.isFolder)
        return ProgressReport(total: isCounted ? inputs.count : nil, unit: "photos")
    }

    private static var defaultModel: String {
        OutputFile.exists(ModelFile.defaultPath) ? ModelFile.defaultPath : BuiltInModel.path
    }
}
