#if !hasFeature(Embedded)
    import CNNKernel

    /// A network in plain sight, to look into and to experiment with: ReLU layers, a sigmoid at the end.
    ///
    /// It keeps all activations and gradients of all examples, as textbooks do. ``Trainer`` is the way to train
    /// in little memory and at speed; both compute the same.
    public struct MultilayerPerceptron<S: Scalar>: Equatable, Sendable {
        /// From the one that takes the inputs to the one that gives the probability.
        public var layers: [Layer<S>]

        /// - Precondition: there is a layer, and each has as many inputs as the one below has outputs.
        public init(layers: [Layer<S>]) {
            precondition(!layers.isEmpty, "a network needs a layer")
            precondition(
                zip(layers, layers.dropFirst()).allSatisfy { $0.weights.rows == $1.weights.columns },
                "a layer needs as many inputs as the layer below has outputs")
            self.layers = layers
        }

        /// Initial weights, drawn layer by layer and row by row as numpy draws them; zero biases.
        /// - Precondition: there are at least two sizes, inputs first.
        public init(sizes: [Int], initializer: Initializer, seed: UInt32) {
            precondition(sizes.count >= 2 && sizes.allSatisfy { $0 > 0 }, "a network needs two sizes or more")
            var random = NumpyRandom(seed: seed)
            self.init(
                layers: zip(sizes, sizes.dropFirst()).map { inputs, outputs in
                    var weights = Matrix<S>(rows: outputs, columns: inputs)
                    weights.elements.withUnsafeMutableBufferPointer {
                        random.draw($0, inputs: inputs, initializer)
                    }
                    return Layer(weights: weights, bias: Array(repeating: 0, count: outputs))
                })
        }

        private func activation(_ index: Int) -> Activation { index == layers.count - 1 ? .sigmoid : .relu }

        /// All layers.   x (inputs, examples), result (outputs, examples) and a cache a layer
        public func forward(_ x: Matrix<S>) -> (probabilities: Matrix<S>, caches: [Layer<S>.Cache]) {
            var a = x
            var caches: [Layer<S>.Cache] = []
            for (index, layer) in layers.enumerated() {
                let step = layer.forward(a, activation(index))
                a = step.activations
                caches.append(step.cache)
            }
            return (a, caches)
        }

        /// The gradients of all layers, first layer first.   probabilities (1, examples), labels 0 or 1
        /// - Precondition: one label an example, one cache a layer.
        public func backward(
            _ probabilities: Matrix<S>, labels: [UInt8], caches: [Layer<S>.Cache]
        ) -> [Layer<S>.Gradient] {
            precondition(caches.count == layers.count, "each layer needs its cache")
            var da = CrossEntropy.gradient(probabilities, labels: labels)
            var gradients: [Layer<S>.Gradient] = []
            for index in layers.indices.reversed() {
                let gradient = layers[index].backward(da, cache: caches[index], activation(index))
                da = gradient.input
                gradients.append(gradient)
            }
            return gradients.reversed()
        }

        /// One step of gradient descent.
        public mutating func update(_ gradients: [Layer<S>.Gradient], learningRate: Double) {
            precondition(gradients.count == layers.count, "each layer needs its gradient")
            for index in layers.indices { layers[index].update(gradients[index], learningRate: learningRate) }
        }

        /// Class 1 where the probability is above one half, else class 0, for each example.
        public func predict(_ x: Matrix<S>) -> [UInt8] {
            forward(x).probabilities.elements.map { $0 > 0.5 ? 1 : 0 }
        }
    }

    /// Binary cross-entropy: -1/m sum of y log(p) + (1 - y) log(1 - p), finite for p = 0 and p = 1 too.
    public enum CrossEntropy {
        /// The cost of (1, examples) probabilities.
        /// - Precondition: there is an example, and one label (0 or 1) for each.
        public static func cost<S: Scalar>(_ probabilities: Matrix<S>, labels: [UInt8]) -> Double {
            check(probabilities, labels)
            return S.precision.kernels.pointee.cost(probabilities.elements, labels: labels, labels.count)
        }

        /// dA = -(y / p - (1 - y) / (1 - p)), of the shape of `probabilities`: the gradient of m times the cost.
        /// - Precondition: there is an example, and one label (0 or 1) for each.
        public static func gradient<S: Scalar>(_ probabilities: Matrix<S>, labels: [UInt8]) -> Matrix<S> {
            check(probabilities, labels)
            var da = probabilities
            S.precision.kernels.pointee.costBackward(
                &da.elements, probabilities.elements, labels: labels, labels.count)
            return da
        }

        private static func check<S: Scalar>(_ probabilities: Matrix<S>, _ labels: [UInt8]) {
            precondition(
                !labels.isEmpty && probabilities.elements.count == labels.count,
                "each probability needs a label")
            precondition(labels.allSatisfy { $0 <= 1 }, "labels are 0 or 1")
        }
    }
#endif
