import Foundation
import NNData
import SwiftNN
import Testing

@testable import nn_cli

private let short = [
    "train", "--train", "train.h5", "--topology", "two-layer", "--iterations", "30", "--log-every", "10",
]

/// The options of `train` that change how a network learns.
@Suite("How a network learns")
struct LearningTests {
    private let folder = TemporaryFolder()
    private let drawings = Fixture.drawings

    init() { folder.write(drawings, prefix: "train", as: "train.h5") }

    private struct Answer: Decodable {
        let costs: [TrainingAnswer.Cost]
        let heldOut: Int?
        let heldOutCosts: [TrainingAnswer.Cost]?
        let heldOutAccuracy: Double?
        let keptIteration: Int?
        let trainAccuracy: Double
        let warnings: [String]
    }

    private func run(_ more: [String]) async throws -> Outcome {
        try await CommandLineTool(short + more, in: folder).run()
    }

    /// What the library makes of the same options.
    private func network(
        _ rule: WeightRule? = nil, _ change: (inout TrainingOptions) -> Void
    ) throws -> Network {
        var options = TrainingOptions()
        options.topology = .twoLayer
        options.iterations = 30
        options.costEvery = 10
        change(&options)
        let examples = try Examples(drawings)
        return try Network(
            training: rule.map { try $0.weighted(examples, seed: options.seed) } ?? examples, options: options
        )
    }

    @Test("each option is the library's, and reproduce finds the same bytes")
    func options() async throws {
        let start = try network { $0.seed = 9 }
        try folder.write(start.bytes, as: "start.nnk")
        let cases: [(String, WeightRule?, (inout TrainingOptions) -> Void)] = [
            ("", nil, { _ in }),
            ("--center", nil, { $0.centersImages = true }),
            ("--own-contrast", nil, { $0.takesOwnContrastOff = true }),
            ("--mirror", nil, { $0.mirror = .rgb(width: 64) }),
            ("--weight-decay 0.5", nil, { $0.weightDecay = 0.5 }),
            ("--balance", WeightRule(balances: true), { _ in }),
            ("--hold-out 0.25", WeightRule(heldOut: 2500), { _ in }),
            (
                "--hold-out 0.25 --keep-best --learning-rate 0.05", WeightRule(heldOut: 2500),
                {
                    $0.keepsBest = true
                    $0.learningRate = 0.05
                }
            ),
            ("--from start.nnk", nil, { $0.start = start }),
            (
                "--method primal --virtual-shards 8", nil,
                { ($0.method, $0.virtualShards) = (.primal, 8) }
            ),
            (
                "--center --mirror --weight-decay 0.25 --balance --hold-out 0.3 --seed 3 --precision f32 --method primal",
                WeightRule(heldOut: 3000, balances: true),
                {
                    ($0.centersImages, $0.mirror, $0.weightDecay) = (true, .rgb(width: 64), 0.25)
                    ($0.seed, $0.precision, $0.method) = (3, .f32, .primal)
                }
            ),
        ]
        for (words, rule, change) in cases {
            let outcome = try await run(["--json"] + words.split(separator: " ").map(String.init))
            #expect(outcome.status == 0, "\(words): \(outcome.stderr)")
            #expect(try outcome.mismatches("train") == [])
            let model = try folder.bytes(of: "model.nnk")
            #expect(try model == network(rule, change).bytes, "\(words)")
            #expect(model[4] == (words.isEmpty ? 1 : words.contains("shards") ? 3 : 2))
            let answer = try outcome.answer(Answer.self)
            #expect((answer.heldOutCosts?.count == 3) == words.contains("--hold-out"))
            #expect((answer.keptIteration != nil) == words.contains("--keep-best"))
            let from = words.contains("--from") ? ["--from", "start.nnk"] : []
            let again = try await CommandLineTool(
                ["reproduce", "model.nnk", "--train", "train.h5", "--json"] + from, in: folder
            ).run()
            #expect(again.status == 0, "\(words): \(again.stderr)")
            #expect(try again.mismatches("reproduce") == [])
            #expect(again.stdout == "{\"equal\":true,\"first_difference\":null}\n")
        }
    }

