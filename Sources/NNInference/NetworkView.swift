import CNNKernel

/// A trained network in bytes that someone else keeps, in flash for instance. Nothing is copied.
///
/// The bytes were checked, and the view cannot outlive them. It needs no heap, so it is the network of Embedded
/// Swift.
public struct NetworkView: ~Escapable {
    /// The sizes of its layers.
    public let topology: Topology
    /// What its weights are stored as.
    public let elementType: ElementType
    /// The file's bytes (docs/FORMAT.md).
    public let bytes: RawSpan
    let kernels: nnk_inference

    /// Checks the bytes of a model file. Their address must be a multiple of 8.
    ///
    /// The view predicts with the kernels in scalar C. Topology and element type are compared with the file's, never
    /// taken from it. Where the type is a constant of the program, the linker keeps no other type's kernels.
    /// - Throws: ``NNError/misaligned``, ``NNError/invalidModel(_:)``.
    @inline(__always)
    @_lifetime(copy bytes)
    public init(
        _ bytes: RawSpan, topology: Topology = .deep, elementType: ElementType
    ) throws(NNError) {
        try self.init(bytes, topology, elementType, elementType.scalarKernels)
    }

    /// The same with other kernels.
    @_lifetime(copy bytes)
    package init(
        _ bytes: RawSpan, _ topology: Topology, _ elementType: ElementType, _ kernels: nnk_inference
    ) throws(NNError) {
        guard !bytes.isEmpty else { throw .invalidModel(.truncated) }
        let status = unsafe withUnsafePointer(to: topology.table) { table in
            var model = unsafe nnk_model()
            let status = unsafe bytes.withUnsafeBytes {
                unsafe nnk_model_open(&model, $0.baseAddress, $0.count, table)
            }
            return unsafe status == NNK_OK && model.dtype != elementType.code ? NNK_E_KIND : status
        }
        try NNError.check(status)
        self.init(checked: bytes, topology, elementType, kernels)
    }

    /// A view of bytes that were checked before.
    @_lifetime(copy bytes)
    package init(
        checked bytes: RawSpan, _ topology: Topology, _ elementType: ElementType, _ kernels: nnk_inference
    ) {
        self.topology = topology
        self.elementType = elementType
        self.bytes = bytes
        self.kernels = kernels
    }

    /// Bytes of one image.
    public var inputs: Int { topology.inputs }

    /// Whether each image's own brightness and contrast are taken off before the network sees it. A prediction does it.
    public var takesOwnContrastOff: Bool { options & NNK_OPTION_OWN_CONTRAST != 0 }

    /// The bits of the model's options: byte 11 of its header.
    private var options: Int32 { unsafe Int32(bytes.unsafeLoad(fromByteOffset: 11, as: UInt8.self)) }

    /// The name of class 0 or 1 in UTF-8, empty if the data had none.
    ///
    /// It may contain control characters: filter it before printing on a terminal.
    /// - Precondition: `index` is 0 or 1.
    @_lifetime(copy self)
    public func className(_ index: Int) -> RawSpan {
        precondition(index == 0 || index == 1, "a network has two classes")
        let size = Int(NNK_CLASS_NAME_BYTES)
        let start = topology.modelBytes(elementType) - (2 - index) * size
        let slot = bytes.extracting(start..<start + size)
        var length = 0
        while length < size, unsafe slot.unsafeLoad(fromByteOffset: length, as: UInt8.self) != 0 {
            length += 1
        }
        return slot.extracting(first: length)
    }

    /// The probability of class 1 for one image, computed in `memory`.
    ///
    /// - Parameters:
    ///   - image: ``inputs`` bytes.
    ///   - memory: ``Predictor/words(for:)`` words or more.
    /// - Throws: ``NNError/insufficientMemory(expected:found:)``; ``NNError/wrongCount(of:expected:found:)`` for an
    ///   image of another size; ``ModelDefect/unusableWeights`` if computing overflows.
    public func probability(
        of image: Span<UInt8>, memory: consuming MutableSpan<UInt64>
    ) throws(NNError) -> Double {
        try NNError.check(countOf: .bytesOfImage, image.count, expected: inputs)
        var predictor = try Predictor(self, memory: memory)
        try predictor.feed(image)
        return try predictor.finish().probability
    }

    /// The core's view of the model and its kernels, valid within `body`.
    package func withModel<Result>(
        _ body: (UnsafePointer<nnk_model>, UnsafePointer<nnk_inference>) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: topology.table) { table in
            unsafe bytes.withUnsafeBytes { file in
                var model = unsafe nnk_model()
                unsafe model.topology = table
                unsafe model.dtype = elementType.code
                unsafe model.options = options
                unsafe model.parameters = file.baseAddress! + Int(NNK_HEADER_BYTES)
                return unsafe withUnsafePointer(to: model) { model in
                    unsafe withUnsafePointer(to: kernels) { unsafe body(model, $0) }
                }
            }
        }
    }
}
