import NNData
import SwiftNN
import Testing

@Suite("Inspecting")
struct InspectTests {
    private let folder = TemporaryFolder()

    private struct ModelFacts: Decodable {
        let kind, path, sha256, precision, method, initializer: String
        let bytes, parameters, iterations, examples, seed: Int
        let layers: [Int]
        let classes: [String]
        let learningRate: Double
        let dataCrc32: String
    }

    private struct DataSetFacts: Decodable, Equatable {
        let kind, path: String
        let count: Int
        let shape, counts: [Int]
        let classes: [String]
    }

    private var crc: String {
        let text = String(Fixture.network.origin!.dataCRC, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    @Test("a model, as JSON")
    func modelAsJSON() async throws {
        try folder.write(Fixture.model, as: "cats.nnk")
        let outcome = try await nnCLI("inspect", "cats.nnk", "--json", in: folder)
        #expect(try outcome.mismatches("inspect") == [])
        let facts = try outcome.answer(ModelFacts.self)
        #expect(facts.kind == "model")
        #expect(facts.path == "cats.nnk")
        #expect(facts.sha256 == sha256(Fixture.model))
        #expect(facts.bytes == Fixture.model.count)
        #expect(facts.layers == [12288, 7, 1])
        #expect(facts.parameters == 12288 * 7 + 7 + 7 + 1)
        #expect(facts.precision == "f32")
        #expect(facts.classes == Fixture.drawings.classes)
        #expect(facts.method == "dual")
        #expect(facts.initializer == "small")
        #expect(facts.seed == 1)
        #expect(facts.iterations == 3)
        #expect(facts.examples == Fixture.drawings.count)
        #expect(facts.learningRate == 0.0075)
        #expect(facts.dataCrc32 == crc)
    }

    @Test("a model, as text")
    func modelInWords() async throws {
        try folder.write(Fixture.model, as: "cats.nnk")
        let outcome = try await nnCLI("inspect", "cats.nnk", in: folder)
        let classes = Fixture.drawings.classes
        #expect(
            outcome.stdout == """
                model          cats.nnk
                sha256         \(sha256(Fixture.model))
                size           \(Fixture.model.count) bytes
                layers         12288-7-1
                parameters     86031 of f32
                classes        0: \(classes[0]), 1: \(classes[1])
                training       dual gradient descent, 3 iterations, learning rate 0.0075
                initial        small weights, seed 1
                data           20 images, CRC-32 \(crc)

                """)
        #expect(outcome.status == 0)
        #expect(outcome.stderr == "")
    }

    @Test("a data set, as JSON", arguments: ["train", "test"])
    func dataSetAsJSON(_ prefix: String) async throws {
        folder.write(Fixture.drawings, prefix: prefix, as: "set.h5")
        let outcome = try await nnCLI("inspect", "set.h5", "--json", in: folder)
        #expect(try outcome.mismatches("inspect") == [])
        let ones = Fixture.drawings.labels.count { $0 == 1 }
        let facts = DataSetFacts(
            kind: "data set", path: "set.h5", count: 20, shape: [64, 64, 3], counts: [20 - ones, ones],
            classes: Fixture.drawings.classes)
        #expect(try outcome.answer(DataSetFacts.self) == facts)
    }

    @Test("a data set, as text")
    func dataSetInWords() async throws {
        folder.write(Fixture.drawings, prefix: "train", as: "set.h5")
        let outcome = try await nnCLI("inspect", "set.h5", in: folder)
        let ones = Fixture.drawings.labels.count { $0 == 1 }
        let classes = Fixture.drawings.classes
        #expect(
            outcome.stdout == """
                data set   set.h5
                images     20 of 64 x 64 pixels, RGB
                class 0    \(classes[0]): \(20 - ones)
                class 1    \(classes[1]): \(ones)

                """)
    }

    @Test("a model from a pipe", .enabled(if: isLinux, "needs Linux's /dev/fd"))
    func pipe() async throws {
        try folder.write(Fixture.model, as: "model.nnk")
        var shell = CommandLineTool(
            ["-c", "cat model.nnk | '\(CommandLineTool.path)' inspect /dev/fd/0 --json"], in: folder)
        shell.program = "/bin/sh"
        let outcome = try await shell.run()
        #expect(outcome.status == 0, "\(outcome.stderr)")
        #expect(outcome.stdout.contains("\"path\":\"/dev/fd/0\""))
    }

    @Test(
        "what is neither is refused",
        arguments: [
            ("gone", 66, "no such file; expected a model, a checkpoint or a data set"),
            (".", 65, "expected two folders of photos, one per class, got no folder"),
            ("image.bin", 65, "expected a model, a checkpoint or a data set, got another kind of file"),
            ("half.h5", 65, "expected an HDF5 file, got one that is cut short"),
        ])
    func refusals(file: String, status: Int32, message: String) async throws {
        try folder.write(Fixture.image, as: "image.bin")
        folder.write(Fixture.drawings, prefix: "train", as: "whole.h5")
        try folder.write(try folder.bytes(of: "whole.h5").prefix(100_000), as: "half.h5")
        let outcome = try await nnCLI("inspect", file, in: folder)
        #expect(outcome.status == status)
        #expect(outcome.stderr == "Error: \(file): \(message)\n")
    }
}
