import ArgumentParser
import NNData

/// The options that say how labelled images are read: which folder is class 1, and what the arrays of a data set file are
/// called where they have other names.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Name of the folder that is class 1, which the model detects. All other folders together are class 0. (default: \
            chosen by name, if there are two folders)
            """, valueName: "name"))
    var positive: String?

    @Option(
        help: ArgumentHelp(
            """
            Name of the images in the data set file, such as X_train or photos/x. Given twice: of the training set, then of \
            the test set. (default: train_set_x, test_set_x)
            """, valueName: "name"))
    var images: [String] = []

    @Option(
        help: ArgumentHelp(
            "Name of the labels, as for --images. (default: train_set_y, test_set_y)", valueName: "name"))
    var labels: [String] = []

    func validate() throws {
        for (option, names) in [("--images", images), ("--labels", labels)] where names.contains("") {
            throw ValidationError("\(option): expected a name, got none")
        }
        guard images.count == labels.count else {
            throw ValidationError("--images and --labels go together: one name of labels for each of images")
        }
        guard images.count <= 2 else {
            throw ValidationError(
                "--images: expected a name, or one for training and one for testing, got \(images.count)")
        }
    }

    /// These options for a test set. One that is a file says itself which class is which.
    func forTest(at path: String) -> DataOptions {
        var options = self
        if !OutputFile.isFolder(path) { options.positive = nil }
        return options
    }

    /// The options, for a command that does the same again.
    var options: [(name: String, values: [String]?)] {
        [("--positive", positive.map { [$0] })]
            + zip(images, labels).flatMap { [("--images", [$0]), ("--labels", [$1])] }
    }
}

extension DataSetRole {
    var text: String {
        switch self {
        case .train: "training"
        case .test: "test"
        }
    }
}
