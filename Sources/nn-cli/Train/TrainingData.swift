import NNData
import SwiftNN

/// The data sets of a training, checked against each other.
struct TrainingData {
    let training: DataSet
    /// nil: the user gave a training set alone.
    let test: DataSet?
    /// nil: drawings.
    private let paths: (train: String?, test: String?)

    /// Without `train`, the drawings that the tool makes.
    init(train: String?, test: String?) throws(FileError) {
        paths = (train, test)
        guard let train else {
            Console.note(
                "no --train: training on 209 built-in drawings of cats and other things, testing on 50 others"
            )
            (training, self.test) = (DrawnData.training, DrawnData.test)
            return
        }
        training = try CrashGuard.load(train)
        for name in training.classes where name.utf8.count > Network.longestClassName {
            Console.note(
                "\(train): the model keeps only the first \(Network.longestClassName) bytes of the class name \(name)"
            )
        }
        self.test = try test.map(CrashGuard.load)
        if let test { try self.test?.checkClasses(of: test, are: training.classes, of: train) }
    }

    var description: String {
        "\(counted(training.count, "training image")) and \(counted(test?.count ?? 0, "test image"))"
    }

    /// What a model says about the data sets.
    struct Results {
        let training: ReportPage.Results
        let test: ReportPage.Results?
    }

    func results(of network: Network, threads: Int) throws -> Results {
        func evaluate(_ data: DataSet, _ name: String, _ path: String?) throws -> ReportPage.Results {
            ReportPage.Results(
                name: name, path: path, data: data,
                evaluation: try network.evaluate(Examples(data), threads: threads))
        }
        return Results(
            training: try evaluate(training, "Training", paths.train),
            test: try test.map { try evaluate($0, "Test", paths.test) })
    }
}
