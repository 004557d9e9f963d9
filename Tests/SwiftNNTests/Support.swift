import SwiftNN
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a program ends that a precondition stops. A sanitizer's report ends it in another way.
#if arch(x86_64) || arch(i386)
    let trap = ExitTest.Condition.signal(SIGILL)
#else
    let trap = ExitTest.Condition.signal(SIGTRAP)
#endif

// MARK: - Small problems

/// Images of uniform noise; class 1 where the first half of an image is the brighter one.
func drawnExamples(_ count: Int, inputs: Int) throws -> Examples {
    var random = NumpyRandom(seed: 11)
    let images = (0..<count * inputs).map { _ in UInt8(random.uniform() * 256) }
    let labels = (0..<count).map { index -> UInt8 in
        let image = images[index * inputs..<(index + 1) * inputs]
        let brightness = { (bytes: ArraySlice<UInt8>) in bytes.reduce(0) { $0 + Int($1) } }
        return brightness(image.prefix(inputs / 2)) > brightness(image.dropFirst(inputs / 2)) ? 1 : 0
    }
    return try Examples(images: images, labels: labels, imageBytes: inputs)
}

/// A run on the small network 12-4-3-1 unless told otherwise.
func smallRun(
    _ sizes: [Int] = [12, 4, 3, 1], _ precision: Precision = .f64, iterations: Int = 20
) throws -> TrainingOptions {
    var options = TrainingOptions()
    options.topology = try Topology(sizes)
    options.precision = precision
    options.iterations = iterations
    options.learningRate = 0.05
    options.costEvery = 1
    return options
}

/// One cost that a trainer reported.
struct Cost: Equatable {
    var iteration: Int
    var cost: Double
}

/// Runs a trainer to its end.
func train(_ options: TrainingOptions, on examples: Examples) throws(NNError) -> (
    network: Network, costs: [Cost]
) {
    var trainer = try Trainer(examples: examples, options: options)
    let costs = try runToEnd(&trainer)
    return (try trainer.finish(), costs)
}

func runToEnd(_ trainer: inout Trainer) throws(NNError) -> [Cost] {
    var costs: [Cost] = []
    while let progress = try trainer.step() {
        if let cost = progress.cost { costs.append(Cost(iteration: cost.iteration, cost: cost.value)) }
    }
    return costs
}

/// Expects ``NNError/invalidOption(name:value:allowed:)`` of this option, with a value that is not allowed.
func expectInvalid<Result>(
    _ name: NNError.Option, _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) {
    #expect(sourceLocation: location) {
        _ = try body()
    } throws: {
        guard case NNError.invalidOption(name, let value, let allowed) = $0 else { return false }
        return !allowed.contains(value)
    }
}

// MARK: - Looking into models

extension Examples {
    /// (inputs, examples), scaled to 0...1, as the textbook's networks take them.
    func pixels<S: Scalar>() -> Matrix<S> {
        var x = Matrix<S>(rows: imageBytes, columns: count)
        for example in 0..<count {
            for input in 0..<imageBytes { x[input, example] = S(images[example * imageBytes + input]) / 255 }
        }
        return x
    }

    func image(_ index: Int) -> ArraySlice<UInt8> {
        images[index * imageBytes..<(index + 1) * imageBytes]
    }
}

extension Network {
    /// The weights and biases of the file: W1, b1, W2, ..., little-endian, from byte 64 on.
    func perceptron<S: Scalar>() -> MultilayerPerceptron<S> {
        var position = 64
        func next() -> S {
            let width = elementType == .f32 ? 4 : 8
            let bits = bytes[position..<position + width].reversed().reduce(UInt64(0)) {
                $0 << 8 | UInt64($1)
            }
            position += width
            return elementType == .f32 ? S(Float(bitPattern: UInt32(bits))) : S(Double(bitPattern: bits))
        }
        let sizes = topology.sizes
        return MultilayerPerceptron(
            layers: zip(sizes, sizes.dropFirst()).map { inputs, outputs in
                let weights = (0..<outputs * inputs).map { _ in next() }
                let bias = (0..<outputs).map { _ in next() }
                return Layer(
                    weights: Matrix(rows: outputs, columns: inputs, elements: weights), bias: bias)
            })
    }
}

extension Matrix {
    /// An element by its place in ``elements``.
    subscript(element index: Int) -> S {
        get { elements[index] }
        set { self[index / columns, index % columns] = newValue }
    }
}

// MARK: - Bounds of rounding

/// Half an ulp of 1: what one rounding changes at most, relatively.
func unit<S: Scalar>(_: S.Type) -> Double { Double(S.ulpOfOne) / 2 }

/// How far rounding can take a network's logits, in units of half an ulp of 1.
///
/// A sum of n products, its bias and the scale of its input are n + 3 roundings of no more than the sum of
/// the absolute values. So a logit is off by no more than the number of roundings on the longest way through
/// the network, times the logit of the network of absolute values.
func logitRoundings<S: Scalar>(_ network: MultilayerPerceptron<S>, _ x: Matrix<S>) -> Double {
    var largest = 0.0
    for example in 0..<x.columns {
        var a = (0..<x.rows).map { Double(x[$0, example]).magnitude }
        for layer in network.layers {
            a = (0..<layer.weights.rows).map { output in
                (0..<layer.weights.columns).reduce(Double(layer.bias[output]).magnitude) {
                    $0 + Double(layer.weights[output, $1]).magnitude * a[$1]
                }
            }
        }
        largest = max(largest, a[0])
    }
    let path = network.layers.reduce(0) { $0 + $1.weights.columns + 3 }
    return Double(path) * largest
}

// MARK: - Checksums

/// FNV-1a with 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
struct FNV1a {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The number's bytes, lowest first.
    mutating func add<Bits: FixedWidthInteger>(_ bits: Bits) {
        for shift in stride(from: 0, to: Bits.bitWidth, by: 8) {
            value = (value ^ UInt64(UInt8(truncatingIfNeeded: bits >> shift))) &* 0x0000_0100_0000_01b3
        }
    }
}

/// CRC-32 as in zlib and PNG, bit by bit.
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
    }
}
