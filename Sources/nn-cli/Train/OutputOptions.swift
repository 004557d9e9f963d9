import ArgumentParser
import NNData

/// The files that `train` writes.
struct OutputOptions: ParsableArguments {
    @OptionGroup var model: ModelOutput

    var output: String { model.path }

    @Option(
        help: ArgumentHelp(
            "Save the run here on Ctrl-C and every 30 s; removed once the model is written.",
            valueName: "file"), completion: .file())
    var checkpoint: String?

    @Flag(help: "Continue the run that --checkpoint saved; costs are shown from there on.")
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Write a web page (HTML) with costs, accuracies, mislabeled images and weights.",
            valueName: "file"), completion: .file())
    var report: String?

    @Option(
        name: .customLong("log-csv"),
        help: ArgumentHelp("Write the costs as a table (CSV).", valueName: "file"), completion: .file())
    var logCSV: String?

    func validate() throws {
        guard !resume || checkpoint != nil else {
            throw ValidationError("--resume needs --checkpoint, the file to continue from")
        }
        guard checkpoint != "-" else {
            throw ValidationError("--checkpoint: expected a file, got - (standard output)")
        }
        for (index, (name, path)) in all.enumerated() {
            if let other = all.prefix(index).first(where: { OutputFile.isSameFile($0.path, path) }) {
                throw ValidationError("\(name): expected a file other than \(other.name), got \(path)")
            }
        }
        if let checkpoint {
            guard resume || !OutputFile.exists(checkpoint) || OutputFile.isFolder(checkpoint) else {
                let advice =
                    CheckpointFile.isInUse(checkpoint)
                    ? "is used by another run" : "already exists; continue it with --resume, or remove it"
                throw ValidationError("--checkpoint: \(checkpoint) \(advice)")
            }
        }
    }

    var all: [(name: String, path: String)] {
        [("--output", output), ("--checkpoint", checkpoint), ("--report", report), ("--log-csv", logCSV)]
            .compactMap { name, path in path.map { (name, $0) } }
    }

    /// Whether one of the files goes to standard output.
    var isPiped: Bool { all.contains { OutputFile.isStandardOutput($0.path) } }

    /// Refuses to replace the model to start from by an output.
    func check(isNot start: String?) throws {
        for (name, path) in all {
            if let start, path != "-", OutputFile.isSameFile(start, path) {
                throw ValidationError("\(name): expected a file other than the model of --from, got \(path)")
            }
        }
    }
}
