/// A network in plain sight, to look into and to experiment with: ReLU layers, and a sigmoid at the end.
///
/// Its inputs are numbers; those of a trained ``Network`` are the bytes of an image divided by 255. It keeps all activations and gradients of all examples, as textbooks do. ``Trainer`` does the same gradient descent in
/// little memory and at speed. ``init(_:)`` and ``Network/init(_:classNames:origin:)`` lead from one kind of network to
/// the other.
public struct MultilayerPerceptron<S: Scalar>: Equatable, Sendable {
    /// The layers, first the one that takes the inputs.
    /// - Precondition: a new value is what ``init(layers:)`` takes.
    public var layers: [Layer<S>] {
        didSet { checkLayers() }
    }

    /// A network of the given layers.
    /// - Precondition: there is a layer, and each has as many inputs as the one below has outputs.
    public init(layers: [Layer<S>]) {
        self.layers = layers
        checkLayers()
    }

    private func checkLayers() {
        precondition(!layers.isEmpty, "a network needs a layer")
        for (below, above) in zip(layers, layers.dropFirst()) {
            precondition(
                below.weights.rows == above.weights.columns,
                "a layer needs as many inputs as the layer below has outputs")
        }
    }

    /// A network of initial weights, drawn layer by layer and row by row as numpy draws them. Biases are zero.
    /// - Precondition: there are two sizes or more, inputs first, and each is 1 or more.
    public init(sizes: [Int], initializer: Initializer, seed: UInt32) {
        precondition(sizes.count >= 2 && sizes.allSatisfy { $0 > 0 }, "a network needs two sizes or more")
        var random = NumpyRandom(seed: seed)
        self.init(
            layers: zip(sizes, sizes.dropFirst()).map { inputs, outputs in
                let weights = S.arithmetic.draw(
                    outputs: outputs, inputs: inputs, initializer, from: &random)
                return Layer(weights: weights, bias: Array(repeating: 0, count: outputs))
            })
    }

    private func activation(_ index: Int) -> Activation { index == layers.count - 1 ? .sigmoid : .relu }

    /// The forward pass through all layers.   x (inputs, examples), result (outputs, examples) and one cache per layer
    /// - Precondition: `x` has one row per input.
    public func forward(_ x: Matrix<S>) -> (probabilities: Matrix<S>, caches: [Layer<S>.Cache]) {
        var a = x
        var caches: [Layer<S>.Cache] = []
        for (index, layer) in layers.enumerated() {
            let pass = layer.forward(a, activation: activation(index))
            a = pass.activations
            caches.append(pass.cache)
        }
        return (a, caches)
    }

    /// The backward pass: the gradients of all layers, first layer first.   probabilities (1, examples), labels 0 or 1
    /// - Precondition: there is one label per example, and `caches` are those of a forward pass of this network.
    public func backward(
        _ probabilities: Matrix<S>, labels: [UInt8], caches: [Layer<S>.Cache]
    ) -> [Layer<S>.Gradient] {
        precondition(caches.count == layers.count, "each layer needs its cache")
        var da = CrossEntropy.gradient(probabilities, labels: labels)
        var gradients: [Layer<S>.Gradient] = []
        for index in layers.indices.reversed() {
            let gradient = layers[index].backward(da, cache: caches[index], activation: activation(index))
            da = gradient.input
            gradients.append(gradient)
        }
        return gradients.reversed()
    }

    /// One step of gradient descent in all layers.
    /// - Precondition: there is one gradient per layer, of its shapes.
    public mutating func update(_ gradients: [Layer<S>.Gradient], learningRate: Double) {
        precondition(gradients.count == layers.count, "each layer needs its gradient")
        for index in layers.indices { layers[index].update(gradients[index], learningRate: learningRate) }
    }

    /// The predicted class of each example (``Prediction/classIndex``).
    /// - Precondition: `x` has one row per input, and the last layer has one output.
    public func predict(_ x: Matrix<S>) -> [UInt8] {
        precondition(layers[layers.count - 1].weights.rows == 1, "a prediction needs one output")
        return forward(x).probabilities.elements.map { UInt8(Prediction(probability: Double($0)).classIndex) }
    }
}
