import SwiftNN
import Testing

private func matrix(_ rows: Int, _ columns: Int) -> Matrix<Double> {
    Matrix(rows: rows, columns: columns, repeating: 0.5)
}

private func layer(_ outputs: Int, _ inputs: Int) -> Layer<Double> {
    Layer(weights: matrix(outputs, inputs), bias: Array(repeating: 0, count: outputs))
}

#if !(os(macOS) && arch(x86_64))
    /// All that another type can do to conform.
    extension Float16: Scalar {
        public static var arithmetic: Arithmetic<Float16> { fatalError("there is none to return") }
    }
#endif

/// Calls that C would answer by reading or writing memory that is not the caller's. `scripts/check-swift.sh` runs them
/// with the address sanitizer too.
@Suite("Misuse of the building blocks")
struct MisuseTests {
    // MARK: Matrices

    @Test("A matrix has as many elements as rows x columns, and one at least")
    func shapes() async {
        await #expect(processExitsWith: trap) { _ = Matrix<Float>(rows: 2, columns: 2, elements: [1, 2, 3]) }
        await #expect(processExitsWith: trap) { _ = Matrix<Float>(rows: -1, columns: -1, elements: [1]) }
        await #expect(processExitsWith: trap) { _ = Matrix<Float>(rows: 0, columns: 2, elements: []) }
        await #expect(processExitsWith: trap) { _ = Matrix<Float>(rows: -1, columns: 2) }
        await #expect(processExitsWith: trap) { _ = Matrix<Float>(rows: .max, columns: 2) }
        // 2^32 x 2^32 elements are none in 64 bits.
        await #expect(processExitsWith: trap) {
            _ = Matrix<Float>(rows: Int.max / 2 + 1, columns: 4, elements: [])
        }
        await #expect(processExitsWith: trap) {
            var random = NumpyRandom(seed: 1)
            _ = Matrix<Float>(rows: -1, columns: 2, normal: &random)
        }
    }

    @Test("A row or column that is not there is refused, and is not another element")
    func subscripts() async {
        await #expect(processExitsWith: trap) { _ = matrix(2, 2)[0, 3] }
        await #expect(processExitsWith: trap) { _ = matrix(2, 2)[0, 2] }
        await #expect(processExitsWith: trap) { _ = matrix(2, 2)[1, -1] }
        await #expect(processExitsWith: trap) { _ = matrix(2, 2)[-1, 2] }
        await #expect(processExitsWith: trap) {
            var m = matrix(2, 2)
            m[0, 3] = 1
        }
        await #expect(processExitsWith: trap) {
            var m = matrix(2, 2)
            var elements = m.mutableElements
            elements[4] = 1
        }
    }

    // MARK: Layers

    @Test("A layer has a bias per output, whenever one is set")
    func layers() async {
        await #expect(processExitsWith: trap) { _ = Layer(weights: matrix(3, 2), bias: [0, 0]) }
        await #expect(processExitsWith: trap) {
            var changed = layer(3, 2)
            changed.bias = []
        }
        await #expect(processExitsWith: trap) {
            var changed = layer(3, 2)
            changed.bias.removeLast()
        }
        await #expect(processExitsWith: trap) {
            var changed = layer(3, 2)
            changed.weights = matrix(4, 2)
        }
    }

    @Test("Activations, caches and gradients of other shapes are refused")
    func passes() async {
        await #expect(processExitsWith: trap) { _ = layer(3, 2).linearForward(matrix(1, 8)) }
        await #expect(processExitsWith: trap) { _ = layer(3, 2).forward(matrix(3, 8), activation: .relu) }
        await #expect(processExitsWith: trap) {
            _ = Layer.Cache(input: matrix(2, 8), logits: matrix(3, 7))
        }
        await #expect(processExitsWith: trap) {
            let cache = Layer.Cache(input: matrix(2, 8), logits: matrix(1, 8))
            _ = layer(3, 2).backward(matrix(3, 8), cache: cache, activation: .relu)
        }
        await #expect(processExitsWith: trap) {
            let cache = Layer.Cache(input: matrix(2, 8), logits: matrix(1, 8))
            _ = layer(3, 2).backward(matrix(1, 8), cache: cache, activation: .sigmoid)
        }
        await #expect(processExitsWith: trap) {
            let cache = Layer.Cache(input: matrix(1, 8), logits: matrix(3, 8))
            _ = layer(3, 2).backward(matrix(3, 8), cache: cache, activation: .relu)
        }
        await #expect(processExitsWith: trap) {
            _ = layer(3, 2).linearBackward(matrix(3, 8), input: matrix(2, 4))
        }
        await #expect(processExitsWith: trap) {
            _ = Layer.Gradient(weights: matrix(3, 2), bias: [], input: matrix(2, 8))
        }
        await #expect(processExitsWith: trap) {
            let gradient = Layer.Gradient(weights: matrix(2, 3), bias: [0, 0], input: matrix(3, 8))
            var changed = layer(3, 2)
            changed.update(gradient, learningRate: 1)
        }
    }

    // MARK: Networks and costs

    @Test("Layers fit one on the other, whenever they are set")
    func networks() async {
        await #expect(processExitsWith: trap) { _ = MultilayerPerceptron<Double>(layers: []) }
        await #expect(processExitsWith: trap) {
            _ = MultilayerPerceptron(layers: [layer(3, 2), layer(1, 2)])
        }
        await #expect(processExitsWith: trap) {
            var network = MultilayerPerceptron(layers: [layer(3, 2), layer(1, 3)])
            network.layers.removeAll()
        }
        await #expect(processExitsWith: trap) {
            var network = MultilayerPerceptron(layers: [layer(3, 2), layer(1, 3)])
            network.layers[0] = layer(4, 2)
        }
        for sizes in [[], [4], [4, 0], [-4, 1], [.max, .max]] {
            await #expect(processExitsWith: trap) { [sizes = sizes as [Int]] in
                _ = MultilayerPerceptron<Double>(sizes: sizes, initializer: .deep, seed: 1)
            }
        }
    }

    @Test("Caches and gradients are those of the network")
    func networkPasses() async {
        await #expect(processExitsWith: trap) {
            let network = MultilayerPerceptron(layers: [layer(3, 2), layer(1, 3)])
            let (p, _) = network.forward(matrix(2, 4))
            _ = network.backward(p, labels: [0, 1, 0, 1], caches: [])
        }
        await #expect(processExitsWith: trap) {
            let network = MultilayerPerceptron(layers: [layer(3, 2), layer(1, 3)])
            let (p, _) = network.forward(matrix(2, 4))
            let (_, caches) = network.forward(matrix(2, 1))
            _ = network.backward(p, labels: [0, 1, 0, 1], caches: caches)
        }
        await #expect(processExitsWith: trap) {
            var network = MultilayerPerceptron(layers: [layer(3, 2), layer(1, 3)])
            network.update([], learningRate: 1)
        }
    }

    @Test("A prediction is of one output")
    func predictions() async {
        await #expect(processExitsWith: trap) {
            _ = MultilayerPerceptron(layers: [layer(2, 3)]).predict(matrix(3, 4))
        }
    }

    @Test("Each probability has a label, 0 or 1")
    func costs() async {
        await #expect(processExitsWith: trap) { _ = CrossEntropy.cost(matrix(1, 4), labels: [0, 1]) }
        await #expect(processExitsWith: trap) { _ = CrossEntropy.cost(matrix(1, 4), labels: []) }
        await #expect(processExitsWith: trap) { _ = CrossEntropy.cost(matrix(2, 2), labels: [0, 1, 0, 1]) }
        await #expect(processExitsWith: trap) { _ = CrossEntropy.gradient(matrix(1, 1), labels: [0, 1]) }
        await #expect(processExitsWith: trap) { _ = CrossEntropy.gradient(matrix(1, 2), labels: [0, 2]) }
    }

    #if !(os(macOS) && arch(x86_64))
        @Test("Another type has no arithmetic")
        func scalars() async {
            await #expect(processExitsWith: trap) {
                let layer = Layer<Float16>(weights: Matrix(rows: 1, columns: 4), bias: [0])
                _ = layer.linearForward(Matrix(rows: 4, columns: 1))
            }
            await #expect(processExitsWith: trap) {
                _ = MultilayerPerceptron<Float16>(sizes: [4, 1], initializer: .deep, seed: 1)
            }
            await #expect(processExitsWith: trap) {
                let parameters = [Float16](repeating: 0, count: Topology.twoLayer.parameterCount)
                _ = try Network(topology: .twoLayer, parameters: parameters, classNames: ["", ""])
            }
        }
    #endif

    // MARK: Odd numbers, of the right shapes

    private static let oddNumbers: [Double] = [
        .nan, -.nan, .signalingNaN, .infinity, -.infinity, 0, -0.0, 1, -1, 2, .leastNonzeroMagnitude,
        -.leastNonzeroMagnitude,
        .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1 - 0x1p-53, 1 + 0x1p-52,
        709.8, -745.2, 1e-40, 88.8, -103.98,
    ]

    /// The kernels look up tables by the bits of a number.
    @Test("Numbers of any kind go through every block")
    func oddNumbers() {
        go(Double.self)
        go(Float.self)
    }

    private func go<S: Scalar>(_: S.Type) {
        let numbers = Self.oddNumbers.map { S($0) }
        // 16 lanes and more of the same, and each beside others.
        let rows = numbers.map { Array(repeating: $0, count: 37) } + [numbers, numbers + numbers.reversed()]
        for row in rows {
            let x = Matrix(rows: 1, columns: row.count, elements: row)
            let labels = row.indices.map { UInt8($0 % 2) }
            _ = CrossEntropy.cost(x, labels: labels)
            #expect(CrossEntropy.gradient(x, labels: labels).columns == row.count)
            for weight in numbers {
                var network = MultilayerPerceptron<S>(layers: [
                    Layer(weights: Matrix(rows: 3, columns: 1, repeating: weight), bias: [weight, 0, 1]),
                    Layer(weights: Matrix(rows: 1, columns: 3, repeating: weight), bias: [weight]),
                ])
                let (p, caches) = network.forward(x)
                network.update(
                    network.backward(p, labels: labels, caches: caches), learningRate: Double(weight))
                #expect(network.predict(x).count == row.count)
            }
        }
    }

    /// Every number of rows and columns around those of the vectors, so that the sanitizer sees each rest.
    @Test("Layers of many shapes stay in their memory")
    func manyShapes() {
        func go<S: Scalar>(_: S.Type) {
            for examples in [1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 65] {
                for (inputs, outputs) in [(1, 1), (2, 3), (5, 1), (3, 17), (16, 16), (33, 7), (193, 2)] {
                    var random = NumpyRandom(seed: 1)
                    var network = MultilayerPerceptron<S>(
                        sizes: [inputs, outputs, 1], initializer: .deep, seed: 1)
                    let x = Matrix<S>(rows: inputs, columns: examples, normal: &random)
                    let labels = (0..<examples).map { UInt8($0 % 2) }
                    let (p, caches) = network.forward(x)
                    let gradients = network.backward(p, labels: labels, caches: caches)
                    network.update(gradients, learningRate: 0.1)
                    #expect(network.forward(x).probabilities.elements.allSatisfy { $0.isFinite })
                }
            }
        }
        go(Double.self)
        go(Float.self)
    }
}

