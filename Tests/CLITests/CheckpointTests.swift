import Foundation
import NNData
import SwiftNN
import Synchronization
import Testing

@testable import nn_cli

/// Trainings of the two-layer network in float, on the drawings, and their checkpoints.
private struct Run {
    var method: Method?
    var iterations = 50
    var costEvery = 100

    var arguments: [String] {
        [
            "train", "--force", "--topology", "two-layer", "--precision", "f32", "--method",
            method.map { "\($0)" } ?? "auto", "--iterations", "\(iterations)", "--log-every", "\(costEvery)",
        ]
    }

    func tool(_ more: String..., in folder: TemporaryFolder) -> CommandLineTool {
        CommandLineTool(arguments + more, in: folder)
    }

    /// What nn-cli would have saved after so many steps.
    func checkpoint(after steps: Int, packed: Bool = false) throws -> [UInt8] {
        var trainer = try trainer(packed: packed)
        for _ in 0..<steps { _ = try trainer.step() }
        return try trainer.checkpoint().bytes
    }

    func trainer(packed: Bool = false) throws -> Trainer {
        var options = TrainingOptions()
        options.usesLeastMemory = packed
        options.topology = .twoLayer
        options.precision = .f32
        options.method = method
        options.iterations = iterations
        options.costEvery = costEvery
        let drawings = DataSet.drawn(count: 209, seed: 1)
        let examples = try Examples(
            images: drawings.images, labels: drawings.labels, classNames: drawings.classes)
        return try Trainer(examples: examples, options: options)
    }

    static let short = Run()
    /// Saved in the middle of the loop.
    static let shortCheckpoint = try! short.checkpoint(after: 40)
}

extension CommandLineTool {
    /// The same, ended by Ctrl-C once it has shown a cost. The tool can't be far ahead of what is read.
    fileprivate func interrupted(by signal: Int32 = SIGINT, afterCosts count: Int = 1) async throws -> Outcome
    {
        let isSent = Mutex(false)
        var tool = self
        tool.watch = { text, process in
            guard text.count(where: { $0 == "\n" }) >= count else { return }
            isSent.withLock { isSent in
                if !isSent { kill(process, signal) }
                isSent = true
            }
        }
        return try await tool.run()
    }
}

extension Outcome {
    fileprivate var costs: [Substring] {
        stdout.split(separator: "\n").filter { $0.hasPrefix("Cost after iteration ") }
    }
}

@Suite("Resuming from a checkpoint")
struct ResumeTests {
    private let folder = TemporaryFolder()

