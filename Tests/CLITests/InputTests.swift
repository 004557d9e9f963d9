import Foundation
import NNData
import Testing

@Suite("Inputs that give nothing, or never end")
struct InputTests {
    private let folder = TemporaryFolder()

    init() throws { try folder.write(Fixture.model, as: "model.nnk") }

    /// Runs a command that reads `pipe`, which nobody writes to, and presses Ctrl-C after a second and a half.
    private func waiting(_ words: [String]) async throws -> Outcome {
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        var tool = CommandLineTool(words, in: folder)
        // The tool takes the shell's place.
        tool.wrapper = ["/bin/sh", "-c", #"(sleep 1.5; kill -INT $$) & exec "$@""#, "sh"]
        tool.timeout = 60
        return try await tool.run()
    }

    @Test(
        "a pipe that nobody feeds is named after a second, and Ctrl-C ends the wait",
        arguments: [
            "predict -m model.nnk pipe", "predict -m pipe 0.png", "predict -m model.nnk --files-from pipe",
            "import pipe -o x.nnk", "inspect pipe", "train --train train.h5 --from pipe",
            "evaluate -m pipe train.h5",
        ])
    func silentPipe(command: String) async throws {
        folder.write(Fixture.drawings, prefix: "train", as: "train.h5")
        let outcome = try await waiting(command.split(separator: " ").map(String.init))
        #expect(outcome.stderr.contains("waiting for pipe\n"), "\(outcome)")
        #expect(outcome.wasKilled ? outcome.status == SIGINT : outcome.status == 130, "\(outcome)")
        #expect(outcome.stdout == "")
    }

    @Test(
        "a pipe that nobody reads is named after a second, and Ctrl-C ends the wait",
        arguments: [
            "export model.nnk --format npz -o pipe", "predict -m model.nnk 0.png --csv pipe",
            "train --topology two-layer --iterations 1 -o pipe",
        ])
    func pipeWithoutReader(command: String) async throws {
        let outcome = try await waiting(command.split(separator: " ").map(String.init))
        #expect(outcome.stderr.contains("waiting for pipe\n"), "\(outcome)")
        #expect(outcome.wasKilled ? outcome.status == SIGINT : outcome.status == 130, "\(outcome)")
    }

    @Test("a pipe gets all bytes, also where its reader comes late")
    func lateReader() async throws {
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        var tool = CommandLineTool(["export", "model.nnk", "--format", "npz", "-o", "pipe"], in: folder)
        tool.wrapper = ["/bin/sh", "-c", #"(sleep 0.5; cat pipe >read) & "$@" && wait"#, "sh"]
        #expect(try await tool.run().status == 0)
        let export = try await nnCLI("export", "model.nnk", "--format", "npz", "-o", "file", in: folder)
        #expect(export.status == 0)
        #expect(try folder.bytes(of: "read") == folder.bytes(of: "file"))
    }

    @Test("where a pipe makes no sense, it is refused at once")
    func uselessPipe() async throws {
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        let outcome = try await nnCLI("evaluate", "-m", "model.nnk", "pipe", in: folder)
        #expect(outcome.status == 66)
        #expect(outcome.complaint == "Error: pipe: a pipe or a device; expected a data set file")
    }

    @Test(
        "files of 100 GB are refused by their size, or by their first bytes",
        arguments: [
            ("predict -m model.nnk hole", "got more than 33554432 bytes"),
            ("predict -m hole x.png", "expected a SwiftNN model, got another kind of file"),
            ("inspect hole", "expected a model, a checkpoint or a data set"),
            ("evaluate -m model.nnk hole", "expected an HDF5 file, got another kind of file"),
            ("import hole -o x.nnk", "got more than 4194304 bytes"),
            ("predict -m model.nnk --files-from hole", "a name of more than 65536 bytes"),
            ("predict -m model.nnk --null --files-from hole", "65537 empty names in a row"),
        ])
    func holes(command: String, found: String) async throws {
        try folder.write([], as: "hole")
        try #require(truncate(folder.path("hole"), 100_000_000_000) == 0)
        var tool = CommandLineTool(command.split(separator: " ").map(String.init), in: folder)
        tool.timeout = 30
        let outcome = try await tool.run()
        #expect(outcome.status == 65, "\(outcome)")
        #expect(outcome.stderr.contains(found), "\(outcome)")
    }

    @Test("pack names a link out of the folder, and does not follow it")
    func linksOut() async throws {
        for (index, name) in ["in/a/1", "in/b/1", "out/2", "out/3"].enumerated() {
            let image = Fixture.drawings.image(index)
            let path = folder.path("\(name).bin")
            try FileManager.default.createDirectory(
                at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(image).write(to: URL(filePath: path))
        }
        for name in ["2", "3"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("in/a/\(name).bin"), withDestinationPath: "../../out/\(name).bin")
        }
        let outcome = try await nnCLI("dataset", "pack", "in", "--test-share", "0", in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(
            outcome.stderr.contains(
                "skipped 2 links out of in: in/a/2.bin (cp -rL makes a folder without links)\n"), "\(outcome)"
        )
        #expect(outcome.stderr.contains("wrote in.h5: 2 images;"))
    }
}

@Suite("Hostile weights", .enabled(if: Python.isUsable, "\(Python.advice)"))
struct HostileWeightsTests {
    @Test("shared bytes, bombs, long headers, deep nests, many fields: an error each, in 2 s and 64 MB")
    func hostile() async throws {
        let folder = TemporaryFolder()
        let weights = folder.path("weights")
        try FileManager.default.createDirectory(atPath: weights, withIntermediateDirectories: false)
        try await Python.runLong("models/hostile.py", weights)
        let report = try await Python.runLong(
            "pictures/refusals.py", weights, CommandLineTool.path, "import", "-o", folder.path("x.nnk"))
        print(report, terminator: "")
        #expect(report.hasPrefix("34 files, "), "\(report)")
    }
}
