extension TensorFile {
    /// The layers of the network in an ONNX model, named as ``onnx(takesOwnContrastOff:)`` names them.
    ///
    /// A file that it wrote gives the same tensors and metadata again. Of others the graph must be a chain of fully
    /// connected layers. The weights of layer 1 become those of our images: interleaved pixels, bytes divided by 255.
    init(onnx bytes: [UInt8], path: String) throws(FileError) {
        do throws(Defect) {
            let graph = try ONNXGraph(bytes)
            if let own = try TensorFile(own: graph),
                own.onnx(takesOwnContrastOff: own.metadata["own_contrast"] == "true") == bytes
            {
                self = own
            } else {
                self.init(
                    tensors: try ONNXNetwork.layers(of: graph),
                    metadata: graph.metadata.filter { ["class_0", "class_1"].contains($0.key) })
            }
        } catch {
            throw FileError(.badData, file: path, expected: error.expected, found: error.found)
        }
    }

    /// The tensors of a file that we may have written; nil if they are named otherwise.
    private init?(own graph: ONNXGraph) throws(Defect) {
        var tensors: [Tensor] = []
        while let weight = graph.constants["layers.\(tensors.count / 2).weight"],
            let bias = graph.constants["layers.\(tensors.count / 2).bias"]
        {
            for tensor in [weight, bias] { tensors.append(try Tensor(onnx: tensor, name: tensor.text(8))) }
        }
        let types = tensors.map(\.elements.type)
        guard let type = types.first, types.allSatisfy({ $0 == type }), tensors[0].shape.count == 2 else {
            return nil
        }
        self.init(tensors: tensors, metadata: graph.metadata)
    }
}

/// Follows the value from the input of a graph to its output, and collects the layers on the way.
private struct ONNXNetwork {
    /// What the value is.
    private enum Stage {
        /// The input's pixels, in planes or interleaved; multiplied by `scale`.
        case image
        /// Products with weights, to which the bias is still to be added.
        case products(Tensor)
        case logits
        case activations
        case probability
    }

    private var stage = Stage.image
    private var isInPlanes: Bool
    /// Whether the value still has rows and columns.
    private var isFlat: Bool
    private var scale = 1.0
    private var value: String
    private var constants: [String: ProtocolBuffer]
    /// Values that tell sizes alone: of no effect, as no operator that takes them moves a number.
    private var sizes: Set<String> = []
    private(set) var layers: [Tensor] = []

    private static let inputs = 12288
    /// No model has more of them. A hostile graph could name one tensor a million times.
    private static let mostLayers = 8

    static func layers(of graph: ONNXGraph) throws(Defect) -> [Tensor] {
        var network = try ONNXNetwork(graph)
        for node in graph.nodes { try network.follow(node) }
        switch network.stage {
        case .logits, .probability: break
        default:
            throw Defect(
                expected: "a logit or a probability at the end", found: "\(network.layers.count / 2) layers")
        }
        guard graph.outputs == [network.value] else {
            throw Defect(
                expected: "one output, \(network.value)",
                found: "\(graph.outputs.joined(separator: ", "))")
        }
        return try network.scaled(isOfBytes: graph.inputs[0].type == ONNXGraph.uint8)
    }

    private init(_ graph: ONNXGraph) throws(Defect) {
        guard graph.inputs.count == 1 else {
            throw Defect(expected: "one input", found: "\(graph.inputs.map(\.name).joined(separator: ", "))")
        }
        value = graph.inputs[0].name
        constants = graph.constants
        let sizes = graph.inputs[0].sizes
        switch sizes.dropFirst() {
        case [3, 64, 64]: (isInPlanes, isFlat) = (true, false)
        case [64, 64, 3]: (isInPlanes, isFlat) = (false, false)
        case [Self.inputs]: (isInPlanes, isFlat) = (false, true)
        default:
            throw Defect(
                expected: "an input of [N, 3, 64, 64], [N, 64, 64, 3] or [N, 12288]",
                found: "\(value) of [\(sizes.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))]")
        }
    }

    private mutating func follow(_ node: ONNXGraph.Node) throws(Defect) {
        guard let output = node.outputs.first else { return }
        // Sizes are asked of any value, also of earlier ones.
        guard node.type != "Shape" else {
            _ = sizes.insert(output)
            return
        }
        guard node.inputs.contains(value) else { return try fold(node, output) }
        switch (node.type, stage) {
        case ("Identity", _), ("Dropout", _): break
        case ("Cast", _): try checkCast(node)
        case ("Flatten", _), ("Reshape", _), ("Squeeze", _), ("Unsqueeze", _): isFlat = true
        case ("Transpose", .image): try transpose(node)
        case ("Mul", .image): scale *= try number(of: node)
        case ("Div", .image) where node.inputs.first == value: scale /= try number(of: node)
        case ("Gemm", .image), ("Gemm", .activations): try gemm(node)
        case ("MatMul", .image), ("MatMul", .activations):
            guard node.inputs.first == value else { throw refusal(of: node) }
            stage = .products(try weights(of: node).transposed)
        case ("Add", .products(let weights)):
            let bias = try tensor(node.inputs.first { $0 != value } ?? "")
            try append(weights, bias)
        case ("Relu", .logits): stage = .activations
        case ("Sigmoid", .logits): stage = .probability
        default: throw refusal(of: node)
        }
        value = output
    }

