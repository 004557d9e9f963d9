import SwiftNN
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What models of version 2 say: options of a training, and own contrast.
@Suite("Options in models")
struct ModelOptionsTests {
    private static let sizes = [48, 5, 3, 1]
    private let topology: Topology
    /// W1's rows sum up to 0.
    private let parameters: [Double]
    private let image: [UInt8]

    init() throws {
        topology = try Topology(Self.sizes)
        var random = NumpyRandom(seed: 5)
        var parameters = (0..<topology.parameterCount).map { _ in 2 * random.uniform() - 1 }
        for unit in 0..<5 {
            let row = unit * 48..<(unit + 1) * 48
            let mean = parameters[row].reduce(0, +) / 48
            for index in row { parameters[index] -= mean }
        }
        self.parameters = parameters
        image = (0..<48).map { _ in UInt8(random.uniform() * 100) }
    }

    private static var origin: Network.Origin {
        Network.Origin(
            method: .dual, initializer: .deep, seed: 7, iterations: 9, learningRate: 0.5, examples: 3,
            dataCRC: 4)
    }

    private func network<S: Scalar>(_ parameters: [S], _ origin: Network.Origin?) throws -> Network {
        try Network(
            topology: topology, parameters: parameters, classNames: ["no", "yes"], origin: origin,
            takesOwnContrastOff: true)
    }

    /// The network's logit by its definition, in doubles.
    private var logit: Double {
        let mean = image.reduce(0) { $0 + Double($1) } / 48
        let variance = image.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 48
        var activations = image.map { (Double($0) - mean) / variance.squareRoot() }
        var rest = parameters[...]
        for (inputs, outputs) in zip(Self.sizes, Self.sizes.dropFirst()) {
            let weights = Array(rest.prefix(inputs * outputs))
            let biases = Array(rest.dropFirst(inputs * outputs).prefix(outputs))
            rest = rest.dropFirst((inputs + 1) * outputs)
            activations = (0..<outputs).map { unit in
                let logit = (0..<inputs).reduce(biases[unit]) {
                    $0 + weights[unit * inputs + $1] * activations[$1]
                }
                return outputs == 1 ? logit : max(logit, 0)
            }
        }
        return activations[0]
    }

    @Test("Own contrast is the closed form, in each element type")
    func ownContrast() throws {
        let expected = 1 / (1 + exp(-logit))
        let doubles = try network(parameters, nil)
        #expect(doubles.takesOwnContrastOff && doubles.view.takesOwnContrastOff && doubles.origin == nil)
        #expect(abs(try doubles.probability(of: image) - expected) < 1e-13)
        #expect(abs(try network(parameters.map { Float($0) }, nil).probability(of: image) - expected) < 1e-5)
        let bytes = try doubles.quantized()
        #expect(bytes.takesOwnContrastOff)
        #expect(abs(try bytes.probability(of: image) - expected) < 0.01)
        // Another light does not matter; nor does an image without contrast stop it.
        let bright = image.map { 2 * $0 + 13 }
        #expect(abs(try doubles.probability(of: bright) - expected) < 1e-13)
        #expect(try doubles.probability(of: [UInt8](repeating: 9, count: 48)).isFinite)
        // Without the option it is another network.
        let plain = try Network(topology: topology, parameters: parameters)
        #expect(!plain.takesOwnContrastOff && !plain.view.takesOwnContrastOff)
        #expect(abs(try plain.probability(of: image) - expected) > 1e-4)
        #expect(plain.bytes.count + 32 == doubles.bytes.count)
    }

    @Test("Each option is read as it was written, alone and with all others")
    func roundTrip() throws {
        let changes: [(inout Network.Origin) -> Void] = [
            { $0.isCentered = true },
            { $0.mirror = .init(rowBytes: 12, pixelBytes: 3) },
            { $0.weightDecay = 0.125 },
            { $0.exampleWeights = .init(crc: 5, rule: 6) },
            { $0.startCRC = 0 },
            { $0.keptIteration = 9 },
        ]
        var all = Self.origin
        for change in changes {
            var one = Self.origin
            change(&one)
            change(&all)
            for origin in [one, all] {
                let written = try Network(
                    topology: topology, parameters: parameters, classNames: ["no", "yes"], origin: origin)
                let read = try Network(bytes: written.bytes, topologies: [topology])
                #expect(read.origin == origin)
                #expect(read.classNames == ["no", "yes"] && !read.takesOwnContrastOff)
                let name = read.view.className(1)
                #expect(
                    (0..<name.byteCount).map { name.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
                        == Array("yes".utf8))
                let bytes = try network(parameters, origin).quantized()
                #expect(bytes.origin == origin && bytes.takesOwnContrastOff)
                #expect(bytes.classNames == ["no", "yes"])
            }
        }
        #expect(try Network(topology: topology, parameters: parameters, origin: Self.origin).bytes[4] == 1)
    }

