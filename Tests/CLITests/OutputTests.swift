import Foundation
import NNData
import SwiftNN
import Synchronization
import Testing

/// A folder with an old model, and a training that is over at once.
private struct Workshop {
    let folder = TemporaryFolder()
    static let old = Array("an older model".utf8)

    init() throws { try folder.write(Self.old, as: "model.nnk") }

    func training(_ more: [String] = [], output: String = "model.nnk") -> CommandLineTool {
        CommandLineTool(
            ["train", "--topology", "two-layer", "--precision", "f32", "--iterations", "1", "-o", output]
                + more,
            in: folder)
    }

    /// One that does not come to its end.
    func longTraining() -> CommandLineTool {
        CommandLineTool(["train", "--force", "--iterations", "4000000000", "--log-every", "1"], in: folder)
    }

    /// The old model is as it was, and nothing else is left.
    func expectUntouched(_ others: [String] = [], at location: SourceLocation = #_sourceLocation) throws {
        #expect(try folder.bytes(of: "model.nnk") == Self.old, sourceLocation: location)
        #expect(try folder.names == (["model.nnk"] + others).sorted(), sourceLocation: location)
    }

    /// `name` is a whole model, and nothing is left beside it.
    func expectModel(_ name: String, others: [String] = [], at location: SourceLocation = #_sourceLocation)
        throws
    {
        let bytes = try folder.bytes(of: name)
        #expect(throws: Never.self, sourceLocation: location) { try Network(bytes: bytes) }
        #expect(try folder.names == ([name] + others).sorted(), sourceLocation: location)
    }
}

@Suite("Where the model goes")
struct OutputPathTests {
    private let workshop: Workshop
    private var folder: TemporaryFolder { workshop.folder }

    init() throws { workshop = try Workshop() }

    /// Expects the exit code 74 and the message, and no training before it.
    private func expectRefusal(_ output: String, _ found: String) async throws {
        let outcome = try await workshop.training(output: output).run()
        #expect(outcome.status == 74)
        #expect(outcome.stderr == "Error: \(output): \(found); expected a file to write\n")
        #expect(outcome.stdout == "")
        try workshop.expectUntouched()
    }

    @Test("a folder that is not there")
    func missingFolder() async throws {
        try await expectRefusal("nowhere/model.nnk", "no folder nowhere")
        try await expectRefusal(folder.path("nowhere/model.nnk"), "no folder \(folder.path("nowhere"))")
    }

    @Test("a file in place of the folder")
    func fileAsFolder() async throws { try await expectRefusal("model.nnk/model.nnk", "Not a directory") }

    @Test("a folder in place of the file")
    func folderAsFile() async throws { try await expectRefusal(folder.root, "a folder") }

    @Test("a folder that may not be written to", .enabled(if: geteuid() != 0, "root may write everywhere"))
    func forbiddenFolder() async throws {
        try #require(chmod(folder.root, 0o500) == 0)
        defer { chmod(folder.root, 0o700) }
        try await expectRefusal("model.nnk", "Permission denied")
    }

    @Test("a folder that nobody may write to", .enabled(if: isLinux, "needs Linux's /proc"))
    func forbiddenToAll() async throws {
        let outcome = try await workshop.training(output: "/proc/model.nnk").run()
        #expect(outcome.status == 74)
        let reasons = ["No such file or directory", "Permission denied"]  // as root, and as another user
        #expect(
            reasons.map { "Error: /proc/model.nnk: \($0); expected a file to write\n" }.contains(
                outcome.stderr))
    }

    @Test("an old model is replaced by a whole one")
    func replaces() async throws {
        #expect(try await workshop.training().run().status == 0)
        try workshop.expectModel("model.nnk")
    }

