import Foundation
import NNData
import SwiftNN
import Testing

/// Expects nothing but the exit code and a message on the standard error.
private func expectRefusal(
    _ outcome: Outcome, _ status: Int32, _ message: String, at location: SourceLocation = #_sourceLocation
) {
    #expect(outcome.status == status, sourceLocation: location)
    #expect(outcome.complaint == "Error: \(message)", sourceLocation: location)
    #expect(outcome.stdout == "", sourceLocation: location)
    #expect(!outcome.wasKilled, sourceLocation: location)
}

@Suite("Bad images")
struct BadImageTests {
    private let folder = TemporaryFolder()
    private static let expected = Picture.expected

    init() throws { try folder.write(Fixture.model, as: "model.nnk") }

    @Test("a missing image")
    func missing() async throws {
        expectRefusal(
            try await nnCLI("predict", "image.bin", in: folder), 66,
            "image.bin: no such file; expected \(Self.expected)")
    }

    @Test("an image of another size", arguments: [0, 1, 12000, 12287, 12289, 1 << 20])
    func otherSize(_ count: Int) async throws {
        try folder.write([UInt8](repeating: 1, count: count), as: "image.bin")
        expectRefusal(
            try await nnCLI("predict", "image.bin", in: folder), 65,
            "image.bin: expected \(Self.expected), got \(count) \(count == 1 ? "byte" : "bytes")")
    }

    @Test("a huge image is not read to its end")
    func huge() async throws {
        try folder.write([], as: "image.bin")
        let file = try FileHandle(forWritingTo: URL(filePath: folder.path("image.bin")))
        try file.truncate(atOffset: 1 << 40)
        try file.close()
        expectRefusal(
            try await nnCLI("predict", "image.bin", in: folder), 65,
            "image.bin: expected \(Self.expected), got more than 33554432 bytes")
    }

    @Test("an endless standard input is not read to its end")
    func endlessInput() async throws {
        expectRefusal(
            try await nnCLI("predict", "-", in: folder, input: .file("/dev/zero")), 65,
            "stdin: expected \(Self.expected), got more than 33554432 bytes")
    }

    @Test("a standard input of another size", arguments: [0, 12287, 12289])
    func inputOfOtherSize(_ count: Int) async throws {
        let bytes = [UInt8](repeating: 1, count: count)
        expectRefusal(
            try await nnCLI("predict", "-", in: folder, input: .bytes(bytes)), 65,
            "stdin: expected \(Self.expected), got \(count) bytes")
    }

    @Test("one standard input for two images")
    func twoInputs() async throws {
        expectRefusal(
            try await nnCLI("predict", "-", "-", in: folder, input: .bytes(Fixture.image)), 64,
            "standard input can be read only once: use - for one image, for the model or for --files-from")
    }

    @Test("an image without permission", .enabled(if: geteuid() != 0, "root may read everything"))
    func unreadable() async throws {
        try folder.write(Fixture.image, as: "image.bin")
        try #require(chmod(folder.path("image.bin"), 0) == 0)
        expectRefusal(
            try await nnCLI("predict", "image.bin", in: folder), 66,
            "image.bin: Permission denied; expected \(Self.expected)")
    }

    @Test("an image that opens and cannot be read", .enabled(if: isLinux, "needs Linux's /proc"))
    func failsToRead() async throws {
        expectRefusal(
            try await nnCLI("predict", "/proc/self/mem", in: folder), 74,
            "/proc/self/mem: Input/output error; expected \(Self.expected)")
    }

    @Test("the good image is answered, as a file and as the standard input")
    func good() async throws {
        try folder.write(Fixture.image, as: "image.bin")
        let probability = try Fixture.network.probability(of: Fixture.image)
        let text = String(format: "%.4f", probability)
        let name = Fixture.drawings.classes[probability > 0.5 ? 1 : 0]
        let outcome = try await nnCLI(
            "predict", "image.bin", "-", in: folder, input: .bytes(Fixture.image))
        let answer = "\(name) (probability of \(Fixture.drawings.classes[1]): \(text))"
        #expect(outcome.stdout == "image.bin: \(answer)\n-: \(answer)\n")
        #expect(outcome.stderr == "model: model.nnk\n")
        #expect(outcome.status == 0)
    }
}

@Suite("Bad models")
struct BadModelTests {
    private let folder = TemporaryFolder()
    private static let known = "a 12288-20-7-5-1 or 12288-7-1 network"