    @Test("the cost on held-out images is shown beside the cost, in text, table and page")
    func heldOutCosts() async throws {
        let outcome = try await run(["--hold-out", "0.25", "--log-csv", "c.csv", "--report", "r.html"])
        #expect(outcome.status == 0, "\(outcome.stderr)")
        #expect(outcome.stdout.contains(/Cost after iteration 10: [0-9.]+, held out: [0-9.]+\n/))
        #expect(outcome.stdout.contains(/Held-out Accuracy [0-9.]+\n/))
        let table = String(decoding: try folder.bytes(of: "c.csv"), as: UTF8.self)
        #expect(table.contains(/^iteration,cost,held_out_cost\n0,[0-9.]+,[0-9.]+\n10,/))
        let page = String(decoding: try folder.bytes(of: "r.html"), as: UTF8.self)
        #expect(page.contains("<polyline class=\"line held-out\""))
        #expect(page.contains("that were held out: "))
        #expect(page.contains("--hold-out 0.25"))
    }

    @Test(
        "options that make no sense are refused before any work",
        arguments: [
            ("--weight-decay -1", 64), ("--weight-decay nan", 64), ("--weight-decay 200", 64),
            ("--weight-decay 20 --learning-rate 0.05", 64), ("--hold-out 0", 64), ("--hold-out 1", 64),
            ("--hold-out -0.5", 64), ("--hold-out nan", 64), ("--hold-out 0.00001", 64), ("--keep-best", 64),
            ("--from deep.nnk", 65), ("--from contrast.nnk", 65), ("--from plain.nnk --own-contrast", 65),
            ("--from infinite.nnk", 65), ("--from gone.nnk", 66), ("--from reversed.nnk", 65),
            ("--train single.h5 --hold-out 0.2", 65), ("--from plain.nnk -o plain.nnk", 64),
            ("--from model.nnk", 64),
        ])
    func refusals(words: String, status: Int32) async throws {
        try folder.write(Fixture.trained(.deep).bytes, as: "deep.nnk")
        let plain = Fixture.network
        try folder.write(plain.bytes, as: "plain.nnk")
        try folder.write(takingOwnContrastOff(plain).bytes, as: "contrast.nnk")
        var bytes = plain.bytes
        for (index, byte) in ([0, 0, 0x80, 0x7f] as [UInt8]).enumerated() { bytes[64 + index] = byte }
        Fixture.seal(&bytes)
        try folder.write(bytes, as: "infinite.nnk")
        let reversed = try Network(
            topology: plain.topology, parameters: plain.parameters(as: Float.self),
            classNames: plain.classNames.reversed())
        try folder.write(reversed.bytes, as: "reversed.nnk")
        let single = drawings.labels.firstIndex(of: 1)!
        let others = drawings.labels.indices.filter { drawings.labels[$0] == 0 }
        folder.write(drawings.examples(others + [single]), prefix: "train", as: "single.h5")
        let before = try folder.names
        let given = words.split(separator: " ").map(String.init)
        let outcome = try await CommandLineTool(
            (given.contains("--train") ? ["train", "--topology", "two-layer"] : short) + given, in: folder
        ).run()
        #expect(outcome.status == status, "\(outcome.stderr)")
        #expect(outcome.complaint.hasPrefix("Error: ") && !outcome.complaint.contains("internal"))
        #expect(!outcome.stdout.contains("Cost") && !outcome.stderr.contains("Cost after"))
        #expect(try folder.names == before)
    }

