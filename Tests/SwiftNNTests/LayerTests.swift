import SwiftNN
import Testing

@Suite("Layer")
struct LayerTests {
    // MARK: Whole numbers, where nothing is rounded

    private let layer = Layer<Double>(
        weights: Matrix(rows: 3, columns: 2, elements: [1, -2, 3, 4, 0, 5]), bias: [1, -1, 2])
    private let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, 2, -3, 4])
    private let z = Matrix<Double>(rows: 3, columns: 2, elements: [8, -5, -10, 21, -13, 22])

    @Test("Z = W A + b")
    func linearForward() {
        #expect(layer.linearForward(a) == z)
    }

    @Test("ReLU keeps what is above zero, and the cache keeps what went in and Z")
    func relu() {
        let (activations, cache) = layer.forward(a, activation: .relu)
        #expect(activations == Matrix(rows: 3, columns: 2, elements: [8, 0, 0, 21, 0, 22]))
        #expect(cache == .init(input: a, logits: z))
    }

    @Test("dW = dZ A^T / m, db = sum dZ / m, dA = W^T dZ")
    func linearBackward() {
        let dz = Matrix<Double>(rows: 3, columns: 2, elements: [2, 4, -6, 0, 1, 1])
        let gradient = layer.linearBackward(dz, input: a)
        #expect(gradient.weights == Matrix(rows: 3, columns: 2, elements: [5, 5, -3, 9, 1.5, 0.5]))
        #expect(gradient.bias == [3, -3, 1])
        #expect(gradient.input == Matrix(rows: 2, columns: 2, elements: [-16, 4, -23, -3]))
    }

    @Test("ReLU's gradient is zero where Z is zero or below")
    func reluBackward() {
        let da = Matrix<Double>(rows: 3, columns: 2, elements: [1, 2, 3, 4, 5, 6])
        let logits = Matrix<Double>(rows: 3, columns: 2, elements: [0, -0.0, 1e-300, -1e-300, -7, 7])
        let dz = Matrix<Double>(rows: 3, columns: 2, elements: [0, 0, 3, 0, 0, 6])
        let gradient = layer.backward(da, cache: .init(input: a, logits: logits), activation: .relu)
        #expect(gradient == layer.linearBackward(dz, input: a))
    }

    /// 64 examples go twice through the 32 lanes that the widest machines have; 1/64 is exact.
    @Test("Sums over more examples than there are lanes")
    func manyExamples() {
        let numbers = (0..<64).map { Double($0 % 7 - 3) }
        let others = (0..<64).map { Double($0 % 5 - 1) }
        let layer = Layer<Double>(weights: Matrix(rows: 1, columns: 1, repeating: 2), bias: [1])
        let a = Matrix(rows: 1, columns: 64, elements: numbers)
        #expect(layer.linearForward(a).elements == numbers.map { 2 * $0 + 1 })
        let gradient = layer.linearBackward(Matrix(rows: 1, columns: 64, elements: others), input: a)
        #expect(gradient.weights.elements == [zip(numbers, others).reduce(0) { $0 + $1.0 * $1.1 } / 64])
        #expect(gradient.bias == [others.reduce(0, +) / 64])
        #expect(gradient.input.elements == others.map { 2 * $0 })
    }

    @Test("W -= rate dW, b -= rate db")
    func update() {
        var layer = layer
        layer.update(
            .init(
                weights: Matrix(rows: 3, columns: 2, elements: [4, 0, -4, 8, 12, -8]), bias: [4, -4, 0],
                input: Matrix(rows: 2, columns: 2)),
            learningRate: 0.25)
        #expect(layer.weights.elements == [0, -2, 4, 2, -3, 7])
        #expect(layer.bias == [0, 0, 2])
    }

    // MARK: Float against Double, on the same numbers

    // 37 examples fill the 16 lanes twice and leave some over.
    private static let outputs = 6, inputs = 19, examples = 37
    private let u = unit(Float.self)
    private let float: Layer<Float>
    private let double: Layer<Double>
    private let aFloat: Matrix<Float>
    private let daFloat: Matrix<Float>

    init() {
        var random = NumpyRandom(seed: 5)
        let weights = Matrix<Float>(rows: Self.outputs, columns: Self.inputs, normal: &random)
        float = Layer(
            weights: weights, bias: Matrix(rows: Self.outputs, columns: 1, normal: &random).elements)
        double = Layer(weights: widened(float.weights), bias: float.bias.map(Double.init))
        aFloat = Matrix(rows: Self.inputs, columns: Self.examples, normal: &random)
        daFloat = Matrix(rows: Self.outputs, columns: Self.examples, normal: &random)
    }

    /// n products and a bias: n + 1 roundings of at most the sum of the absolute values, |W| |A| + |b|.
    private func logitBounds() -> [Double] {
        let sums = Layer(weights: magnitudes(double.weights), bias: double.bias.map(\.magnitude))
            .linearForward(magnitudes(widened(aFloat)))
        return sums.elements.map { Double(Self.inputs + 2) * u * $0 }
    }

    @Test("linearForward: Float is as close to Double as rounding lets it be")
    func linearForwardPrecision() {
        expect(float.linearForward(aFloat), double.linearForward(widened(aFloat)), within: logitBounds())
    }

    /// ReLU stretches nothing. The sigmoid's slope is 1/4 at most, and its own exp (below one ulp), sum and
    /// quotient are four half ulps of a number below 1.
    @Test("forward: Float is as close to Double as rounding lets it be")
    func forwardPrecision() {
        let bounds = logitBounds()
        let a = widened(aFloat)
        expect(
            float.forward(aFloat, activation: .relu).activations,
            double.forward(a, activation: .relu).activations, within: bounds)
        expect(
            float.forward(aFloat, activation: .sigmoid).activations,
            double.forward(a, activation: .sigmoid).activations,
            within: bounds.map { $0 / 4 + 4 * u })
    }

    /// dZ of the sigmoid is dA s (1 - s), s off by 4 u s, so dZ by less than 10 u |dA|; of ReLU it is exact.
    /// Then sums of m or n products follow, of |dA| |A| and so on at most.
    @Test(
        "backward: Float is as close to Double as rounding lets it be",
        arguments: [Activation.relu, .sigmoid])
    func backwardPrecision(activation: Activation) {
        let z = float.linearForward(aFloat)
        let a = widened(aFloat)
        let da = widened(daFloat)
        let low = float.backward(daFloat, cache: .init(input: aFloat, logits: z), activation: activation)
        let high = double.backward(da, cache: .init(input: a, logits: widened(z)), activation: activation)
        let sums = Layer(weights: magnitudes(double.weights), bias: double.bias)
            .linearBackward(magnitudes(da), input: magnitudes(a))
        let overExamples = Double(Self.examples + 12) * u
        let overOutputs = Double(Self.outputs + 12) * u
        expect(low.weights, high.weights, within: sums.weights.elements.map { overExamples * $0 })
        expect(column(low.bias), column(high.bias), within: sums.bias.map { overExamples * $0 })
        expect(low.input, high.input, within: sums.input.elements.map { overOutputs * $0 })
    }

    /// The rate, the product and the difference are rounded once each.
    @Test("update: Float is as close to Double as rounding lets it be")
    func updatePrecision() {
        let rate = 0.3
        var low = float
        var high = double
        low.update(
            .init(weights: float.weights, bias: float.bias, input: aFloat), learningRate: rate)
        high.update(
            .init(weights: double.weights, bias: double.bias, input: widened(aFloat)), learningRate: rate)
        let bound = { (x: Double) in u * (3 * rate + 1) * x.magnitude }
        expect(low.weights, high.weights, within: double.weights.elements.map(bound))
        expect(column(low.bias), column(high.bias), within: double.bias.map(bound))
        #expect(low.weights != float.weights)
    }

    private func column<S: Scalar>(_ numbers: [S]) -> Matrix<S> {
        Matrix(rows: numbers.count, columns: 1, elements: numbers)
    }

    private func expect(
        _ low: Matrix<Float>, _ high: Matrix<Double>, within bounds: [Double],
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(low.rows == high.rows && low.columns == high.columns, sourceLocation: location)
        for index in bounds.indices {
            let difference = (Double(low.elements[index]) - high.elements[index]).magnitude
            #expect(difference <= bounds[index], "element \(index)", sourceLocation: location)
        }
    }
}

