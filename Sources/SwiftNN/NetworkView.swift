import CNNKernel

/// A trained network in bytes that somebody else keeps: in flash, for instance. Nothing is copied.
///
/// As a ``Network`` does, it stands for bytes that were checked; it cannot outlive them. It needs no heap, so it
/// is the network of Embedded Swift.
public struct NetworkView: ~Escapable {
    /// The sizes of its layers.
    public let topology: Topology
    /// What its weights are stored as.
    public let elementType: ElementType
    /// The file's bytes (docs/FORMAT.md).
    public let bytes: RawSpan
    let kernels: nnk_inference

    /// Checks the bytes of a model file, at an address that 8 divides.
    ///
    /// Both topology and element type are compared with the file's, never taken from it. Where the type is a
    /// constant of the program, the linker keeps no other's kernels.
    /// Throws ``NNError/misaligned``, ``NNError/invalidModel(_:)``.
    @inline(__always)
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan, topology: Topology = .deep, elementType: ElementType) throws(NNError) {
        try self.init(bytes, topology, elementType, elementType.inference)
    }

    @_lifetime(copy bytes)
    init(
        _ bytes: RawSpan, _ topology: Topology, _ elementType: ElementType, _ kernels: nnk_inference
    ) throws(NNError) {
        let status = withUnsafePointer(to: topology.table) { table in
            var model = nnk_model()
            let status = bytes.withUnsafeBytes { nnk_model_open(&model, $0.baseAddress, $0.count, table) }
            return status == NNK_OK && model.dtype != elementType.rawValue ? NNK_E_KIND : status
        }
        try NNError.check(status)
        self.init(checked: bytes, topology, elementType, kernels)
    }

    /// Of bytes that were checked before.
    @_lifetime(copy bytes)
    init(checked bytes: RawSpan, _ topology: Topology, _ elementType: ElementType, _ kernels: nnk_inference) {
        self.topology = topology
        self.elementType = elementType
        self.bytes = bytes
        self.kernels = kernels
    }

    /// Bytes of one image.
    public var inputs: Int { topology.inputs }

    /// The name of class 0 or 1 in UTF-8, empty if the data had none. Terminals must not be shown it unseen.
    /// - Precondition: `index` is 0 or 1.
    @_lifetime(copy self)
    public func className(_ index: Int) -> RawSpan {
        precondition(index == 0 || index == 1, "a network has two classes")
        let size = Int(NNK_CLASS_NAME_BYTES)
        let slot = bytes.extracting(last: 2 * size).extracting(index * size..<(index + 1) * size)
        var length = 0
        while slot.unsafeLoad(fromByteOffset: length, as: UInt8.self) != 0 { length += 1 }
        return slot.extracting(first: length)
    }

    /// The probability of class 1 for one image, computed in `memory` (``Predictor``).
    /// Throws ``NNError/outOfMemory``, ``NNError/invalidArgument`` unless the image has ``inputs`` bytes.
    public func probability(
        of image: Span<UInt8>, memory: consuming MutableSpan<UInt64>
    ) throws(NNError) -> Double {
        guard image.count == inputs else { throw .invalidArgument }
        var predictor = try Predictor(self, memory: memory)
        try predictor.feed(image)
        return try predictor.finish()
    }

    /// The core's view of the model and its kernels, valid within `body`.
    func withModel<Result>(
        _ body: (UnsafePointer<nnk_model>, UnsafePointer<nnk_inference>) -> Result
    ) -> Result {
        withUnsafePointer(to: topology.table) { table in
            bytes.withUnsafeBytes { file in
                var model = nnk_model()
                model.topology = table
                model.dtype = elementType.rawValue
                model.parameters = file.baseAddress! + Int(NNK_HEADER_BYTES)
                return withUnsafePointer(to: model) { model in
                    withUnsafePointer(to: kernels) { body(model, $0) }
                }
            }
        }
    }
}
