import ArgumentParser
import NNData
import SwiftNN

struct Inspect: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a model, a checkpoint or a data set contains.",
        discussion: """
            EXAMPLES
              nn-cli inspect model.nnk
              nn-cli inspect train.h5 --json
              nn-cli inspect built-in
            """
    )

    @Argument(
        help: """
            Model, checkpoint, data set (HDF5) or folder of photos. - is a model on standard input; built-in is the model that ships \
            with nn-cli.
            """,
        completion: .file())
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var console: ConsoleOptions

    func run() throws {
        let facts = try facts()
        if json { try Console.answer(json: facts) } else { try facts.print() }
    }

    private func facts() throws -> any Facts {
        // A pipe can be read only once, so its content is not looked at first: it must be a model.
        guard file != BuiltInModel.path && file != "-" && !OutputFile.isDevice(file) else {
            return ModelFacts(try ModelFile.load(file), path: file)
        }
        guard !OutputFile.isFolder(file) else { return try dataSetFacts() }
        let expected = "a model, a checkpoint or a data set"
        let start = try InputFile.readStart(file, expected: expected, count: FileKind.startBytes)
        guard !FileKind.isHDF5(start) else { return try dataSetFacts() }
        guard start.starts(with: FileKind.modelMagic) else {
            throw FileError(.badData, file: file, expected: expected, found: FileKind.text(of: start))
        }
        return start.prefix(8).last == CheckpointFile.kind
            ? CheckpointFacts(try CheckpointFile.load(file), path: file)
            : ModelFacts(try ModelFile.load(file), path: file)
    }

    private func dataSetFacts() throws -> DataSetFacts {
        let (classes, labels) = try DataSource(file, dataOptions).readLabels(.train)
        return DataSetFacts(classes: classes, labels: labels, path: file)
    }
}

/// What a file contains: as JSON, and as lines for people.
protocol Facts: Encodable {
    func print() throws
}