    /// A pipe holds about 1,500 costs, so a run of 6,000 can't end before the first ones are seen; iterations
    /// of the primal method are slow.
    @Test(
        "an interrupted run gives the same model as an uninterrupted one",
        arguments: [(Method.dual, 6000), (.primal, 600)])
    func resumes(method: Method, iterations: Int) async throws {
        let run = Run(method: method, iterations: iterations, costEvery: 1)
        let elsewhere = TemporaryFolder()
        let whole = try await run.tool(in: elsewhere).run()
        #expect(whole.costs.count == iterations)
        try folder.write(Array("an older model".utf8), as: "model.nnk")

        var costs: [Substring] = []
        for part in [["--checkpoint", "run.ckpt"], ["--resume", "--checkpoint", "run.ckpt"]] {
            let tool = CommandLineTool(run.arguments + part, in: folder)
            let outcome = try await tool.interrupted(afterCosts: 3)
            #expect(outcome.status == 130)
            #expect(!outcome.wasKilled)
            let done = try #require(
                outcome.stderr.firstMatch(of: /Error: interrupted after (\d+) of (\d+) iterations; (.*)\n$/))
            costs += outcome.costs
            // An iteration's cost is shown before its step.
            #expect([costs.count - 1, costs.count].contains(Int(done.1)))
            #expect(Int(done.2) == iterations)
            #expect(
                done.3 == "model.nnk was not written; to continue, repeat the command with --resume")
            #expect(try folder.names == ["model.nnk", "run.ckpt"])
            #expect(try folder.bytes(of: "model.nnk") == Array("an older model".utf8))
        }
        #expect(costs.count < iterations)

        let last = try await run.tool(
            "--checkpoint", "run.ckpt", "--resume", "--report", "r.html", in: folder
        ).run()
        #expect(last.status == 0)
        #expect(costs + last.costs == whole.costs)
        #expect(try sha256(folder.bytes(of: "model.nnk")) == sha256(elsewhere.bytes(of: "model.nnk")))
        #expect(
            String(decoding: try folder.bytes(of: "r.html"), as: UTF8.self).contains(
                ", counted from iteration ")
        )
        #expect(try folder.names == ["model.nnk", "r.html"])  // the checkpoint is of no more use
    }

    @Test("from any step, and as a board saves it", arguments: [0, 1, 10, 40, 1000], [false, true])
    func anyStep(steps: Int, packed: Bool) async throws {
        let checkpoint = try Run.short.checkpoint(after: steps, packed: packed)
        try folder.write(checkpoint, as: "run.ckpt")
        let outcome = try await Run.short.tool("--resume", "--checkpoint", "run.ckpt", in: folder).run()
        #expect(outcome.status == 0)
        let whole = Training(topology: "two-layer", precision: "f32", iterations: 50)
        #expect(try await folder.bytes(of: "model.nnk") == whole.result().model)
        #expect(try folder.names == ["model.nnk"])
    }

    @Test("a run that is not interrupted leaves no checkpoint")
    func uninterrupted() async throws {
        #expect(try await Run.short.tool("--checkpoint", "run.ckpt", in: folder).run().status == 0)
        #expect(try folder.names == ["model.nnk"])
    }

    @Test("a checkpoint that another run wrote meanwhile stays")
    func otherRun() throws {
        let path = folder.path("run.ckpt")
        let file = try CheckpointFile(path)
        try folder.write(Run.shortCheckpoint, as: "run.ckpt")
        try file.remove()
        #expect(try folder.bytes(of: "run.ckpt") == Run.shortCheckpoint)
    }

    /// What takes the checkpoint's place while the run goes on.
    enum Intruder: CaseIterable {
        case file, link, folder

        func put(in folder: TemporaryFolder) throws {
            let path = folder.path("run.ckpt")
            unlink(path)
            switch self {
            case .file: try folder.write([1, 2, 3], as: "run.ckpt")
            case .link:
                try folder.write([1, 2, 3], as: "precious")
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "precious")
            case .folder:
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            }
        }

        /// What is there stays.
        func expectUntouched(in folder: TemporaryFolder) throws {
            if self != .folder { #expect(try folder.bytes(of: "run.ckpt") == [1, 2, 3]) }
            if self == .link {
                #expect(
                    try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("run.ckpt"))
                        == "precious")
            }
        }
    }

    @Test("what takes the checkpoint's place stays when the run ends", arguments: Intruder.allCases)
    func replacedBeforeEnd(by intruder: Intruder) async throws {
        let isPut = Mutex(false)
        var tool = Run(iterations: 6000, costEvery: 1).tool("--checkpoint", "run.ckpt", in: folder)
        tool.watch = { [folder] _, _ in
            isPut.withLock { isPut in
                if !isPut { try! intruder.put(in: folder) }
                isPut = true
            }
        }
        #expect(try await tool.run().status == 0)
        try intruder.expectUntouched(in: folder)
    }

    @Test("what takes the checkpoint's place is not written to on Ctrl-C", arguments: Intruder.allCases)
    func replacedBeforeInterrupt(by intruder: Intruder) async throws {
        let isPut = Mutex(false)
        var tool = Run(iterations: 4_000_000_000, costEvery: 1).tool("--checkpoint", "run.ckpt", in: folder)
        tool.watch = { [folder] _, process in
            isPut.withLock { isPut in
                guard !isPut else { return }
                try! intruder.put(in: folder)
                kill(process, SIGINT)
                isPut = true
            }
        }
        let outcome = try await tool.run()
        #expect(outcome.status == 74)
        #expect(outcome.stderr.contains("Error: run.ckpt: "))
        try intruder.expectUntouched(in: folder)
    }

    @Test("a checkpoint that was removed is written anew on Ctrl-C")
    func removedBeforeInterrupt() async throws {
        let tool = Run(iterations: 4_000_000_000, costEvery: 1).tool("--checkpoint", "run.ckpt", in: folder)
        let isRemoved = Mutex(false)
        var removing = tool
        removing.watch = { [folder] _, process in
            isRemoved.withLock { isRemoved in
                guard !isRemoved else { return }
                isRemoved = true
                unlink(folder.path("run.ckpt"))
                kill(process, SIGINT)
            }
        }
        #expect(try await removing.run().status == 130)
        #expect(throws: Never.self) { try Checkpoint(bytes: folder.bytes(of: "run.ckpt")) }
    }

    @Test("a link to the checkpoint stays, and the file that it names goes")
    func link() async throws {
        try folder.write(Run.shortCheckpoint, as: "real.ckpt")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("run.ckpt"), withDestinationPath: "real.ckpt")
        #expect(
            try await Run.short.tool("--resume", "--checkpoint", "run.ckpt", in: folder).run().status == 0)
        #expect(try folder.names == ["model.nnk", "run.ckpt"])
    }

    @Test("a sudden end keeps the last checkpoint", arguments: [SIGKILL, SIGTERM])
    func suddenEnd(signal: Int32) async throws {
        let run = Run(iterations: 4_000_000_000, costEvery: 1)
        let checkpoint = try run.checkpoint(after: 20)
        try folder.write(checkpoint, as: "run.ckpt")
        let tool = run.tool("--resume", "--checkpoint", "run.ckpt", in: folder)
        let outcome = try await tool.interrupted(by: signal)
        #expect(outcome.wasKilled)
        #expect(try folder.bytes(of: "run.ckpt") == checkpoint)
        #expect(try folder.names == ["run.ckpt"])
    }
}

