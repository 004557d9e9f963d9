import ArgumentParser
import NNData
import NNHDF5
import SystemPackage

struct Pack: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Make data sets from folders of photos.",
        discussion: """
            The folder contains one folder of photos per class. The class has the name of its folder:

              photos/cat/*    photos/non-cat/*

            Photos are what predict takes: PNG, JPEG and WebP of any size, and raw images. Other files are skipped and \
            listed. One fifth of each class becomes the test set, chosen at random by --seed. If the folder \
            contains the folders train and test (or val, validation, training_set, test_set), with the class \
            folders in each, these become the training set and the test set.

            Class 1 is what the model will detect. --positive names its folder. Without --positive, it is cat if \
            the names are like cat and non-cat, or cat and other; otherwise it is the second name in alphabetical \
            order. More than two folders need --positive: all others together are class 0 then.

            The training set is written to the output file, the test set to a file beside it: photos.h5 and \
            photos-test.h5.

            EXAMPLES
              nn-cli dataset pack photos
              nn-cli train --train photos.h5 --test photos-test.h5
              nn-cli dataset pack pets --positive dog --test-share 0.3 -o dogs.h5
            """
    )

    @Argument(help: "Folder with one folder per class.", completion: .directory)
    var folder: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "Data set to write (HDF5). (default: named after the folder, as in photos.h5)",
            valueName: "file"),
        completion: .file())
    var outputPath: String?

    @Option(help: ArgumentHelp("Name of the folder that becomes class 1.", valueName: "name"))
    var positive: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Share of the photos in the test set, 0 or more and below 1. (default: 0.2)", valueName: "share"))
    var testShare: Double?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Seed of the shuffle, 0 to 4294967295.", valueName: "n"))
    var seed: UInt32 = 1

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        if let testShare, !(testShare >= 0 && testShare < 1) {
            throw ValidationError("--test-share: expected 0 or more and below 1, got \(testShare)")
        }
        guard outputPath != nil || DefaultOutput.name(of: folder) != nil else {
            throw ValidationError("--output is needed: \(folder) gives no name for the file")
        }
        guard !OutputFile.isStandardOutput(output), !OutputFile.isDevice(output) else {
            throw ValidationError(
                "--output: expected a file, got \(output); the test set is written to a second file beside it"
            )
        }
    }

    private var output: String { outputPath ?? "\(DefaultOutput.name(of: folder)!).h5" }

    func run() throws {
        let folder = try PhotoFolder(folder, positive: positive)
        guard !folder.isSplit || testShare == nil else {
            throw Failure.usage(
                "--test-share cannot be used: \(folder.path) already has the folders train and test")
        }
        for path in [output, testPath] where try folder.contains(path) {
            throw Failure.usage("--output: expected a file other than the photos, got \(path)")
        }
        let trainFile = try OutputFile(output)
        let testFile = try OutputFile(testPath)
        folder.explain()
        let (train, test) = try loadSets(folder)
        try trainFile.write(train.hdf5(role: .train))
        Console.note("wrote \(trainFile.path): \(train.contents)")
        let training = "nn-cli train --train \(shellQuoted(trainFile.path))"
        guard let test else {
            Console.note("\(testFile.path) was not written: no photos for testing")
            if OutputFile.exists(testFile.path) {
                Console.note(
                    "warning: \(testFile.path) is of an earlier run; its photos may now be in \(trainFile.path)"
                )
            }
            return Console.note("next: \(training)")
        }
        try testFile.write(test.hdf5(role: .test))
        Console.note("wrote \(testFile.path): \(test.contents)")
        Console.note("next: \(training) --test \(shellQuoted(testFile.path))")
    }

    /// The output with -test before its extension.
    private var testPath: String {
        let path = FilePath(output)
        let name = "\(path.stem ?? "")-test" + (path.extension.map { ".\($0)" } ?? "")
        return path.removingLastComponent().appending(name).string
    }

    private func loadSets(_ folder: PhotoFolder) throws -> (train: DataSet, test: DataSet?) {
        if folder.isSplit {
            let train = try folder.read(.train)
            return (train.shuffled(seed: seed), try folder.read(.test).shuffled(seed: seed))
        }
        let all = try folder.read().shuffled(seed: seed)
        let share = testShare ?? 0.2
        return share > 0 ? all.split(testShare: share) : (all, nil)
    }
}