    private static func expectation(
        accuracy: Double = 0.7, logLoss: Double = 0.6, guessing: Double = 0.55, examples: Int = 60,
        folds: Int = 5,
        scale: Double = 0.7, shift: Double = -0.25
    ) -> Network.Expectation {
        Network.Expectation(
            accuracy: accuracy, interval: 0.6...0.8, logLoss: logLoss, areaUnderCurve: 0.75,
            guessing: guessing,
            examples: examples, folds: folds, calibration: Calibration(scale: scale, shift: shift))
    }

    @Test("A calibrated network answers with scale z + shift, says what to expect, and keeps the rest")
    func calibrated() throws {
        var origin = Self.origin
        origin.weightDecay = 0.125
        let expectation = Self.expectation()
        let expected = 1 / (1 + exp(0.25 - 0.7 * logit))
        for origin in [nil, Self.origin, origin] {
            let network = try network(parameters, origin)
            let judged = try network.calibrated(expectation)
            #expect(network.expectation == nil && judged.expectation == expectation)
            #expect(
                judged.origin == origin && judged.classNames == ["no", "yes"] && judged.takesOwnContrastOff)
            #expect(abs(try judged.probability(of: image) - expected) < 1e-13)
            let bytes = try judged.quantized()
            #expect(bytes.expectation == expectation && bytes.origin == origin)
            let name = judged.view.className(0)
            #expect(
                (0..<name.byteCount).map { name.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
                    == Array("no".utf8))
            // The same model from its numbers.
            let again = try Network(
                topology: topology, parameters: judged.parameters(as: Double.self),
                classNames: ["no", "yes"],
                origin: origin, takesOwnContrastOff: true, expectation: expectation)
            #expect(again == judged)
            #expect(throws: NNError.alreadyJudged) { try judged.calibrated(expectation) }
            #expect(throws: NNError.alreadyQuantized) { try network.quantized().calibrated(expectation) }
        }
        #expect(expectation.isBetterThanGuessing && !Self.expectation(guessing: 0.65).isBetterThanGuessing)
    }

    @Test("Expectations that no judgement has are refused")
    func expectations() throws {
        let network = try network(parameters, nil)
        for (expectation, option) in [
            (Self.expectation(accuracy: 1.1), NNError.Option.expectation),
            (Self.expectation(logLoss: -1), .expectation), (Self.expectation(logLoss: 1e39), .expectation),
            (Self.expectation(guessing: .nan), .expectation), (Self.expectation(scale: -1), .expectation),
            (Self.expectation(shift: .infinity), .expectation), (Self.expectation(examples: -1), .examples),
            (Self.expectation(folds: 1 << 32), .folds),
        ] {
            do {
                _ = try network.calibrated(expectation)
                Issue.record("\(expectation) was taken")
            } catch NNError.invalidOption(let name, _, _) {
                #expect(name == option)
            } catch { Issue.record("\(error)") }
        }
        let floats = try self.network(parameters.map { Float($0) }, nil)
        #expect(throws: NNError.invalidModel(.unusableWeights)) {
            try floats.calibrated(Self.expectation(shift: .greatestFiniteMagnitude)).bytes.count
        }
    }

    @Test("Options that no training has are refused")
    func refusals() throws {
        func expect(_ option: NNError.Option, _ change: (inout Network.Origin) -> Void) {
            var origin = Self.origin
            change(&origin)
            do {
                _ = try network(parameters, origin)
                Issue.record("\(option) was taken")
            } catch NNError.invalidOption(let name, _, _) {
                #expect(name == option)
            } catch { Issue.record("\(error)") }
        }
        expect(.mirrorRow) { $0.mirror = .init(rowBytes: 13, pixelBytes: 1) }
        expect(.mirrorRow) { $0.mirror = .init(rowBytes: 0, pixelBytes: 1) }
        expect(.mirrorRow) { $0.mirror = .init(rowBytes: -1, pixelBytes: 1) }
        expect(.mirrorPixel) { $0.mirror = .init(rowBytes: 12, pixelBytes: 5) }
        expect(.weightDecay) { $0.weightDecay = 0 }
        expect(.weightDecay) { $0.weightDecay = .nan }
        expect(.weightDecay) { $0.weightDecay = .infinity }
        expect(.keptIteration) { $0.keptIteration = 10 }
        expect(.keptIteration) { $0.keptIteration = -1 }
    }
}
