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
        // The network expects bytes divided by 255.
        graph.add(1, ONNX.node("Flatten", ["image"], "bytes", [ONNX.attribute("axis", 1)]))
        graph.add(1, ONNX.node("Cast", ["bytes"], "numbers", [ONNX.attribute("to", type.onnx)]))
        graph.add(1, ONNX.node("Mul", ["numbers", "scale"], "pixels"))
        var value = "pixels"
        if takesOwnContrastOff {
            ONNX.addContrast(to: &graph, inputs: tensors[0].shape[1], type)
            graph.add(1, ONNX.node("Mul", [value, "contrast"], "standardized"))
            value = "standardized"
        }
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
        let scale = type == .f32 ? Tensor.Elements.f32([1 / 255]) : .f64([1 / 255])
        for tensor in [Tensor(name: "scale", shape: [], elements: scale)] + tensors {
            graph.add(5, ONNX.tensor(tensor))
        }
        graph.add(11, ONNX.value("image", ONNX.uint8, imageShape))
        graph.add(12, ONNX.value("probability", type.onnx, [.named("N"), .fixed(1)]))
        return ONNX.model(graph, metadata).bytes
    }
}

extension ONNX {
    /// Adds the nodes that compute `contrast`, [N, 1], from `bytes`: 1 / sd of the inputs, or 1 if sd is 0
    /// (docs/FORMAT.md).
    ///
    /// The sums are of 64-bit integers, so they are exact, and the rest is in doubles, as in a prediction of our own. The
    /// mean needs no subtraction: the weights of each unit of layer 1 sum up to 0.
    fileprivate static func addContrast(to graph: inout Message, inputs: Int, _ type: NumberType) {
        graph.add(1, node("Cast", ["bytes"], "integers", [attribute("to", int64)]))
        graph.add(1, node("ReduceSum", ["integers", "columns"], "sum"))
        graph.add(1, node("Mul", ["integers", "integers"], "squares"))
        graph.add(1, node("ReduceSum", ["squares", "columns"], "sum_of_squares"))
        graph.add(1, node("Mul", ["sum_of_squares", "inputs"], "mean_square"))
        graph.add(1, node("Mul", ["sum", "sum"], "square_of_sum"))
        graph.add(1, node("Sub", ["mean_square", "square_of_sum"], "radicand"))
        graph.add(1, node("Cast", ["radicand"], "variance", [attribute("to", NumberType.f64.onnx)]))
        graph.add(1, node("Sqrt", ["variance"], "deviation"))
        graph.add(1, node("Div", ["inputs_255", "deviation"], "quotient"))
        graph.add(1, node("Equal", ["radicand", "zero"], "is_flat"))
        graph.add(1, node("Where", ["is_flat", "one", "quotient"], "contrast_f64"))
        graph.add(1, node("Cast", ["contrast_f64"], "contrast", [attribute("to", type.onnx)]))
        graph.add(5, tensor(int64: 1, shape: [1], name: "columns"))
        graph.add(5, tensor(int64: inputs, shape: [], name: "inputs"))
        graph.add(5, tensor(int64: 0, shape: [], name: "zero"))
        graph.add(5, tensor(Tensor(name: "inputs_255", shape: [], elements: .f64([255 * Double(inputs)]))))
        graph.add(5, tensor(Tensor(name: "one", shape: [], elements: .f64([1]))))
    }
}

/// The messages of onnx.proto that such a model needs. The numbers are the fields' numbers there.
private enum ONNX {
    /// The code of a type of numbers; NumberType has the others.
    static let uint8 = 2
    static let int64 = 7
    /// The code of an attribute that is a whole number.
    private static let int = 2

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

    static func tensor(_ tensor: Tensor) -> Message {
        var message = Message()
        for size in tensor.shape { message.add(1, size) }
        message.add(2, tensor.elements.type.onnx)
        message.add(8, tensor.name)
        message.add(9, tensor.elements.bytes)
        return message
    }

    static func tensor(int64 number: Int, shape: [Int], name: String) -> Message {
        var message = Message()
        for size in shape { message.add(1, size) }
        message.add(2, int64)
        message.add(8, name)
        message.add(9, withUnsafeBytes(of: Int64(number).littleEndian) { Array($0) })
        return message
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
