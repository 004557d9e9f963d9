import SwiftNN
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The options of a training, beside the same steps in the textbook's network.
@Suite("Options of a training")
struct TrainingOptionTests {
    /// 37 images of 12 rows of 12 bytes: 4 RGB pixels a row.
    private let examples: Examples

    init() throws { examples = try drawnExamples(37, inputs: 144) }

    private func run(_ precision: Precision = .f64, _ change: (inout TrainingOptions) -> Void) throws
        -> TrainingOptions
    {
        var options = try smallRun([144, 5, 3, 1], precision, iterations: 20)
        change(&options)
        return options
    }

    private static let changes: [@Sendable (inout TrainingOptions) -> Void] = [
        { $0.centersImages = true },
        { $0.takesOwnContrastOff = true },
        { $0.mirror = .rgb(width: 4) },
        { $0.weightDecay = 0.5 },
        {
            ($0.centersImages, $0.takesOwnContrastOff) = (true, true)
            ($0.mirror, $0.weightDecay) = (.rgb(width: 4), 0.5)
        },
    ]

    // MARK: What they do

    /// What the network sees.   (inputs, columns)
    private func inputs(_ options: TrainingOptions) -> Matrix<Double> {
        var images = (0..<examples.count).map { Array(examples.image($0)) }
        if let mirror = options.mirror { images += images.map { mirrored($0, mirror) } }
        var columns = images.map { $0.map { Double($0) / 255 } }
        if options.takesOwnContrastOff {
            columns = columns.map { x in
                let mean = x.reduce(0, +) / Double(x.count)
                let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
                return x.map { ($0 - mean) / variance.squareRoot() }
            }
        }
        var x = Matrix<Double>(rows: 144, columns: columns.count)
        for row in 0..<144 {
            let mean = columns.reduce(0) { $0 + $1[row] } / Double(columns.count)
            for column in columns.indices {
                x[row, column] = columns[column][row] - (options.centersImages ? mean : 0)
            }
        }
        return x
    }

    private func mirrored(_ image: [UInt8], _ mirror: TrainingOptions.Mirror) -> [UInt8] {
        let (row, pixel) = (mirror.rowBytes, mirror.pixelBytes)
        return image.indices.map { index in
            let at = index % row
            return image[index - at + row - pixel - at / pixel * pixel + at % pixel]
        }
    }

    private func textbookCosts(_ options: TrainingOptions) -> [Double] {
        let x = inputs(options)
        let labels = options.mirror == nil ? examples.labels : examples.labels + examples.labels
        var network = MultilayerPerceptron<Double>(
            sizes: options.topology.sizes, initializer: .deep, seed: options.seed)
        return (0..<options.iterations).map { _ in
            let (probabilities, caches) = network.forward(x)
            let gradients = network.backward(probabilities, labels: labels, caches: caches)
            for index in network.layers.indices {
                let weights = network.layers[index].weights
                network.layers[index].weights = Matrix(
                    rows: weights.rows, columns: weights.columns,
                    elements: weights.elements.map { $0 * (1 - options.learningRate * options.weightDecay) })
            }
            network.update(gradients, learningRate: options.learningRate)
            return CrossEntropy.cost(probabilities, labels: labels)
        }
    }