@Suite("Two runs on one checkpoint")
struct CheckpointLockTests {
    private let folder = TemporaryFolder()
    private static let command =
        "nn-cli train --topology two-layer --precision f32 --iterations 4000000000 --quiet --checkpoint run.ckpt"

    /// Runs a second command while a first one uses the checkpoint; then the first one is killed.
    private func second(_ options: String) async throws -> Outcome {
        let tools = URL(filePath: CommandLineTool.path).deletingLastPathComponent().path
        var shell = CommandLineTool(
            [
                "-c",
                """
                PATH='\(tools)':$PATH
                \(Self.command) >/dev/null 2>&1 & first=$!
                until test -s run.ckpt; do sleep 0.1; done
                \(Self.command) \(options); status=$?
                kill -9 $first; wait $first 2>/dev/null
                exit $status
                """,
            ], in: folder)
        shell.program = "/bin/sh"
        return try await shell.run()
    }

    @Test(
        "the second is refused at once, whether it begins or continues",
        arguments: [
            ("", "run.ckpt is used by another run"),
            ("--resume", "expected a file of this run alone, got run.ckpt, which another run uses"),
        ])
    func refused(options: String, complaint: String) async throws {
        let outcome = try await second(options)
        #expect(outcome.status == 64)
        #expect(outcome.complaint == "Error: --checkpoint: \(complaint)")
        // The first run was killed: its file is that of a run that can be continued, and its lock is gone.
        #expect(try folder.names == ["run.ckpt"])
        #expect(!CheckpointFile.isInUse(folder.path("run.ckpt")))
        let checkpoint = try Checkpoint(bytes: folder.bytes(of: "run.ckpt"))
        #expect(checkpoint.options.iterations == 4_000_000_000)
    }

    @Test("a run whose cost is no longer finite leaves no checkpoint of its beginning")
    func diverged() async throws {
        let outcome = try await Run(iterations: 500).tool(
            "--learning-rate", "1e30", "--checkpoint", "run.ckpt", in: folder
        ).run()
        #expect(outcome.status == 65)
        #expect(try folder.names == [])
    }
}

@Suite("Checkpoints that are refused")
struct RefusedCheckpointTests {
    private let folder = TemporaryFolder()
    private static let resume = ["--resume", "--checkpoint", "run.ckpt"]

    /// Expects this code and first line, no training, and the folder as it was.
    private func expect(
        _ status: Int32, _ complaint: String, _ arguments: [String], run: Run = .short,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let names = try folder.names
        let before = try names.map(folder.bytes)
        let outcome = try await CommandLineTool(run.arguments + arguments, in: folder).run()
        #expect(outcome.status == status, sourceLocation: location)
        let lines = outcome.stderr.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
        #expect(lines == ["Error: \(complaint)"], sourceLocation: location)
        #expect(outcome.stdout == "", sourceLocation: location)
        #expect(try folder.names == names, sourceLocation: location)
        #expect(try folder.names.map(folder.bytes) == before, sourceLocation: location)
    }