    /// Asks for a prediction with these bytes as the model.
    private func predict(with model: [UInt8]) async throws -> Outcome {
        try folder.write(model, as: "bad.nnk")
        try folder.write(Fixture.image, as: "image.bin")
        return try await nnCLI("predict", "image.bin", "--model", "bad.nnk", in: folder)
    }

    private func expectDefect(_ defect: ModelDefect, of bytes: [UInt8], _ what: String) {
        #expect(throws: NNError.invalidModel(defect), "\(what)") { try Network(bytes: bytes) }
    }

    @Test("no model")
    func missing() async throws {
        expectRefusal(
            try await nnCLI("predict", "image.bin", "-m", "bad.nnk", in: folder), 66,
            "bad.nnk: no such file; expected a model file")
    }

    @Test("every cut near the header, and many others")
    func truncated() {
        let model = Fixture.model
        let cuts = Array(0...200) + Array(stride(from: 201, to: model.count, by: 997)) + [model.count - 1]
        for cut in cuts { expectDefect(.truncated, of: Array(model.prefix(cut)), "\(cut) bytes") }
    }

    @Test("a cut model, as the user sees it", arguments: [64, 1000, 300_000])
    func truncatedFile(_ count: Int) async throws {
        expectRefusal(
            try await predict(with: Array(Fixture.model.prefix(count))), 65,
            "bad.nnk: expected a complete model, got only its first \(count) bytes")
    }

    @Test("every single bit of the header")
    func headerBits() {
        for bit in 0..<512 {
            var model = Fixture.model
            model[bit / 8] ^= 1 << (bit % 8)
            expectDefect(bit < 32 ? .notAModel : .damagedHeader, of: model, "bit \(bit)")
        }
    }

    @Test("single bits at a thousand places of the weights")
    func payloadBits() {
        let step = (Fixture.model.count - 64) / 1000
        for place in 0..<1000 {
            var model = Fixture.model
            model[64 + place * step] ^= 1 << (place % 8)
            expectDefect(.damagedWeights, of: model, "byte \(64 + place * step)")
        }
    }

    @Test("a flipped bit in the header, as the user sees it", arguments: [0, 4, 13, 33, 50, 63])
    func headerBit(_ offset: Int) async throws {
        var model = Fixture.model
        model[offset] ^= 0x10
        let (expected, found) =
            offset < 4
            ? ("a SwiftNN model", "another kind of file")
            : ("an intact model", "a damaged header (wrong checksum)")
        expectRefusal(
            try await predict(with: model), 65, "bad.nnk: expected \(expected), got \(found)")
    }

    @Test(
        "a flipped bit in the payload, as the user sees it",
        arguments: [64, 200_000, Fixture.model.count - 1])
    func payloadBit(_ offset: Int) async throws {
        var model = Fixture.model
        model[offset] ^= 1
        expectRefusal(
            try await predict(with: model), 65,
            "bad.nnk: expected an intact model, got damaged weights (wrong checksum)")
    }

    @Test("a sound model of another topology")
    func otherTopology() async throws {
        expectRefusal(
            try await predict(with: Fixture.otherModel), 65,
            "bad.nnk: expected \(Self.known), got a 12288-3-1 network")
    }

    @Test("a header that claims more layers than there can be")
    func tooManyLayers() async throws {
        expectRefusal(
            try await predict(with: Fixture.model(with: 255, at: 8)), 65,
            "bad.nnk: expected \(Self.known), got a 12288-7-1-0-0-0-0-0 network")
    }

    @Test("a later version")
    func laterVersion() async throws {
        expectRefusal(
            try await predict(with: Fixture.model(with: 4, at: 4)), 65,
            "bad.nnk: expected a model of format version 1 to 3, got version 4")
        // Shards alone make a model one of version 3.
        expectRefusal(
            try await predict(with: Fixture.model(with: 3, at: 4)), 65,
            "bad.nnk: expected a model with known options, got options 0 in version 3")
    }

    @Test("weights of another type, and a file of another kind", arguments: [6, 7])
    func otherKind(_ offset: Int) async throws {
        expectRefusal(
            try await predict(with: Fixture.model(with: 4, at: offset)), 65,
            "bad.nnk: expected a model with f32, f64 or i8 weights and two class names, got another kind of model"
        )
    }

    @Test("a header whose size is not that of its topology")
    func wrongSize() {
        expectDefect(.wrongSize, of: Fixture.model(with: 0xff, at: 35), "4 GB")
    }

