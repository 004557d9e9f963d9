import Foundation
import NNData
import SwiftNN
import Testing

/// A small network in each element type. Names and origin are those of a training.
private func network(_ type: ElementType) throws -> Network {
    let network = Fixture.network
    return switch type {
    case .f32: network
    case .i8: try network.quantized()
    case .f64:
        try Network(
            topology: .twoLayer, parameters: network.parameters(as: Double.self).map { $0 + 1e-12 },
            classNames: network.classNames, origin: network.origin)
    }
}

@Suite("Models that travel")
struct TravelTests {
    private let folder = TemporaryFolder()

    @Test(
        "what is exported comes back as the same file", arguments: ["safetensors", "npz"],
        ElementType.allCases)
    func roundTrip(format: String, type: ElementType) async throws {
        let network = try network(type)
        try folder.write(network.bytes, as: "model.nnk")
        #expect(try await nnCLI("export", "--format", format, "-o", "out", in: folder).status == 0)
        let outcome = try await nnCLI("import", "out", "-o", "back.nnk", in: folder)
        let name = type == .f64 ? "f64" : "f32"
        let bytes = try folder.bytes(of: "back.nnk")
        #expect(outcome.stderr == "wrote back.nnk: a 12288-7-1 network in \(name) (\(bytes.count) bytes)\n")
        #expect(outcome.stdout == "")
        let isSame = bytes == network.bytes  // outside of expect, which would list a million differences
        guard type == .i8 else { return #expect(isSame) }
        // Bytes become the floats that they stand for, of which there was no training.
        let back = try Network(bytes: bytes)
        let isEqual = back.parameters(as: Float.self) == network.parameters(as: Float.self)
        #expect(isEqual)
        #expect(back.classNames == network.classNames)
        #expect(back.origin == nil)
        let facts = try await nnCLI("inspect", "back.nnk", "--json", in: folder)
        #expect(try facts.mismatches("inspect") == [])
        #expect(facts.stdout.contains("\"method\":null"))
        let words = try await nnCLI("inspect", "back.nnk", in: folder)
        #expect(words.stdout.hasSuffix("\ntraining       unknown (imported weights)\n"))
    }

    // MARK: Files of other programs

    private let weights = Fixture.network.parameters(as: Float.self)

    /// The two-layer network as tensors, which a test may change.
    private func tensors(
        _ names: [String] = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
    ) -> [Tensor] {
        let shapes = [[7, 12288], [7], [1, 7], [1]]
        var rest = weights[...]
        return zip(names, shapes).map { name, shape in
            let count = shape.reduce(1, *)
            defer { rest = rest.dropFirst(count) }
            return Tensor(name: name, shape: shape, elements: .f32(Array(rest.prefix(count))))
        }
    }

    private func importing(_ tensors: [Tensor], _ metadata: [String: String] = [:], _ options: String...)
        async throws -> Outcome
    {
        try folder.write(TensorFile(tensors: tensors, metadata: metadata).npz(), as: "w.npz")
        return try await CommandLineTool(["import", "w.npz", "-o", "m.nnk"] + options, in: folder).run()
    }

    @Test("textbook names in any order, with biases as columns, from standard input")
    func textbookNames() async throws {
        var tensors = tensors(["W1", "b1", "W2", "b2"])
        let bias = tensors[1]
        tensors[1] = Tensor(name: "b1", shape: [7, 1], elements: bias.elements)
        try folder.write(TensorFile(tensors: tensors.reversed(), metadata: [:]).safetensors(), as: "w")
        var tool = CommandLineTool(["import", "-", "-o", "m.nnk", "--class-names", "no", "yes"], in: folder)
        tool.input = .file(folder.path("w"))
        #expect(try await tool.run().status == 0)
        let network = try Network(bytes: folder.bytes(of: "m.nnk"))
        #expect(network.parameters(as: Float.self) == weights)
        #expect(network.classNames == ["no", "yes"])
        #expect(network.origin == nil)
    }

    @Test("class names are those of the option, those of the file, or none")
    func classNames() async throws {
        let named = ["class_0": "a", "class_1": "b"]
        for (metadata, options, expected) in [
            (named, [], ["a", "b"]), ([:], [], ["", ""]), (named, ["--class-names", "x", "y"], ["x", "y"]),
        ] {
            try folder.write(TensorFile(tensors: tensors(), metadata: metadata).safetensors(), as: "w")
            #expect(
                try await CommandLineTool(["import", "w", "-o", "m.nnk"] + options, in: folder).run().status
                    == 0)
            #expect(try Network(bytes: folder.bytes(of: "m.nnk")).classNames == expected)
        }
        let long = String(repeating: "x", count: 32)
        try FileManager.default.removeItem(atPath: folder.path("m.nnk"))
        try folder.write(
            TensorFile(tensors: tensors(), metadata: ["class_0": long, "class_1": "b"]).safetensors(), as: "w"
        )
        try expectRefusal(
            try await nnCLI("import", "w", "-o", "m.nnk", in: folder),
            "w: expected class names of at most 31 bytes, got \(long); give others with --class-names")
    }