    @Test("a checkpoint that exists, without --resume")
    func alreadyThere() async throws {
        let advice = "already exists; continue it with --resume, or remove it"
        try folder.write(Run.shortCheckpoint, as: "run.ckpt")
        try folder.write([], as: "empty")
        try await expect(64, "--checkpoint: run.ckpt \(advice)", ["--checkpoint", "run.ckpt"])
        try await expect(64, "--checkpoint: empty \(advice)", ["--checkpoint", "empty"])
        let path = folder.path("run.ckpt")
        try await expect(64, "--checkpoint: \(path) \(advice)", ["--checkpoint", path])
    }

    @Test("--resume without --checkpoint")
    func withoutCheckpoint() async throws {
        try await expect(64, "--resume needs --checkpoint, the file to continue from", ["--resume"])
    }

    @Test("the model's file")
    func modelAsCheckpoint() async throws {
        let message = "--checkpoint: expected a file other than --output, got"
        try await expect(64, "\(message) model.nnk", ["--checkpoint", "model.nnk"])
        try folder.write(Fixture.model, as: "model.nnk")
        for path in ["model.nnk", "./model.nnk", folder.path("model.nnk")] {
            try await expect(64, "\(message) \(path)", ["--checkpoint", path])
            try await expect(64, "\(message) \(path)", ["--checkpoint", path, "--resume"])
        }
    }

    /// The model would be removed as the checkpoint that it replaced.
    @Test("the model's file by another path, where it is not there yet")
    func modelAsCheckpointBeforeThere() async throws {
        for path in ["./model.nnk", folder.path("model.nnk")] {
            let outcome = try await Run.short.tool("--checkpoint", path, in: folder).run()
            let names = try folder.names
            #expect(outcome.status == 64)
            #expect(names == [])
        }
    }

    @Test("one that is not there")
    func missing() async throws {
        let message = "run.ckpt: no such file; expected a checkpoint"
        try await expect(66, message, Self.resume)
    }

    @Test("a path that can't be written, before any work")
    func unwritable() async throws {
        for nowhere in ["nowhere", folder.path("nowhere")] {
            let path = "\(nowhere)/run.ckpt"
            let message = "\(path): no folder \(nowhere); expected a file to write"
            try await expect(74, message, ["--checkpoint", path])
            try await expect(74, message, ["--checkpoint", path, "--resume"])
        }
        let message = "\(folder.root): a folder; expected a file to write"
        try await expect(74, message, ["--checkpoint", folder.root, "--resume"])
    }

    @Test(
        "a folder that may not be written to",
        .enabled(if: geteuid() != 0 || isLinux, "root may write everywhere, but not to Linux's /proc"))
    func unwritableFolder() async throws {
        try #require(chmod(folder.root, 0o500) == 0)
        defer { chmod(folder.root, 0o700) }
        let path = geteuid() == 0 ? "/proc/run.ckpt" : "run.ckpt"
        let tool = Run.short.tool("--checkpoint", path, "-o", "/dev/null", in: folder)
        let outcome = try await tool.run()
        #expect(outcome.status == 74)
        #expect(outcome.complaint.hasPrefix("Error: \(path): "))
        #expect(outcome.complaint.hasSuffix("; expected a file to write"))
        #expect(outcome.stdout == "")
    }

    /// Options that differ, and how the message names the difference.
    static let differences: [([String], String)] = [
        (["--seed", "2"], "--seed 1 (here 2)"),
        (["--iterations", "51"], "--iterations 50 (here 51)"),
        (["--learning-rate", "0.01"], "--learning-rate 0.0075 (here 0.01)"),
        (["--log-every", "10"], "--log-every 100 (here 10)"),
        (["--precision", "f64"], "--precision f32 (here f64)"),
        (["--method", "primal"], "--method dual (here primal)"),
        (["--topology", "deep"], "--topology 12288-7-1 (here 12288-20-7-5-1)"),
        (["--train", "fewer.h5"], "other training data"),
        (["--train", "others.h5"], "other training data"),
        (
            ["--iterations", "7", "--seed", "4294967295", "--train", "others.h5"],
            "--seed 1 (here 4294967295), --iterations 50 (here 7), other training data"
        ),
    ]

