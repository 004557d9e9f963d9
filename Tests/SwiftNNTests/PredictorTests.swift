import SwiftNN
import Testing

/// The same code as boards run, on networks that were trained here.
@Suite("Predictor")
struct PredictorTests {
    private let examples: Examples
    private let topology: Topology

    init() throws {
        examples = try drawnExamples(5, inputs: 500)
        topology = try Topology([500, 30, 3, 1])
    }

    private func network(_ elementType: ElementType) throws -> Network {
        let trained = try train(smallRun([500, 30, 3, 1], elementType == .f64 ? .f64 : .f32), on: examples)
            .network
        return elementType == .i8 ? try trained.quantized() : trained
    }

    // MARK: A view of a model

    @Test("A view of a model's bytes answers as the network", arguments: ElementType.allCases)
    func view(elementType: ElementType) throws {
        let network = try network(elementType)
        let view = try NetworkView(network.bytes.span.bytes, topology: topology, elementType: elementType)
        #expect(view.topology == topology)
        #expect(view.elementType == elementType)
        #expect(view.inputs == 500)
        var memory = [UInt64](repeating: .max, count: Predictor.words(for: view))
        for index in 0..<examples.count {
            let image = Array(examples.image(index))
            let expected = try network.probability(of: image)
            #expect(try view.probability(of: image.span, memory: memory.mutableSpan) == expected)
            let fastest = try NetworkView.fastest(
                network.bytes.span.bytes, topology: topology, elementType: elementType)
            #expect(try fastest.probability(of: image.span, memory: memory.mutableSpan) == expected)
            let own = network.view
            #expect(try own.probability(of: image.span, memory: memory.mutableSpan) == expected)
        }
    }

    @Test("Class names are the bytes up to the first zero")
    func classNames() throws {
        let longest = String(repeating: "x", count: 31)
        let named = try Examples(
            images: examples.images, labels: examples.labels, imageBytes: 500,
            classNames: [longest, "Kätzchen"])
        let network = try train(smallRun([500, 30, 3, 1], iterations: 0), on: named).network
        let view = network.view
        #expect(text(view.className(0)) == longest)
        #expect(text(view.className(1)) == "Kätzchen")
        let unnamed = try self.network(.f32)
        #expect(unnamed.view.className(0).byteCount == 0)
    }

    private func text(_ bytes: RawSpan) -> String {
        String(decoding: bytes.withUnsafeBytes { Array($0) }, as: UTF8.self)
    }

