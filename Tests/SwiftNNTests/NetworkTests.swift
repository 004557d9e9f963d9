import SwiftNN
import Testing

@Suite("Network")
struct NetworkTests {
    private static let headerBytes = 64
    private let examples: Examples
    private let network: Network
    private let topology: Topology

    init() throws {
        examples = try drawnExamples(9, inputs: 200)
        let options = try run(.f32)
        network = try train(options, on: examples).network
        topology = options.topology
    }

    // MARK: Units at zero

    /// 6-4-3-1, with biases of a layer far below zero.
    private func network(silencing layer: Int?) throws -> Network {
        var random = NumpyRandom(seed: 1)
        let sizes = [6, 4, 3, 1]
        let layers = (1..<sizes.count).map { index in
            Layer<Double>(
                weights: Matrix(rows: sizes[index], columns: sizes[index - 1], normal: &random),
                bias: Array(repeating: index == layer ? -1e6 : 0.5, count: sizes[index]))
        }
        return try Network(MultilayerPerceptron(layers: layers))
    }

    @Test("A layer whose units are at zero for all images is found", arguments: [1, 2])
    func silentLayer(layer: Int) throws {
        let silent = try network(silencing: layer)
        let images = (0..<9).map { image in (0..<6).map { UInt8(truncatingIfNeeded: 37 * image + 91 * $0) } }
        let probabilities = try images.map { try silent.probability(of: $0) }
        #expect(silent.silentLayer(probabilities.min()!...probabilities.max()!) == layer)
    }

    @Test("A network that answers is not silent, nor is one of equal answers for another reason")
    func notSilent() throws {
        let network = try network(silencing: nil)
        let probability = try network.probability(of: [0, 50, 100, 150, 200, 250] as [UInt8])
        #expect(network.silentLayer(probability...probability) == nil)
        #expect(network.silentLayer(0.1...0.9) == nil)
        let zeros = try Network(
            topology: .twoLayer, parameters: [Float](repeating: 0, count: Topology.twoLayer.parameterCount))
        #expect(zeros.silentLayer(0.5...0.5) == nil)
    }

    // MARK: What finish gave

    @Test("The bytes of a network open as the same network", arguments: Precision.allCases)
    func opens(precision: Precision) throws {
        let options = try run(precision)
        let first = try train(options, on: examples).network
        let opened = try Network(bytes: first.bytes, topologies: [.deep, topology])
        #expect(opened.bytes == first.bytes)
        #expect(opened.topology == topology)
        #expect(opened.inputs == 200)
        #expect(opened.elementType.rawValue == precision.rawValue)
        #expect(opened.origin == first.origin)
        #expect(opened.origin?.method == .dual)
        #expect(opened.origin?.initializer == .deep)
        #expect(opened.origin?.seed == 3)
        #expect(opened.origin?.iterations == 3)
        #expect(opened.origin?.learningRate == 0.01)
        #expect(opened.origin?.examples == 9)
        #expect(opened.origin?.dataCRC == crc32(examples.labels + examples.images))
        #expect(try opened.evaluate(examples) == first.evaluate(examples))
    }

    @Test(
        "Class names go with a network, up to 31 bytes of whole characters",
        arguments: [
            (["", ""], ["", ""]),
            (["non-cat", "cat"], ["non-cat", "cat"]),
            (["", "Kätzchen"], ["", "Kätzchen"]),
            ([String(repeating: "x", count: 31), "y"], [String(repeating: "x", count: 31), "y"]),
            ([String(repeating: "x", count: 32), "y"], [String(repeating: "x", count: 31), "y"]),
            (["y", String(repeating: "ä", count: 16)], ["y", String(repeating: "ä", count: 15)]),
            // 25 bytes each, as one character.
            (["y", "🇩🇪🇫🇷🇵🇱🇸🇪"], ["y", "🇩🇪🇫🇷🇵🇱"]),
        ])
    func classNames(given: [String], kept: [String]) throws {
        let named = try Examples(
            images: examples.images, labels: examples.labels, imageBytes: 200, classNames: given)
        let network = try train(run(.f64, iterations: 0), on: named).network
        #expect(network.classNames == kept)
        #expect(try Network(bytes: network.bytes, topologies: [topology]).classNames == kept)
    }

    @Test("A copy predicts the same, wherever the original went")
    func copies() throws {
        var networks = [network]
        let copy = networks[0]
        let expected = try network.evaluate(examples)
        networks.removeAll()
        #expect(try copy.evaluate(examples) == expected)
        // Bytes taken out of a network are a copy as well.
        var bytes = copy.bytes
        bytes[Self.headerBytes] ^= 1
        #expect(try copy.evaluate(examples) == expected)
        #expect(copy.bytes == network.bytes)
    }