    @Test(
        "Costs are those of the textbook's network, and the model says the options",
        arguments: changes.indices, [Method.primal, .dual])
    func textbook(change: Int, method: Method) throws {
        let options = try run {
            $0.method = method
            Self.changes[change](&$0)
        }
        let (network, costs) = try train(options, on: examples)
        let expected = textbookCosts(options)
        #expect(costs.count == expected.count)
        #expect(zip(costs, expected).allSatisfy { abs($0.cost - $1) < 1e-10 })
        let origin = try #require(network.origin)
        #expect(origin.isCentered == options.centersImages)
        #expect(origin.mirror == options.mirror)
        #expect(origin.weightDecay == (options.weightDecay == 0 ? nil : options.weightDecay))
        #expect(network.takesOwnContrastOff == options.takesOwnContrastOff)
        #expect(network.bytes[4] == 2)
        // A prediction does what the training did. The last cost is from before the last step.
        let last = try train(
            run {
                Self.changes[change](&$0)
                $0.iterations = 21
            }, on: examples
        ).costs[20]
        var probabilities = try network.evaluate(examples).probabilities
        if let mirror = options.mirror {
            probabilities += try (0..<examples.count).map {
                try network.probability(of: mirrored(Array(examples.image($0)), mirror))
            }
        }
        let labels = options.mirror == nil ? examples.labels : examples.labels + examples.labels
        let cost = CrossEntropy.cost(
            Matrix<Double>(rows: 1, columns: labels.count, elements: probabilities), labels: labels)
        #expect(abs(cost - last.cost) < 1e-10)
    }

    @Test("Mirrored images are those of a data set that has them, to the bit", arguments: Precision.allCases)
    func mirrorIsACopy(precision: Precision) throws {
        let mirror = TrainingOptions.Mirror(rowBytes: 12, pixelBytes: 3)
        let images = (0..<examples.count).map { Array(examples.image($0)) }
        let both = try Examples(
            images: (images + images.map { mirrored($0, mirror) }).flatMap(\.self),
            labels: examples.labels + examples.labels, imageBytes: 144)
        for method in Method.allCases {
            let options = try run(precision) { $0.method = method }
            let expected = try train(options, on: both)
            let found = try train(
                run(precision) { ($0.method, $0.mirror) = (method, mirror) }, on: examples)
            #expect(found.costs == expected.costs)
            let isSame = found.network.parameters(as: Double.self) == expected.network.parameters()
            #expect(isSame)
        }
    }

    // MARK: Weights of examples

    private func costs(_ options: TrainingOptions, on examples: Examples) throws -> [Trainer.Cost] {
        var costs: [Trainer.Cost] = []
        _ = try Network(training: examples, options: options) { progress in
            if let cost = progress.cost { costs.append(cost) }
        }
        return costs
    }

    @Test("Held-out examples teach nothing and are watched", arguments: [Method.primal, .dual])
    func heldOut(method: Method) throws {
        let heldOut = [3, 4, 30]
        let taught = (0..<37).filter { !heldOut.contains($0) }
        let fold = try examples.weighted(by: (0..<37).map { heldOut.contains($0) ? 0 : 1 }, rule: 9)
        #expect(fold.heldOut == heldOut)
        let rest = try Examples(
            images: taught.flatMap { examples.image($0) }, labels: taught.map { examples.labels[$0] },
            imageBytes: 144)
        let options = try run { $0.method = method }
        let (found, expected) = (try costs(options, on: fold), try costs(options, on: rest))
        #expect(zip(found, expected).allSatisfy { abs($0.value - $1.value) < 1e-12 })
        #expect(expected.allSatisfy { $0.heldOut == nil } && found.allSatisfy { $0.heldOut != nil })
        // The last cost but one is of the network after 19 steps.
        let network = try train(run { ($0.method, $0.iterations) = (method, 19) }, on: fold).network
        let probabilities = try heldOut.map { try network.probability(of: examples.image($0)) }
        let cost = CrossEntropy.cost(
            Matrix<Double>(rows: 1, columns: 3, elements: probabilities),
            labels: heldOut.map { examples.labels[$0] })
        #expect(abs(try #require(found[19].heldOut) - cost) < 1e-12)
        #expect(network.origin?.exampleWeights?.crc == fold.weightsCRC)
        #expect(fold.weightsCRC != nil && fold.unweighted.weightsCRC == nil)
    }

