import CNNKernel

/// The layers of a network: bytes of an image, then units of each layer (topology.h).
///
/// Layers below the last use ReLU; the last is one sigmoid unit, the probability of class 1.
public struct Topology: Sendable {
    let table: nnk_topology

    /// 12288-20-7-5-1, for images of 64 x 64 RGB pixels.
    public static var deep: Topology { Topology(table: nnk_deep) }
    /// 12288-7-1, for images of 64 x 64 RGB pixels.
    public static var twoLayer: Topology { Topology(table: nnk_two_layer) }

    init(table: nnk_topology) { self.table = table }

    /// Bytes of one image.
    public var inputs: Int { Int(table.size.0) }

    /// All weights and biases.
    public var parameterCount: Int {
        withUnsafePointer(to: table) { Int(nnk_parameter_count($0)) }
    }
}

extension Topology {
    /// Bytes of a model file: header, parameters, class names (docs/FORMAT.md).
    public func modelBytes(_ elementType: ElementType) -> Int {
        withUnsafePointer(to: table) { Int(nnk_model_bytes($0, elementType.rawValue)) }
    }
}

extension Topology: Equatable {
    /// Whether both have the same layers.
    public static func == (a: Topology, b: Topology) -> Bool {
        withUnsafePointer(to: a.table) { a in
            withUnsafePointer(to: b.table) { nnk_topology_equal(a, $0) == 1 }
        }
    }
}

#if !hasFeature(Embedded)
    extension Topology {
        /// Sizes from the image's bytes (1...65535) over the units of the hidden layers (1...256 each) to the
        /// one output; two to eight numbers. Throws ``NNError/invalidArgument`` for others.
        public init(_ sizes: [Int]) throws(NNError) {
            var table = nnk_topology()
            let fits = sizes.count >= 2 && sizes.count <= Int(NNK_MAX_LAYERS) + 1
            guard fits, sizes.allSatisfy({ 1...Int(NNK_MAX_INPUTS) ~= $0 }) else { throw .invalidArgument }
            table.layers = Int32(sizes.count - 1)
            withUnsafeMutableBytes(of: &table.size) { bytes in
                let slots = bytes.assumingMemoryBound(to: Int32.self)
                for (slot, size) in sizes.enumerated() { slots[slot] = Int32(size) }
            }
            guard nnk_topology_valid(&table) == 1 else { throw .invalidArgument }
            self.table = table
        }

        /// The sizes as ``init(_:)`` takes them.
        public var sizes: [Int] {
            withUnsafeBytes(of: table.size) { bytes in
                bytes.assumingMemoryBound(to: Int32.self).prefix(Int(table.layers) + 1).map(Int.init)
            }
        }
    }
#endif