    // MARK: Prediction

    /// Both logits are rounded; the sigmoid's slope is 1/4 at most, and it rounds four times itself.
    @Test("Probabilities are those of the textbook's forward pass")
    func probabilities() throws {
        try probabilities(Double.self)
        try probabilities(Float.self)
    }

    private func probabilities<S: Scalar>(_: S.Type) throws {
        let network = try train(run(S.precision), on: examples).network
        let perceptron: MultilayerPerceptron<S> = network.perceptron()
        let x: Matrix<S> = examples.pixels()
        let expected = perceptron.forward(x).probabilities.elements.map(Double.init)
        let bound = (2 * logitRoundings(perceptron, x) / 4 + 8) * unit(S.self)
        let computed = try network.evaluate(examples).probabilities
        #expect(computed.count == 9)
        for (p, q) in zip(computed, expected) { #expect((p - q).magnitude <= bound) }
        // The images must not all look alike to the network, or the bound would say nothing.
        #expect(expected.max()! - expected.min()! > 10 * bound)
    }

    @Test("An array, a slice, a lazy and a strided collection of the same bytes give the same")
    func collections() throws {
        for index in 0..<examples.count {
            let slice = examples.image(index)
            let array = Array(slice)
            let expected = try network.probability(of: array)
            #expect(try network.probability(of: slice) == expected)
            #expect(try network.probability(of: ContiguousArray(slice)) == expected)
            #expect(try network.probability(of: array.lazy.map { $0 }) == expected)
            #expect(try network.probability(of: Array(array.reversed()).reversed()) == expected)
            #expect(try network.probability(of: AnyCollection(array)) == expected)
        }
        #expect(try Set(network.evaluate(examples).probabilities).count > 1)
    }

    @Test("An image of another size is refused", arguments: [0, 1, 199, 201, 400])
    func imageSize(count: Int) throws {
        let image = [UInt8](repeating: 9, count: count)
        let refusal = NNError.wrongCount(of: .bytesOfImage, expected: 200, found: count)
        #expect(throws: refusal) { try network.probability(of: image) }
        #expect(throws: refusal) { try network.classify(image) }
        #expect(throws: refusal) { try network.probability(of: image.lazy.map { $0 }) }
        guard count > 0 else { return }
        let others = try Examples(images: image, labels: [0], imageBytes: count)
        #expect(throws: refusal) { try network.evaluate(others) }
    }

    @Test("An evaluation's parts agree")
    func evaluation() throws {
        let probabilities = try (0..<9).map { try network.probability(of: examples.image($0)) }
        let predicted = probabilities.map { UInt8($0 > 0.5 ? 1 : 0) }
        let evaluation = try network.evaluate(examples)
        #expect(evaluation.probabilities == probabilities)
        #expect(Set(predicted) == [0, 1])
        #expect(evaluation.mislabeled == (0..<9).filter { predicted[$0] != examples.labels[$0] })

        // Labels of our choice: two of nine wrong.
        var labels = predicted
        for index in [2, 5] { labels[index] ^= 1 }
        let chosen = try Examples(images: examples.images, labels: labels, imageBytes: 200)
        #expect(try network.evaluate(chosen).mislabeled == [2, 5])
        #expect(try network.evaluate(chosen).accuracy == 7.0 / 9)
        let right = try Examples(images: examples.images, labels: predicted, imageBytes: 200)
        #expect(try network.evaluate(right).mislabeled == [])
        #expect(try network.evaluate(right).accuracy == 1)
        let wrong = try Examples(images: examples.images, labels: predicted.map { 1 - $0 }, imageBytes: 200)
        #expect(try network.evaluate(wrong).accuracy == 0)
    }

    /// Without a step all biases are zero, so a black image's logit is, whatever the weights.
    @Test("One half is class 0")
    func oneHalf() throws {
        let black = try Examples(images: [UInt8](repeating: 0, count: 400), labels: [0, 1], imageBytes: 200)
        let fresh = try train(run(.f64, iterations: 0), on: examples).network
        let evaluation = try fresh.evaluate(black)
        #expect(evaluation.probabilities == [0.5, 0.5])
        #expect(evaluation.mislabeled == [1])
        #expect(evaluation.accuracy == 0.5)
    }

    // MARK: Weights in bytes, and from elsewhere

    /// A weight is off by half a step at most, a step being 1/127 of its row's largest weight.
    @Test("Bytes are the weights, to half a step; all else stays", arguments: Precision.allCases)
    func quantized(precision: Precision) throws {
        let network = try train(run(precision), on: examples).network
        let bytes = try network.quantized()
        #expect(bytes.elementType == .i8)
        #expect(bytes.origin == network.origin)
        #expect(bytes.classNames == network.classNames)
        #expect(bytes.bytes.count == 64 + 4 * (4 + topology.parameterCount - 4 * 200) + 4 * 200 + 64)
        let (exact, rounded): ([Double], [Double]) = (network.parameters(), bytes.parameters())
        #expect(exact.count == topology.parameterCount)
        #expect(rounded.count == topology.parameterCount)
        for row in 0..<4 {
            let weights = row * 200..<row * 200 + 200
            let step = weights.map { exact[$0].magnitude }.max()! / 127
            for k in weights { #expect((exact[k] - rounded[k]).magnitude <= 0.5001 * step) }
        }
        #expect(rounded[800...] == exact[800...].map { Double(Float($0)) }[...])
        #expect(try Network(bytes: bytes.bytes, topologies: [topology]).bytes == bytes.bytes)
        #expect(throws: NNError.alreadyQuantized) { try bytes.quantized() }
    }

    @Test("A network of bytes predicts as one of the floats that they stand for")
    func bytesPredict() throws {
        let bytes = try network.quantized()
        let floats = try Network(
            topology: topology, parameters: bytes.parameters(as: Float.self), classNames: ["", ""])
        let (one, other) = (try bytes.evaluate(examples), try floats.evaluate(examples))
        for (p, q) in zip(one.probabilities, other.probabilities) { #expect((p - q).magnitude < 1e-6) }
        #expect(one.probabilities != (try network.evaluate(examples)).probabilities)
    }

    @Test("Weights too large for a float have no bytes")
    func unquantizable() throws {
        var weights = [Double](repeating: 0.5, count: topology.parameterCount)
        weights[3] = 1e39
        let network = try Network(topology: topology, parameters: weights, classNames: ["", ""])
        #expect(throws: NNError.invalidModel(.unusableWeights)) { try network.quantized() }
    }

    @Test("A network of another's parameters is the same file", arguments: Precision.allCases)
    func sameParameters(precision: Precision) throws {
        let named = try Examples(
            images: examples.images, labels: examples.labels, imageBytes: 200, classNames: ["no", "yes"])
        let network = try train(run(precision), on: named).network
        #expect(try again(network, network.origin).bytes == network.bytes)
        let imported = try again(network, nil)
        #expect(imported.origin == nil)
        #expect(imported.bytes[64...] == network.bytes[64...])
        #expect(imported.classNames == ["no", "yes"])
        #expect(try imported.evaluate(examples) == network.evaluate(examples))
    }

    private func again(_ network: Network, _ origin: Network.Origin?) throws -> Network {
        let (topology, names) = (network.topology, network.classNames)
        return network.elementType == .f32
            ? try Network(
                topology: topology, parameters: network.parameters(as: Float.self), classNames: names,
                origin: origin)
            : try Network(
                topology: topology, parameters: network.parameters(as: Double.self), classNames: names,
                origin: origin)
    }

    @Test("Parameters of another number, or that are no numbers, make no network")
    func badParameters() throws {
        let weights = [Float](repeating: 0.5, count: topology.parameterCount)
        let count = weights.count
        for bad in [[], weights.dropLast(), weights + [1]] {
            #expect(throws: NNError.wrongCount(of: .parameters, expected: count, found: bad.count)) {
                try Network(topology: topology, parameters: Array(bad), classNames: ["", ""])
            }
        }
        for (index, number) in [(count - 1, Float.nan), (0, .infinity), (5, -.infinity)] {
            var bad = weights
            bad[index] = number
            #expect(throws: NNError.notFinite(parameter: index)) {
                try Network(topology: topology, parameters: bad, classNames: ["", ""])
            }
        }
        #expect(throws: NNError.wrongCount(of: .classNames, expected: 2, found: 1)) {
            try Network(topology: topology, parameters: weights, classNames: [""])
        }
        for (rate, iterations) in [(0.0, 1), (.nan, 1), (.infinity, 1), (-1, 1), (1, -1), (1, 1 << 32)] {
            let origin = Network.Origin(
                method: .dual, initializer: .deep, seed: 1, iterations: iterations, learningRate: rate,
                examples: 1, dataCRC: 0)
            expectInvalid(rate == 1 ? .iterations : .learningRate) {
                try Network(topology: topology, parameters: weights, classNames: ["", ""], origin: origin)
            }
        }
    }

