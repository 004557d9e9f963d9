import ArgumentParser
import NNData
import SwiftNN

struct Inspect: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a model, a checkpoint or a data set holds.",
        discussion: """
            EXAMPLES
              nn-cli inspect model.nnk
              nn-cli inspect train.h5 --json
              nn-cli inspect built-in
            """
    )

    @Argument(
        help: """
            A model, a checkpoint or a data set (HDF5); - is a model on the standard input, built-in the one that \
            nn-cli has with it.
            """,
        completion: .file())
    var file: String

    @Flag(help: "Answer with one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func run() throws {
        // A pipe can be read once: what comes from one is taken for a model.
        guard file != BuiltInModel.path && file != "-" && !OutputFile.isDevice(file) else {
            return try answerModel()
        }
        let expected = "a model, a checkpoint or a data set"
        let start = try InputFile.readStart(file, expected: expected, count: 8)
        let isHDF5 = start == Array("\u{89}HDF\r\n\u{1a}\n".unicodeScalars.map { UInt8($0.value) })
        if isHDF5 {
            let facts = DataSetFacts(try CrashGuard.load(file), path: file)
            try json ? Console.answer(json: facts) : facts.print()
        } else if start.starts(with: ModelFile.magic), start.last == CheckpointFile.kind {
            let facts = CheckpointFacts(try CheckpointFile.load(file), path: file)
            try json ? Console.answer(json: facts) : facts.print()
        } else if start.starts(with: ModelFile.magic) {
            try answerModel()
        } else {
            throw FileError(.badData, file: file, expected: expected, found: "another kind of file")
        }
    }

    private func answerModel() throws {
        let facts = ModelFacts(try ModelFile.load(file), path: file)
        try json ? Console.answer(json: facts) : facts.print()
    }
}
