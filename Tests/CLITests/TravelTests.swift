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
        "what is exported comes back as the same file", arguments: ["safetensors", "npz", "onnx"],
        ElementType.allCases)
    func roundTrip(format: String, type: ElementType) async throws {
        let network = try network(type)
        try folder.write(network.bytes, as: "model.nnk")
        let precision = format == "onnx" && type == .f64 ? ["--precision", "f64"] : []
        let export = CommandLineTool(["export", "--format", format, "-o", "out"] + precision, in: folder)
        #expect(try await export.run().status == 0)
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
        try folder.write(
            TensorFile(tensors: tensors(), metadata: ["class_0": long, "class_1": "b"]).safetensors(), as: "w"
        )
        let cut = try await nnCLI("import", "w", "-o", "m.nnk", in: folder)
        #expect(cut.status == 0)
        #expect(
            cut.stderr.hasPrefix("w: the model keeps only \(long.dropLast()) of the class name \(long)\n"))
        #expect(try Network(bytes: folder.bytes(of: "m.nnk")).classNames == [String(long.dropLast()), "b"])
        // Of both it would keep the 30 letters: the last characters have two and three bytes.
        let letters = String(repeating: "x", count: 30)
        try FileManager.default.removeItem(atPath: folder.path("m.nnk"))
        try expectRefusal(
            try await nnCLI(
                "import", "w", "-o", "m.nnk", "--class-names", letters + "é", letters + "€", in: folder),
            "--class-names: expected class names that differ in their first 31 bytes, got \(letters)é, \(letters)€",
            status: 64)
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
            "w.npz: expected a tensor layers.1.bias of [1], as a 12288-7-1 network has, got layers.0.weight, layers.0.bias, layers.1.weight"
        )
        try expectRefusal(
            try await importing([]),
            "w.npz: expected a tensor layers.0.weight of [7, 12288], as a 12288-7-1 network has, got none")
        try expectRefusal(
            try await importing(good + [spare]),
            "w.npz: expected only the tensors of a 12288-7-1 network, got also fc.weight")
        try expectRefusal(
            try await importing(good + [good[1]]), "w.npz: expected one file layers.0.bias.npy, got two")
        try expectRefusal(
            try await importing(
                replacing(3, Tensor(name: "layers.1.bias", shape: [1, 1, 1], elements: .f32([0])))),
            "w.npz: expected layers.1.bias of [1], as a 12288-7-1 network has, got [1, 1, 1]")
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
            "w.npz: expected layers.0.weight of [20, 12288], as a 12288-20-7-5-1 network has, got [7, 12288]")
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
                "model.nnk: expected a safetensors, npz or ONNX file, got a SwiftNN model or checkpoint"
            ),
            (["gone"], 66, "gone: no such file; expected a safetensors, npz or ONNX file"),
            (["-"], 65, "stdin: expected a safetensors, npz or ONNX file, got an empty file"),
            (["m.nnk"], 64, "--output: expected a file other than the weights, got m.nnk"),
            (["model.nnk", "--class-names", "a"], 64, "--class-names: expected two names, got 1"),
        ] {
            let outcome = try await CommandLineTool(["import", "-o", "m.nnk"] + arguments, in: folder).run()
            try expectRefusal(outcome, message, status: Int32(status))
        }
        #expect(try folder.names == ["model.nnk"])
    }

    // MARK: Names and shapes of other programs

    @Test("any names do where the shapes tell the tensors apart, transposed or not")
    func anyNames() async throws {
        let sequential = tensors(["1.weight", "1.bias", "4.weight", "4.bias"])
        let keras = zip(
            tensors(["dense/kernel:0", "dense/bias:0", "kernel", "bias"]), [true, false, true, false]
        )
        .map { $1 ? $0.transposed : $0 }
        let textbook = zip(tensors(["W1", "b1", "W2", "b2"]), [true, false, true, false])
            .map { $1 ? $0.transposed : $0 }
        for tensors in [sequential, Array(sequential.reversed()), keras, textbook] {
            #expect(try await importing(tensors).status == 0)
            let isSame = try Network(bytes: folder.bytes(of: "m.nnk")).parameters(as: Float.self) == weights
            #expect(isSame)
        }
    }

    @Test("shapes that fit twice, or not at all, are named")
    func unclearShapes() async throws {
        let good = tensors(["a", "b", "c", "d"])
        let moment = Tensor(name: "m/b", shape: [7], elements: good[1].elements)
        try expectRefusal(
            try await importing(good + [moment]),
            "w.npz: expected one tensor of [7], or the name layers.0.bias for the right one, got b of [7], m/b of [7]"
        )
        let column = Tensor(name: "b", shape: [7, 1], elements: good[1].elements)
        try expectRefusal(
            try await importing([good[0], column, good[2].transposed, good[3]]),
            "w.npz: expected one tensor of [7], or the name layers.0.bias for the right one, got b of [7, 1], c of [7, 1]"
        )
        let other = Tensor(name: "a", shape: [2, 12288], elements: .f32(Array(weights.prefix(2 * 12288))))
        try expectRefusal(
            try await importing([other] + good.dropFirst()),
            "w.npz: expected a tensor layers.0.weight of [7, 12288], as a 12288-7-1 network has, got a of [2, 12288], b of [7], c of [1, 7], d of [1]"
        )
    }

    @Test("weights for images in planes are reordered, where the option says so")
    func channelsFirst() async throws {
        var good = tensors(["0.weight", "0.bias", "2.weight", "2.bias"])
        let planes = (0..<7).flatMap { row in
            (0..<3).flatMap { channel in (0..<4096).map { weights[row * 12288 + 3 * $0 + channel] } }
        }
        good[0] = Tensor(name: "0.weight", shape: [7, 12288], elements: .f32(planes))
        #expect(try await importing(good, [:], "--channels-first").status == 0)
        let isSame = try Network(bytes: folder.bytes(of: "m.nnk")).parameters(as: Float.self) == weights
        #expect(isSame)
        try FileManager.default.removeItem(atPath: folder.path("m.nnk"))
        try folder.write(Fixture.model, as: "model.nnk")
        #expect(try await nnCLI("export", "--format", "onnx", in: folder).status == 0)
        try expectRefusal(
            try await nnCLI("import", "model.onnx", "-o", "m.nnk", "--channels-first", in: folder),
            "--channels-first: model.onnx is ONNX, which tells the order of pixels itself", status: 64)
    }

    @Test("files of other programs are named, with the line that converts them")
    func foreignFiles() async throws {
        let zip = { (name: String) in
            [UInt8]("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 22) + [
                UInt8(name.utf8.count), 0, 0, 0,
            ]
                + Array(name.utf8)
        }
        for (bytes, found, line) in [
            (zip("archive/data.pkl"), "a PyTorch file", "safetensors.torch.save_file("),
            ([0x80, 0x02, 0x8a], "a PyTorch file or another pickle", "safetensors.torch.save_file("),
            (zip("metadata.json"), "a Keras file", "numpy.savez("),
            ([0x89] + Array("HDF\r\n\u{1a}\n".utf8), "a Keras or other HDF5 file", "numpy.savez("),
            ([0x1c, 0, 0, 0] + Array("TFL3".utf8), "a TensorFlow Lite file", "numpy.savez("),
        ] {
            try folder.write(bytes, as: "w")
            let outcome = try await nnCLI("import", "w", "-o", "m.nnk", in: folder)
            #expect(outcome.status == 65)
            #expect(
                outcome.complaint.hasPrefix(
                    "Error: w: expected a safetensors, npz or ONNX file, got \(found)"))
            #expect(outcome.complaint.contains(line) && outcome.complaint.count < 500)
        }
    }

    // MARK: Peers

    @Test(
        "ONNX files with the structure of PyTorch's give the same weights",
        .enabled(if: Peers.areThere, "\(Peers.advice)"))
    func foreignONNX() async throws {
        try folder.write(Fixture.model, as: "model.nnk")
        #expect(try await nnCLI("export", "--format", "npz", "-o", "weights.npz", in: folder).status == 0)
        let drawings = Fixture.drawings
        try folder.write(drawings.images, as: "images.bin")
        let expected = try Fixture.network.evaluate(
            Examples(images: drawings.images, labels: drawings.labels)
        ).probabilities
        try folder.write(
            expected.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) },
            as: "expected.bin")
        try Python.run("models/onnx_files.py", folder.path("."))
        for name in [
            "old-flatten", "old-logit", "old-view", "old-permute", "old-bytes", "new-squeeze", "new-flat",
            "new-dropout", "products", "doubles", "raw",
        ] {
            let outcome = try await nnCLI("import", "\(name).onnx", "-o", "m.nnk", in: folder)
            #expect(outcome.status == 0, "\(name): \(outcome.stderr)")
            let found = try Network(bytes: folder.bytes(of: "m.nnk")).parameters(as: Float.self)
            // Weights that were divided by 255 are multiplied again: each is rounded twice.
            let isSame = zip(found, weights).allSatisfy {
                ($0 - $1).magnitude <= (name == "raw" ? 0x1p-23 * $1.magnitude : 0)
            }
            #expect(isSame, "\(name)")
        }
        try FileManager.default.removeItem(atPath: folder.path("m.nnk"))
        let chain =
            "a chain of layers (Flatten, then Gemm or MatMul and Add, Relu, at the end Sigmoid or nothing)"
        for (name, expected, found) in [
            ("softmax", chain, "Softmax for y"), ("shifted", chain, "Sub for d"),
            ("no-relu", chain, "Gemm for y"), ("two-outputs", chain, "Relu for w"),
            ("foreign", chain, "com.other.Relu for a1"),
            ("twice", "tensors of different names", "two of 1.weight"),
            ("scaled", "pixels as they are, or divided by 255", "pixels multiplied by 2.0"),
            ("channels", "one number for all pixels in Div", "[3] of them"),
            (
                "gray", "an input of [N, 3, 64, 64], [N, 64, 64, 3] or [N, 12288]",
                "x of [any, 1, 64, 64]"
            ),
            ("large", "layers.0.weight of [7, 12288], as a 12288-7-1 network has", "[16, 12288]"),
            (
                "elsewhere", "1.weight in the ONNX file itself",
                "weights in another file, elsewhere.data (torch.onnx.export writes one file with external_data=False)"
            ),
        ] {
            try expectRefusal(
                try await nnCLI("import", "\(name).onnx", "-o", "m.nnk", in: folder),
                "\(name).onnx: expected \(expected), got \(found)")
        }
    }

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
            np.savez("big", **{name: array.astype(">f4") for name, array in mine.items()})
            np.savez("keras", W1.T, b1, np.asfortranarray(W2.T).astype(">f4"), b2)  # arr_0 to arr_3
            np.savez("half", **{name: array.astype("f2") for name, array in torchs.items()})
            safetensors.numpy.save_file({n: a.astype("f2") for n, a in torchs.items()}, "half-st.npz")
            import ml_dtypes
            safetensors.numpy.save_file({n: a.astype(ml_dtypes.bfloat16) for n, a in torchs.items()}, "bf16.npz")
            """, in: folder)
        for name in ["half", "half-st", "bf16"] {
            let outcome = try await nnCLI("import", "\(name).npz", "-o", "m.nnk", in: folder)
            #expect(outcome.status == 0, "\(name): \(outcome.stderr)")
            let found = try Network(bytes: folder.bytes(of: "m.nnk")).parameters(as: Float.self)
            // f16 has 11 bits, down to 2^-24; bf16 has 8.
            let (relative, least): (Float, Float) = name == "bf16" ? (0x1p-8, 0) : (0x1p-11, 0x1p-25)
            let isNear = zip(found, weights).allSatisfy {
                ($0 - $1).magnitude <= max(relative * $1.magnitude, least)
            }
            #expect(isNear, "\(name)")
        }
        for name in ["plain", "packed", "columns", "st", "doubles", "big", "keras"] {
            let outcome = try await nnCLI("import", "\(name).npz", "-o", "m.nnk", in: folder)
            #expect(outcome.status == 0, "\(name): \(outcome.stderr)")
            let network = try Network(bytes: folder.bytes(of: "m.nnk"))
            #expect(network.elementType == (name == "doubles" ? .f64 : .f32))
            let isSame = network.parameters(as: Float.self) == weights
            #expect(isSame, "\(name)")
        }
    }
}