@Suite("Misuse of training and predicting")
struct TrainingMisuseTests {
    private let examples: Examples
    private let network: Network

    init() throws {
        examples = try drawnExamples(5, inputs: 12)
        network = try train(smallRun(iterations: 2), on: examples).network
    }

    @Test("Memory of no size and too little memory")
    func arenas() async throws {
        let options = try smallRun()
        let bytes = try Trainer.arenaBytes(options, examples: 5)
        for count in [0, 1, 64, bytes - 1] {
            #expect(throws: NNError.insufficientMemory(expected: bytes, found: count)) {
                _ = try Trainer(examples: examples, options: options, arena: Arena(byteCount: count))
            }
        }
        await #expect(processExitsWith: trap) { _ = try Arena(byteCount: -1) }
    }

    @Test(
        "Options that are no numbers, or too large ones",
        arguments: [0, -1, .min, .max, 1 << 32, 4097], [false, true])
    func options(number: Int, isPacked: Bool) throws {
        let changes: [(NNError.Option, (inout TrainingOptions) -> Void)] = [
            (.threads, { $0.threads = number }),
            (.iterations, { $0.iterations = min(number, -1) }),
            (.costEvery, { $0.costEvery = min(number, -1) }),
            (.learningRate, { $0.learningRate = .nan }),
            (.learningRate, { $0.learningRate = -.infinity }),
        ]
        for (option, change) in changes {
            var options = try smallRun()
            options.usesLeastMemory = isPacked
            change(&options)
            expectInvalid(option) { _ = try Trainer(examples: examples, options: options) }
        }
    }

    @Test("Numbers of examples that no run has", arguments: [0, -1, .min, .max, 1 << 32, 1_000_001])
    func exampleCounts(count: Int) throws {
        let options = try smallRun()
        expectInvalid(.examples) { try Trainer.arenaBytes(options, examples: count) }
        _ = options.chosenMethod(examples: count)
    }

    @Test("Numbers of threads that no evaluation has", arguments: [0, -1, .min, .max, 4097])
    func threads(count: Int) {
        expectInvalid(.threads) { try network.evaluate(examples, threads: count) }
    }

    @Test("More threads than examples share them", arguments: [2, 5, 6, 64])
    func manyThreads(count: Int) throws {
        #expect(try network.evaluate(examples, threads: count) == network.evaluate(examples))
    }

    @Test("Images of other sizes")
    func images() {
        for count in [0, 1, 11, 13, 4096] {
            let refusal = NNError.wrongCount(of: .bytesOfImage, expected: 12, found: count)
            #expect(throws: refusal) { try network.probability(of: [UInt8](repeating: 1, count: count)) }
            #expect(throws: refusal) { try network.probability(of: repeatElement(1, count: count)) }
        }
        #expect(throws: NNError.wrongCount(of: .bytesOfImage, expected: 12, found: 13)) {
            try network.evaluate(
                Examples(images: Array(repeating: 1, count: 13), labels: [1], imageBytes: 13))
        }
    }

    /// A collection of 12 bytes, as it says, whose storage has fewer or more.
    private struct Liar: Collection {
        let storage: [UInt8]
        var startIndex: Int { 0 }
        var endIndex: Int { 12 }
        subscript(index: Int) -> UInt8 { 0 }
        func index(after index: Int) -> Int { index + 1 }
        func withContiguousStorageIfAvailable<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows
            -> R?
        {
            try storage.withUnsafeBufferPointer(body)
        }
    }

    @Test("A collection that counts wrongly", arguments: [0, 1, 11, 13])
    func liars(count: Int) {
        #expect(throws: NNError.wrongCount(of: .bytesOfImage, expected: 12, found: count)) {
            try network.probability(of: Liar(storage: Array(repeating: 1, count: count)))
        }
    }

    @Test("A predictor that is fed too much, or again after it was full")
    func predictors() throws {
        let view = network.view
        let image = Array(examples.images[..<12])
        var memory = [UInt64](repeating: .max, count: Predictor.words(for: view))
        var predictor = try Predictor(view, memory: memory.mutableSpan)
        var refused = 0
        for count in [13, 4096] {
            let piece = [UInt8](repeating: 1, count: count)
            do { try predictor.feed(piece.span) } catch { refused += 1 }
        }
        try predictor.feed(image.span)
        let nothing: [UInt8] = []
        try predictor.feed(nothing.span)
        do { try predictor.feed(image.span.extracting(first: 1)) } catch { refused += 1 }
        #expect(refused == 3)
        #expect(try predictor.finish() == network.classify(image))
    }

    @Test("Short memory for a model and for its predictor")
    func shortMemory() throws {
        for count in 0..<network.bytes.count {
            let bytes = Array(network.bytes[..<count])
            #expect(throws: NNError.invalidModel(.truncated)) {
                _ = try NetworkView(bytes.span.bytes, topology: network.topology, elementType: .f64)
            }
            #expect(throws: NNError.invalidModel(.truncated)) {
                try Network(bytes: bytes, topologies: [network.topology])
            }
        }
        #expect(throws: NNError.invalidModel(.otherTopology)) {
            try Network(bytes: network.bytes, topologies: [])
        }
        let needed = Predictor.words(for: network.view)
        for words in 0..<needed {
            #expect(throws: NNError.insufficientMemory(expected: 8 * needed, found: 8 * words)) {
                var memory = [UInt64](repeating: 0, count: words)
                _ = try Predictor(network.view, memory: memory.mutableSpan)
            }
        }
    }

    @Test("Class 2 of two")
    func classNames() async throws {
        for index in [2, -1, Int.max] {
            await #expect(processExitsWith: trap) { [index = index as Int] in
                let network = try train(smallRun(iterations: 0), on: drawnExamples(2, inputs: 12)).network
                _ = network.view.className(index)
            }
        }
    }

    @Test("Parameters and numbers of an origin that do not fit")
    func parameters() {
        for count in [0, 1, network.topology.parameterCount - 1, network.topology.parameterCount + 1] {
            let expected = network.topology.parameterCount
            #expect(throws: NNError.wrongCount(of: .parameters, expected: expected, found: count)) {
                try Network(
                    topology: network.topology, parameters: [Float](repeating: 0, count: count),
                    classNames: ["", ""])
            }
        }
        for number in [-1, .min, .max, 1 << 32] {
            let origin = Network.Origin(
                method: .dual, initializer: .deep, seed: 1, iterations: number, learningRate: 1, examples: 1,
                dataCRC: 0)
            expectInvalid(.iterations) {
                try Network(
                    topology: network.topology, parameters: network.parameters(as: Float.self),
                    classNames: ["", ""], origin: origin)
            }
        }
    }

    @Test("Checkpoints of any length")
    func checkpoints() throws {
        let options = try smallRun(iterations: 2)
        var trainer = try Trainer(examples: examples, options: options)
        _ = try runToEnd(&trainer)
        let bytes = try trainer.checkpoint().bytes
        for count in Array(0..<110) + Array(stride(from: 110, to: bytes.count, by: 37)) {
            #expect(throws: NNError.invalidModel(.truncated)) {
                try Checkpoint(bytes: Array(bytes[..<count]))
            }
        }
        #expect(throws: NNError.invalidModel(.wrongSize)) {
            try Checkpoint(bytes: bytes + [0])
        }
    }
}