private func widened(_ matrix: Matrix<Float>) -> Matrix<Double> {
    Matrix(rows: matrix.rows, columns: matrix.columns, elements: matrix.elements.map(Double.init))
}

private func magnitudes(_ matrix: Matrix<Double>) -> Matrix<Double> {
    Matrix(rows: matrix.rows, columns: matrix.columns, elements: matrix.elements.map(\.magnitude))
}

@Suite("Matrix")
struct MatrixTests {
    @Test("Elements lie row by row")
    func rows() {
        var matrix = Matrix<Float>(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
        #expect(matrix[0, 2] == 3)
        #expect(matrix[1, 0] == 4)
        matrix[1, 2] = 7
        #expect(matrix.elements == [1, 2, 3, 4, 5, 7])
        #expect(Matrix<Double>(rows: 2, columns: 2).elements == [0, 0, 0, 0])
        #expect(Matrix<Double>(rows: 1, columns: 2, repeating: 3).elements == [3, 3])
    }

    @Test("Matrices of other shapes differ")
    func equality() {
        let elements: [Double] = [1, 2, 3, 4, 5, 6]
        #expect(
            Matrix(rows: 2, columns: 3, elements: elements) != Matrix(rows: 3, columns: 2, elements: elements)
        )
        #expect(
            Matrix(rows: 2, columns: 3, elements: elements) == Matrix(rows: 2, columns: 3, elements: elements)
        )
    }

    @Test("Normals are drawn row by row and rounded once")
    func normals() {
        var random = NumpyRandom(seed: 9)
        let drawn = (0..<6).map { _ in random.normal() }
        random = NumpyRandom(seed: 9)
        let double = Matrix<Double>(rows: 2, columns: 3, normal: &random)
        random = NumpyRandom(seed: 9)
        let float = Matrix<Float>(rows: 2, columns: 3, normal: &random)
        #expect(double.elements == drawn)
        #expect(float.elements == drawn.map(Float.init))
    }
}