    @Test("bytes behind the end")
    func tooLong() async throws {
        let model = Fixture.model + [0]
        expectRefusal(
            try await predict(with: model), 65,
            "bad.nnk: expected a file as long as its header says, got a longer one")
    }

    @Test("a text, an image and an empty file are no models")
    func otherFiles() async throws {
        let text = Array(repeatElement("Not a model.\n".utf8, count: 10).joined())
        for bytes in [text, Fixture.image] {
            expectRefusal(
                try await predict(with: bytes), 65,
                "bad.nnk: expected a SwiftNN model, got another kind of file")
        }
        let empty = try await predict(with: [])
        #expect(empty.status == 65)
        #expect(empty.complaint == "Error: bad.nnk: expected a SwiftNN model, got an empty file")
    }

    @Test("a folder instead of a model")
    func folderAsModel() async throws {
        expectRefusal(
            try await nnCLI("predict", "image.bin", "-m", ".", in: folder), 66,
            ".: a folder; expected a model file")
    }

    @Test("a huge file is not read to its end")
    func huge() async throws {
        expectRefusal(
            try await nnCLI("predict", "image.bin", "-m", "/dev/zero", in: folder), 65,
            "/dev/zero: expected a SwiftNN model, got another kind of file")
    }
}

@Suite("Files of another kind")
struct OtherKindTests {
    private let folder = TemporaryFolder()

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
        try folder.write(png(width: 1, height: 1, rgb: [0, 0, 0]), as: "photo.png")
        try folder.write([], as: "empty")
        try folder.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), as: "w.safetensors")
        try folder.write("PK\u{3}\u{4} and more".utf8, as: "w.npz")
        try folder.write([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0], as: "photo.jpg")
    }

    private static let photo = Picture.expected
    private static let inspectable = "a model, a checkpoint or a data set"

    @Test(
        "what was found is named",
        arguments: [
            ("predict model.nnk", "model.nnk: expected \(photo), got a SwiftNN model or checkpoint"),
            ("predict test.h5", "test.h5: expected \(photo), got an HDF5 file"),
            ("predict x -m photo.png", "photo.png: expected a SwiftNN model, got a PNG picture"),
            ("predict x -m photo.jpg", "photo.jpg: expected a SwiftNN model, got a JPEG picture"),
            (
                "predict x -m w.safetensors",
                "w.safetensors: expected a SwiftNN model, got weights of another program "
                    + "(nn-cli import makes a model of them)"
            ),
            ("evaluate --data x -m test.h5", "test.h5: expected a SwiftNN model, got an HDF5 file"),
            (
                "evaluate --data model.nnk",
                "model.nnk: expected an HDF5 file, got a SwiftNN model or checkpoint"
            ),
            ("evaluate --data empty", "empty: expected an HDF5 file, got an empty file"),
            ("inspect w.npz", "w.npz: expected \(inspectable), got a zip or npz file"),
            ("inspect empty", "empty: expected \(inspectable), got an empty file"),
            ("import empty -o x", "empty: expected a safetensors, npz or ONNX file, got an empty file"),
            (
                "train --resume --checkpoint model.nnk -o x --quiet",
                "model.nnk: expected a checkpoint, got a model"
            ),
            (
                "train --resume --checkpoint empty -o x --quiet",
                "empty: expected a checkpoint, got an empty file"
            ),
        ])
    func otherKind(command: String, message: String) async throws {
        let before = try folder.names
        let words = command.split(separator: " ").map(String.init)
        expectRefusal(try await CommandLineTool(words, in: folder).run(), 65, message)
        #expect(try folder.names == before)
    }
}

@Suite("Bad data sets")
struct BadDataSetTests {
    private let folder = TemporaryFolder()

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        try folder.write("This is not HDF5.".utf8, as: "text.h5")
        try folder.write([], as: "empty.h5")
        folder.writeEmptyHDF5(as: "bare.h5")
        folder.write(Fixture.drawings, prefix: "train", as: "good.h5")
        let loop = folder.path("loop.h5")
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: "loop.h5")
    }

    private static let cases: [(file: String, status: Int32, message: String)] = [
        ("gone.h5", 66, "no such file; expected a folder of photos or a data set file"),
        ("loop.h5", 66, "Too many levels of symbolic links; expected a folder of photos or a data set file"),
        (".", 65, "expected two folders of photos, one per class, got no folder"),
        ("text.h5", 65, "expected an HDF5 file, got another kind of file"),
        ("empty.h5", 65, "expected an HDF5 file, got an empty file"),
        ("bare.h5", 65, "expected train_set_x or test_set_x, got neither, and no other array"),
    ]

    @Test("evaluate names the file, what it expected and what it found", arguments: cases)
    func evaluate(file: String, status: Int32, message: String) async throws {
        expectRefusal(
            try await nnCLI("evaluate", "--data", file, in: folder), status, "\(file): \(message)")
    }

    @Test("train gives the same errors for the training set", arguments: cases)
    func train(file: String, status: Int32, message: String) async throws {
        expectRefusal(
            try await nnCLI("train", "--train", file, in: folder), status, "\(file): \(message)")
        #expect(try folder.bytes(of: "model.nnk") == Fixture.model)
    }

    @Test("train gives them for the test set, before it trains", arguments: cases)
    func test(file: String, status: Int32, message: String) async throws {
        expectRefusal(
            try await nnCLI("train", "--train", "good.h5", "--test", file, in: folder), status,
            "\(file): \(message)")
        #expect(try folder.bytes(of: "model.nnk") == Fixture.model)
    }
}

