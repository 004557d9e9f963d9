#if !hasFeature(Embedded)
    import Dispatch
    import Synchronization

    /// Images and their labels, to train on or to evaluate with.
    public struct Examples: Sendable {
        /// All images, one after the other.
        public let images: [UInt8]
        /// One label an image, 0 or 1.
        public let labels: [UInt8]
        /// Bytes of one image.
        public let imageBytes: Int
        /// The names of class 0 and class 1, empty if they have none. Up to 31 bytes of UTF-8 of each become
        /// part of a model.
        public let classNames: [String]

        /// How many examples there are, 1 or more.
        public var count: Int { labels.count }

        /// Throws ``NNError/invalidArgument`` unless there are `imageBytes` bytes for each of one or more labels
        /// and two class names, ``NNError/invalidLabel`` for a label other than 0 and 1.
        public init(
            images: [UInt8], labels: [UInt8], imageBytes: Int = Topology.deep.inputs,
            classNames: [String] = ["", ""]
        ) throws(NNError) {
            let (bytes, overflow) = imageBytes.multipliedReportingOverflow(by: labels.count)
            guard imageBytes > 0, !labels.isEmpty, !overflow, images.count == bytes, classNames.count == 2
            else { throw .invalidArgument }
            guard labels.allSatisfy({ $0 <= 1 }) else { throw .invalidLabel }
            self.images = images
            self.labels = labels
            self.imageBytes = imageBytes
            self.classNames = classNames
        }
    }

    /// How a network does on examples.
    public struct Evaluation: Equatable, Sendable {
        /// The network's output for each example: the probability of class 1.
        public let probabilities: [Double]
        /// The examples whose class is predicted wrongly, ascending.
        public let mislabeled: [Int]

        /// The share of examples whose class is predicted rightly.
        public var accuracy: Double {
            Double(probabilities.count - mislabeled.count) / Double(probabilities.count)
        }
    }

    extension Network {
        /// Predicts each example: class 1 where the probability is above one half.
        ///
        /// - Parameters:
        ///   - examples: one or more, of images of ``Network/inputs`` bytes.
        ///   - threads: that share the examples, 1 or more; the answer is the same.
        ///
        /// Throws ``NNError/invalidArgument`` for images of another size.
        public func evaluate(_ examples: Examples, threads: Int = 1) throws(NNError) -> Evaluation {
            let share = (examples.count + threads - 1) / threads
            let parts = Mutex([Int: Result<[Double], NNError>]())
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                let range = min(thread * share, examples.count)..<min((thread + 1) * share, examples.count)
                let part = Result { () throws(NNError) in try predict(examples, range) }
                parts.withLock { $0[thread] = part }
            }
            var probabilities: [Double] = []
            for thread in 0..<threads {
                probabilities += try parts.withLock { $0[thread]! }.get()
            }
            let mislabeled = probabilities.indices.filter {
                (probabilities[$0] > 0.5) != (examples.labels[$0] == 1)
            }
            return Evaluation(probabilities: probabilities, mislabeled: mislabeled)
        }

        private func predict(_ examples: Examples, _ range: Range<Int>) throws(NNError) -> [Double] {
            var probabilities: [Double] = []
            for index in range {
                let image = examples.images[index * examples.imageBytes..<(index + 1) * examples.imageBytes]
                probabilities.append(try probability(of: image))
            }
            return probabilities
        }
    }
#endif
