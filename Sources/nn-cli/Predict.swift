import ArgumentParser
import NNData
import SwiftNN

struct Predict: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Classify images.",
        discussion: """
            Takes PNG and JPEG pictures of any size, recognized by their content. A picture is rotated as its EXIF \
            data says, laid over white where it is transparent, and resized to 64 x 64 pixels; the aspect \
            ratio is not kept. Any other file must be a raw image of 12288 bytes: 64 rows of 64 pixels, R G B.

            EXAMPLES
              nn-cli predict photo.jpg
              nn-cli predict -m cats.nnk *.png image.bin --json
              camera | nn-cli predict -
            """
    )

    @Argument(
        help: ArgumentHelp("Pictures to classify; - is standard input.", valueName: "input"),
        completion: .file())
    var inputs: [String]

    @Option(
        name: [.customShort("m"), .customLong("model")],
        help: ArgumentHelp(
            "Model to use. (default: model.nnk if it exists, else built-in, which detects cats)",
            valueName: "file"),
        completion: .file())
    var modelPath: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard (inputs + [modelPath]).count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError(
                "standard input can be read only once: use - for one image or for the model")
        }
    }

    func run() throws {
        let path = modelPath ?? Self.defaultModel
        let network = try ModelFile.load(path)
        // All images are read before the first answer: a bad one means no answer, not half of them.
        let images = try inputs.map(Picture.image)
        let predictions = try zip(inputs, images).map { try Prediction(input: $0, image: $1, network) }
        if json {
            try Console.answer(
                json: Answer(model: ModelSummary(network, path: path), predictions: predictions))
        } else {
            for prediction in predictions { try show(prediction, positive: network.className(1)) }
            Console.note("model: \(path)")
        }
    }

    private static var defaultModel: String {
        OutputFile.exists(ModelFile.defaultPath) ? ModelFile.defaultPath : BuiltInModel.path
    }

    private func show(_ prediction: Prediction, positive: String) throws {
        let probability = rounded(prediction.probability, places: 4)
        try Console.answer(
            "\(prediction.input): \(prediction.class) (probability of \(positive): \(probability))")
    }

    private struct Prediction: Encodable {
        let input: String
        let `class`: String
        let index: Int
        let probability: Double

        init(input: String, image: [UInt8], _ network: Network) throws(NNError) {
            self.input = input
            let answer = try network.classify(image)
            probability = answer.probability
            index = answer.classIndex
            `class` = network.className(index)
        }
    }

    private struct Answer: Encodable {
        let model: ModelSummary
        let predictions: [Prediction]
    }
}
