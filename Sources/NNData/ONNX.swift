// ONNX (https://onnx.ai, onnx.proto): a message of Protocol Buffers. A message is a list of fields, each a key and a value.

extension TensorFile {
    /// The bytes of an ONNX model (opset 13). Its input is `image`, uint8 [N, 64, 64, 3]; its output is `probability`,
    /// [N, 1], of the weights' type.
    ///
    /// - Parameter takesOwnContrastOff: whether each image's own brightness and contrast are taken off first.
    /// - Precondition: the tensors are alternately weights (outputs, inputs) and biases (outputs), all of one type.
    public func onnx(takesOwnContrastOff: Bool = false) -> [UInt8] {
        let type = tensors[0].elements.type
        let imageShape: [ONNX.Size] = [.named("N"), .fixed(64), .fixed(64), .fixed(3)]
        var graph = Message()
        graph.add(1, ONNX.node("Flatten", ["image"], "bytes", [ONNX.attribute("axis", 1)]))
        graph.add(1, ONNX.node("Cast", ["bytes"], "numbers", [ONNX.attribute("to", type.onnx)]))
        if takesOwnContrastOff {
            ONNX.addContrast(to: &graph, type)
        } else {
            graph.add(1, ONNX.node("Mul", ["numbers", "scale"], "pixels"))
            graph.add(5, ONNX.tensor(ONNX.scalar(1 / 255, type, name: "scale")))
        }
        var value = "pixels"
        for layer in 0..<tensors.count / 2 {
            let isLast = layer == tensors.count / 2 - 1
            let (weight, bias) = (tensors[2 * layer].name, tensors[2 * layer + 1].name)
            let logits = "layers.\(layer).logits"
            let output = isLast ? "probability" : "layers.\(layer).activations"
            graph.add(1, ONNX.node("Gemm", [value, weight, bias], logits, [ONNX.attribute("transB", 1)]))
            graph.add(1, ONNX.node(isLast ? "Sigmoid" : "Relu", [logits], output))
            value = output
        }
        graph.add(2, "network")
        for tensor in tensors { graph.add(5, ONNX.tensor(tensor)) }
        graph.add(11, ONNX.value("image", ONNXGraph.uint8, imageShape))
        graph.add(12, ONNX.value("probability", type.onnx, [.named("N"), .fixed(1)]))
        return ONNX.model(graph, metadata).bytes
    }
}

extension ONNX {
    /// Adds the nodes that compute `pixels` from `numbers`: less their mean, divided by their standard deviation
    /// (docs/FORMAT.md). These operators have no integers and no doubles, which not every program computes with.
    ///
    /// Of n bytes that are not all equal, the variance is (n - 1) / n^2 or more, which is 0.00008. If all are equal, what
    /// rounding leaves of them is small, and equal for all; since the weights of each unit of layer 1 sum up to 0, it
    /// has no effect.
    fileprivate static func addContrast(to graph: inout Message, _ type: NumberType) {
        let alongColumns = [attribute("axes", [1]), attribute("keepdims", 1)]
        graph.add(1, node("ReduceMean", ["numbers"], "mean", alongColumns))
        graph.add(1, node("Sub", ["numbers", "mean"], "centered"))
        graph.add(1, node("Mul", ["centered", "centered"], "squares"))
        graph.add(1, node("ReduceMean", ["squares"], "variance", alongColumns))
        graph.add(1, node("Max", ["variance", "least_variance"], "divisor"))
        graph.add(1, node("Sqrt", ["divisor"], "deviation"))
        graph.add(1, node("Div", ["centered", "deviation"], "pixels"))
        graph.add(5, tensor(scalar(0.00004, type, name: "least_variance")))
    }
}

/// The messages of onnx.proto that such a model needs. The numbers are the fields' numbers there.
private enum ONNX {
    /// The codes of attributes: a whole number, a list of them.
    private static let int = 2
    private static let ints = 7

    enum Size {
        case fixed(Int)
        case named(String)
    }

    /// Version 7 of the format goes with opset 13, of 2020; readers of later versions read it too.
    static func model(_ graph: Message, _ metadata: [String: String]) -> Message {
        var opset = Message()
        opset.add(1, "")
        opset.add(2, 13)
        var model = Message()
        model.add(1, 7)
        model.add(2, "nn-cli")
        model.add(7, graph)
        model.add(8, opset)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            var entry = Message()
            entry.add(1, key)
            entry.add(2, value)
            model.add(14, entry)
        }
        return model
    }

    static func node(_ type: String, _ inputs: [String], _ output: String, _ attributes: [Message] = [])
        -> Message
    {
        var node = Message()
        for input in inputs { node.add(1, input) }
        node.add(2, output)
        node.add(3, "\(type) to \(output)")
        node.add(4, type)
        for attribute in attributes { node.add(5, attribute) }
        return node
    }

    static func attribute(_ name: String, _ value: Int) -> Message {
        var attribute = Message()
        attribute.add(1, name)
        attribute.add(3, value)
        attribute.add(20, int)
        return attribute
    }

    static func attribute(_ name: String, _ values: [Int]) -> Message {
        var attribute = Message()
        attribute.add(1, name)
        for value in values { attribute.add(8, value) }
        attribute.add(20, ints)
        return attribute
    }

    static func tensor(_ tensor: Tensor) -> Message {
        var message = Message()
        for size in tensor.shape { message.add(1, size) }
        message.add(2, tensor.elements.type.onnx)
        message.add(8, tensor.name)
        message.add(9, tensor.elements.bytes)
        return message
    }

    /// One number.
    static func scalar(_ number: Double, _ type: NumberType, name: String) -> Tensor {
        Tensor(name: name, shape: [], elements: type == .f32 ? .f32([Float(number)]) : .f64([number]))
    }

    static func value(_ name: String, _ type: Int, _ sizes: [Size]) -> Message {
        var shape = Message()
        for size in sizes {
            var dimension = Message()
            switch size {
            case .fixed(let size): dimension.add(1, size)
            case .named(let name): dimension.add(2, name)
            }
            shape.add(1, dimension)
        }
        var tensorType = Message()
        tensorType.add(1, type)
        tensorType.add(2, shape)
        var valueType = Message()
        valueType.add(1, tensorType)
        var value = Message()
        value.add(1, name)
        value.add(2, valueType)
        return value
    }
}

/// A message of Protocol Buffers. A field is its number and kind, then either a number (7 bits per byte) or a count of
/// bytes and the bytes.
private struct Message {
    private(set) var bytes: [UInt8] = []

    private mutating func put(_ number: Int) {
        var rest = UInt64(number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func add(_ field: Int, _ number: Int) {
        put(field << 3)
        put(number)
    }

    mutating func add(_ field: Int, _ content: [UInt8]) {
        put(field << 3 | 2)
        put(content.count)
        bytes += content
    }

    mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }
    mutating func add(_ field: Int, _ message: Message) { add(field, message.bytes) }
}
