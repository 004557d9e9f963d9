import Foundation
import NNData
import SwiftNN
import Testing

@testable import nn_cli

/// The network, with each image's own contrast taken off: the rows of W1 sum up to 0.
func takingOwnContrastOff(_ network: Network, _ origin: Network.Origin? = nil) throws -> Network {
    func centered<S: Scalar>(_ parameters: [S]) throws -> Network {
        var parameters = parameters
        let inputs = network.inputs
        for unit in 0..<network.topology.sizes[1] {
            let row = unit * inputs..<(unit + 1) * inputs
            let mean = S(parameters[row].reduce(0.0) { $0 + Double($1) } / Double(inputs))
            for index in row { parameters[index] -= mean }
        }
        return try Network(
            topology: network.topology, parameters: parameters, classNames: network.classNames,
            origin: origin, takesOwnContrastOff: true)
    }
    return network.elementType == .f64
        ? try centered(network.parameters(as: Double.self)) : try centered(network.parameters(as: Float.self))
}

@Suite("Models with options")
struct ModelOptionsTests {
    private let folder = TemporaryFolder()
    private let network: Network

    init() throws {
        var origin = Fixture.network.origin!
        origin.isCentered = true
        origin.mirror = .init(rowBytes: 192, pixelBytes: 3)
        origin.weightDecay = 0.1
        origin.exampleWeights = .init(crc: 0xab, rule: 4_000_000_000)
        origin.startCRC = 0xcd
        origin.keptIteration = 2
        network = try takingOwnContrastOff(Fixture.network, origin)
        try folder.write(network.bytes, as: "model.nnk")
    }

    @Test("what is exported comes back as the same file", arguments: ["safetensors", "npz"])
    func roundTrip(format: String) async throws {
        #expect(try await nnCLI("export", "--format", format, "-o", "out", in: folder).status == 0)
        #expect(try await nnCLI("import", "out", "-o", "back.nnk", in: folder).status == 0)
        let isSame = try folder.bytes(of: "back.nnk") == network.bytes
        #expect(isSame)
    }

    private static let expectation = Network.Expectation(
        accuracy: 0.68, interval: 0.62...0.74, logLoss: 0.625, areaUnderCurve: 0.71, guessing: 0.6,
        examples: 259,
        folds: 5, calibration: Calibration(scale: 0.7, shift: -0.1))

    @Test("what to expect is exported too", arguments: ["safetensors", "npz"])
    func judged(format: String) async throws {
        for network in [network, Fixture.network] {
            let judged = try network.calibrated(Self.expectation)
            try folder.write(judged.bytes, as: "model.nnk")
            #expect(try await nnCLI("export", "--format", format, "-o", "out", in: folder).status == 0)
            let back = try await nnCLI("import", "out", "-o", "back.nnk", in: folder)
            #expect(back.status == 0, "\(back.stderr)")
            let isSame = try folder.bytes(of: "back.nnk") == judged.bytes
            #expect(isSame)
        }
    }

    private struct Expected: Decodable {
        struct Facts: Decodable {
            let accuracy, logLoss, auc, guessing, scale, shift: Double
            let interval: [Double]
            let betterThanGuessing: Bool
            let examples, folds: Int
        }
        let expected: Facts
    }