    // MARK: Between a network and a perceptron

    @Test("A network's layers make the same network again", arguments: Precision.allCases)
    func bridge(precision: Precision) throws {
        let network = try train(run(precision), on: examples).network
        switch precision {
        case .f32: try bridge(network, Float.self)
        case .f64: try bridge(network, Double.self)
        }
    }

    private func bridge<S: Scalar>(_ network: Network, _: S.Type) throws {
        let perceptron = MultilayerPerceptron<S>(network)
        #expect(perceptron == network.perceptron())
        #expect(perceptron.parameters == network.parameters())
        let again = try Network(perceptron, classNames: network.classNames, origin: network.origin)
        #expect(again.bytes == network.bytes)
    }

    @Test("A network of bytes has the layers of the floats that they stand for")
    func bridgeOfBytes() throws {
        let bytes = try network.quantized()
        #expect(MultilayerPerceptron<Float>(bytes).parameters == bytes.parameters())
    }

    @Test("Layers that no model can have make no network")
    func noBridge() {
        expectInvalid(.outputs) {
            try Network(MultilayerPerceptron<Float>(sizes: [4, 3, 2], initializer: .deep, seed: 1))
        }
        expectInvalid(.units) {
            try Network(MultilayerPerceptron<Float>(sizes: [4, 257, 1], initializer: .deep, seed: 1))
        }
        var perceptron = MultilayerPerceptron<Float>(sizes: [4, 3, 1], initializer: .deep, seed: 1)
        perceptron.layers[1].bias[0] = .nan
        #expect(throws: NNError.notFinite(parameter: 18)) { try Network(perceptron) }
    }

