import CNNKernel
import NNText

/// A trained network: the checked bytes of a model file, and what its header says.
///
/// A network is always whole: there is no way to have one of unchecked bytes.
public struct Network: Sendable {
    /// The file's bytes (docs/FORMAT.md).
    public let bytes: [UInt8]
    /// The sizes of its layers.
    public let topology: Topology
    /// What its weights are stored as.
    public let elementType: ElementType
    /// How the weights were trained; nil if they were imported.
    public let origin: Origin?
    /// Whether each image's own brightness and contrast are taken off before the network sees it. A prediction does it.
    public let takesOwnContrastOff: Bool
    /// What to expect of it on images not seen; nil if it was not judged.
    public let expectation: Expectation?
    /// The names of class 0 and class 1; two empty strings if the data had none. A file may have any bytes there: control
    /// characters, and others that people cannot see, are shown as `\x1B`.
    public let classNames: [String]

    /// The most bytes of UTF-8 that a model has room for in a class name.
    public static let longestClassName = Int(NNK_CLASS_NAME_BYTES) - 1

    /// Checks the bytes of a model file.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - topologies: those that the program knows. The file must be of one of them, as no size is taken from it.
    /// - Throws: ``NNError/invalidModel(_:)``.
    public init(bytes: [UInt8], topologies: [Topology] = [.deep, .twoLayer]) throws(NNError) {
        guard !bytes.isEmpty else { throw .invalidModel(.truncated) }
        var status = NNK_E_TOPOLOGY
        for topology in topologies where status == NNK_E_TOPOLOGY {
            var model = unsafe nnk_model()
            var (origin, expectation) = (Origin?.none, Expectation?.none)
            status = unsafe bytes.withUnsafeBytes { file in
                unsafe withUnsafePointer(to: topology.table) {
                    var status = unsafe nnk_model_open(&model, file.baseAddress, file.count, $0)
                    if status == NNK_OK { status = unsafe Self.checkRecords(&model) }
                    guard status == NNK_OK else { return status }
                    // The model's pointers are valid here.
                    unsafe (origin, expectation) = (Origin(&model), Expectation(&model))
                    return status
                }
            }
            guard status == NNK_OK else { continue }
            guard let elementType = unsafe ElementType(code: model.dtype),
                unsafe origin != nil || model.initializer == NNK_INIT_NONE
            else { throw .invalidModel(.otherKind) }
            self.bytes = bytes
            self.topology = topology
            self.elementType = elementType
            self.origin = origin
            unsafe takesOwnContrastOff = model.options & NNK_OPTION_OWN_CONTRAST != 0
            self.expectation = expectation
            let withNames = bytes.prefix(topology.modelBytes(elementType))
            classNames = Self.names(at: withNames.suffix(2 * Int(NNK_CLASS_NAME_BYTES)))
            return
        }
        throw NNError(status)
    }

    /// What the core leaves to those who read the records.
    private static func checkRecords(_ model: UnsafePointer<nnk_model>) -> nnk_status {
        var (record, expectation) = (nnk_training_record(), nnk_expectation())
        let status = unsafe nnk_model_record(model, &record)
        guard status == NNK_OK else { return status }
        let judged = unsafe nnk_model_expectation(model, &expectation)
        return judged == NNK_E_STATE ? NNK_OK : judged
    }

    private static func names(at bytes: ArraySlice<UInt8>) -> [String] {
        [bytes.prefix(Int(NNK_CLASS_NAME_BYTES)), bytes.suffix(Int(NNK_CLASS_NAME_BYTES))].map {
            PathText.shown(PathText.text($0.prefix { $0 != 0 }))
        }
    }

    /// The CRC-32 of all bytes behind the header: ``Origin/startCRC`` of networks that are trained from this one.
    public var payloadCRC: UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe nnk_model_payload_crc($0.baseAddress) }
    }

    /// Bytes of one image.
    public var inputs: Int { topology.inputs }

    /// The class of one image, and its probability.
    ///
    /// - Parameter image: ``inputs`` bytes; 64 rows of 64 pixels, R G B, for the given topologies.
    /// - Throws: what ``probability(of:)`` throws.
    public func classify(_ image: some Collection<UInt8>) throws(NNError) -> Prediction {
        Prediction(probability: try probability(of: image))
    }

    /// The probability of class 1 for one image.
    ///
    /// - Parameter image: ``inputs`` bytes; 64 rows of 64 pixels, R G B, for the given topologies.
    /// - Throws: ``NNError/wrongCount(of:expected:found:)`` for an image of another size, ``ModelDefect/unusableWeights``
    ///   if computing overflows.
    public func probability(of image: some Collection<UInt8>) throws(NNError) -> Double {
        try NNError.check(countOf: .bytesOfImage, image.count, expected: inputs)
        let probability =
            unsafe image.withContiguousStorageIfAvailable { unsafe predict($0) }
            ?? Array(image).withUnsafeBufferPointer { unsafe predict($0) }
        return try probability.get()
    }

    private func predict(_ image: UnsafeBufferPointer<UInt8>) -> Result<Double, NNError> {
        Result { () throws(NNError) in
            let network = view
            return try unsafe withUnsafeTemporaryAllocation(
                of: UInt64.self, capacity: Predictor.words(for: network)
            ) { memory throws(NNError) in
                unsafe memory.initialize(repeating: 0)
                return try unsafe network.probability(of: image.span, memory: memory.mutableSpan)
            }
        }
    }

    /// A borrowed view of this network.
    public var view: NetworkView {
        @_lifetime(borrow self)
        get {
            unsafe NetworkView(checked: bytes.span.bytes, topology, elementType, elementType.fastestKernels)
        }
    }
}

extension Network: Equatable {
    /// Networks are equal if their files are.
    public static func == (a: Network, b: Network) -> Bool { a.bytes == b.bytes }
}

extension NetworkView {
    /// Checks the bytes of a model file, as ``init(_:topology:elementType:)`` does. The view predicts with the widest
    /// vectors of this processor: the same bits in less time.
    /// - Throws: ``NNError/misaligned``, ``NNError/invalidModel(_:)``.
    @_lifetime(copy bytes)
    public static func fastest(
        _ bytes: RawSpan, topology: Topology = .deep, elementType: ElementType
    ) throws(NNError) -> NetworkView {
        try NetworkView(bytes, topology, elementType, elementType.fastestKernels)
    }
}