    @Test("checkpoints of other runs, and what differs", arguments: differences)
    func otherJob(options: [String], named: String) async throws {
        try folder.write(Run.shortCheckpoint, as: "run.ckpt")
        folder.write(DataSet.drawn(count: 208, seed: 1), prefix: "train", as: "fewer.h5")
        folder.write(DataSet.drawn(count: 209, seed: 3), prefix: "train", as: "others.h5")
        let message = "run.ckpt: expected a checkpoint of this run, got one with \(named)"
        let tool = CommandLineTool(
            // The later one of two equal options counts.
            Run(method: .dual).arguments + options + Self.resume, in: folder)
        let outcome = try await tool.run()
        #expect(outcome.status == 65)
        #expect(outcome.stderr.hasSuffix("Error: \(message)\n"))
        #expect(outcome.stdout == "")
        #expect(try folder.bytes(of: "run.ckpt") == Run.shortCheckpoint)
        #expect(try folder.names == ["fewer.h5", "others.h5", "run.ckpt"])
    }

    @Test("the same data from a file are the same job")
    func sameData() async throws {
        try folder.write(Run.shortCheckpoint, as: "run.ckpt")
        folder.write(DataSet.drawn(count: 209, seed: 1), prefix: "train", as: "train.h5")
        let tool = Run.short.tool("--train", "train.h5", "--resume", "--checkpoint", "run.ckpt", in: folder)
        #expect(try await tool.run().status == 0)
        let whole = Training(topology: "two-layer", precision: "f32", iterations: 50)
        #expect(try await folder.bytes(of: "model.nnk") == whole.result().model)
    }

    @Test("those that are cut off", arguments: [4, 63, 64, 99, 100, 100_000, -1])
    func cutOff(count: Int) async throws {
        let bytes = Run.shortCheckpoint
        let part = count < 0 ? bytes.dropLast(-count) : bytes.prefix(count)
        try folder.write(part, as: "run.ckpt")
        try await expect(
            65, "run.ckpt: expected a complete checkpoint, got only its first \(part.count) bytes",
            Self.resume)
    }

    @Test("those that are damaged", arguments: [4, 5, 8, 20, 36, 48, 60, 64, 92, 100, 1000, 100_000, -1])
    func damaged(offset: Int) async throws {
        var bytes = Run.shortCheckpoint
        bytes[offset < 0 ? bytes.count + offset : offset] ^= 4
        try folder.write(bytes, as: "run.ckpt")
        try await expect(65, "run.ckpt: expected an intact checkpoint, got a damaged one", Self.resume)
    }

    /// The phase, its item and the iteration (docs/FORMAT.md).
    @Test("impossible counters with valid checksums", arguments: [100, 104, 108])
    func counters(offset: Int) async throws {
        var bytes = Run.shortCheckpoint
        bytes[offset + 3] = 0xff
        Fixture.seal(&bytes)
        try folder.write(bytes, as: "run.ckpt")
        try await expect(65, "run.ckpt: expected an intact checkpoint, got a damaged one", Self.resume)
    }

    /// Places and values of numbers that no run has (docs/FORMAT.md): of examples, options, capacity and mirror images; of
    /// the learning rate and the weight decay the upper half, which makes them infinite, NaN or negative.
    static let impossible: [(place: Int, value: UInt32)] = [
        (28, 0), (28, 1_000_001), (52, 0x7ff0_0000), (52, 0x7ff8_0000), (52, 0xbff0_0000), (68, 512), (76, 1),
        (84, 192), (88, 3), (96, 0x7ff8_0000), (96, 0xbff0_0000),
    ]

    @Test("impossible numbers with valid checksums", arguments: impossible)
    func numbers(place: Int, value: UInt32) async throws {
        var bytes = Run.shortCheckpoint
        for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
        Fixture.seal(&bytes)
        try folder.write(bytes, as: "run.ckpt")
        let message = "run.ckpt: expected an intact checkpoint, got a damaged one"
        try await expect(65, message, Self.resume)
        let inspection = try await nnCLI("inspect", "run.ckpt", "--json", in: folder)
        #expect(inspection.status == 65)
        #expect(inspection.stderr == "Error: \(message)\n")
    }

