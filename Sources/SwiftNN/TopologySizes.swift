import CNNKernel

extension Topology {
    /// Layers of these sizes, such as `[768, 12, 4, 1]`.
    ///
    /// - Parameter sizes: the image's bytes (1...65535), the units of each hidden layer (1...256), and the one output:
    ///   two to eight numbers.
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` for others.
    public init(_ sizes: [Int]) throws(NNError) { try self.init(sizes: sizes.span) }

    /// The sizes as ``init(_:)`` takes them.
    public var sizes: [Int] {
        unsafe withUnsafeBytes(of: table.size) { bytes in
            unsafe bytes.assumingMemoryBound(to: Int32.self).prefix(Int(table.layers) + 1).map(Int.init)
        }
    }

    var layerCount: Int { Int(table.layers) }

    /// Units of the first layer.
    var firstUnits: Int { Int(table.size.1) }
}
