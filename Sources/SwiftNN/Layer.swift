#if !hasFeature(Embedded)
    import CNNKernel

    /// What follows a layer's linear part.
    public enum Activation: Sendable {
        /// max(0, z)
        case relu
        /// 1 / (1 + exp(-z))
        case sigmoid
    }

    /// One dense layer: Z = W A + b, then an activation. All calls compute as kernels.h states.
    public struct Layer<S: Scalar>: Equatable, Sendable {
        /// W (outputs, inputs)
        public var weights: Matrix<S>
        /// b (outputs)
        public var bias: [S]

        /// - Precondition: one bias a row of `weights`.
        public init(weights: Matrix<S>, bias: [S]) {
            precondition(bias.count == weights.rows, "a layer needs a bias for each output")
            self.weights = weights
            self.bias = bias
        }

        /// What a forward pass leaves for the backward pass.
        public struct Cache: Equatable, Sendable {
            /// A of the layer below (inputs, examples)
            public var input: Matrix<S>
            /// Z (outputs, examples)
            public var logits: Matrix<S>

            /// A cache of the given matrices, with a column an example each.
            public init(input: Matrix<S>, logits: Matrix<S>) {
                self.input = input
                self.logits = logits
            }
        }

        /// The gradients of the cost.
        public struct Gradient: Equatable, Sendable {
            /// dW, of the shape of W
            public var weights: Matrix<S>
            /// db (outputs)
            public var bias: [S]
            /// dA of the layer below (inputs, examples)
            public var input: Matrix<S>

            /// Gradients of the shapes of what they are gradients of.
            public init(weights: Matrix<S>, bias: [S], input: Matrix<S>) {
                self.weights = weights
                self.bias = bias
                self.input = input
            }
        }

        private static var kernels: nnk_arithmetic { S.precision.kernels.pointee }

        private func shape(examples: Int) -> nnk_shape {
            nnk_shape(outputs: weights.rows, inputs: weights.columns, examples: examples, stride: examples)
        }

        /// Z = W A + b.   a (inputs, examples), result (outputs, examples)
        public func linearForward(_ a: Matrix<S>) -> Matrix<S> {
            precondition(a.rows == weights.columns, "activations need a row for each input of the layer")
            var z = Matrix<S>(rows: weights.rows, columns: a.columns)
            Self.kernels.linearForward(
                &z.elements, weights.elements, bias, a.elements, shape(examples: a.columns))
            return z
        }

        /// The activation of Z, and what the backward pass needs.
        public func forward(_ a: Matrix<S>, _ activation: Activation) -> (
            activations: Matrix<S>, cache: Cache
        ) {
            let z = linearForward(a)
            var out = z
            Self.kernels.activate(&out.elements, z.elements, z.elements.count, activation)
            return (out, Cache(input: a, logits: z))
        }

        /// dW = dZ A^T / m, db = sum of dZ's columns / m, dA = W^T dZ.
        public func linearBackward(_ dz: Matrix<S>, input a: Matrix<S>) -> Gradient {
            precondition(
                dz.rows == weights.rows && a.rows == weights.columns && dz.columns == a.columns,
                "dZ needs a row for each output and A one for each input, both a column for each example")
            var gradient = Gradient(
                weights: Matrix(rows: weights.rows, columns: weights.columns),
                bias: Array(repeating: 0, count: weights.rows),
                input: Matrix(rows: a.rows, columns: a.columns))
            Self.kernels.linearBackward(
                &gradient.weights.elements, &gradient.bias, &gradient.input.elements,
                dz.elements, weights.elements, a.elements, shape(examples: a.columns))
            return gradient
        }

        /// The gradients from dA of this layer.   da (outputs, examples)
        public func backward(_ da: Matrix<S>, cache: Cache, _ activation: Activation) -> Gradient {
            let z = cache.logits
            precondition(da.rows == z.rows && da.columns == z.columns, "dA and Z need the same shape")
            var dz = da
            Self.kernels.activateBackward(&dz.elements, da.elements, z.elements, z.elements.count, activation)
            return linearBackward(dz, input: cache.input)
        }

        /// W -= rate dW, b -= rate db.
        public mutating func update(_ gradient: Gradient, learningRate: Double) {
            precondition(
                gradient.weights.elements.count == weights.elements.count
                    && gradient.bias.count == bias.count,
                "gradients need the shapes of the layer")
            Self.kernels.update(
                &weights.elements, gradient.weights.elements, rate: learningRate, weights.elements.count)
            Self.kernels.update(&bias, gradient.bias, rate: learningRate, bias.count)
        }
    }
#endif