    @Test("a link stays a link, and the file that it names is replaced")
    func link() async throws {
        let link = folder.path("link.nnk")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "model.nnk")
        #expect(try await workshop.training(output: "link.nnk").run().status == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "model.nnk")
        try workshop.expectModel("model.nnk", others: ["link.nnk"])
    }

    @Test("a link that leads nowhere is called so")
    func linkToNowhere() async throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: "none/model.nnk")
        let training = try await workshop.training(output: "link").run()
        let drawings = try await nnCLI("dataset", "synth", "-o", "link", in: folder)
        #expect(training.status == 74 && drawings.status == 74)
        #expect(
            training.complaint == "Error: link: a link to a file in no folder; expected a file to write")
        #expect(drawings.complaint == "Error: link: a link that leads nowhere; expected a folder")
        try workshop.expectUntouched(["link"])
    }

    @Test("the null device stays a device")
    func nullDevice() async throws {
        #expect(try await workshop.training(output: "/dev/null").run().status == 0)
        var status = stat()
        #expect(stat("/dev/null", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFCHR)
        try workshop.expectUntouched()
    }

    @Test("a full device", .enabled(if: isLinux, "needs Linux's /dev/full"))
    func fullDevice() async throws {
        let outcome = try await workshop.training(["--quiet", "--json"], output: "/dev/full").run()
        #expect(outcome.status == 74)
        #expect(
            outcome.stderr == "Error: /dev/full: No space left on device; expected a file to write\n")
        #expect(outcome.stdout == "")
    }

    @Test("the training set is not overwritten, however its path is written")
    func trainingSetSurvives() async throws {
        folder.write(Fixture.drawings, prefix: "train", as: "t.h5")
        let before = try folder.bytes(of: "t.h5")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link.h5"), withDestinationPath: "t.h5")
        func train(output: String) async throws -> Int32 {
            let status = try await workshop.training(["--train", "t.h5"], output: output).run().status
            let isIntact = try folder.bytes(of: "t.h5") == before
            try folder.write(before, as: "t.h5")
            return isIntact ? status : -1
        }
        #expect(try await train(output: "t.h5") == 64)
        for path in ["./t.h5", folder.path("t.h5"), "link.h5"] {
            #expect(try await train(output: path) == 64, "\(path)")
        }
    }
}

@Suite("When the system fails")
struct SystemFailureTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("strace works where CI needs it", .enabled(if: isLinux && isContinuousIntegration, "only in CI"))
    func straceWorks() async throws {
        #expect(await Strace.works(), "install strace, and allow it to trace")
    }

    @Test(
        "a write that fails leaves the old model and nothing else",
        .enabled("needs strace, and the permission to trace") { await Strace.works() },
        arguments: [
            ("write:error=ENOSPC:when=1", "No space left on device"),
            ("write:error=EDQUOT:when=1", "Disk quota exceeded"),
            ("fsync:error=EIO", "Input/output error"),
            ("/^rename:error=EACCES", "Permission denied"),
        ])
    func failingCall(_ injection: String, _ message: String) async throws {
        // Nothing else is written before the model then.
        var tool = workshop.training(["--quiet", "--json"])
        tool.wrapper = Strace.command(injection)
        let outcome = try await tool.run()
        #expect(outcome.status == 74)
        #expect(outcome.stderr == "Error: model.nnk: \(message); expected a file to write\n")
        #expect(outcome.stdout == "")
        try workshop.expectUntouched()
    }

    @Test(
        "a write that is interrupted goes on",
        .enabled("needs strace, and the permission to trace") { await Strace.works() })
    func interruptedCall() async throws {
        var tool = workshop.training(["--quiet", "--json"])
        tool.wrapper = Strace.command("write:error=EINTR:when=1")
        let outcome = try await tool.run()
        #expect(outcome.status == 0)
        try workshop.expectModel("model.nnk")
    }

    @Test(
        "an image without permission, though root may read everything",
        .enabled("needs strace, and the permission to trace") { await Strace.works() })
    func unreadableImage() async throws {
        let folder = TemporaryFolder()
        try folder.write(Fixture.model, as: "model.nnk")
        try folder.write(Fixture.image, as: "image.bin")
        // strace remarks on paths that are not absolute and free of links.
        let image = URL(filePath: folder.path("image.bin")).resolvingSymlinksInPath().path
        var tool = CommandLineTool(["predict", image], in: folder)
        tool.wrapper = Strace.command("openat:error=EACCES", path: image)
        let outcome = try await tool.run()
        #expect(outcome.status == 66)
        let found = "Permission denied; expected \(Picture.expected)"
        #expect(outcome.stderr == "Error: \(image): \(found)\n")
    }

    @Test(
        "a folder that the disk fails to list is not called missing",
        .enabled("needs strace, and the permission to trace") { await Strace.works() },
        arguments: ["predict -m model.nnk photos", "dataset pack photos", "train --train photos"])
    func unlistedFolder(command: String) async throws {
        let folder = TemporaryFolder()
        try folder.write(Fixture.model, as: "model.nnk")
        for name in ["photos", "photos/a", "photos/b"] {
            try FileManager.default.createDirectory(
                atPath: folder.path(name), withIntermediateDirectories: false)
        }
        var tool = CommandLineTool(command.split(separator: " ").map(String.init), in: folder)
        tool.wrapper = Strace.command("getdents64:error=EIO")
        let outcome = try await tool.run()
        #expect(outcome.status == 74)
        #expect(outcome.complaint.hasPrefix("Error: photos: Input/output error; expected a folder "))
    }

    @Test("a full disk under the answers", .enabled(if: isLinux, "needs Linux's /dev/full"))
    func fullOutput() async throws {
        let folder = TemporaryFolder()
        try folder.write(Fixture.model, as: "model.nnk")
        try folder.write(Fixture.image, as: "image.bin")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
        let calls = [
            ["predict", "image.bin"], ["predict", "image.bin", "--json"], ["evaluate", "--data", "test.h5"],
            ["inspect", "test.h5"], ["inspect", "model.nnk", "--json"], ["--help"], ["help", "train"],
            ["--version"], ["--generate-completion-script", "bash"],
        ]
        for arguments in calls {
            var tool = CommandLineTool(arguments, in: folder)
            tool.outputFile = "/dev/full"
            let outcome = try await tool.run()
            #expect(outcome.status == 74, "\(arguments)")
            let message = "stdout: No space left on device; expected an output to write"
            #expect(outcome.stderr == "Error: \(message)\n", "\(arguments)")
        }
    }

    @Test(
        "if a page or table cannot be written, model and answer are still there",
        .enabled(if: isLinux, "needs Linux's /dev/full"),
        arguments: ["--report", "--log-csv"], [[], ["--json"]])
    func fullPage(option: String, json: [String]) async throws {
        let outcome = try await workshop.training([option, "/dev/full"] + json, output: "new.nnk").run()
        #expect(outcome.status == 74)
        #expect(
            outcome.stderr.hasSuffix(
                "Error: /dev/full: No space left on device; expected a file to write\n"))
        #expect(json.isEmpty == outcome.stderr.contains("\nwrote new.nnk "))
        #expect(outcome.stdout.contains(json.isEmpty ? "Train Accuracy " : "\"train_accuracy\":"))
        #expect(try Network(bytes: workshop.folder.bytes(of: "new.nnk")).origin != nil)
    }

    @Test("a full disk under the costs ends the training", .enabled(if: isLinux, "needs Linux's /dev/full"))
    func fullOutputWhileTraining() async throws {
        var tool = workshop.training(["--quiet"])
        tool.outputFile = "/dev/full"
        #expect(try await tool.run().status == 74)
        try workshop.expectUntouched()
    }
}