@Suite("Bad options")
struct BadOptionTests {
    private let folder = TemporaryFolder()

    private static let cases: [(arguments: String, message: String)] = [
        ("train --bogus", "Unknown option '--bogus'"),
        ("train extra", "Unexpected argument 'extra'"),
        ("train --iterations=-5", "--iterations: expected 1 to 4294967295, got -5"),
        ("train --iterations 0", "--iterations: expected 1 to 4294967295, got 0"),
        ("train --iterations 4294967296", "--iterations: expected 1 to 4294967295, got 4294967296"),
        ("train --iterations abc", "The value 'abc' is invalid for '--iterations <n>'"),
        ("train --iterations 1e99", "The value '1e99' is invalid for '--iterations <n>'"),
        ("train --learning-rate 0", "--learning-rate: expected a number above 0, got 0.0"),
        ("train --learning-rate=-1", "--learning-rate: expected a number above 0, got -1.0"),
        ("train --learning-rate nan", "--learning-rate: expected a number above 0, got nan"),
        ("train --learning-rate inf", "--learning-rate: expected a number above 0, got inf"),
        ("train --learning-rate fast", "The value 'fast' is invalid for '--learning-rate <rate>'"),
        ("train --seed=-1", "The value '-1' is invalid for '--seed <n>'"),
        ("train --seed 4294967296", "The value '4294967296' is invalid for '--seed <n>'"),
        ("train --log-every 0", "--log-every: expected 1 to 4294967295, got 0"),
        ("train --method primal --virtual-shards 0", "--virtual-shards: expected 1 to 32768, got 0"),
        ("train --method primal --virtual-shards 65536", "--virtual-shards: expected 1 to 32768, got 65536"),
        ("train --method primal --virtual-shards 6", "--virtual-shards: expected a power of two, got 6"),
        (
            "train --virtual-shards 8",
            "--virtual-shards needs --method primal: the dual method adds up no images"
        ),
        ("train --test x.h5", "--test needs --train: the built-in drawings have their own test set"),
        ("evaluate", "expected a data set to test on, as in evaluate test.h5"),
        ("evaluate --data x.h5 --min-accuracy 2", "--min-accuracy: expected 0 to 1, got 2.0"),
        ("evaluate --data x.h5 --min-accuracy=-0.1", "--min-accuracy: expected 0 to 1, got -0.1"),
        ("evaluate --data x.h5 --min-accuracy nan", "--min-accuracy: expected 0 to 1, got nan"),
        ("predict", "Missing expected argument '<input> ...'"),
        ("inspect", "Missing expected argument '<file>'"),
        ("plan --examples 0", "--examples: expected 1 to 1000000, got 0"),
        ("plan --examples 1000001", "--examples: expected 1 to 1000000, got 1000001"),
        ("plan --ram 0", "--ram: expected a size such as 131072, 128K or 1M, got 0"),
        ("plan --ram -1K", "--ram: expected a size such as 131072, 128K or 1M, got -1K"),
        ("plan --ram K", "--ram: expected a size such as 131072, 128K or 1M, got K"),
        ("plan --ram 1.5M", "--ram: expected a size such as 131072, 128K or 1M, got 1.5M"),
        ("plan --ram 64G", "--ram: expected a size such as 131072, 128K or 1M, got 64G"),
        (
            "plan --ram 9007199254740992K",
            "--ram: expected a size such as 131072, 128K or 1M, got 9007199254740992K"
        ),
        ("learn", "Unknown command 'learn'"),
        ("dataset synth -o -", "--output: expected a folder, got - (standard output)"),
        ("dataset shard x.h5 --count 1 -o -", "--output: expected a folder, got - (standard output)"),
        ("dataset shard x.h5 --count 0 -o s", "--count: expected 1 to 100000, got 0"),
        ("dataset shard x.h5 --count 100001 -o s", "--count: expected 1 to 100000, got 100001"),
        ("dataset shard --count 1 -o s", "expected a data set, as in dataset shard photos.h5, or --drawn"),
        (
            "dataset shard x.h5 --drawn 5 --count 1 -o s",
            "--drawn cannot be used with a data set, got x.h5 as well"
        ),
        ("dataset shard --drawn 0 --count 1 -o s", "--drawn: expected 1 to 10000000, got 0"),
        (
            "dataset shard --drawn 5 --test --count 1 -o s",
            "--drawn cannot be used with options of a data set"
        ),
        (
            "dataset shard --drawn 5 --positive a --count 1 -o s",
            "--drawn cannot be used with options of a data set"
        ),
        (
            "import w.npz -o m --class-names a a",
            "--class-names: expected class names that differ in their first 31 bytes, got a, a"
        ),
        (
            "predict -m - -",
            "standard input can be read only once: use - for one image, for the model or for --files-from"
        ),
    ]