    @Test("a checkpoint goes on only with the same options")
    func checkpoints() async throws {
        var options = TrainingOptions()
        (options.topology, options.iterations, options.costEvery) = (.twoLayer, 30, 10)
        (options.centersImages, options.weightDecay) = (true, 0.5)
        let examples = try WeightRule(heldOut: 2500).weighted(Examples(drawings), seed: 1)
        var trainer = try Trainer(examples: examples, options: options)
        for _ in 0..<6 { _ = try trainer.step() }
        let checkpoint = try trainer.checkpoint().bytes
        try folder.write(checkpoint, as: "run.ckpt")
        let inspected = try await nnCLI("inspect", "run.ckpt", "--json", in: folder)
        #expect(try inspected.mismatches("inspect") == [])
        #expect(
            inspected.stdout.contains("\"centered\":true")
                && inspected.stdout.contains("\"weight_decay\":0.5"))
        let resume = ["--resume", "--checkpoint", "run.ckpt"]
        let other = try await run(resume + ["--own-contrast"])
        #expect(other.status == 65)
        #expect(
            other.complaint.hasSuffix(
                "got one with --center on (here off), --own-contrast off (here on), --weight-decay 0.5 (here 0.0), "
                    + "other weights of images (--hold-out, --balance)"), "\(other.complaint)")
        let same = try await run(resume + ["--center", "--weight-decay", "0.5", "--hold-out", "0.25"])
        #expect(same.status == 0, "\(same.stderr)")
        let expected = try network(WeightRule(heldOut: 2500)) {
            ($0.centersImages, $0.weightDecay) = (true, 0.5)
        }
        #expect(try folder.bytes(of: "model.nnk") == expected.bytes)
    }

    // MARK: Warnings

    private func warnings(_ more: [String]) async throws -> ([String], String) {
        let outcome = try await run(["--json"] + more)
        #expect(outcome.status == 0, "\(outcome.stderr)")
        return (try outcome.answer(Answer.self).warnings, outcome.stderr)
    }

    @Test("one class alone, and test images that are training images, are told before the training")
    func dataWarnings() async throws {
        let zeros = drawings.examples(drawings.labels.indices.filter { drawings.labels[$0] == 0 })
        folder.write(zeros, prefix: "train", as: "zeros.h5")
        let (kinds, text) = try await warnings(["--train", "zeros.h5"])
        #expect(kinds == ["one_class"])
        #expect(text.contains("warning: all \(zeros.count) training images are of \(drawings.classes[0]); "))

        // One as it is, one mirrored, one mirrored and changed in a byte, and others.
        var images = DataSet.drawn(count: 20, seed: 6).images
        let size = DataSet.imageBytes
        let mirrored = { (image: ArraySlice<UInt8>) -> [UInt8] in
            let rows = stride(from: 0, to: size, by: 192).map { Array(Array(image)[$0..<$0 + 192]) }
            return rows.flatMap { row in (0..<64).reversed().flatMap { row[3 * $0..<3 * $0 + 3] } }
        }
        images.replaceSubrange(0..<size, with: drawings.image(3))
        images.replaceSubrange(size..<2 * size, with: mirrored(drawings.image(5)))
        var changed = mirrored(drawings.image(7))
        changed.swapAt(0, changed.firstIndex { $0 != changed[0] }!)
        images.replaceSubrange(2 * size..<3 * size, with: changed)
        let test = DataSet(images: images, labels: drawings.labels, classes: drawings.classes)
        folder.write(test, prefix: "test", as: "test.h5")
        let (found, message) = try await warnings(["--test", "test.h5", "--force"])
        #expect(found.contains("test_in_training"))
        #expect(
            message.contains("warning: 2 of 20 test images are also training images, as they are or mirrored")
        )
    }

    @Test("a network that learns nothing is told, and so is a rate above the usual one")
    func learnsNothing() async throws {
        // Without contrast and alike in both classes: nothing can tell them apart.
        let grey = DataSet(
            images: [UInt8](repeating: 128, count: 20 * DataSet.imageBytes),
            labels: (0..<20).map { $0 < 12 ? 0 : 1 }, classes: ["a", "b"])
        folder.write(grey, prefix: "train", as: "grey.h5")
        let (kinds, text) = try await warnings(["--train", "grey.h5"])
        #expect(kinds == ["constant_output", "no_better_than_guessing"])
        #expect(
            text.contains(
                /warning: the network gives the same answer for every training image.*try --center,/))
        #expect(text.contains("warning: 12 of 20 training images are classified correctly; always answering"))
        let (fast, _) = try await warnings(["--train", "grey.h5", "--learning-rate", "0.05", "--center"])
        #expect(fast == ["constant_output", "no_better_than_guessing", "learning_rate_too_high"])
        let quiet = try await run(["--train", "grey.h5", "--quiet"])
        #expect(!quiet.stderr.contains("warning"))
    }

    @Test("a training that goes well has no warnings")
    func noWarnings() async throws {
        let (kinds, _) = try await warnings(["--iterations", "300", "--center"])
        #expect(kinds == [])
    }
}

@Suite("Reproduce")
struct ReproduceTests {
    private let folder = TemporaryFolder()
    private let drawings = Fixture.drawings

    init() throws {
        folder.write(drawings, prefix: "train", as: "train.h5")
        try folder.write(Fixture.model, as: "model.nnk")
    }

    private func difference(_ more: String..., train: String = "train.h5") async throws -> String {
        let outcome = try await CommandLineTool(
            ["reproduce", "model.nnk", "--train", train, "--json"] + more, in: folder
        ).run()
        #expect(try outcome.mismatches("reproduce") == [])
        let isEqual = outcome.stdout.hasPrefix("{\"equal\":true,")
        #expect(outcome.status == (isEqual ? 0 : 1))
        #expect(isEqual == !outcome.stderr.contains("Error: model.nnk: "))
        return String(outcome.stdout.trimmingPrefix(/.*"first_difference":/).dropLast(2))
    }

    @Test("a model is the same, in words too; one of the drawings needs no data")
    func same() async throws {
        #expect(try await difference() == "null")
        let words = try await nnCLI("reproduce", "model.nnk", "--train", "train.h5", in: folder)
        #expect(words.stdout == "the same \(Fixture.model.count) bytes\n")
        let drawn = try await nnCLI(
            "train", "--topology", "two-layer", "--iterations", "5", "--force", in: folder)
        #expect(drawn.status == 0)
        #expect(try await nnCLI("reproduce", "model.nnk", in: folder).status == 0)
    }

