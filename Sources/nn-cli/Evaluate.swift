import ArgumentParser
import NNData
import SwiftNN

struct Evaluate: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure the accuracy of a model on a data set.",
        discussion: """
            Of a folder or file that holds a training set and a test set, the test set is taken. Photos that the model \
            was trained on say little about others.

            EXAMPLES
              nn-cli evaluate test.h5
              nn-cli evaluate photos -m cats.nnk
              nn-cli evaluate test.h5 -m cats.nnk --min-accuracy 0.75
            """
    )

    @OptionGroup var testData: DataArgument

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var modelOption: ModelOption

    @Option(
        help: ArgumentHelp("Exit with code 1 if the accuracy is below this, 0 to 1.", valueName: "accuracy"))
    var minAccuracy: Double?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    private struct Answer: Encodable {
        let accuracy: Double
        /// Its 95 % interval on many more such images.
        let interval: [Double]
        /// The accuracy of always answering the larger class.
        let guessing: Double
        let count: Int
        let mislabeled: [Int]
        let probabilities: [Double]
        /// nil: the data set has none.
        let names: [String]?
    }

    func validate() throws {
        if let minAccuracy, !(0...1).contains(minAccuracy) {
            throw ValidationError("--min-accuracy: expected 0 to 1, got \(minAccuracy)")
        }
    }

    func run() throws {
        let network = try ModelFile.load(modelOption.model)
        let path = testData.path
        let data = try DataSource(path, dataOptions, like: network.classNames).read(.test)
        try data.checkClasses(of: path, are: network.classNames, of: modelOption.model)
        let examples = try Examples(data)
        let result = try ModelFile.blaming(modelOption.model) { try network.evaluate(examples) }
        if let text = network.silenceText(result) { Console.note("warning: \(text)") }
        let right = data.count - result.mislabeled.count
        let interval = Scores.interval(of: result.accuracy, among: data.count)
        let guessing = Guessing(data)
        if json {
            try Console.answer(
                json: Answer(
                    accuracy: result.accuracy, interval: [interval.lowerBound, interval.upperBound],
                    guessing: guessing.accuracy, count: data.count, mislabeled: result.mislabeled,
                    probabilities: result.probabilities, names: data.names))
        } else {
            try Console.answer("Accuracy \(accuracyText(result.accuracy))")
            let share = "\(right) of \(data.count) right"
            let lines =
                result.mislabeled.isEmpty ? [share] : data.lines("\(share); mislabeled:", result.mislabeled)
            for line in lines { try Console.answer(line) }
            let outlook =
                network.wasTrained(on: examples)
                ? Network.trainingImagesText
                : "On many more such images: \(shareText(interval)) (95 % interval)"
            try Console.answer(
                "\(outlook); always answering \(guessing.answer): \(shareText(guessing.accuracy))")
            Console.note("model: \(modelOption.model)")
        }
        if let minAccuracy, result.accuracy < minAccuracy {
            throw Failure(
                code: 1,
                message: "accuracy \(accuracyText(result.accuracy)) is below --min-accuracy \(minAccuracy)")
        }
    }
}