    @Test("Other element types, topologies and bytes are refused")
    func refusals() throws {
        let bytes = try network(.f32).bytes
        #expect(throws: NNError.invalidModel(.otherKind)) { try open(bytes, .f64) }
        #expect(throws: NNError.invalidModel(.otherTopology)) { try open(bytes, .f32, .deep) }
        #expect(throws: NNError.invalidModel(.truncated)) { try open(Array(bytes.dropLast()), .f32) }
        #expect(throws: NNError.invalidModel(.truncated)) { try open([], .f32) }
        var damaged = bytes
        damaged[100] ^= 1
        #expect(throws: NNError.invalidModel(.damagedWeights)) { try open(damaged, .f32) }
        let shifted = [0] + bytes
        #expect(throws: NNError.misaligned) {
            let bytes = shifted.span.bytes.extracting(droppingFirst: 1)
            _ = try NetworkView(bytes, topology: topology, elementType: .f32)
        }
        try open(bytes, .f32)
    }

    private func open(_ bytes: [UInt8], _ elementType: ElementType, _ other: Topology? = nil) throws(NNError)
    {
        _ = try NetworkView(bytes.span.bytes, topology: other ?? topology, elementType: elementType)
    }

    // MARK: Pieces

    @Test("An image in pieces gives the bits of a whole one", arguments: [1, 7, 64, 191, 192, 193, 499, 500])
    func pieces(size: Int) throws {
        for elementType in ElementType.allCases {
            let network = try network(elementType)
            let view = network.view
            let image = Array(examples.image(1))
            var memory = [UInt64](repeating: 0, count: Predictor.words(for: view))
            var predictor = try Predictor(view, memory: memory.mutableSpan)
            for start in stride(from: 0, to: 500, by: size) {
                try predictor.feed(image.span.extracting(start..<min(start + size, 500)))
            }
            #expect(try predictor.finish() == network.classify(image))
        }
    }

    @Test("A piece too large is not taken; an image too short gives no answer")
    func counts() throws {
        let network = try network(.f64)
        let view = network.view
        let image = Array(examples.image(2))
        var memory = [UInt64](repeating: 0, count: Predictor.words(for: view))
        var predictor = try Predictor(view, memory: memory.mutableSpan)
        try predictor.feed(image.span.extracting(0..<300))
        var refusal: NNError?
        do { try predictor.feed(image.span.extracting(0..<201)) } catch { refusal = error }
        #expect(refusal == .wrongCount(of: .bytesOfImage, expected: 500, found: 501))
        try predictor.feed(image.span.extracting(300..<500))
        #expect(try predictor.finish() == network.classify(image))

        let tooShort = NNError.wrongCount(of: .bytesOfImage, expected: 500, found: 499)
        #expect(throws: tooShort) {
            var memory = [UInt64](repeating: 0, count: Predictor.words(for: network.view))
            var predictor = try Predictor(network.view, memory: memory.mutableSpan)
            try predictor.feed(image.span.extracting(0..<499))
            _ = try predictor.finish()
        }
        #expect(throws: tooShort) {
            var memory = [UInt64](repeating: 0, count: Predictor.words(for: network.view))
            let short = image.span.extracting(0..<499)
            _ = try network.view.probability(of: short, memory: memory.mutableSpan)
        }
    }

    @Test("A word less memory is refused, and so is none", arguments: ElementType.allCases)
    func memory(elementType: ElementType) throws {
        let network = try network(elementType)
        let words = Predictor.words(for: network.view)
        for count in [0, words - 1] {
            #expect(throws: NNError.insufficientMemory(expected: 8 * words, found: 8 * count)) {
                var memory = [UInt64](repeating: 0, count: count)
                _ = try Predictor(network.view, memory: memory.mutableSpan)
            }
        }
    }

    /// On 32-bit processors, addresses are smaller.
    @Test("The memory of the given topologies is what they need")
    func constants() {
        func expect(_ count: Int, _ topology: Topology, _ elementType: ElementType) {
            let words = Predictor.words(topology: topology, elementType: elementType)
            #expect(
                count == words + (MemoryLayout<Int>.size == 4 ? 1 : 0), "\(topology.sizes) \(elementType)")
        }
        expect(Predictor.deepF32Memory.count, .deep, .f32)
        expect(Predictor.deepF64Memory.count, .deep, .f64)
        expect(Predictor.deepI8Memory.count, .deep, .i8)
        expect(Predictor.twoLayerF32Memory.count, .twoLayer, .f32)
        expect(Predictor.twoLayerF64Memory.count, .twoLayer, .f64)
        expect(Predictor.twoLayerI8Memory.count, .twoLayer, .i8)
    }

    // MARK: The example of its documentation

    /// An image a row at a time.
    private struct Camera {
        var rows = (0..<64).map { [UInt8](repeating: $0, count: 192) }[...]
        mutating func next() -> [UInt8]? { rows.popFirst() }
    }

    private func predict(_ network: NetworkView, _ camera: inout Camera) throws(NNError) -> Prediction {
        var memory = Predictor.deepF32Memory
        var predictor = try Predictor(network, memory: memory.mutableSpan)
        while let piece = camera.next() { try predictor.feed(piece.span) }
        return try predictor.finish()
    }

    @Test("The documentation's example predicts")
    func documented() throws {
        let parameters = (0..<Topology.deep.parameterCount).map { Float($0 % 7 - 3) / 100 }
        let network = try Network(topology: .deep, parameters: parameters)
        var camera = Camera()
        let image = camera.rows.flatMap { $0 }
        #expect(try predict(network.view, &camera) == network.classify(image))
    }

    /// Nothing but the words asked for is written.
    @Test("Memory behind the predictor's is left alone", arguments: ElementType.allCases)
    func neighbours(elementType: ElementType) throws {
        let network = try network(elementType)
        let view = network.view
        let words = Predictor.words(for: view)
        var memory = [UInt64](repeating: 0x0123_4567_89ab_cdef, count: words + 4)
        let image = Array(examples.image(0))
        _ = try view.probability(of: image.span, memory: memory.mutableSpan)
        #expect(memory[..<words].contains { $0 != 0x0123_4567_89ab_cdef })
        #expect(memory[words...].allSatisfy { $0 == 0x0123_4567_89ab_cdef })
    }
}