    @Test("a judged model is the same; another calibration is not")
    func judged() async throws {
        let expectation = Network.Expectation(
            accuracy: 0.7, interval: 0.6...0.8, logLoss: 0.6, areaUnderCurve: 0.7, guessing: 0.5,
            examples: 60,
            folds: 5, calibration: Calibration(scale: 0.7, shift: -0.1))
        var bytes = try Fixture.network.calibrated(expectation).bytes
        try folder.write(bytes, as: "model.nnk")
        #expect(try await difference() == "null")
        bytes[bytes.count - 48 + 6] ^= 1  // of the scale
        Fixture.seal(&bytes)
        try folder.write(bytes, as: "model.nnk")
        #expect(try await difference() == #"{"column":0,"layer":2,"row":0}"#)
    }

    @Test("a flipped weight or bias is found where it is")
    func flipped() async throws {
        // 12288-7-1 in float: W1, b1, W2, b2.
        let (w1, b1) = (64, 64 + 4 * 7 * 12288)
        for (place, expected) in [
            (w1, #"{"column":0,"layer":1,"row":0}"#),
            (w1 + 4 * (3 * 12288 + 100), #"{"column":100,"layer":1,"row":3}"#),
            (b1 + 4 * 2, #"{"column":null,"layer":1,"row":2}"#),
            (b1 + 4 * 7 + 4 * 6, #"{"column":6,"layer":2,"row":0}"#),
            (b1 + 4 * 14, #"{"column":null,"layer":2,"row":0}"#),
        ] {
            var bytes = Fixture.model
            bytes[place] ^= 1
            Fixture.seal(&bytes)
            try folder.write(bytes, as: "model.nnk")
            #expect(try await difference() == expected)
        }
    }

    @Test("other images, labels and class names are other data")
    func otherData() async throws {
        var images = drawings.images
        images[images.count - 1] ^= 1
        var labels = drawings.labels
        labels[0] ^= 1
        for (images, labels, classes) in [
            (images, drawings.labels, drawings.classes), (drawings.images, labels, drawings.classes),
            (drawings.images, drawings.labels, ["x", "y"]),
        ] {
            folder.write(
                DataSet(images: images, labels: labels, classes: classes), prefix: "train", as: "other.h5")
            #expect(try await difference(train: "other.h5") == #""data""#)
        }
    }

    @Test("models that no training gives say what to do")
    func options() async throws {
        func expect(_ network: Network, _ text: String, _ more: [String] = []) async throws {
            try folder.write(network.bytes, as: "model.nnk")
            let outcome = try await CommandLineTool(
                ["reproduce", "model.nnk", "--train", "train.h5", "--json"] + more, in: folder
            ).run()
            #expect(outcome.status == 1)
            #expect(outcome.stdout == "{\"equal\":false,\"first_difference\":\"options\"}\n")
            #expect(outcome.complaint.contains(text), "\(outcome.complaint)")
        }
        let network = Fixture.network
        try await expect(network.quantized(), "export --i8")
        let parameters = network.parameters(as: Float.self)
        try await expect(
            Network(topology: network.topology, parameters: parameters), "its weights were imported")
        var origin = network.origin!
        origin.exampleWeights = .init(crc: 1, rule: 0)
        try await expect(
            Network(topology: network.topology, parameters: parameters, origin: origin),
            "--hold-out and --balance")
        origin = network.origin!
        origin.startCRC = network.payloadCRC ^ 1
        let started = try Network(topology: network.topology, parameters: parameters, origin: origin)
        try await expect(started, "name that model with --from")
        try folder.write(network.bytes, as: "start.nnk")
        try await expect(started, "not from this one", ["--from", "start.nnk"])
        try await expect(network, "leave out --from", ["--from", "start.nnk"])
        origin = network.origin!
        origin.weightDecay = 1e308
        try await expect(
            Network(topology: network.topology, parameters: parameters, origin: origin),
            "no training has such options: weight decay: expected 0...133.3")
        let deep = try Network(
            topology: .deep, parameters: [Float](repeating: 0, count: Topology.deep.parameterCount))
        try folder.write(deep.bytes, as: "start.nnk")
        origin = network.origin!
        origin.startCRC = deep.payloadCRC
        try await expect(
            Network(topology: network.topology, parameters: parameters, origin: origin),
            "no training has such options: the model to start from", ["--from", "start.nnk"])
    }
}
