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
              nn-cli predict --min-confidence 0.9 photo.jpg
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

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Answer "not sure" if the class has a lower probability than this, 0.5 or more and below 1. Use it where a \
            wrong answer costs more than none.
            """, valueName: "probability"))
    var minConfidence: Double?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        if let minConfidence, !(minConfidence >= 0.5 && minConfidence < 1) {
            throw ValidationError(
                "--min-confidence: expected 0.5 or more and below 1, got \(minConfidence)")
        }
        guard (inputs + [modelPath]).count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError(
                "standard input can be read only once: use - for one image or for the model")
        }
    }

    func run() throws {
        let path = modelPath ?? Self.defaultModel
        let network = try ModelFile.load(path)
        // All images are read before the first answer: a bad one means no answer, not half of them.
        let images = try inputs.map { try Picture(at: $0).image }
        let predictions = try zip(inputs, images).map {
            try Prediction(input: $0, image: $1, network, minConfidence: minConfidence ?? 0)
        }
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
            "\(Console.oneLine(prediction.input)): \(prediction.class ?? "not sure") (probability of \(positive): \(probability))"
        )
    }

    private struct Prediction: Encodable {
        let input: String
        /// nil: not sure.
        let `class`: String?
        let index: Int
        let probability: Double

        private enum CodingKeys: String, CodingKey { case input, `class`, index, probability }

        init(input: String, image: [UInt8], _ network: Network, minConfidence: Double) throws(NNError) {
            self.input = input
            let answer = try network.classify(image)
            probability = answer.probability
            index = answer.classIndex
            let isSure = max(probability, 1 - probability) >= minConfidence
            `class` = isSure ? network.className(index) : nil
        }

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: CodingKeys.self)
            try object.encode(input, forKey: .input)
            try object.encode(`class`, forKey: .class)
            try object.encode(index, forKey: .index)
            try object.encode(probability, forKey: .probability)
        }
    }

    private struct Answer: Encodable {
        let model: ModelSummary
        let predictions: [Prediction]
    }
}
