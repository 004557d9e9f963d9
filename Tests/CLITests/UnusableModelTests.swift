import Foundation
import NNData
import SwiftNN
import Testing

/// A number in the place of weights, under right checksums, and what it does.
private struct Poison: Sendable, CustomTestStringConvertible {
    enum Effect: Sendable { case refused, harmless, overflow }

    let name: String
    let value: Double
    let elementType: ElementType
    /// How many of the first numbers have this value.
    let count: Int
    let effect: Effect

    var testDescription: String { "\(name) in \(elementType)" }

    static let all: [Poison] =
        [ElementType.f32, .f64, .i8].flatMap { type -> [Poison] in
            let huge = type == .f64 ? 1e308 : 1e38
            let smallest = type == .f64 ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
            return [
                Poison(name: "NaN", value: .nan, elementType: type, count: 1, effect: .refused),
                Poison(name: "infinity", value: .infinity, elementType: type, count: 1, effect: .refused),
                Poison(name: "-infinity", value: -.infinity, elementType: type, count: 1, effect: .refused),
                Poison(name: "huge", value: huge, elementType: type, count: 7, effect: .overflow),
                Poison(name: "subnormal", value: smallest, elementType: type, count: 7, effect: .harmless),
                Poison(
                    name: "-0", value: -0.0, elementType: type, count: 1,
                    effect: type == .i8 ? .refused : .harmless),
            ]
        } + [Poison(name: "a negative scale", value: -1, elementType: .i8, count: 1, effect: .refused)]

    /// The numbers of a file begin behind its header.
    var model: [UInt8] {
        get throws {
            var bytes = try Self.network(elementType).bytes
            for index in 0..<count {
                elementType == .f64
                    ? bytes.put(value.bitPattern, at: 64 + 8 * index)
                    : bytes.put(Float(value).bitPattern, at: 64 + 4 * index)
            }
            Fixture.seal(&bytes)
            return bytes
        }
    }

    private static func network(_ elementType: ElementType) throws -> Network {
        switch elementType {
        case .f32: Fixture.network
        case .f64:
            try Network(
                topology: .twoLayer, parameters: Fixture.network.parameters(as: Double.self),
                classNames: Fixture.drawings.classes)
        case .i8: try Fixture.network.quantized()
        }
    }
}

extension [UInt8] {
    fileprivate mutating func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        Swift.withUnsafeBytes(of: number.littleEndian) {
            replaceSubrange(offset..<offset + $0.count, with: $0)
        }
    }
}

@Suite("Models with weights that no training gives, under right checksums")
struct UnusableModelTests {
    private let folder = TemporaryFolder()

    /// Every command that takes a model.
    private static let commands = [
        "predict -m m.nnk image.bin", "predict -m m.nnk --json image.bin", "evaluate -m m.nnk --data test.h5",
        "report -m m.nnk --data test.h5 -o out.html",
        "report -m m.nnk --data test.h5 --train train.h5 -o out.html", "inspect m.nnk",
        "export m.nnk --format c-header -o out.h", "export m.nnk --format safetensors -o out.safetensors",
        "export m.nnk --format npz -o out.npz", "export m.nnk --format onnx -o out.onnx",
        "export m.nnk --format i8 -o out.nnk", "reproduce m.nnk --train train.h5",
        "train --from m.nnk --topology two-layer --iterations 1 --train train.h5 --precision f32 -o out.nnk",
        "train --from m.nnk --topology two-layer --iterations 1 --train train.h5 --precision f64 -o out.nnk",
    ]

    init() throws {
        folder.write(Fixture.drawings, prefix: "train", as: "train.h5")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
        try folder.write(Fixture.image, as: "image.bin")
    }

    private static let overflow =
        "Error: m.nnk: expected usable weights, got some with which predictions overflow"

    @Test("all commands", arguments: Poison.all)
    fileprivate func allCommands(_ poison: Poison) async throws {
        try folder.write(poison.model, as: "m.nnk")
        for command in Self.commands {
            let words = command.split(separator: " ").map(String.init)
            let outcome = try await CommandLineTool(words, in: folder).run()
            let place: Comment = "\(command): \(outcome.complaint)"
            #expect(!outcome.wasKilled, place)
            switch poison.effect {
            case .refused:
                #expect(outcome.status == 65, place)
                #expect(
                    outcome.complaint
                        == "Error: m.nnk: expected finite weights, and no scale below 0, got an "
                        + "infinity, a NaN or a negative scale", place)
            case .overflow where ["predict", "evaluate", "report"].contains(words[0]):
                #expect(outcome.status == 65, place)
                #expect(outcome.complaint == Self.overflow, place)
            // In f64, training goes on where f32 would overflow.
            case .overflow
            where words[0] == "train" && (words.contains("f32") || poison.elementType == .f64):
                #expect(outcome.status == 65, place)
                let tooLarge = "Error: m.nnk: expected weights within the range of f32, got larger ones"
                #expect([Self.overflow, tooLarge].contains { outcome.stderr.hasSuffix("\($0)\n") }, place)
            case .harmless where ["predict", "evaluate", "report", "inspect"].contains(words[0]):
                #expect(outcome.status == 0, place)
            default:
                // An i8 model has no other i8 model, an imported one cannot be reproduced, and so on.
                #expect([0, 1, 64, 65].contains(outcome.status), place)
            }
            let written = try folder.names.filter { $0.hasPrefix("out.") }
            #expect(outcome.status == 0 || written.isEmpty, place)
            for name in written {
                if name.hasSuffix(".nnk") { _ = try Network(bytes: folder.bytes(of: name)) }
                try FileManager.default.removeItem(atPath: folder.path(name))
            }
        }
    }

    @Test("a report on black pictures, which no scale makes overflow, with weights that are infinite")
    func infiniteTile() async throws {
        let huge = try #require(Poison.all.first { $0.elementType == .i8 && $0.effect == .overflow })
        try folder.write(huge.model, as: "m.nnk")
        let drawings = Fixture.drawings
        let black = DataSet(
            images: [UInt8](repeating: 0, count: drawings.images.count), labels: drawings.labels,
            classes: drawings.classes)
        folder.write(black, prefix: "test", as: "black.h5")
        let outcome = try await nnCLI(
            "report", "-m", "m.nnk", "--data", "black.h5", "-o", "out.html", in: folder)
        #expect(outcome.status == 0, "\(outcome.complaint)")
        for format in ["safetensors", "npz", "onnx"] {
            let refusal = try await nnCLI("export", "m.nnk", "--format", format, "-o", "out", in: folder)
            #expect(refusal.status == 65)
            #expect(
                refusal.complaint
                    == "Error: m.nnk: expected weights within the range of float, got larger ones")
        }
    }
}
