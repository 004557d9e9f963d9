import CNNKernel

/// The layers of a network: bytes of an image, then units of each layer (topology.h).
///
/// Layers below the last use ReLU; the last is one sigmoid unit, the probability of class 1.
public struct Topology: Sendable {
    package let table: nnk_topology

    /// 12288-20-7-5-1, for images of 64 x 64 RGB pixels.
    public static var deep: Topology { Topology(table: nnk_deep) }
    /// 12288-7-1, for images of 64 x 64 RGB pixels.
    public static var twoLayer: Topology { Topology(table: nnk_two_layer) }

    /// - Precondition: the table is valid.
    package init(table: nnk_topology) { self.table = table }

    /// Layers of these sizes: the image's bytes (1...65535), the units of each hidden layer (1...256), and the one
    /// output; two to eight numbers.
    ///
    ///     let sizes: InlineArray = [768, 12, 4, 1]
    ///     let topology = try Topology(sizes: sizes.span)
    ///
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` for others.
    public init(sizes: Span<Int>) throws(NNError) {
        try NNError.check(max(sizes.count - 1, 0), .layers, 1...Int(NNK_MAX_LAYERS))
        try NNError.check(sizes[0], .inputs, 1...Int(NNK_MAX_INPUTS))
        for layer in 1..<sizes.count - 1 { try NNError.check(sizes[layer], .units, 1...Int(NNK_MAX_UNITS)) }
        try NNError.check(sizes[sizes.count - 1], .outputs, 1...1)
        var table = nnk_topology()
        table.layers = Int32(sizes.count - 1)
        unsafe withUnsafeMutableBytes(of: &table.size) { bytes in
            let slots = unsafe bytes.assumingMemoryBound(to: Int32.self)
            for layer in 0..<sizes.count { unsafe slots[layer] = Int32(sizes[layer]) }
        }
        self.table = table
    }

    /// Bytes of one image.
    public var inputs: Int { Int(table.size.0) }

    /// The number of all weights and biases.
    public var parameterCount: Int {
        unsafe withUnsafePointer(to: table) { unsafe Int(nnk_parameter_count($0)) }
    }

    /// Bytes of a model file: header, parameters, class names (docs/FORMAT.md).
    public func modelBytes(_ elementType: ElementType) -> Int {
        unsafe withUnsafePointer(to: table) { unsafe Int(nnk_model_bytes($0, elementType.code)) }
    }
}

extension Topology: Equatable {
    /// Whether both have the same layers.
    public static func == (first: Topology, second: Topology) -> Bool {
        unsafe withUnsafePointer(to: first.table) { first in
            unsafe withUnsafePointer(to: second.table) { unsafe nnk_topology_equal(first, $0) == 1 }
        }
    }
}
