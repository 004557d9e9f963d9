import ArgumentParser
import NNData

struct Show: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Draw the images of a data set side by side in one PNG.",
        discussion: """
            Draws \(ContactSheet.columns) images per row. The numbers start at the top left and are those of evaluate. \
            The colour of an image's frame shows its class.

            EXAMPLES
              nn-cli dataset show cats.h5
              nn-cli dataset show cats.h5 -o page2.png --from 400
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Data set (HDF5), or folder with one folder of photos per class.", valueName: "data"),
        completion: .file())
    var file: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "PNG file to write; - is standard output. (default: named after the data set, as in cats.png)",
            valueName: "file"),
        completion: .file())
    var outputPath: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Number of the first image to show, from 0.", valueName: "index"))
    var from = 0

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Show at most n images, 1 to 10000.", valueName: "n"))
    var limit = 400

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var console: ConsoleOptions

    private var output: String { outputPath ?? DefaultOutput.path(for: file, extension: "png") }

    func validate() throws {
        guard 1...10_000 ~= limit else {
            throw ValidationError("--limit: expected 1 to 10000, got \(limit)")
        }
        guard from >= 0 else { throw ValidationError("--from: expected 0 or more, got \(from)") }
    }

    func run() throws {
        let source = try DataSource(file, dataOptions)
        try source.check("--output", output)
        let sheet = try OutputFile(output)
        let data = try source.read(.train)
        guard from < data.count else {
            throw Failure.usage(
                "--from: expected a number below \(data.count), as \(file) has \(counted(data.count, "image")), got \(from)"
            )
        }
        let range = from..<min(data.count, from + limit)
        try sheet.write(ContactSheet.png(data, range))
        try say("images \(range.lowerBound) to \(range.upperBound - 1) of \(data.count)")
        for label in 0...1 {
            let count = data.labels[range].count { $0 == label }
            let color = ContactSheet.colorNames[label]
            try say("\(color) frames: class \(label), \(data.classes[label]) (\(count))")
        }
        Console.note("wrote \(output)" + (range.count < data.count ? "; --from and --limit show others" : ""))
    }

    /// Prints a line of the answer, or a note if the picture goes to standard output.
    private func say(_ line: String) throws {
        if OutputFile.isStandardOutput(output) { Console.note(line) } else { try Console.answer(line) }
    }
}
