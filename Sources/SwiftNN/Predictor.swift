import CNNKernel

/// Inference on one image that comes in any number of pieces, in memory that the caller owns.
///
///     var memory = InlineArray<36, UInt64>(repeating: 0)
///     var predictor = try Predictor(network, memory: memory.mutableSpan)
///     while let piece = camera.next() { try predictor.feed(piece) }
///     let probability = try predictor.finish()
public struct Predictor: ~Copyable, ~Escapable {
    private let network: NetworkView
    private var memory: MutableSpan<UInt64>

    /// Words of 8 bytes that a predictor needs: on 32-bit processors 36 for ``Topology/deep`` in f32, 46 in f64,
    /// 22 in i8, on 64-bit ones a word more, as addresses are larger.
    public static func words(for network: NetworkView) -> Int { words(network.topology, network.kernels) }

    /// The same before there is a network.
    public static func words(_ topology: Topology, _ elementType: ElementType) -> Int {
        words(topology, elementType.inference)
    }

    private static func words(_ topology: Topology, _ kernels: nnk_inference) -> Int {
        withUnsafePointer(to: topology.table) { table in
            withUnsafePointer(to: kernels) { (nnk_predict_bytes(table, $0) + 7) / 8 }
        }
    }

    /// Starts on an image. What the memory held before is lost.
    /// Throws ``NNError/outOfMemory`` if it has less than ``words(for:)``.
    @_lifetime(copy network, copy memory)
    public init(_ network: NetworkView, memory: consuming MutableSpan<UInt64>) throws(NNError) {
        let status = memory.withUnsafeMutableBytes { memory in
            network.withModel { nnk_predict_begin(memory.baseAddress, memory.count, $0, $1) }
        }
        try NNError.check(status)
        self.network = network
        self.memory = memory
    }

    /// Takes the next bytes of the image.
    /// Throws ``NNError/invalidArgument``, and takes none, if there are more than the image has left.
    public mutating func feed(_ pixels: Span<UInt8>) throws(NNError) {
        let status = pixels.withUnsafeBufferPointer { pixels in
            withState { nnk_predict_feed($0, pixels.baseAddress, pixels.count) }
        }
        try NNError.check(status)
    }

    /// The probability of class 1. Throws ``NNError/outOfOrder`` unless the whole image was fed,
    /// ``ModelDefect/damagedWeights`` for weights that answer with no number, as no training gives them.
    public consuming func finish() throws(NNError) -> Double {
        var probability = 0.0
        try NNError.check(withState { nnk_predict_finish($0, &probability) })
        return probability
    }

    /// The core's predictor. It keeps addresses, but values of Swift move: so it is told them at each call.
    private mutating func withState(_ body: (UnsafeMutableRawPointer) -> nnk_status) -> nnk_status {
        network.withModel { model, kernels in
            memory.withUnsafeMutableBytes { memory in
                let state = memory.baseAddress!.assumingMemoryBound(to: nnk_predictor.self)
                state.pointee.model = model
                state.pointee.inference = kernels
                return body(state)
            }
        }
    }
}
