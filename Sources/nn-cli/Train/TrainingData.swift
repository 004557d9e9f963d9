import NNData
import SwiftNN

/// The data sets of a training, checked against each other.
struct TrainingData {
    let training: DataSet
    /// The training set, with the weights of its examples.
    let examples: Examples
    /// nil: the user gave a training set alone.
    let test: DataSet?
    /// nil: drawings.
    private let paths: (train: String?, test: String?)

    /// Without `train`, the drawings that the tool makes.
    init(
        train: String?, test: String?, arrays: ArrayNames, weights: WeightRule?, seed: UInt32
    ) throws {
        (training, self.test) = try Self.load(train, test, arrays)
        paths = (train, test)
        let examples = try Examples(training)
        do throws(NNError) {
            self.examples =
                try weights.map { rule throws(NNError) in try rule.weighted(examples, seed: seed) }
                ?? examples
        } catch .heldOutClass(let index) {
            throw FileError(
                .badData, file: train ?? "the drawings",
                expected: "two images or more of each class for --hold-out",
                found: "one of \(training.classes[index])")
        }
    }

    private static func load(
        _ train: String?, _ test: String?, _ arrays: ArrayNames
    ) throws(FileError) -> (DataSet, DataSet?) {
        guard let train else {
            Console.note(
                "no --train: training on 209 built-in drawings of cats and other things, testing on 50 others"
            )
            return (DrawnData.training, DrawnData.test)
        }
        let training = try arrays.load(train, .train, isAsked: true)
        for name in training.classes where name.utf8.count > Network.longestClassName {
            Console.note(
                "\(train): the model keeps only the first \(Network.longestClassName) bytes of the class name \(name)"
            )
        }
        guard let test else { return (training, nil) }
        let testSet = try arrays.load(test, .test, isAsked: true)
        try testSet.checkClasses(of: test, are: training.classes, of: train)
        return (training, testSet)
    }

    var description: String {
        "\(counted(training.count, "training image")) and \(counted(test?.count ?? 0, "test image"))"
    }

    /// What a model says about the data sets.
    struct Results {
        /// On the examples that are not held out.
        let training: ReportPage.Results
        let heldOut: ReportPage.Results?
        let test: ReportPage.Results?
    }

    func results(of network: Network, threads: Int) throws -> Results {
        func evaluate(_ data: DataSet, _ name: String, _ path: String?) throws -> ReportPage.Results {
            ReportPage.Results(
                name: name, path: path, data: data,
                evaluation: try network.evaluate(Examples(data), threads: threads))
        }
        let heldOut = examples.heldOut
        let isHeldOut = Set(heldOut)
        let taught = training.labels.indices.filter { !isHeldOut.contains($0) }
        return Results(
            training: try evaluate(
                heldOut.isEmpty ? training : training.examples(taught), "Training", paths.train),
            heldOut: heldOut.isEmpty
                ? nil : try evaluate(training.examples(heldOut), "Held out", paths.train),
            test: try test.map { try evaluate($0, "Test", paths.test) })
    }
}