@Suite("Cross-entropy")
struct CrossEntropyTests {
    @Test("Saturated probabilities have a finite cost and a finite gradient")
    func saturated() {
        saturated(Double.self, binades: 1022)
        saturated(Float.self, binades: 126)
    }

    /// Zero counts as the smallest normal number, 2^-binades, whose logarithm is -binades ln 2. The
    /// logarithm is good to an ulp, and ln 2, the product and the mean of two are rounded once or twice each.
    private func saturated<S: Scalar>(_: S.Type, binades: Double) {
        let p = Matrix<S>(rows: 1, columns: 2, elements: [0, 1])
        let wrong = CrossEntropy.cost(p, labels: [1, 0])
        #expect((wrong / (binades * 0.6931471805599453) - 1).magnitude <= 8 * unit(S.self))
        let smallest = S.leastNormalMagnitude
        #expect(CrossEntropy.gradient(p, labels: [1, 0]).elements == [-1 / smallest, 1 / smallest])
        #expect((1 / smallest).isFinite)

        #expect(CrossEntropy.cost(p, labels: [0, 1]) == 0)
        #expect(CrossEntropy.gradient(p, labels: [0, 1]).elements == [1, -1])
    }

    @Test("A saturated network has finite gradients, right or wrong")
    func saturatedNetwork() {
        saturatedNetwork(Double.self)
        saturatedNetwork(Float.self)
    }

    private func saturatedNetwork<S: Scalar>(_: S.Type) {
        let network = MultilayerPerceptron<S>(layers: [
            Layer(weights: Matrix(rows: 1, columns: 1, repeating: 1), bias: [0])
        ])
        // Below -1000 even the exponential is out of range.
        let (p, caches) = network.forward(Matrix(rows: 1, columns: 4, elements: [2000, -2000, 2000, -2000]))
        #expect(p.elements == [1, 0, 1, 0])
        let gradient = network.backward(p, labels: [1, 0, 0, 1], caches: caches)[0]
        let numbers = gradient.weights.elements + gradient.bias + gradient.input.elements
        #expect(numbers.allSatisfy { $0.isFinite })
        #expect(CrossEntropy.cost(p, labels: [1, 0, 0, 1]).isFinite)
    }

    @Test("The gradient is 1 / (1 - p) for label 0 and -1 / p for label 1")
    func gradient() {
        let p = Matrix(rows: 1, columns: 4, elements: [0.25, 0.25, 0.5, 0.875])
        #expect(CrossEntropy.gradient(p, labels: [1, 0, 1, 0]).elements == [-4, 1 / 0.75, -2, 8])
    }

    /// -(y log p + (1 - y) log(1 - p)) of p = 1/2 is ln 2; more than 16 examples come back to the first lane.
    @Test("The cost is a mean over examples", arguments: [1, 2, 16, 33])
    func mean(count: Int) {
        let p = Matrix<Double>(rows: 1, columns: count, repeating: 0.5)
        let labels = (0..<count).map { UInt8($0 % 2) }
        let roundings = Double(count / 16 + 8)
        let cost = CrossEntropy.cost(p, labels: labels)
        #expect((cost - 0.6931471805599453).magnitude <= roundings * unit(Double.self))
    }

    /// p is the same number in both. 1 - p is off by a factor 1 + u, its logarithm by u; the logarithm itself
    /// (below one ulp), three additions in a lane, four of lanes, 1/m and the product are 11 u of the cost.
    @Test("Float is as close to Double as rounding lets it be")
    func precision() {
        var random = NumpyRandom(seed: 3)
        let p = (0..<37).map { _ in Float(0.05 + 0.9 * random.uniform()) }
        let labels = p.indices.map { UInt8($0 % 2) }
        let low = Matrix(rows: 1, columns: 37, elements: p)
        let high = Matrix(rows: 1, columns: 37, elements: p.map(Double.init))
        let u = unit(Float.self)
        let cost = CrossEntropy.cost(high, labels: labels)
        #expect((CrossEntropy.cost(low, labels: labels) - cost).magnitude <= u * (1 + 12 * cost))
        let gradient = CrossEntropy.gradient(high, labels: labels).elements
        for (index, da) in CrossEntropy.gradient(low, labels: labels).elements.enumerated() {
            // 1 - p and the quotient, and what their errors multiply to.
            #expect((Double(da) - gradient[index]).magnitude <= 2.01 * u * gradient[index].magnitude)
        }
    }
}
