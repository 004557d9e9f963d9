import CNNKernel

/// Inference on one image that comes in any number of pieces, in memory that the caller owns.
///
///     func predict(_ network: NetworkView, _ camera: inout Camera) throws(NNError) -> Prediction {
///         var memory = Predictor.deepF32Memory
///         var predictor = try Predictor(network, memory: memory.mutableSpan)
///         while let piece = camera.next() { try predictor.feed(piece.span) }
///         return try predictor.finish()
///     }
///
/// Keep it in a function, as it refers to memory and to a network that must outlive it; Swift does not allow it as a global
/// variable, as in main.swift.
///
/// For a network of ``Topology/deep`` or ``Topology/twoLayer`` the memory's size is a constant, such as
/// ``deepF32Memory``. For others ``words(topology:elementType:)`` says it.
public struct Predictor: ~Copyable, ~Escapable {
    private let network: NetworkView
    private var memory: MutableSpan<UInt64>

    /// Starts on an image. What the memory held before is lost.
    ///
    /// - Parameters:
    ///   - network: stays borrowed as long as the predictor is there.
    ///   - memory: ``words(for:)`` words or more. Nothing behind these is touched.
    /// - Throws: ``NNError/insufficientMemory(expected:found:)`` if there are fewer.
    @_lifetime(copy network, copy memory)
    public init(_ network: NetworkView, memory: consuming MutableSpan<UInt64>) throws(NNError) {
        let words = Self.words(for: network)
        guard memory.count >= words else {
            throw .insufficientMemory(expected: 8 * words, found: 8 * memory.count)
        }
        let status = unsafe memory.withUnsafeMutableBytes { memory in
            unsafe network.withModel { unsafe nnk_predict_begin(memory.baseAddress, memory.count, $0, $1) }
        }
        try NNError.check(status)
        self.network = network
        self.memory = memory
    }

    /// Takes the next bytes of the image.
    ///
    /// - Throws: ``NNError/wrongCount(of:expected:found:)``, and takes none, if there are more than the image has left.
    public mutating func feed(_ pixels: Span<UInt8>) throws(NNError) {
        let taken = unsafe withState { unsafe Int($0.pointee.position + $0.pointee.pending) }
        guard pixels.count <= network.inputs - taken else {
            throw .wrongCount(of: .bytesOfImage, expected: network.inputs, found: taken + pixels.count)
        }
        let status = unsafe pixels.withUnsafeBufferPointer { pixels in
            unsafe withState { unsafe nnk_predict_feed($0, pixels.baseAddress, pixels.count) }
        }
        try NNError.check(status)
    }

    /// What the network says about the image.
    ///
    /// - Throws: ``NNError/wrongCount(of:expected:found:)`` unless the whole image was fed,
    ///   ``ModelDefect/unusableWeights`` if computing overflows.
    public consuming func finish() throws(NNError) -> Prediction {
        let taken = unsafe withState { unsafe Int($0.pointee.position + $0.pointee.pending) }
        try NNError.check(countOf: .bytesOfImage, taken, expected: network.inputs)
        var probability = 0.0
        try NNError.check(unsafe withState { unsafe nnk_predict_finish($0, &probability) })
        return Prediction(probability: probability)
    }

    /// The core's predictor. It keeps addresses, but values of Swift move: so it is told them at each call.
    private mutating func withState<Result>(_ body: (UnsafeMutablePointer<nnk_predictor>) -> Result) -> Result
    {
        unsafe network.withModel { model, kernels in
            unsafe memory.withUnsafeMutableBytes { memory in
                let state = unsafe memory.baseAddress!.assumingMemoryBound(to: nnk_predictor.self)
                unsafe state.pointee.model = model
                unsafe state.pointee.inference = kernels
                return unsafe body(state)
            }
        }
    }
}

// MARK: - Memory

extension Predictor {
    /// Words of 8 bytes that a predictor of this network needs.
    public static func words(for network: NetworkView) -> Int { words(network.topology, network.kernels) }

    /// Words of 8 bytes that a predictor of such a network needs. On 32-bit processors it is one word less than on
    /// 64-bit ones, as addresses are smaller.
    public static func words(topology: Topology, elementType: ElementType) -> Int {
        words(topology, elementType.scalarKernels)
    }

    private static func words(_ topology: Topology, _ kernels: nnk_inference) -> Int {
        unsafe withUnsafePointer(to: topology.table) { table in
            unsafe withUnsafePointer(to: kernels) { unsafe (nnk_predict_bytes(table, $0) + 7) / 8 }
        }
    }
}

/// Memory for one predictor, on 32-bit and on 64-bit processors. Swift wants the size of an inline array as a literal.
extension Predictor {
    /// Memory for a network of ``Topology/deep`` in ``ElementType/f32``: 304 bytes.
    public static var deepF32Memory: InlineArray<38, UInt64> { InlineArray(repeating: 0) }
    /// Memory for a network of ``Topology/deep`` in ``ElementType/f64``: 384 bytes.
    public static var deepF64Memory: InlineArray<48, UInt64> { InlineArray(repeating: 0) }
    /// Memory for a network of ``Topology/deep`` in ``ElementType/i8``: 144 bytes.
    public static var deepI8Memory: InlineArray<18, UInt64> { InlineArray(repeating: 0) }
    /// Memory for a network of ``Topology/twoLayer`` in ``ElementType/f32``: 256 bytes.
    public static var twoLayerF32Memory: InlineArray<32, UInt64> { InlineArray(repeating: 0) }
    /// Memory for a network of ``Topology/twoLayer`` in ``ElementType/f64``: 280 bytes.
    public static var twoLayerF64Memory: InlineArray<35, UInt64> { InlineArray(repeating: 0) }
    /// Memory for a network of ``Topology/twoLayer`` in ``ElementType/i8``: 72 bytes.
    public static var twoLayerI8Memory: InlineArray<9, UInt64> { InlineArray(repeating: 0) }
}
