import ArgumentParser

/// The data set that a model is tested on: by itself, or as an option.
struct DataArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Images to test on: a data set (HDF5) or a folder of photos.", valueName: "data"),
        completion: .file())
    var file: String?

    @Option(
        name: .customLong("data"), help: ArgumentHelp("The same, given as an option.", valueName: "file"),
        completion: .file())
    var option: String?

    func validate() throws {
        guard file != nil || option != nil else {
            throw ValidationError("expected a data set to test on, as in evaluate test.h5")
        }
        guard file == nil || option == nil else {
            throw ValidationError("--data \(option!): expected one data set, got \(file!) as well")
        }
    }

    var path: String { file ?? option! }
}