    @Test("a sparse file of 100 GB is not read", arguments: [true, false])
    func sparse(isCheckpoint: Bool) async throws {
        try folder.write(isCheckpoint ? Run.shortCheckpoint : [], as: "run.ckpt")
        try #require(truncate(folder.path("run.ckpt"), 100_000_000_000) == 0)
        let found =
            isCheckpoint
            ? "expected an intact checkpoint, got a damaged one"
            : "expected a checkpoint, got another kind of file"
        var tool = Run.short.tool("--resume", "--checkpoint", "run.ckpt", in: folder)
        #expect(try await tool.run().stderr.hasSuffix("Error: run.ckpt: \(found)\n"))
        try folder.write(Fixture.model, as: "model.nnk")
        try #require(truncate(folder.path("model.nnk"), 100_000_000_000) == 0)
        tool = CommandLineTool(["inspect", "model.nnk"], in: folder)
        #expect(
            try await tool.run().complaint
                == "Error: model.nnk: expected a file as long as its header says, got a longer one")
    }

    @Test("later versions")
    func laterVersion() async throws {
        var bytes = Run.shortCheckpoint
        bytes[4] = 2
        Fixture.seal(&bytes)
        try folder.write(bytes, as: "run.ckpt")
        try await expect(
            65, "run.ckpt: expected a checkpoint of format version 3, got version 2", Self.resume)
    }

    @Test("other kinds of files")
    func otherKinds() async throws {
        let message = "run.ckpt: expected a checkpoint, got"
        for (bytes, found) in [
            (Fixture.model, "a model"), (Fixture.image, "another kind of file"), ([], "an empty file"),
        ] {
            try folder.write(bytes, as: "run.ckpt")
            try await expect(65, "\(message) \(found)", Self.resume)
        }
        folder.write(Fixture.drawings, prefix: "train", as: "run.ckpt")
        try await expect(65, "\(message) an HDF5 file", Self.resume)
    }

    @Test("a checkpoint is no model")
    func asModel() async throws {
        try folder.write(Run.shortCheckpoint, as: "run.ckpt")
        try folder.write(Fixture.image, as: "image.bin")
        let outcome = try await nnCLI("predict", "image.bin", "--model", "run.ckpt", in: folder)
        #expect(outcome.status == 65)
        #expect(
            outcome.stderr
                == "Error: run.ckpt: expected a model, got a checkpoint (train --resume makes a model from it)\n"
        )
        #expect(outcome.stdout == "")
    }
}

@Suite("When a checkpoint can't be saved")
struct UnsavedCheckpointTests {
    private let folder = TemporaryFolder()

    /// Goes on from a checkpoint, in such a way that saving the next one fails.
    private func expectFailure(_ message: String, _ wrapper: [String]) async throws {
        let run = Run(iterations: 4_000_000_000, costEvery: 4_000_000_000)
        // Before the first iteration, so that there is a cost to wait for: one alone.
        let checkpoint = try run.checkpoint(after: 0)
        try folder.write(checkpoint, as: "run.ckpt")
        var tool = run.tool("--resume", "--checkpoint", "run.ckpt", "--quiet", in: folder)
        tool.wrapper = wrapper
        let outcome = try await tool.interrupted()
        #expect(outcome.status == 74)
        #expect(outcome.stderr == "Error: run.ckpt: \(message); expected a file to write\n")
        #expect(outcome.costs.count == 1)
        #expect(try folder.bytes(of: "run.ckpt") == checkpoint)
        #expect(try folder.names == ["run.ckpt"])
    }

    @Test("a run that goes on tells it once for each reason, and saves itself when it can again")
    func betweenTimes() throws {
        let path = folder.path("run.ckpt")
        var trainer = try Run.short.trainer()
        var file = try CheckpointFile(path)
        try file.begin(&trainer)
        try FileManager.default.moveItem(atPath: path, toPath: folder.path("own"))
        try folder.write([1, 2, 3], as: "run.ckpt")
        _ = try trainer.step()
        let failure = try file.saveIfDue(&trainer, interval: .zero)
        #expect(
            failure
                == FileError(
                    .io, file: path, expected: "the checkpoint of this run",
                    found: "another file in its place"))
        #expect(try file.saveIfDue(&trainer, interval: .zero) == nil)
        #expect(try folder.bytes(of: "run.ckpt") == [1, 2, 3])

