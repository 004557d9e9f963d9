import SwiftNN
import Testing

@Suite("Multilayer perceptron")
struct MultilayerPerceptronTests {
    // MARK: Gradients

    private typealias Network = MultilayerPerceptron<Double>

    private let labels: [UInt8] = [1, 0, 1, 1, 0, 0, 1, 0, 1]
    private let x: Matrix<Double>
    private let network: Network

    init() {
        var random = NumpyRandom(seed: 4)
        x = Matrix(rows: 6, columns: 9, normal: &random)
        var network = Network(sizes: [6, 5, 4, 1], initializer: .deep, seed: 4)
        for index in network.layers.indices {
            network.layers[index].bias = network.layers[index].bias.map { _ in 0.2 * random.normal() }
        }
        self.network = network
    }

    @Test("dW is the slope of the cost, in every layer", arguments: 0..<3)
    func weightGradients(layer: Int) throws {
        let gradient = gradients(of: network, x)[layer].weights.elements
        try expect(gradient) { index, step in
            var moved = network
            moved.layers[layer].weights[element: index] += step
            return (moved, x)
        }
    }

    @Test("db is the slope of the cost, in every layer", arguments: 0..<3)
    func biasGradients(layer: Int) throws {
        try expect(gradients(of: network, x)[layer].bias) { index, step in
            var moved = network
            moved.layers[layer].bias[index] += step
            return (moved, x)
        }
    }

    /// The upper layers alone are a network whose input is the activation of the layer below.
    @Test("dA is the slope of m times the cost, below every layer", arguments: 0..<3)
    func inputGradients(layer: Int) throws {
        let upper = Network(layers: Array(network.layers[layer...]))
        let a = network.forward(x).caches[layer].input
        let gradient = gradients(of: network, x)[layer].input.elements
        try expect(gradient.map { $0 / Double(labels.count) }) { index, step in
            var moved = a
            moved[element: index] += step
            return (upper, moved)
        }
    }

    private func gradients(of network: Network, _ x: Matrix<Double>) -> [Layer<Double>.Gradient] {
        let (p, caches) = network.forward(x)
        return network.backward(p, labels: labels, caches: caches)
    }

    /// Compares with (cost(+h) - cost(-h)) / 2h.
    ///
    /// As long as no ReLU switches, each logit moves along a line of slope s, so the cost's third derivative
    /// is at most max |s|^3 times that of softplus, 1 / (6 sqrt 3): times h^2/6 that is the formula's error.
    /// Costs carry the logits' rounding, and 16 u / min(p, 1 - p) for the sigmoid (4 u), 1 - p, the logarithm
    /// and the mean; the formula divides both by h. The other half of the bound is for the gradient itself,
    /// which carries the same roundings undivided.
    private func expect(
        _ gradient: [Double], _ location: SourceLocation = #_sourceLocation,
        moved: (_ index: Int, _ step: Double) -> (network: Network, x: Matrix<Double>)
    ) throws {
        let h = 0x1p-17
        var telling = 0
        for (index, computed) in gradient.enumerated() {
            let (above, below) = (moved(index, h), moved(index, -h))
            let (up, down) = (above.network.forward(above.x), below.network.forward(below.x))
            try #require(active(up.caches) == active(down.caches), "choose a problem away from ReLU's kink")
            let slope = zip(logits(up.caches), logits(down.caches)).map { (($0 - $1) / (2 * h)).magnitude }
                .max()!
            let margin = up.probabilities.elements.map { min($0, 1 - $0) }.min()! * 0.99
            let rounding = (logitRoundings(above.network, above.x) + 16 / margin) * unit(Double.self)
            let bound = h * h / 6 * 0.0963 * slope * slope * slope + 2 * rounding / h
            let costs = [up, down].map { CrossEntropy.cost($0.probabilities, labels: labels) }
            let difference = (costs[0] - costs[1]) / (2 * h)
            #expect((computed - difference).magnitude <= bound, "element \(index)", sourceLocation: location)
            if computed.magnitude > 1e4 * bound { telling += 1 }
        }
        // Most units are active for some example, and there the bound is far below the gradient.
        #expect(2 * telling >= gradient.count, sourceLocation: location)
    }

    private func active(_ caches: [Layer<Double>.Cache]) -> [[Bool]] {
        caches.dropLast().map { $0.logits.elements.map { $0 > 0 } }
    }

    private func logits(_ caches: [Layer<Double>.Cache]) -> [Double] { caches.last!.logits.elements }

    // MARK: The network as a whole

