import Foundation
import NNData
import SwiftNN
import Testing

/// Each command with each of its files wrong, in each of the ways that happen.
@Suite("Every command used wrongly")
struct MisuseTests {
    private let folder = TemporaryFolder()

    init() throws {
        folder.write(Fixture.drawings, prefix: "train", as: "good.h5")
        try folder.write(Fixture.model, as: "model.nnk")
        try folder.write(Fixture.image, as: "image.bin")
        try folder.write("This is a text.\n".utf8, as: "text")
        for name in ["empty", "photos/a", "photos/b"] {
            try FileManager.default.createDirectory(
                atPath: folder.path(name), withIntermediateDirectories: true)
        }
        for name in ["a/0", "a/1", "b/0", "b/1"] { try folder.write(Fixture.image, as: "photos/\(name)") }
    }

    /// `X` in the command is the file.
    private func expectRefusal(_ command: String, _ file: String, _ status: Int32, _ complaint: String)
        async throws
    {
        let before = try folder.names
        let arguments = command.split(separator: " ").map { $0 == "X" ? file : String($0) }
        let outcome = try await CommandLineTool(arguments, in: folder).run()
        #expect(outcome.status == status, "\(arguments) \(outcome.stderr)")
        // Of a wrong content, what was expected comes first; of a file that cannot be used at all, the reason.
        let (prefix, suffix) =
            status == 65 ? ("expected ", ", got \(complaint)") : ("\(complaint); expected ", "")
        #expect(outcome.stderr.hasPrefix("Error: \(file): \(prefix)"), "\(arguments) \(outcome.stderr)")
        #expect(outcome.stderr.hasSuffix("\(suffix)\n"), "\(arguments) \(outcome.stderr)")
        #expect(outcome.stderr.count(where: { $0 == "\n" }) == 1, "\(outcome.stderr)")
        #expect(outcome.stdout == "")
        #expect(try folder.names == before)
    }

    @Test(
        "an input that is missing, a folder, or of another kind",
        arguments: [
            ("train --train X", "no folder", "another kind of file"),
            ("train --train good.h5 --test X", "no folder", "another kind of file"),
            ("evaluate --data X", "no folder", "another kind of file"),
            ("evaluate --data good.h5 -m X", "a folder", "another kind of file"),
            ("report --data X", "no folder", "another kind of file"),
            ("report --data good.h5 --train X", "no folder", "another kind of file"),
            ("report --data good.h5 -m X", "a folder", "another kind of file"),
            ("predict -m X image.bin", "a folder", "another kind of file"),
            ("inspect X", "no folder", "another kind of file"),
            ("export --format i8 -m X", "a folder", "another kind of file"),
            ("import X -o new.nnk", "a folder", "another kind of file"),
            ("dataset show X", "no folder", "another kind of file"),
            ("dataset shard X -o new --count 1", "no folder", "another kind of file"),
        ])
    func inputs(command: String, ofFolder: String, ofText: String) async throws {
        try await expectRefusal(command, "gone", 66, "no such file")
        try await expectRefusal(command, "empty", ofFolder == "a folder" ? 66 : 65, ofFolder)
        try await expectRefusal(command, "text", 65, ofText)
    }

    @Test(
        "an output that is a folder, or in one that is missing",
        arguments: [
            "train -o X", "train --report X", "train --log-csv X", "train --checkpoint X",
            "train --resume --checkpoint X", "report --data good.h5 -o X", "export --format i8 -o X",
            "export --format c-header --i8 -o X", "import image.bin -o X", "dataset pack photos -o X",
            "dataset show good.h5 -o X", "teach photos -o X", "teach photos --report X",
            "cross-validate photos --report X",
        ])
    func outputs(command: String) async throws {
        try await expectRefusal(command, "empty", 74, "a folder")
        try await expectRefusal(command, "gone/file", 74, "no folder gone")
    }

    @Test("dataset synth takes a folder")
    func synth() async throws {
        try await expectRefusal("dataset synth -o X", "text", 74, "a file")
        try await expectRefusal("dataset synth -o X", "gone/folder", 74, "no folder gone for it")
    }

    @Test("dataset shard takes a new folder")
    func shard() async throws {
        try await expectRefusal("dataset shard good.h5 --count 1 -o X", "text", 74, "a file")
        try await expectRefusal(
            "dataset shard good.h5 --count 1 -o X", "photos", 74, "a folder that is not empty")
        let outcome = try await nnCLI(
            "dataset", "shard", "good.h5", "--count", "1", "-o", "gone/s", in: folder)
        #expect(outcome.status == 74)
        #expect(outcome.stderr == "Error: gone: no folder; expected a folder to write to\n")
    }

    @Test("a picture that is cut off, among good ones, is named and skipped")
    func cutOff() async throws {
        let pixels = [UInt8](repeating: 200, count: 3 * 90 * 70)
        try folder.write(png(width: 90, height: 70, rgb: pixels).dropLast(20), as: "photos/a/2.png")
        let outcome = try await nnCLI("dataset", "pack", "photos", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stderr.hasPrefix("skipped photos/a/2.png: expected 12288 bytes (64x64 RGB) or a PNG"))
        #expect(outcome.stderr.contains("\nwrote photos.h5: 2 images; class 0, a: 1; class 1, b: 1\n"))
    }
}
