import ArgumentParser
import NNData
import SwiftNN

/// The model file that `train` and `teach` write.
///
/// Without --output it is model.nnk. Whoever repeats a command, or tries other options on the same images, has it
/// replaced; a model of other images is kept, as nobody said that it may go.
struct ModelOutput: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Model file to write. (default: model.nnk)", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(help: "Replace model.nnk also if it is not a model of the same images; --output does so anyway.")
    var force = false

    var path: String { output ?? ModelFile.defaultPath }

    /// Refuses to replace a file that nobody named, unless it is a model that was trained on the same images.
    func check(replacingBy examples: Examples) throws {
        guard output == nil, !force, OutputFile.exists(path), !OutputFile.isDevice(path) else { return }
        guard let there = try? ModelFile.load(path) else { throw refusal("no usable model") }
        guard let origin = there.origin else { throw refusal("a model of imported weights") }
        guard origin.dataCRC == examples.crc else {
            throw refusal(
                "a model trained on other images (\(counted(origin.examples, "image")), CRC-32 \(origin.dataCRCText))"
            )
        }
    }

    private func refusal(_ found: String) -> Failure {
        .usage(
            "\(path) is \(found), and would be replaced; write another file with --output, or replace it with --force"
        )
    }
}