    @Test("The layers' passes, one after the other")
    func layers() {
        let (p, caches) = network.forward(x)
        let first = network.layers[0].forward(x, activation: .relu)
        let second = network.layers[1].forward(first.activations, activation: .relu)
        let third = network.layers[2].forward(second.activations, activation: .sigmoid)
        #expect(p == third.activations)
        #expect(caches == [first.cache, second.cache, third.cache])

        let da = CrossEntropy.gradient(p, labels: labels)
        let top = network.layers[2].backward(da, cache: third.cache, activation: .sigmoid)
        let middle = network.layers[1].backward(top.input, cache: second.cache, activation: .relu)
        let bottom = network.layers[0].backward(middle.input, cache: first.cache, activation: .relu)
        #expect(network.backward(p, labels: labels, caches: caches) == [bottom, middle, top])
    }

    @Test("predict says class 1 above one half, and not at one half")
    func predict() {
        let single = Network(layers: [Layer(weights: Matrix(rows: 1, columns: 1, repeating: 1), bias: [0])])
        let x = Matrix<Double>(rows: 1, columns: 5, elements: [-1, -1e-9, 0, 1e-9, 1])
        #expect(single.predict(x) == [0, 0, 0, 1, 1])
    }

    @Test("Seeds and initializers give other weights")
    func initial() {
        let sizes = [6, 5, 1]
        let one = Network(sizes: sizes, initializer: .deep, seed: 1)
        #expect(one == Network(sizes: sizes, initializer: .deep, seed: 1))
        #expect(one != Network(sizes: sizes, initializer: .deep, seed: 2))
        #expect(one != Network(sizes: sizes, initializer: .small, seed: 1))
        #expect(one.layers.map(\.weights.rows) == [5, 1])
        #expect(one.layers.map(\.weights.columns) == [6, 5])
    }

    // MARK: The same descent as the trainer's

    struct Descent: Sendable, CustomTestStringConvertible {
        let sizes: [Int], initializer: Initializer, examples: Int, rate: Double, steps: Int
        var testDescription: String { "\(sizes), \(examples) examples, \(steps) steps of \(rate)" }
    }

    /// 400 inputs are three of the core's patches, 37 examples two blocks of 16 and a rest.
    @Test(
        "Step by step, costs and weights are the trainer's",
        arguments: [
            Descent(sizes: [12, 4, 3, 1], initializer: .deep, examples: 7, rate: 0.05, steps: 20),
            Descent(sizes: [400, 5, 1], initializer: .small, examples: 37, rate: 0.04, steps: 8),
        ])
    func descent(_ descent: Descent) throws {
        try run(descent, Double.self)
        try run(descent, Float.self)
    }

    /// A step adds the roundings of a forward and a backward pass, K of the logit's and m of the sums over
    /// examples, in both runs. Errors in the weights grow by 1 + rate |Hessian| a step, less than e in all:
    /// the sum of rate |Hessian| is 0.57 and 0.34 (numpy, central differences of the gradient).
    private func run<S: Scalar>(_ descent: Descent, _: S.Type) throws {
        let examples = try drawnExamples(descent.examples, inputs: descent.sizes[0])
        var options = try smallRun(descent.sizes, S.precision, iterations: descent.steps)
        options.initializer = descent.initializer
        options.learningRate = descent.rate
        let trained = try train(options, on: examples)

        let x: Matrix<S> = examples.pixels()
        var network = MultilayerPerceptron<S>(
            sizes: descent.sizes, initializer: descent.initializer, seed: options.seed)
        let initial = network
        var costs: [Double] = []
        for _ in 0..<descent.steps {
            let (p, caches) = network.forward(x)
            costs.append(CrossEntropy.cost(p, labels: examples.labels))
            let gradients = network.backward(p, labels: examples.labels, caches: caches)
            network.update(gradients, learningRate: descent.rate)
        }
        let roundings = logitRoundings(network, x) + Double(descent.examples)
        let bound = 2 * 2.72 * Double(descent.steps + 1) * roundings * unit(S.self)

        try #require(trained.costs.map(\.iteration) == Array(0..<descent.steps))
        for (cost, expected) in zip(trained.costs, costs) {
            #expect((cost.cost - expected).magnitude <= bound, "\(S.self), iteration \(cost.iteration)")
        }
        let reached = (trained.network.perceptron() as MultilayerPerceptron<S>).parameters
        #expect(reached.count == network.parameters.count)
        #expect(largestDifference(reached, network.parameters) <= bound)
        // The bound must tell the descent from none.
        #expect(costs.first! - costs.last! > 5 * bound)
        #expect(largestDifference(network.parameters, initial.parameters) > 5 * bound)
    }

    private func largestDifference<S: Scalar>(_ a: [S], _ b: [S]) -> Double {
        zip(a, b).map { Double($0 - $1).magnitude }.max()!
    }
}