    private func expectRefusal(
        _ outcome: Outcome, _ message: String, status: Int32 = 65,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(outcome.status == status, sourceLocation: location)
        #expect(outcome.complaint == "Error: \(message)", sourceLocation: location)
        #expect(try !folder.names.contains("m.nnk"), sourceLocation: location)
    }

    @Test("a tensor that is missing, too many, of another shape or type, or no number, is named")
    func badTensors() async throws {
        let good = tensors()
        func replacing(_ index: Int, _ tensor: Tensor) -> [Tensor] {
            var tensors = good
            tensors[index] = tensor
            return tensors
        }
        let spare = Tensor(name: "fc.weight", shape: [1], elements: .f32([0]))
        try expectRefusal(
            try await importing(Array(good.dropLast())),
            "w.npz: expected a tensor layers.1.bias of [1], got layers.0.weight, layers.0.bias, layers.1.weight"
        )
        try expectRefusal(
            try await importing([]), "w.npz: expected a tensor layers.0.weight of [7, 12288], got none")
        try expectRefusal(
            try await importing(good + [spare]),
            "w.npz: expected only the tensors of a 12288-7-1 network, got also fc.weight")
        try expectRefusal(
            try await importing(good + [good[1]]), "w.npz: expected one array layers.0.bias, got two")
        try expectRefusal(
            try await importing(
                replacing(3, Tensor(name: "layers.1.bias", shape: [1, 1, 1], elements: .f32([0])))),
            "w.npz: expected layers.1.bias of [1], got [1, 1, 1]")
        try expectRefusal(
            try await importing(replacing(3, Tensor(name: "layers.1.bias", shape: [1], elements: .f64([0])))),
            "w.npz: expected tensors of one type, got both f32 and f64")
        for bad in [Float.nan, .infinity, -.infinity] {
            try expectRefusal(
                try await importing(
                    replacing(3, Tensor(name: "layers.1.bias", shape: [1], elements: .f32([bad])))),
                "w.npz: expected finite numbers in layers.1.bias, got an infinity or a NaN")
        }
        // The shapes say which network it is, however many numbers are none.
        try expectRefusal(
            try await importing(
                good.map { tensor in
                    let count = tensor.shape.reduce(1, *)
                    return Tensor(
                        name: tensor.name, shape: tensor.shape,
                        elements: .f32([Float](repeating: .nan, count: count)))
                }),
            "w.npz: expected finite numbers in layers.0.weight, got an infinity or a NaN")
        try expectRefusal(
            try await importing(good, [:], "--topology", "deep"),
            "w.npz: expected layers.0.weight of [20, 12288], got [7, 12288]")
        #expect(try await importing(good, [:], "--topology", "two-layer").status == 0)
    }

    @Test("metadata of a training is whole, or not there")
    func badMetadata() async throws {
        let origin = [
            "method": "dual", "initializer": "small", "seed": "1", "iterations": "3",
            "learning_rate": "0.0075",
            "examples": "20", "data_crc32": "0000abcd",
        ]
        #expect(try await importing(tensors(), origin).status == 0)
        #expect(try Network(bytes: folder.bytes(of: "m.nnk")).origin?.dataCRC == 0xabcd)
        try FileManager.default.removeItem(atPath: folder.path("m.nnk"))
        for (key, value) in [
            ("method", "magic"), ("initializer", ""), ("seed", "-1"), ("seed", "4294967296"),
            ("iterations", "x"),
            ("learning_rate", "0"), ("learning_rate", "nan"), ("learning_rate", "inf"), ("examples", "1.5"),
            ("data_crc32", "xyz"),
        ] {
            try expectRefusal(
                try await importing(tensors(), origin.merging([key: value]) { $1 }),
                "w.npz: expected metadata that nn-cli export wrote, or none, got \(key) \(value)")
        }
        try expectRefusal(
            try await importing(tensors(), origin.filter { $0.key != "seed" }),
            "w.npz: expected metadata that nn-cli export wrote, or none, got seed missing")
    }