    @Test("a bad option ends with 64, a message, and the way to the help", arguments: cases)
    func badOption(arguments: String, message: String) async throws {
        let outcome = try await call(arguments)
        expectRefusal(outcome, 64, message)
        #expect(outcome.stderr.hasSuffix("--help' for more information.\n"))
        #expect(try folder.names == [])
    }

    @Test(
        "an unknown value is answered with the valid ones",
        arguments: [
            ("--topology wide", "'deep' and 'two-layer'"), ("--precision f16", "'f64' and 'f32'"),
        ])
    func badChoice(arguments: String, choices: String) async throws {
        let outcome = try await call("train \(arguments)")
        #expect(outcome.status == 64)
        #expect(outcome.complaint.contains(choices))
    }

    @Test(
        "a minus after a space is part of the value",
        arguments: ["--iterations -5", "--learning-rate -1", "--seed -1"])
    func minusAfterSpace(_ arguments: String) async throws {
        let outcome = try await call("train \(arguments)")
        #expect(outcome.status == 64)
        let words = arguments.split(separator: " ")
        #expect(outcome.complaint.contains(words[0]) && outcome.complaint.contains(words[1]))
    }

    @Test("the largest seed is not too large")
    func largestSeed() async throws {
        let outcome = try await call("train --seed 4294967295 --iterations 1 --topology two-layer --json")
        #expect(try outcome.answer(TrainingAnswer.self).seed == 4_294_967_295)
    }

    @Test("no command, and --help, list the commands", arguments: ["", "--help"])
    func help(_ arguments: String) async throws {
        let outcome = try await call(arguments)
        #expect(outcome.status == 0)
        for command in ["train", "predict", "evaluate", "inspect", "plan"] {
            #expect(outcome.stdout.contains("\n  \(command) "))
        }
        for code in ["64 usage error", "65 bad data", "66 missing input", "130 interrupted"] {
            #expect(outcome.stdout.contains(code))
        }
    }

    @Test("a rate that is far too high is bad data", arguments: ["deep", "two-layer"])
    func divergence(_ topology: String) async throws {
        let outcome = try await call(
            "train --learning-rate 1e300 --iterations 9 --json --topology \(topology)")
        #expect(outcome.status == 65)
        #expect(outcome.stdout == "")
        let message =
            "Error: the cost is no longer finite after iteration 1; try a --learning-rate below 1e+300\n"
        #expect(outcome.stderr.hasSuffix(message))
        #expect(try folder.names == [])
    }

    @Test("finite weights with which predictions overflow do not replace a good model")
    func overflow() async throws {
        try folder.write(Fixture.model, as: "model.nnk")
        let outcome = try await call("train --learning-rate 1e160 --iterations 1 --force")
        #expect(outcome.status == 65)
        #expect(
            outcome.stderr.hasSuffix(
                "Error: the cost is no longer finite after iteration 1; try a --learning-rate below 1e+160\n")
        )
        #expect(try folder.bytes(of: "model.nnk") == Fixture.model)
        #expect(try folder.names == ["model.nnk"])
    }

    private func call(_ arguments: String) async throws -> Outcome {
        try await CommandLineTool(arguments.split(separator: " ").map(String.init), in: folder).run()
    }
}