@Suite("Interrupted trainings")
struct InterruptTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    /// Runs a long training and sends it a signal once it has shown three costs.
    private func outcome(after signal: Int32) async throws -> (outcome: Outcome, secondsToEnd: Double) {
        let sent = Mutex<ContinuousClock.Instant?>(nil)
        var tool = workshop.longTraining()
        tool.watch = { text, process in
            guard text.count(where: { $0 == "\n" }) >= 3 else { return }
            sent.withLock { time in
                guard time == nil else { return }
                time = .now
                kill(process, signal)
            }
        }
        let outcome = try await tool.run()
        let time = try #require(sent.withLock { $0 })
        return (outcome, (ContinuousClock.now - time) / .seconds(1))
    }

    @Test("Ctrl-C ends a training soon, with a message, and leaves the old model")
    func interrupt() async throws {
        let (outcome, seconds) = try await outcome(after: SIGINT)
        #expect(outcome.status == 130)
        #expect(!outcome.wasKilled)
        #expect(seconds < 10)
        #expect(
            outcome.stderr.contains(
                /\nError: interrupted after \d+ of 4000000000 iterations; model.nnk was not written\n$/))
        #expect(outcome.stdout.hasPrefix("Cost after iteration 0: "))
        try workshop.expectUntouched()
    }

    @Test("a sudden end leaves the old model", arguments: [SIGKILL, SIGTERM])
    func suddenEnd(_ signal: Int32) async throws {
        let (outcome, _) = try await outcome(after: signal)
        #expect(outcome.wasKilled)
        #expect(outcome.status == signal)
        try workshop.expectUntouched()
    }
}

#if os(Linux)
    let isLinux = true
#else
    let isLinux = false
#endif

/// Lets chosen system calls of a command fail.
private enum Strace {
    private static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/strace" }.first(where: FileManager.default.isExecutableFile)

    /// Containers often forbid it.
    static func works() async -> Bool {
        guard isLinux, path != nil else { return false }
        let folder = TemporaryFolder()
        var tool = CommandLineTool(["--help"], in: folder)
        tool.wrapper = command("fsync:error=EIO")
        return (try? await tool.run().status) == 0
    }

    /// `injection` as strace's manual has it: set of calls, then what happens to them.
    static func command(_ injection: String, path filter: String? = nil) -> [String] {
        let calls = injection.prefix { $0 != ":" }
        return [path ?? "strace", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=\(calls)"]
            + ["-e", "inject=\(injection)"] + (filter.map { ["-P", $0] } ?? [])
    }
}
