import ArgumentParser
import NNData

struct Shard: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "shard",
        abstract: "Cut a data set into files for nn-mpi.",
        discussion: """
            The folder will contain manifest.txt and the files shard-00000.nns, shard-00001.nns and so on, which \
            nn-mpi reads without a library. Any number of processes can read any number of shards. The folder is new or \
            empty, and becomes complete at once.

            A data set file is read part by part, so it may be larger than memory. A folder of photos is read as a whole. \
            The names of photos are left out.

            EXAMPLES
              nn-cli dataset shard photos.h5 -o shards --count 8
              nn-cli dataset shard photos -o test-shards --count 1 --test
              nn-cli dataset shard --drawn 200000 -o many --count 16
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Data set (HDF5), or folder with one folder of photos per class.", valueName: "data"),
        completion: .file())
    var file: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Draw n images, 1 to 10000000, as synth does, instead of reading a data set.", valueName: "n"))
    var drawn: Int?

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Folder to write; new or empty.", valueName: "folder"), completion: .directory)
    var output: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Number of shards, 1 to \(ShardedDataSet.mostShards) and at most one per image.", valueName: "n"))
    var count: Int

    @Flag(help: "Take the test set where the data has a training set and a test set.")
    var test = false

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard (file == nil) != (drawn == nil) else {
            throw ValidationError(
                file == nil
                    ? "expected a data set, as in dataset shard photos.h5, or --drawn"
                    : "--drawn cannot be used with a data set, got \(file!) as well")
        }
        if let drawn, !(1...10_000_000 ~= drawn) {
            throw ValidationError("--drawn: expected 1 to 10000000, got \(drawn)")
        }
        guard 1...ShardedDataSet.mostShards ~= count else {
            throw ValidationError("--count: expected 1 to \(ShardedDataSet.mostShards), got \(count)")
        }
        guard output != "-" else {
            throw ValidationError("--output: expected a folder, got - (standard output)")
        }
        guard drawn == nil || !test && dataOptions.options.allSatisfy({ $0.values == nil }) else {
            throw ValidationError("--drawn cannot be used with options of a data set")
        }
    }

    func run() throws {
        // What cannot be written is known before photos are read. The folder is gone until there is something to write.
        _ = try OutputFolder(output)
        let data = try stream()
        guard count <= data.count else {
            throw Failure.usage("--count: expected at most \(data.count), the number of images, got \(count)")
        }
        do {
            try write(data)
        } catch let error as FileError where error.kind == .interrupted {
            throw Failure(code: 130, message: "interrupted; \(output) was not written")
        }
        Console.note("wrote \(output): \(counted(count, "shard")), \(data.contents)")
        Console.note("next: mpirun -n 2 nn-mpi train \(shellQuoted(output))")
    }

    private func stream() throws -> DataSetStream {
        if let drawn { return .drawn(count: drawn, seed: 1) }
        return try DataSource(file!, dataOptions).stream(test ? .test : .train, isAsked: test)
    }

    private func write(_ data: DataSetStream) throws {
        Interrupt.watch()
        let folder = try OutputFolder(output)
        var bar = ProgressReport(total: data.count, unit: "images")
        defer { bar.clear() }
        try ShardedDataSet.write(data, to: folder, count: count) { done throws(FileError) in
            bar.update(done, cost: nil)
            guard !Interrupt.isRequested else {
                throw FileError(.interrupted, file: output, expected: "all shards", found: "interrupted")
            }
        }
        try folder.finish()
    }
}