    @Test("Whole weights count as copies")
    func copies() throws {
        let weights = (0..<37).map { $0 % 3 + 1 }
        let copies = (0..<37).flatMap { Array(repeating: $0, count: weights[$0]) }
        let repeated = try Examples(
            images: copies.flatMap { examples.image($0) }, labels: copies.map { examples.labels[$0] },
            imageBytes: 144)
        let found = try costs(run { _ in }, on: examples.weighted(by: weights.map { Float($0) }))
        let expected = try costs(run { _ in }, on: repeated)
        #expect(zip(found, expected).allSatisfy { abs($0.value - $1.value) < 1e-12 })
    }

    @Test("Weights that no training has are refused")
    func badWeights() throws {
        let ones = [Float](repeating: 1, count: 37)
        #expect(throws: NNError.wrongCount(of: .exampleWeights, expected: 37, found: 36)) {
            try examples.weighted(by: Array(ones.dropLast()))
        }
        for bad in [-1, .infinity, -Float.leastNonzeroMagnitude] as [Float] {
            var weights = ones
            weights[5] = bad
            #expect(throws: NNError.invalidWeight(bad, example: 5)) { try examples.weighted(by: weights) }
        }
        var weights = ones
        weights[5] = .nan
        #expect(throws: NNError.self) { try examples.weighted(by: weights) }
        for label in UInt8(0)...1 {
            #expect(throws: NNError.heldOutClass(Int(label))) {
                try examples.weighted(by: examples.labels.map { $0 == label ? 0 : 1 })
            }
        }
        #expect(throws: NNError.heldOutClass(0)) { try examples.weighted(by: ones.map { _ in 0 }) }
    }

    // MARK: What is refused

    @Test("Options that make no sense are refused before any work")
    func refusals() throws {
        func expect(_ option: NNError.Option, _ change: (inout TrainingOptions) -> Void) {
            #expect {
                try Network(training: examples, options: run(change: change))
            } throws: {
                guard case NNError.invalidOption(option, _, _) = $0 else { return false }
                return true
            }
        }
        for bad in [-0.1, .nan, .infinity, 20, 1e300] { expect(.weightDecay) { $0.weightDecay = bad } }
        // 1 - rate decay is rounded up to above 0, or down to 0.
        expect(.weightDecay) { ($0.learningRate, $0.weightDecay) = (0.1, 10) }
        expect(.mirrorRow) { $0.mirror = .init(rowBytes: 13, pixelBytes: 1) }
        expect(.mirrorRow) { $0.mirror = .init(rowBytes: 0, pixelBytes: 1) }
        expect(.mirrorRow) { $0.mirror = .rgb(width: -4) }
        expect(.mirrorPixel) { $0.mirror = .init(rowBytes: 12, pixelBytes: 5) }
        expect(.mirrorPixel) { $0.mirror = .init(rowBytes: 12, pixelBytes: 0) }
        var options = TrainingOptions()
        options.mirror = .rgb(width: 64)
        expectInvalid(.examples) { try Trainer.arenaBytes(options, examples: 500_001) }
        options.learningRate = 1e-300
        options.weightDecay = 1e299
        #expect(throws: Never.self) { try Trainer.arenaBytes(options, examples: 5) }
    }

    @Test("A model to start from must fit, and the best needs examples that are held out")
    func startsThatDoNotFit() throws {
        let start = try train(run { _ in }, on: examples).network
        #expect(throws: NNError.otherStart(.takesOwnContrastOff)) {
            try Network(
                training: examples, options: run { ($0.start, $0.takesOwnContrastOff) = (start, true) })
        }
        #expect(throws: NNError.otherStart(.topology)) {
            var options = try smallRun([144, 6, 3, 1])
            options.start = start
            _ = try Network(training: examples, options: options)
        }
        #expect(throws: NNError.nothingHeldOut) {
            try Network(training: examples, options: run { $0.keepsBest = true })
        }
        #expect(throws: NNError.nothingHeldOut) {
            try Network(
                training: examples.weighted(by: (0..<37).map { _ in 2 }), options: run { $0.keepsBest = true }
            )
        }
        expectInvalid(.costEvery) {
            try Network(
                training: examples.weighted(by: (0..<37).map { $0 < 5 ? 0 : 1 }),
                options: run { ($0.keepsBest, $0.costEvery) = (true, 0) })
        }
    }

    @Test("A training goes on from a model, in each element type", arguments: Method.allCases)
    func start(method: Method) throws {
        let first = try train(run { $0.method = method }, on: examples).network
        let whole = try train(run { ($0.method, $0.iterations) = (method, 40) }, on: examples)
        let rest = try train(run { ($0.method, $0.start) = (method, first) }, on: examples)
        #expect(zip(rest.costs, whole.costs.dropFirst(20)).allSatisfy { abs($0.cost - $1.cost) < 1e-10 })
        #expect(rest.network.origin?.startCRC == first.payloadCRC)
        let bytes = try first.quantized()
        let floats = try train(run(.f32) { ($0.method, $0.start) = (method, bytes) }, on: examples)
        #expect(abs(floats.costs[0].cost - rest.costs[0].cost) < 0.01)
        // A checkpoint says from which.
        let options = try run { ($0.method, $0.start) = (method, first) }
        var trainer = try Trainer(examples: examples, options: options)
        for _ in 0..<4 { _ = try trainer.step() }
        let checkpoint = try trainer.checkpoint()
        #expect(checkpoint.startCRC == first.payloadCRC)
        #expect(throws: NNError.otherRun(.start)) {
            _ = try Trainer(resuming: checkpoint, examples: examples)
        }
        var resumed = try Trainer(resuming: checkpoint, examples: examples, options: options)
        _ = try runToEnd(&resumed)
        #expect(try resumed.finish() == rest.network)
    }

    @Test(
        "The best parameters are those of the lowest held-out cost", arguments: Method.allCases,
        Precision.allCases)
    func keepsBest(method: Method, precision: Precision) throws {
        let fold = try examples.weighted(by: (0..<37).map { $0 % 4 == 0 ? 0 : 1 })
        let change = { (options: inout TrainingOptions) in
            (options.method, options.learningRate, options.iterations) = (method, 0.5, 60)
            (options.centersImages, options.weightDecay) = (true, 0.01)
        }
        let heldOut = try costs(run(precision, change), on: fold).map { $0.heldOut! }
        let best = heldOut.indices.min { heldOut[$0] < heldOut[$1] }!
        let kept = try train(
            run(precision) {
                change(&$0)
                $0.keepsBest = true
            }, on: fold
        ).network
        #expect(kept.origin?.keptIteration == best)
        let ended = try train(
            run(precision) {
                change(&$0)
                $0.iterations = best
            }, on: fold
        ).network
        #expect(kept.parameters(as: Double.self) == ended.parameters())
        #expect(kept.origin?.iterations == 60)
    }

    // MARK: Virtual shards

    @Test(
        "One virtual shard changes no bit, more of them do; the model names them",
        arguments: Precision.allCases)
    func virtualShards(precision: Precision) throws {
        func network(_ shards: Int?) throws -> Network {
            try train(
                run(precision) {
                    ($0.method, $0.virtualShards, $0.centersImages) = (.primal, shards, true)
                }, on: examples
            ).network
        }
        let (plain, one, eight) = (try network(nil), try network(1), try network(8))
        #expect(one.parameters(as: Double.self) == plain.parameters(as: Double.self))
        #expect(eight.parameters(as: Double.self) != plain.parameters(as: Double.self))
        #expect(zip(eight.parameters(as: Double.self), plain.parameters()).allSatisfy { abs($0 - $1) < 1e-3 })
        #expect(plain.origin?.virtualShards == nil)
        #expect(eight.origin?.virtualShards == 8)
        let copy = try Network(
            topology: eight.topology, parameters: eight.parameters(as: Double.self), origin: eight.origin)
        #expect(copy.origin == eight.origin)
    }

    @Test("A checkpoint with virtual shards is saved where an iteration begins, and loses no cost")
    func virtualShardsInCheckpoints() throws {
        let options = try run {
            ($0.method, $0.virtualShards, $0.takesOwnContrastOff) = (.primal, 4, true)
            ($0.iterations, $0.costEvery) = (7, 1)
        }
        let want = try train(options, on: examples)
        var trainer = try Trainer(examples: examples, options: options)
        var costs: [Double] = []
        for _ in 0..<100 {
            let checkpoint = try trainer.checkpoint()
            #expect(checkpoint.options.virtualShards == 4)
            if let progress = try trainer.step() {
                if let cost = progress.cost { costs.append(cost.value) }
            } else {
                break
            }
            var resumed = try Trainer(resuming: checkpoint, examples: examples, options: options)
            while try resumed.step() != nil {}
            #expect(try resumed.finish().bytes == want.network.bytes)
        }
        #expect(try trainer.finish().bytes == want.network.bytes)
        #expect(costs == want.costs.map(\.cost))
    }

    @Test("What virtual shards cannot be, and what does not go together with them")
    func virtualShardsRefused() throws {
        func expect(_ error: NNError, _ change: (inout TrainingOptions) throws -> Void) {
            #expect(throws: error) {
                var options = try run { $0.virtualShards = 8 }
                try change(&options)
                _ = try Trainer(examples: examples, options: options)
            }
        }
        expect(.invalidOption(name: .virtualShards, value: 0, allowed: 1...32768)) { $0.virtualShards = 0 }
        expect(.invalidOption(name: .virtualShards, value: 65536, allowed: 1...32768)) {
            $0.virtualShards = 65536
        }
        expect(.notAPowerOfTwo(name: .virtualShards, value: 6)) { $0.virtualShards = 6 }
        expect(.notWithShards(.method)) { $0.method = .dual }
        expect(.notWithShards(.method)) { $0.capacity = 50 }
        #expect(try run { $0.virtualShards = 8 }.chosenMethod(examples: 37) == .primal)
        var origin = Network.Origin(
            method: .dual, initializer: .deep, seed: 1, iterations: 1, learningRate: 1, examples: 1,
            dataCRC: 1)
        origin.virtualShards = 2
        #expect(throws: NNError.notWithShards(.method)) {
            try Network(
                topology: Topology([3, 1]), parameters: [Float](repeating: 0, count: 4), origin: origin)
        }
        #expect("\(NNError.notWithShards(.method))" == "there are no virtual shards with this method")
        #expect(
            "\(NNError.notAPowerOfTwo(name: .virtualShards, value: 6))"
                == "number of virtual shards: expected a power of two, found 6")
    }

    // MARK: A Gram matrix that trainings share

    @Test(
        "Trainings that share a Gram matrix, on several threads at once, give the networks of separate ones",
        arguments: [true, false], Precision.allCases)
    func sharedGram(usesLeastMemory: Bool, precision: Precision) async throws {
        let examples = examples
        var options = try run(precision) {
            ($0.method, $0.usesLeastMemory, $0.threads) = (.dual, usesLeastMemory, 2)
            ($0.mirror, $0.takesOwnContrastOff) = (.rgb(width: 4), true)
        }
        let separate = options
        let gram = try GramMatrix(of: examples, options: options)
        options.gram = gram
        options.method = nil
        let shared = options
        try await withThrowingTaskGroup { group in
            for fold in 0..<5 {
                group.addTask {
                    let fold = try examples.weighted(by: (0..<37).map { $0 % 5 == fold ? 0 : 1 })
                    let found = try train(shared, on: fold)
                    let expected = try train(separate, on: fold)
                    let isSame = found.network == expected.network
                    #expect(isSame && found.costs == expected.costs)
                }
            }
            try await group.waitForAll()
        }
        // It takes room from each training.
        let (less, more) = (
            try Trainer(examples: examples, options: shared).arenaBytes,
            try Trainer(examples: examples, options: separate).arenaBytes
        )
        #expect(less < more && gram.byteCount > more - less)
        // A checkpoint does not hold it.
        var trainer = try Trainer(examples: examples, options: shared)
        for _ in 0..<4 { _ = try trainer.step() }
        let checkpoint = try trainer.checkpoint()
        #expect(checkpoint.sharesGram)
        #expect(throws: NNError.otherRun(.gram)) { _ = try Trainer(resuming: checkpoint, examples: examples) }
        var resumed = try Trainer(resuming: checkpoint, examples: examples, options: shared)
        _ = try runToEnd(&resumed)
        #expect(try resumed.finish() == train(separate, on: examples).network)
    }

    @Test("A Gram matrix of other images, or for other trainings, is refused")
    func otherGram() throws {
        let options = try run { $0.gram = try? GramMatrix(of: examples, options: $0) }
        #expect(options.gram != nil)
        let changes: [(NNError.Option, (inout TrainingOptions) -> Void)] = [
            (.method, { $0.method = .primal }), (.precision, { $0.precision = .f32 }),
            (.mirror, { $0.mirror = .rgb(width: 4) }), (.usesLeastMemory, { $0.usesLeastMemory = true }),
        ]
        for (option, change) in changes {
            var other = options
            change(&other)
            #expect(throws: NNError.otherGram(option)) { try Network(training: examples, options: other) }
        }
        for others in [
            try drawnExamples(36, inputs: 144),
            try Examples(images: examples.images.map { ~$0 }, labels: examples.labels, imageBytes: 144),
        ] {
            #expect(throws: NNError.otherGram(.examples)) { try Network(training: others, options: options) }
        }
        // The same bytes in another array are the same images; labels may be others.
        let copy = try Examples(
            images: examples.images.map(\.self), labels: examples.labels.map { 1 - $0 }, imageBytes: 144)
        #expect(throws: Never.self) { try Network(training: copy, options: options) }
    }

    private func run(change: (inout TrainingOptions) -> Void) throws -> TrainingOptions {
        try run(.f64, change)
    }

    // MARK: Checkpoints

    @Test("A run with options goes on from any step", arguments: Method.allCases, Precision.allCases)
    func resumes(method: Method, precision: Precision) throws {
        let options = try run(precision) {
            $0.method = method
            Self.changes.last!(&$0)
        }
        let weights = (0..<37).map { Float($0 % 4) / 2 }
        let examples = try examples.weighted(by: weights)
        let (network, costs) = try train(options, on: examples)
        var trainer = try Trainer(examples: examples, options: options)
        var seen = 0
        var isTrained = false
        while !isTrained {
            let checkpoint = try trainer.checkpoint()
            #expect(checkpoint.options.mirror == options.mirror)
            #expect(checkpoint.weightsCRC == examples.weightsCRC)
            var resumed = try Trainer(resuming: checkpoint, examples: examples)
            #expect(try runToEnd(&resumed) == Array(costs[seen...]))
            let isSame = try resumed.finish().bytes == network.bytes
            #expect(isSame)
            let progress = try trainer.step()
            if progress?.cost != nil { seen += 1 }
            isTrained = progress == nil
        }
    }

    @Test("A run with other options, or other weights, is another one")
    func otherRuns() throws {
        let changes: [(NNError.Option, (inout TrainingOptions) -> Void)] = [
            (.centersImages, { $0.centersImages.toggle() }),
            (.takesOwnContrastOff, { $0.takesOwnContrastOff.toggle() }),
            (.mirror, { $0.mirror = $0.mirror == nil ? .rgb(width: 4) : nil }),
            (.mirror, { $0.mirror = .rgb(width: 2) }),
            (.weightDecay, { $0.weightDecay += 0.5 }),
        ]
        let weighted = try examples.weighted(by: (0..<37).map { Float($0 % 4) })
        let others = try examples.weighted(by: (0..<37).map { Float($0 % 5) })
        for base in [try run { _ in }, try run { Self.changes.last!(&$0) }] {
            var trainer = try Trainer(examples: weighted, options: base)
            _ = try trainer.step()
            let checkpoint = try trainer.checkpoint()
            for (option, change) in changes {
                var options = base
                change(&options)
                #expect(throws: NNError.otherRun(option)) {
                    _ = try Trainer(resuming: checkpoint, examples: weighted, options: options)
                }
            }
            for examples in [examples, others] {
                #expect(throws: NNError.otherWeights) {
                    _ = try Trainer(resuming: checkpoint, examples: examples)
                }
            }
        }
    }
}

