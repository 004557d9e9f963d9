import ArgumentParser
import NNData
import NNHDF5

/// Reading data set files, and the options that name their arrays where these have other names.
struct ArrayNames: ParsableArguments {
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
        guard images.count == labels.count else {
            throw ValidationError("--images and --labels go together: one name of labels for each of images")
        }
        guard images.count <= 2 else {
            throw ValidationError(
                "--images: expected a name, or one for training and one for testing, got \(images.count)")
        }
    }

    /// Reads a data set file. Of one that holds both sets, the one for `role`.
    ///
    /// - Parameter isAsked: whether the command line says that this set is meant; else a note does.
    func load(_ path: String, _ role: DataSetRole, isAsked: Bool = false) throws(FileError) -> DataSet {
        guard !OutputFile.isFolder(path) else {
            throw FileError(
                .missing, file: path, expected: "a data set file",
                found: "a folder (nn-cli dataset pack makes data sets from folders of photos)")
        }
        guard path != "-" else {
            throw FileError(
                .missing, file: path, expected: "a data set file",
                found: "libhdf5 cannot read standard input")
        }
        let index = { (names: [String]) in role == .train ? names.first : names.last }
        let file = try HDF5DataSet(path, role: role, images: index(images), labels: index(labels))
        if file.wasChosen, !isAsked {
            let other = role == .train ? DataSetRole.test : .train
            Console.note(
                "\(path) holds two sets: the \(role.text) set is read "
                    + "(--images \(other)_set_x --labels \(other)_set_y read the other)")
        }
        return file.data
    }

    /// The options, for a command that does the same again.
    var options: [(name: String, values: [String]?)] {
        zip(images, labels).flatMap { [("--images", [$0]), ("--labels", [$1])] }
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