    // MARK: Training and classifying in one call

    @Test("Network(training:) is the trainer's network, and tells its progress")
    func training() throws {
        let options = try run(.f64)
        let expected = try train(options, on: examples)
        var costs: [Cost] = []
        let network = try Network(training: examples, options: options) { progress in
            if let cost = progress.cost { costs.append(Cost(iteration: cost.iteration, cost: cost.value)) }
        }
        #expect(network.bytes == expected.network.bytes)
        #expect(costs == expected.costs)
        #expect(try Network(training: examples, options: options).bytes == network.bytes)
    }

    @Test("What the progress throws ends the training")
    func stopped() throws {
        struct Enough: Error {}
        var calls = 0
        #expect(throws: Enough.self) {
            try Network(training: examples, options: run(.f64)) { _ in
                calls += 1
                if calls == 3 { throw Enough() }
            }
        }
        #expect(calls == 3)
    }

    @Test("Class 1 is predicted above one half, and not at one half")
    func classes() throws {
        let half = 0.5
        #expect(
            [0, half.nextDown, half, half.nextUp, 1].map { Prediction(probability: $0).classIndex } == [
                0, 0, 0, 1, 1,
            ])
        for index in 0..<examples.count {
            let prediction = try network.classify(examples.image(index))
            #expect(try prediction.probability == network.probability(of: examples.image(index)))
        }
    }

    @Test("Names in files are these")
    func names() {
        #expect(Precision.allCases.map(\.rawValue) == ["f32", "f64"])
        #expect(ElementType.allCases.map(\.rawValue) == ["f32", "f64", "i8"])
        #expect(Method.allCases.map(\.rawValue) == ["primal", "dual"])
        #expect(Initializer.allCases.map(\.rawValue) == ["deep", "small"])
        for type in ElementType.allCases { #expect(ElementType(rawValue: type.rawValue) == type) }
        #expect(ElementType(rawValue: "F32") == nil)
    }

    @Test("Errors say what, which range and what was found")
    func errorTexts() {
        func text(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return ""
        }
        #expect(
            text { _ = try Topology([12, 300, 1]) } == "units of a hidden layer: expected 1...256, found 300")
        var options = TrainingOptions()
        options.learningRate = -0.5
        #expect(
            text { _ = try Trainer.arenaBytes(options, examples: 1) }
                == "learning rate: expected a finite number above 0, found -0.5")
        #expect(
            text { _ = try network.probability(of: [1, 2]) } == "expected 200 bytes of an image, found 2")
    }

    // MARK: Damage

    @Test("Bytes cut off anywhere are truncated")
    func truncated() {
        for count in 0..<network.bytes.count {
            #expect(defect(Array(network.bytes.prefix(count))) == .truncated, "\(count) bytes")
        }
    }

    @Test("Bytes too many are of the wrong size", arguments: [1, 8, 1000])
    func tooLong(count: Int) {
        #expect(defect(network.bytes + Array(repeating: 0, count: count)) == .wrongSize)
    }

    @Test("A flipped bit shows, wherever it is")
    func flippedBits() {
        #expect(defect(network.bytes) == nil)
        for place in network.bytes.indices {
            // One bit of each byte; which one changes from byte to byte.
            var bytes = network.bytes
            bytes[place] ^= 1 << (place % 8)
            let expected: ModelDefect =
                place < 4 ? .notAModel : place < Self.headerBytes ? .damagedHeader : .damagedWeights
            #expect(defect(bytes) == expected, "byte \(place)")
        }
    }

    @Test("Bytes of something else are no model")
    func somethingElse() {
        #expect(defect([UInt8](repeating: 0, count: 1000)) == .notAModel)
        #expect(defect(Array(repeating: 0x89, count: 64)) == .notAModel)
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let field: String, offset: Int, value: UInt8, defect: ModelDefect
        var testDescription: String { "\(field) \(value)" }
    }

    /// Fields changed on purpose: the header's checksum is right again.
    @Test(
        "A field that this version can't use is named",
        arguments: [
            Forgery(field: "version, without its options", offset: 4, value: 2, defect: .laterVersion),
            Forgery(field: "version", offset: 4, value: 3, defect: .laterVersion),
            Forgery(field: "header bytes", offset: 5, value: 128, defect: .laterVersion),
            Forgery(field: "element type", offset: 6, value: 0, defect: .otherKind),
            Forgery(field: "element type", offset: 6, value: 4, defect: .otherKind),
            Forgery(field: "element type, of 1 byte", offset: 6, value: 3, defect: .wrongSize),
            Forgery(field: "element type, of 8 bytes", offset: 6, value: 2, defect: .wrongSize),
            Forgery(field: "kind", offset: 7, value: 1, defect: .otherKind),
            Forgery(field: "layers", offset: 8, value: 2, defect: .otherTopology),
            Forgery(field: "layers", offset: 8, value: 255, defect: .otherTopology),
            Forgery(field: "initializer of an imported model", offset: 9, value: 0, defect: .damagedHeader),
            Forgery(field: "initializer", offset: 9, value: 3, defect: .damagedHeader),
            Forgery(field: "method", offset: 10, value: 9, defect: .damagedHeader),
            Forgery(field: "first size", offset: 12, value: 199, defect: .otherTopology),
            Forgery(field: "second size", offset: 14, value: 5, defect: .otherTopology),
            Forgery(field: "payload bytes", offset: 32, value: 1, defect: .wrongSize),
            Forgery(field: "payload checksum", offset: 36, value: 0, defect: .damagedWeights),
        ])
    func forged(forgery: Forgery) {
        var bytes = network.bytes
        #expect(bytes[forgery.offset] != forgery.value)
        bytes[forgery.offset] = forgery.value
        let crc = crc32(bytes.prefix(60))
        for index in 0..<4 { bytes[60 + index] = UInt8(truncatingIfNeeded: crc >> (8 * index)) }
        #expect(defect(bytes) == forgery.defect)
    }

    @Test("A network of another topology is refused")
    func otherTopology() throws {
        #expect(defect(network.bytes, [.deep, .twoLayer]) == .otherTopology)
        #expect(defect(network.bytes, try [Topology([200, 4, 1])]) == .otherTopology)
        #expect(defect(network.bytes, []) == .otherTopology)
        #expect(defect(network.bytes, [.deep, topology, .twoLayer]) == nil)
        // Without a list it must be one of the given two.
        #expect(throws: NNError.invalidModel(.otherTopology)) { try Network(bytes: network.bytes) }
    }

    /// What is wrong with a model, or nil.
    private func defect(_ bytes: [UInt8], _ topologies: [Topology]? = nil) -> ModelDefect? {
        do throws(NNError) {
            _ = try Network(bytes: bytes, topologies: topologies ?? [topology])
            return nil
        } catch {
            guard case .invalidModel(let defect) = error else {
                Issue.record("\(error)")
                return nil
            }
            return defect
        }
    }
}

/// 200 inputs are one of the core's patches and a rest. With seed 3 the images differ to the network, and
/// both classes are predicted.
private func run(_ precision: Precision, iterations: Int = 3) throws -> TrainingOptions {
    var options = try smallRun([200, 4, 3, 1], precision, iterations: iterations)
    options.seed = 3
    options.learningRate = 0.01
    return options
}
