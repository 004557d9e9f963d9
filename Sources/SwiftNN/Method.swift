#if !hasFeature(Embedded)
    import CNNKernel

    /// How the weights of the first layer are computed. It is the same gradient descent (train.h).
    public enum Method: Int32, Sendable {
        /// On the weights themselves: an iteration goes through all images twice.
        case primal = 0
        /// By the Gram matrix of the images: an iteration touches neither an image nor a weight of layer 1.
        case dual = 1
    }

    extension TrainingOptions {
        /// Multiply-adds of a whole run in its first layer, the rest being the same for both methods.
        ///
        /// With m images of n bytes and u units: primal 2 u n m an iteration; dual at most u m^2, and
        /// u n m twice and n m^2 / 2 before and after.
        public func multiplyAdds(_ method: Method, examples: Int) -> Double {
            let (m, n, u) = (Double(examples), Double(topology.inputs), Double(topology.table.size.1))
            let steps = Double(iterations)
            return switch method {
            case .primal: steps * 2 * u * n * m
            case .dual: steps * u * m * m + 2 * u * n * m + n * m * m / 2
            }
        }

        /// The method with less to compute, if its memory is no more than this: 1 GiB.
        public static var memoryForDual: Int { 1 << 30 }

        /// What a ``method`` of nil stands for: the dual where it has less to compute and enough memory.
        public func chosenMethod(examples: Int) -> Method {
            var options = self
            options.method = .dual
            guard multiplyAdds(.dual, examples: examples) < multiplyAdds(.primal, examples: examples),
                let bytes = try? Trainer.arenaBytes(options, examples: examples), bytes <= Self.memoryForDual
            else { return .primal }
            return .dual
        }
    }
#endif
