/// The parts of an ONNX model that a network needs. The numbers are those of fields in onnx.proto.
struct ONNXGraph {
    struct Node {
        /// With its domain, unless that is ONNX's own: elsewhere, Relu can be anything.
        let type: String
        let inputs: [String]
        let outputs: [String]
        private let message: ProtocolBuffer

        fileprivate init(_ message: ProtocolBuffer) throws(Defect) {
            self.message = message
            let (domain, name) = (message.text(7), message.text(4))
            type = ["", "ai.onnx"].contains(domain) ? name : "\(domain).\(name)"
            (inputs, outputs) = (message.texts(1), message.texts(2))
            guard max(inputs.count, outputs.count) <= mostNodeInputs else {
                throw Defect(
                    expected: "\(mostNodeInputs) inputs and outputs of a node at most",
                    found: "\(max(inputs.count, outputs.count))")
            }
            _ = try message.messages(5)  // none is damaged
        }

        private func attribute(_ name: String) -> ProtocolBuffer? {
            (try? message.messages(5))?.first { $0.text(1) == name }
        }

        func integer(_ name: String, default value: Int) throws(Defect) -> Int {
            try attribute(name)?.number(3) ?? value
        }

        func integers(_ name: String) throws(Defect) -> [Int] { try attribute(name)?.numbers(8) ?? [] }

        func float(_ name: String, default value: Float) -> Float {
            guard let bits = attribute(name)?.bytes(2).last, bits.count == 4 else { return value }
            return Float(bitPattern: bits.littleEndian(at: bits.startIndex))
        }

        /// The tensor of a constant.
        func tensor() throws(Defect) -> ProtocolBuffer? { try attribute("value")?.message(5) }
    }

    let nodes: [Node]
    /// Constants by their names; each is a tensor.
    let constants: [String: ProtocolBuffer]
    /// Inputs that are no constants: names, codes of types, and sizes; nil is a size that is not fixed.
    let inputs: [(name: String, type: Int, sizes: [Int?])]
    let outputs: [String]
    let metadata: [String: String]

    /// More than any network of ours has.
    private static let mostNodes = 1000
    private static let mostNodeInputs = 64
    /// The code of bytes; NumberType has those of floats.
    static let uint8 = 2

    /// Whether the bytes begin as those of an ONNX model do, with the version of the format. A safetensors file has its
    /// header behind eight bytes.
    static func isLikely(_ bytes: [UInt8]) -> Bool {
        bytes.count > 9 && bytes[0] == 8 && bytes[8] != UInt8(ascii: "{")
    }

    init(_ bytes: [UInt8]) throws(Defect) {
        let model = try ProtocolBuffer(bytes[...])
        let graph = try model.message(7)
        let nodeCount = graph.bytes(1).count
        guard nodeCount <= Self.mostNodes else {
            throw Defect(expected: "\(Self.mostNodes) nodes at most", found: "\(nodeCount)")
        }
        metadata = try model.dictionary(14)
        var (nodes, constants): ([Node], [String: ProtocolBuffer]) = ([], [:])
        for node in try graph.messages(1) { nodes.append(try Node(node)) }
        for tensor in try graph.messages(5) {
            let name = tensor.text(8)
            guard constants.updateValue(tensor, forKey: name) == nil else {
                throw Defect(expected: "tensors of different names", found: "two of \(name)")
            }
        }
        self.nodes = nodes
        self.constants = constants
        var inputs: [(name: String, type: Int, sizes: [Int?])] = []
        // Old models list their constants as inputs, too.
        for input in try graph.messages(11) where constants[input.text(1)] == nil {
            let type = try input.message(2).message(1)
            var sizes: [Int?] = []
            for size in try type.message(2).messages(1) { sizes.append(try size.number(1)) }
            inputs.append((input.text(1), try type.number(1) ?? 0, sizes))
        }
        self.inputs = inputs
        let results = try graph.messages(12)
        outputs = results.map { $0.text(1) }
    }
}

extension Tensor {
    /// A tensor of an ONNX model.
    init(onnx message: ProtocolBuffer, name: String) throws(Defect) {
        let (inOtherFile, location) = (try message.dictionary(13), try message.number(14) ?? 0)
        guard inOtherFile.isEmpty, location == 0 else {
            throw Defect(
                expected: "\(name) in the ONNX file itself",
                found: "weights in another file, \(inOtherFile["location"] ?? "which it does not name") "
                    + "(torch.onnx.export writes one file with external_data=False)")
        }
        let (shape, code) = (try message.numbers(1), try message.number(2) ?? 0)
        guard let type = NumberType.all.first(where: { $0.onnx == code }) else {
            throw Defect(expected: "\(name) of floats", found: "type \(code) of ONNX")
        }
        var bytes = message.bytes(9).last ?? []
        if bytes.isEmpty {
            // The same numbers in fields of their own; those of 16 bits are stored as whole numbers.
            switch type {
            case .f32: bytes = Array(message.bytes(4).joined())[...]
            case .f64: bytes = Array(message.bytes(10).joined())[...]
            default:
                let numbers = try message.numbers(5)
                bytes = numbers.flatMap { UInt16(truncatingIfNeeded: $0).littleEndianBytes }[...]
            }
        }
        guard let count = elementCount(shape), count <= bytes.count, count * type.width == bytes.count else {
            throw Defect(
                expected: "\(name) of the size of its shape \(shape)", found: "\(bytes.count) bytes")
        }
        self.init(name: name, shape: shape, elements: Elements(bytes: bytes, type: type))
    }
}