    @Test("wrong options and wrong files")
    func refusals() async throws {
        try folder.write(Fixture.model, as: "model.nnk")
        for (arguments, status, message) in [
            (
                ["model.nnk"], 65,
                "model.nnk: expected a file of safetensors or npz, got a SwiftNN model or checkpoint"
            ),
            (["gone"], 66, "gone: no such file; expected a file of safetensors or npz"),
            (["-"], 65, "stdin: expected a file of safetensors or npz, got an empty file"),
            (["m.nnk"], 64, "--output: expected a file other than the weights, got m.nnk"),
            (["model.nnk", "--class-names", "a"], 64, "--class-names: expected two names, got 1"),
            (
                ["model.nnk", "--class-names", "a", String(repeating: "x", count: 32)], 64,
                "--class-names: expected at most 31 bytes per name, got \(String(repeating: "x", count: 32))"
            ),
        ] {
            let outcome = try await CommandLineTool(["import", "-o", "m.nnk"] + arguments, in: folder).run()
            try expectRefusal(outcome, message, status: Int32(status))
        }
        #expect(try folder.names == ["model.nnk"])
    }

    // MARK: Peers

    @Test(
        "numpy and safetensors load equal arrays", .enabled(if: Peers.areThere, "\(Peers.advice)"),
        arguments: ElementType.allCases)
    func peersLoad(type: ElementType) async throws {
        let network = try network(type)
        try folder.write(network.bytes, as: "model.nnk")
        for format in ["safetensors", "npz"] {
            #expect(
                try await nnCLI("export", "--format", format, "-o", "m.\(format)", in: folder).status == 0)
        }
        let elements = network.parameters(as: Double.self)
        try folder.write(
            elements.flatMap { element in
                (0..<8).map { UInt8(truncatingIfNeeded: element.bitPattern >> (8 * $0)) }
            }, as: "expected")
        _ = try await Peers.run(
            """
            import json, numpy as np, safetensors, safetensors.numpy
            expected = np.fromfile("expected", "<f8")
            arrays = dict(np.load("m.npz"))
            metadata = json.loads(arrays.pop("metadata").item())
            tensors = safetensors.numpy.load_file("m.safetensors")
            assert metadata == safetensors.safe_open("m.safetensors", "np").metadata()
            assert [metadata["class_0"], metadata["class_1"]] == \(network.classNames)
            names = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
            assert sorted(names) == sorted(arrays) == sorted(tensors)
            at = 0
            for name, shape in zip(names, [(7, 12288), (7,), (1, 7), (1,)]):
                count = int(np.prod(shape))
                want = expected[at : at + count].reshape(shape)
                at += count
                for array in arrays[name], tensors[name]:
                    assert array.dtype == np.\(type == .f64 ? "float64" : "float32")
                    assert array.shape == shape and (array == want).all()
            """, in: folder)
    }

    @Test("what numpy and safetensors save is imported", .enabled(if: Peers.areThere, "\(Peers.advice)"))
    func peersSave() async throws {
        try folder.write(Fixture.model, as: "model.nnk")
        _ = try await Peers.run(
            """
            import numpy as np, safetensors.numpy
            w = np.frombuffer(open("model.nnk", "rb").read()[64:-64], "<f4")
            n = 7 * 12288
            W1, b1, W2, b2 = w[:n].reshape(7, 12288), w[n : n + 7], w[n + 7 : n + 14].reshape(1, 7), w[n + 14 :]
            mine = {"W1": W1, "b1": b1[:, None], "W2": W2, "b2": b2[:, None]}
            torchs = {"layers.0.weight": W1, "layers.0.bias": b1, "layers.1.weight": W2, "layers.1.bias": b2}
            np.savez("plain", **mine)
            np.savez_compressed("packed", **torchs)
            np.savez("columns", **{name: np.asfortranarray(array) for name, array in torchs.items()})
            safetensors.numpy.save_file({n: np.ascontiguousarray(a) for n, a in torchs.items()}, "st.npz")
            np.savez("doubles", **{name: array.astype("f8") for name, array in mine.items()})
            """, in: folder)
        for name in ["plain", "packed", "columns", "st", "doubles"] {
            let outcome = try await nnCLI("import", "\(name).npz", "-o", "m.nnk", in: folder)
            #expect(outcome.status == 0, "\(name): \(outcome.stderr)")
            let network = try Network(bytes: folder.bytes(of: "m.nnk"))
            #expect(network.elementType == (name == "doubles" ? .f64 : .f32))
            let isSame = network.parameters(as: Float.self) == weights
            #expect(isSame, "\(name)")
        }
    }
}
