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
    init(train: DataSource?, test: DataSource?, weights: WeightRule?, seed: UInt32) throws {
        (training, self.test) = try Self.read(train, test)
        paths = (train?.path, test?.path)
        let examples = try Examples(training)
        do throws(NNError) {
            self.examples =
                try weights.map { rule throws(NNError) in try rule.weighted(examples, seed: seed) }
                ?? examples
        } catch .heldOutClass(let index) {
            throw FileError(
                .badData, file: train?.path ?? "the drawings",
                expected: "two images or more of each class for --hold-out",
                found: "one of \(training.classes[index])")
        }
    }

    private static func read(
        _ train: DataSource?, _ test: DataSource?
    ) throws(FileError) -> (DataSet, DataSet?) {
        guard let train else {
            Console.note(
                "no --train: training on 209 built-in drawings of cats and other things, testing on 50 others"
            )
            return (DrawnData.training, DrawnData.test)
        }
        // With --test, it is clear that the other set is for testing.
        let training = try train.read(.train, isAsked: test != nil)
        try Network.checkClassNames(training.classes, of: train.path)
        guard let test else { return (training, nil) }
        let testSet = try test.read(.test, isAsked: true)
        try testSet.checkClasses(of: test.path, are: training.classes, of: train.path)
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