@Suite("Rules of weights")
struct WeightRuleTests {
    private static let labels: [UInt8] = (0..<20).map { $0 % 3 == 0 ? 1 : 0 }

    /// By the same steps in numpy.
    @Test(
        "The held-out examples are numpy's",
        arguments: [
            (2000, UInt32(1), [7, 11, 12, 14]), (2000, 7, [4, 8, 10, 12]),
            (5000, 1, [4, 6, 7, 9, 10, 11, 12, 14, 17, 18, 19]), (1, 1, [11, 12]),
            (9999, 1, [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
        ])
    func heldOut(share: Int, seed: UInt32, expected: [Int]) throws {
        let weights = try WeightRule(heldOut: share).weights(for: Self.labels, seed: seed)
        #expect(weights.indices.filter { weights[$0] == 0 } == expected)
        #expect(weights.allSatisfy { $0 == 0 || $0 == 1 })
    }

    @Test("Balanced classes weigh the same, and the mean is 1")
    func balance() throws {
        let weights = try WeightRule(balances: true).weights(for: Self.labels, seed: 1)
        #expect(weights == Self.labels.map { $0 == 1 ? Float(20.0 / 14) : Float(20.0 / 26) })
        let both = try WeightRule(heldOut: 2000, balances: true).weights(for: Self.labels, seed: 1)
        #expect(both.indices.filter { both[$0] == 0 } == [7, 11, 12, 14])
        #expect(zip(both, Self.labels).allSatisfy { $0 == 0 || $0 == Float(16.0 / ($1 == 1 ? 12 : 20)) })
    }

    @Test("A class of one example cannot be on both sides; one that is not there need not be")
    func smallClasses() throws {
        #expect(throws: NNError.heldOutClass(1)) {
            try WeightRule(heldOut: 2000).weights(for: [0, 0, 1, 0], seed: 1)
        }
        let weights = try WeightRule(heldOut: 2000).weights(for: [0, 0, 0], seed: 1)
        #expect(weights.count { $0 == 0 } == 1)
        #expect(try WeightRule(balances: true).weights(for: [0, 1, 0], seed: 1) == [0.75, 1.5, 0.75])
    }

    @Test("A rule is a number, and back")
    func code() throws {
        for rule in [
            WeightRule(), .init(heldOut: 1), .init(heldOut: 9999, balances: true), .init(balances: true),
        ] {
            #expect(WeightRule(code: rule.code) == rule && rule.code != 0)
        }
        #expect(WeightRule(heldOut: 2000, balances: true).code == 0x1_01_07d0)
        for code in [0, 2000, 1 << 24 | 10_000, 1 << 24 | 1 << 17, 2 << 24, .max] as [UInt32] {
            #expect(WeightRule(code: code) == nil)
        }
        let examples = try drawnExamples(37, inputs: 48)
        #expect(try WeightRule(heldOut: 3000).weighted(examples, seed: 4).weightsRule == 0x1_00_0bb8)
    }
}
