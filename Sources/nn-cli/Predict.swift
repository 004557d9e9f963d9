import ArgumentParser
import NNData
import SwiftNN

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which class images belong to.",
        discussion: """
            An image is 64 x 64 pixels, row by row, R G B: 12288 bytes.

            EXAMPLES
              nn-cli predict image.bin
              nn-cli predict -m cats.nnk one.bin two.bin --json
              camera | nn-cli predict -
            """
    )

    @Argument(help: ArgumentHelp("Image files; - is the standard input.", valueName: "input"))
    var inputs: [String]

    @Option(
        name: [.customShort("m"), .customLong("model")],
        help: ArgumentHelp(
            "The model to use (default: model.nnk if it is there, else built-in, which finds cats).",
            valueName: "file"))
    var modelPath: String?

    @Flag(help: "Answer with one JSON object.")
    var json = false

    private struct Prediction: Encodable {
        let input: String
        let `class`: String
        let index: Int
        let probability: Double
    }

    private struct Answer: Encodable {
        let model: ModelSummary
        let predictions: [Prediction]
    }

    func validate() throws {
        guard inputs.count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError("the standard input can be read once: - stands for one image")
        }
    }

    func run() throws {
        let path =
            modelPath
            ?? (OutputFile.exists(ModelFile.defaultPath) ? ModelFile.defaultPath : BuiltInModel.path)
        let network = try ModelFile.load(path)
        // All images are read before the first answer: a bad one spoils the run, not its output.
        let images = try inputs.map { (name: $0, bytes: try Self.readImage($0)) }
        let predictions = try images.map { image in
            let probability = try network.probability(of: image.bytes)
            let index = probability > 0.5 ? 1 : 0
            return Prediction(
                input: image.name, class: network.className(index), index: index, probability: probability)
        }
        if json {
            return try Console.answer(
                json: Answer(model: ModelSummary(network, path: path), predictions: predictions))
        }
        for prediction in predictions {
            let probability = rounded(prediction.probability, places: 4)
            try Console.answer(
                "\(prediction.input): \(prediction.class) (probability of \(network.className(1)): \(probability))"
            )
        }
        Console.note("model: \(path)")
    }

    private static func readImage(_ path: String) throws(FileError) -> [UInt8] {
        let expected = "\(DataSet.imageBytes) bytes (64x64 RGB)"
        let limit = 1 << 20
        let bytes =
            path == "-"
            ? try InputFile.readStandardInput(expected: expected, limit: limit)
            : try InputFile.read(path, expected: expected, limit: limit)
        guard bytes.count == DataSet.imageBytes else {
            throw FileError(
                .badData, file: path == "-" ? "stdin" : path, expected: expected, found: "\(bytes.count)")
        }
        return bytes
    }
}
