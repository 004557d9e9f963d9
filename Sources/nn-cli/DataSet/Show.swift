import ArgumentParser
import NNData

struct Show: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Draw the images of a data set side by side, as one PNG.",
        discussion: """
            \(ContactSheet.columns) images in a row, numbered from the top left as evaluate numbers them. The colour \
            of its frame tells the class of an image.

            EXAMPLES
              nn-cli dataset show cats.h5
              nn-cli dataset show cats.h5 -o page2.png --from 400
            """
    )

    @Argument(help: "The data set (HDF5).", completion: .file())
    var file: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "The PNG file to write. (default: named after the data set, as in cats.png)", valueName: "file"),
        completion: .file())
    var outputPath: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("The first image to show.", valueName: "index"))
    var from = 0

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Show no more than these, 1 ... 10000.", valueName: "n"))
    var limit = 400

    @OptionGroup var console: ConsoleOptions

    private var output: String { outputPath ?? DefaultOutput.path(for: file, extension: "png") }

    func validate() throws {
        guard 1...10_000 ~= limit else {
            throw ValidationError("--limit: expected 1 ... 10000, got \(limit)")
        }
        guard from >= 0 else { throw ValidationError("--from: expected 0 or more, got \(from)") }
        guard !OutputFile.isSameFile(file, output) else {
            throw ValidationError("--output: expected a file other than the data set, got \(output)")
        }
    }

    func run() throws {
        let sheet = try OutputFile(output)
        let data = try CrashGuard.load(file)
        guard from < data.count else {
            throw Failure.usage("--from: expected less than the \(data.count) images of \(file), got \(from)")
        }
        let range = from..<min(data.count, from + limit)
        try sheet.write(ContactSheet.png(data, range))
        try say("images \(range.lowerBound) ... \(range.upperBound - 1) of \(data.count)")
        for label in 0...1 {
            let count = data.labels[range].count { $0 == label }
            let color = ContactSheet.colorNames[label]
            try say("\(color) frames: class \(label), \(data.classes[label]) (\(count))")
        }
        Console.note("wrote \(output)" + (range.count < data.count ? "; --from and --limit show others" : ""))
    }

    /// A line of the answer; where the picture takes the standard output, a note.
    private func say(_ line: String) throws {
        if output == "-" { Console.note(line) } else { try Console.answer(line) }
    }
}
