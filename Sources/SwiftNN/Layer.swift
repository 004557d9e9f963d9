/// What follows a layer's linear part.
public enum Activation: Sendable {
    /// max(0, z)
    case relu
    /// 1 / (1 + exp(-z))
    case sigmoid
}

/// One dense layer: Z = W A + b, then an activation. Sums are in the order that kernels.h states.
public struct Layer<S: Scalar>: Equatable, Sendable {
    /// W (outputs, inputs)
    /// - Precondition: a new value has as many rows as ``bias`` has elements.
    public var weights: Matrix<S> {
        didSet { checkShape() }
    }
    /// b (outputs)
    /// - Precondition: a new value has as many elements as ``weights`` has rows.
    public var bias: [S] {
        didSet { checkShape() }
    }

    /// A layer of the given parameters.
    /// - Precondition: there is one bias per row of `weights`.
    public init(weights: Matrix<S>, bias: [S]) {
        self.weights = weights
        self.bias = bias
        checkShape()
    }

    private func checkShape() {
        precondition(bias.count == weights.rows, "a layer needs one bias per output")
    }

    /// What a forward pass keeps for the backward pass.
    public struct Cache: Equatable, Sendable {
        /// A of the layer below (inputs, examples)
        public let input: Matrix<S>
        /// Z (outputs, examples)
        public let logits: Matrix<S>

        /// A cache of the given matrices.
        /// - Precondition: both have one column per example.
        public init(input: Matrix<S>, logits: Matrix<S>) {
            precondition(input.columns == logits.columns, "A and Z need the same examples")
            self.input = input
            self.logits = logits
        }
    }

    /// The gradients of the cost. Each gradient has the shape of its parameter.
    public struct Gradient: Equatable, Sendable {
        /// dW (outputs, inputs)
        public let weights: Matrix<S>
        /// db (outputs)
        public let bias: [S]
        /// dA of the layer below (inputs, examples)
        public let input: Matrix<S>

        /// Gradients of one layer.
        /// - Precondition: `bias` has one element per row of `weights`, `input` one row per column of `weights`.
        public init(weights: Matrix<S>, bias: [S], input: Matrix<S>) {
            precondition(bias.count == weights.rows, "db needs one element per row of dW")
            precondition(input.rows == weights.columns, "dA needs one row per column of dW")
            self.weights = weights
            self.bias = bias
            self.input = input
        }
    }

    /// Z = W A + b.   a (inputs, examples), result (outputs, examples)
    /// - Precondition: `a` has one row per input of the layer.
    public func linearForward(_ a: Matrix<S>) -> Matrix<S> {
        S.arithmetic.linearForward(weights: weights, bias: bias, input: a)
    }

    /// The activation of Z, and what the backward pass needs.
    /// - Precondition: `a` has one row per input of the layer.
    public func forward(_ a: Matrix<S>, activation: Activation) -> (
        activations: Matrix<S>, cache: Cache
    ) {
        let z = linearForward(a)
        return (S.arithmetic.activate(z, activation), Cache(input: a, logits: z))
    }

    /// dW = dZ A^T / m, db = sum of dZ's columns / m, dA = W^T dZ.
    /// - Precondition: `dz` has one row per output of the layer, `a` one per input, both the same columns.
    public func linearBackward(_ dz: Matrix<S>, input a: Matrix<S>) -> Gradient {
        S.arithmetic.linearBackward(dz, weights: weights, input: a)
    }

    /// The gradients from dA of this layer.   da (outputs, examples)
    /// - Precondition: `cache` is of a layer of this shape, and `da` has the shape of its logits.
    public func backward(_ da: Matrix<S>, cache: Cache, activation: Activation) -> Gradient {
        linearBackward(
            S.arithmetic.activateBackward(da, logits: cache.logits, activation), input: cache.input)
    }

    /// One step of gradient descent: W -= rate dW, b -= rate db.
    /// - Precondition: `gradient` has the shapes of the layer.
    public mutating func update(_ gradient: Gradient, learningRate: Double) {
        precondition(
            gradient.weights.rows == weights.rows && gradient.weights.columns == weights.columns,
            "dW needs the shape of W")
        var elements = weights.mutableElements
        S.arithmetic.update(&elements, gradient.weights.elements, rate: learningRate)
        var biases = bias.mutableSpan
        S.arithmetic.update(&biases, gradient.bias, rate: learningRate)
    }
}