        try FileManager.default.removeItem(atPath: path)
        #expect(try file.saveIfDue(&trainer, interval: .zero) == nil)
        #expect(try folder.bytes(of: "run.ckpt") == trainer.checkpoint().bytes)
        try FileManager.default.removeItem(atPath: path)
        try folder.write([1, 2, 3], as: "run.ckpt")
        #expect(try file.saveIfDue(&trainer, interval: .zero) == failure)
    }

    @Test("a limit to the size of files keeps the last one")
    func limit() async throws {
        let command = #"trap "" XFSZ; ulimit -f 100; exec "$@""#
        try await expectFailure("File too large", ["/bin/sh", "-c", command, "sh"])
    }

    @Test(
        "a full disk keeps the last one",
        .enabled("needs strace, and the permission to trace") { await Tracing.works() },
        arguments: [
            // The first write is that of the cost.
            ("write:error=ENOSPC:when=2", "No space left on device"),
            ("fsync:error=ENOSPC", "No space left on device"),
            ("/^rename:error=EACCES", "Permission denied"),
        ])
    func failingCall(injection: String, message: String) async throws {
        try await expectFailure(message, Tracing.command(injection))
    }
}

/// As Strace, but the command keeps its process number, for the signal.
private enum Tracing {
    private static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/strace" }.first(where: FileManager.default.isExecutableFile)

    static func works() async -> Bool {
        guard isLinux, path != nil else { return false }
        var tool = CommandLineTool(["--help"], in: TemporaryFolder())
        tool.wrapper = command("fsync:error=EIO")
        return (try? await tool.run().status) == 0
    }

    static func command(_ injection: String) -> [String] {
        let calls = injection.prefix { $0 != ":" }
        return [path ?? "strace", "-D", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=\(calls)"]
            + ["-e", "inject=\(injection)"]
    }
}

@Suite("Inspecting checkpoints")
struct InspectCheckpointTests {
    private let folder = TemporaryFolder()

    private struct Facts: Decodable {
        let kind, path, precision, method: String
        let seed, iterations, logEvery, examples: Int
        let layers: [Int]
        let learningRate: Double
    }

    @Test("as JSON", arguments: [Method.dual, .primal])
    func json(method: Method) async throws {
        let run = Run(method: method, iterations: 4_000_000_000, costEvery: 7)
        try folder.write(try run.checkpoint(after: 3), as: "run.ckpt")
        let outcome = try await nnCLI("inspect", "run.ckpt", "--json", in: folder)
        #expect(outcome.status == 0)
        #expect(try outcome.mismatches("inspect") == [])
        let facts = try outcome.answer(Facts.self)
        #expect(facts.kind == "checkpoint")
        #expect(facts.path == "run.ckpt")
        #expect(facts.layers == [12288, 7, 1])
        #expect(facts.precision == "f32")
        #expect(facts.method == "\(method)")
        #expect(facts.seed == 1)
        #expect(facts.iterations == 4_000_000_000)
        #expect(facts.learningRate == 0.0075)
        #expect(facts.logEvery == 7)
        #expect(facts.examples == 209)
    }

    @Test("as text")
    func words() async throws {
        try folder.write(Run.shortCheckpoint, as: "run.ckpt")
        let outcome = try await nnCLI("inspect", "run.ckpt", in: folder)
        #expect(
            outcome.stdout == """
                checkpoint     run.ckpt
                layers         12288-7-1 in f32
                training       dual gradient descent, 50 iterations, learning rate 0.0075
                seed           1
                costs          every 100 iterations
                data           209 images

                """)
        #expect(outcome.status == 0)
        #expect(outcome.stderr == "")
    }

    @Test("one that is damaged, or cut off")
    func damaged() async throws {
        var bytes = Run.shortCheckpoint
        try folder.write(bytes.prefix(91), as: "short.ckpt")
        bytes[40] ^= 1
        try folder.write(bytes, as: "damaged.ckpt")
        for (file, found) in [
            ("short.ckpt", "expected a complete checkpoint, got only its first 91 bytes"),
            ("damaged.ckpt", "expected an intact checkpoint, got a damaged one"),
        ] {
            let outcome = try await nnCLI("inspect", file, in: folder)
            #expect(outcome.status == 65)
            #expect(outcome.stderr == "Error: \(file): \(found)\n")
            #expect(outcome.stdout == "")
        }
    }
}