    /// A node that has nothing to do with the value: constants and sizes.
    private mutating func fold(_ node: ONNXGraph.Node, _ output: String) throws(Defect) {
        switch node.type {
        case "Constant":
            guard let tensor = try node.tensor() else {
                _ = sizes.insert(output)
                return
            }
            constants[output] = tensor
        case "Identity" where constants[node.inputs[0]] != nil: constants[output] = constants[node.inputs[0]]
        default:
            guard node.inputs.allSatisfy({ $0.isEmpty || constants[$0] != nil || sizes.contains($0) }) else {
                throw refusal(of: node)
            }
            sizes.insert(output)
        }
    }

    private func refusal(of node: ONNXGraph.Node) -> Defect {
        Defect(
            expected:
                "a chain of layers (Flatten, then Gemm or MatMul and Add, Relu, at the end Sigmoid or nothing)",
            found: "\(node.type) for \(node.outputs.first ?? "")")
    }

    private func tensor(_ name: String) throws(Defect) -> Tensor {
        guard let message = constants[name] else {
            throw Defect(expected: "weights that are constants", found: name.isEmpty ? "none" : name)
        }
        return try Tensor(onnx: message, name: name)
    }

    /// To whole numbers, a cast would round.
    private func checkCast(_ node: ONNXGraph.Node) throws(Defect) {
        let type = try node.integer("to", default: 0)
        guard NumberType.all.contains(where: { $0.onnx == type }) else { throw refusal(of: node) }
    }

    private mutating func transpose(_ node: ONNXGraph.Node) throws(Defect) {
        let order = try node.integers("perm")
        guard !isFlat, order == (isInPlanes ? [0, 2, 3, 1] : [0, 3, 1, 2]) else { throw refusal(of: node) }
        isInPlanes.toggle()
    }

    /// The one number that all pixels are multiplied with or divided by.
    private func number(of node: ONNXGraph.Node) throws(Defect) -> Double {
        let name = node.inputs.first { $0 != value } ?? ""
        let shape = try constants[name]?.numbers(1) ?? []
        guard elementCount(shape) == 1 else {
            throw Defect(expected: "one number for all pixels in \(node.type)", found: "\(shape) of them")
        }
        let number = try tensor(name)
        return switch number.elements {
        case .f32(let elements): Double(elements[0])
        case .f64(let elements): elements[0]
        }
    }

    private func weights(of node: ONNXGraph.Node) throws(Defect) -> Tensor {
        guard node.inputs.count > 1 else { throw refusal(of: node) }
        let weights = try tensor(node.inputs[1])
        guard weights.shape.count == 2 else {
            throw Defect(expected: "\(weights.name) of two dimensions", found: "\(weights.shape)")
        }
        return weights
    }

    private mutating func gemm(_ node: ONNXGraph.Node) throws(Defect) {
        let weights = try weights(of: node)
        guard node.inputs[0] == value, node.inputs.count == 3,
            node.float("alpha", default: 1) == 1, node.float("beta", default: 1) == 1,
            try node.integer("transA", default: 0) == 0
        else {
            throw Defect(
                expected: "Gemm with a bias, and no other options than transB",
                found: "others for \(node.outputs.first ?? "")")
        }
        let isTransposed = try node.integer("transB", default: 0) == 1
        try append(isTransposed ? weights : weights.transposed, try tensor(node.inputs[2]))
    }

    /// Adds a layer. A bias of [1, units] is one of [units].
    private mutating func append(_ weights: Tensor, _ bias: Tensor) throws(Defect) {
        guard layers.count < 2 * Self.mostLayers else {
            throw Defect(expected: "\(Self.mostLayers) layers at most", found: "more")
        }
        let name = "layers.\(layers.count / 2)"
        layers += [
            weights.named("\(name).weight"),
            bias.named("\(name).bias", shape: [bias.elements.count]),
        ]
        stage = .logits
    }

    /// The layers for our images. Pixels of floats are expected to be 0 to 1 where the graph leaves them as they are.
    private func scaled(isOfBytes: Bool) throws(Defect) -> [Tensor] {
        guard var weights = layers.first, weights.shape[1] == Self.inputs else {
            throw Defect(
                expected: "\(Self.inputs) inputs of the first layer", found: "\(layers.first?.shape[1] ?? 0)")
        }
        if isInPlanes { weights = weights.forInterleavedPixels }
        let factor = 255 * scale
        let isUnscaled = abs(factor - 1) < 1e-6 || (!isOfBytes && scale == 1)
        guard isUnscaled || isOfBytes else {
            throw Defect(
                expected: "pixels as they are, or divided by 255", found: "pixels multiplied by \(scale)")
        }
        if !isUnscaled { weights = weights.multiplied(by: factor) }
        return [weights] + layers.dropFirst()
    }
}

extension Tensor {
    fileprivate func multiplied(by factor: Double) -> Tensor {
        let elements: Elements =
            switch elements {
            case .f32(let elements): .f32(elements.map { Float(Double($0) * factor) })
            case .f64(let elements): .f64(elements.map { $0 * factor })
            }
        return Tensor(name: name, shape: shape, elements: elements)
    }
}