    @Test("inspect and a C header say what to expect")
    func expected() async throws {
        try folder.write(network.calibrated(Self.expectation).bytes, as: "model.nnk")
        let outcome = try await nnCLI("inspect", "model.nnk", "--json", in: folder)
        #expect(try outcome.mismatches("inspect") == [])
        let facts = try outcome.answer(Expected.self).expected
        #expect(facts.accuracy == 0.68 && facts.interval == [0.62, 0.74] && facts.betterThanGuessing)
        #expect(facts.logLoss == 0.625 && facts.auc == 0.71 && facts.guessing == 0.6)
        #expect(facts.examples == 259 && facts.folds == 5 && facts.scale == 0.7 && facts.shift == -0.1)
        let text = "accuracy 0.68 (0.62 to 0.74) on images not seen; guessing 0.60"
        let words = try await nnCLI("inspect", "model.nnk", in: folder).stdout
        #expect(words.contains("\nexpected       \(text)\n"))
        #expect(
            words.contains(
                "\njudged         on 259 images in 5 folds: log loss 0.62, area under the curve 0.71\n"))
        #expect(try await nnCLI("export", "--format", "c-header", "-o", "m.h", in: folder).status == 0)
        let header = String(decoding: try folder.bytes(of: "m.h"), as: UTF8.self)
        #expect(header.contains("Expected: \(text)."))
    }

    @Test("an i8 model keeps own contrast, which its floats need, but no history")
    func bytes() async throws {
        let bytes = try network.quantized()
        #expect(bytes.origin == network.origin)
        try folder.write(bytes.bytes, as: "model.nnk")
        #expect(try await nnCLI("export", "--format", "npz", "-o", "out", in: folder).status == 0)
        #expect(try await nnCLI("import", "out", "-o", "back.nnk", in: folder).status == 0)
        let back = try Network(bytes: folder.bytes(of: "back.nnk"))
        #expect(back.takesOwnContrastOff && back.origin == nil)
        let (found, expected) = (
            try back.probability(of: Fixture.image), try bytes.probability(of: Fixture.image)
        )
        #expect(abs(found - expected) < 1e-5)
    }

    @Test("the comment of a C header names the inference that can use it")
    func cHeader() async throws {
        #expect(try await nnCLI("export", "--format", "c-header", "-o", "m.h", in: folder).status == 0)
        let text = String(decoding: try folder.bytes(of: "m.h"), as: UTF8.self)
        #expect(text.contains("&nnk_f32_contrast_inference)"))
    }

    private struct Facts: Decodable {
        let ownContrast, centered, mirrored: Bool
        let weightDecay: Double
        let weightsCrc32, startCrc32: String
        let keptIteration: Int
    }

    @Test("inspect says them")
    func inspect() async throws {
        let outcome = try await nnCLI("inspect", "model.nnk", "--json", in: folder)
        #expect(try outcome.mismatches("inspect") == [])
        let facts = try outcome.answer(Facts.self)
        #expect(facts.ownContrast && facts.centered && facts.mirrored && facts.weightDecay == 0.1)
        #expect(
            facts.weightsCrc32 == "000000ab" && facts.startCrc32 == "000000cd" && facts.keptIteration == 2)
        let words = try await nnCLI("inspect", "model.nnk", in: folder).stdout
        #expect(words.contains("\ncontrast       each image's own brightness and contrast are taken off\n"))
        #expect(
            words.contains(
                "\noptions        centered, mirrored (rows of 192 bytes, pixels of 3), weight decay 0.1, "
                    + "weights of CRC-32 000000ab, started from the model of CRC-32 000000cd, "
                    + "kept the best, of iteration 2\n"))
    }

    @Test("the number of virtual shards is exported and comes back", arguments: ["safetensors", "npz"])
    func virtualShards(format: String) async throws {
        var origin = Network.Origin(
            method: .primal, initializer: .deep, seed: 1, iterations: 3, learningRate: 0.5, examples: 20,
            dataCRC: 1)
        origin.virtualShards = 16
        let network = try Network(
            topology: Fixture.network.topology, parameters: Fixture.network.parameters(as: Double.self),
            classNames: Fixture.network.classNames, origin: origin)
        try folder.write(network.bytes, as: "shards.nnk")
        #expect(
            try await nnCLI("export", "-m", "shards.nnk", "--format", format, "-o", "out", in: folder).status
                == 0)
        #expect(try await nnCLI("import", "out", "-o", "back.nnk", in: folder).status == 0)
        #expect(try folder.bytes(of: "back.nnk") == network.bytes)
        #expect(try await nnCLI("inspect", "back.nnk", in: folder).stdout.contains("16 virtual shards\n"))
    }

    @Test("metadata that no export wrote is refused")
    func badMetadata() async throws {
        let good = TensorFile(try network.calibrated(Self.expectation))
        for (key, value) in [
            ("own_contrast", "yes"), ("centered", "1"), ("mirror_row_bytes", "7"),
            ("mirror_pixel_bytes", "5"),
            ("weight_decay", "0"), ("weights_crc32", "x"), ("weights_rule", "-1"), ("start_crc32", ""),
            ("kept_iteration", "4"), ("virtual_shards", "8"), ("expected_accuracy", "1.5"),
            ("expected_low", "1.9"),
            ("expected_high", "0.5"), ("expected_log_loss", "-1"), ("expected_auc", "x"),
            ("expected_guessing", ""),
            ("judged_examples", "-1"), ("judged_folds", "1.5"), ("calibration_scale", "-1"),
            ("calibration_shift", "inf"),
        ] {
            let file = TensorFile(tensors: good.tensors, metadata: good.metadata.merging([key: value]) { $1 })
            try folder.write(file.npz(), as: "w.npz")
            let outcome = try await nnCLI("import", "w.npz", "-o", "m.nnk", in: folder)
            #expect(outcome.status == 65)
            #expect(
                outcome.complaint
                    == "Error: w.npz: expected metadata that nn-cli export wrote, or none, got \(key) \(value)"
            )
        }
    }
}
