#if !hasFeature(Embedded)
    import CNNKernel

    /// A trained network: the checked bytes of a model file, and what its header says.
    ///
    /// There is no other way to have one, so a network is always whole.
    public struct Network: Sendable {
        /// The file's bytes (docs/FORMAT.md).
        public let bytes: [UInt8]
        public let topology: Topology
        public let precision: Precision
        /// Where the weights come from.
        public let origin: Origin

        /// The names of class 0 and class 1; empty if the data had none.
        public let classNames: [String]

        /// How a model was made.
        public struct Origin: Equatable, Sendable {
            public let method: Method
            public let initializer: Initializer
            public let seed: UInt32
            public let iterations: Int
            public let learningRate: Double
            /// Examples of the data set, and the CRC-32 of its labels and images.
            public let examples: Int
            public let dataCRC: UInt32
        }

        /// Checks the bytes of a model file.
        ///
        /// Sizes are never taken from the file; it must be of one of `topologies`.
        /// Throws ``NNError/invalidModel(_:)``.
        public init(bytes: [UInt8], topologies: [Topology] = [.deep, .twoLayer]) throws(NNError) {
            var status = NNK_E_TOPOLOGY
            for topology in topologies where status == NNK_E_TOPOLOGY {
                var model = nnk_model()
                status = bytes.withUnsafeBytes { file in
                    withUnsafePointer(to: topology.table) {
                        nnk_model_open(&model, file.baseAddress, file.count, $0)
                    }
                }
                guard status == NNK_OK else { continue }
                guard let precision = Precision(rawValue: model.dtype), let origin = Origin(model) else {
                    throw .invalidModel(.otherKind)
                }
                self.bytes = bytes
                self.topology = topology
                self.precision = precision
                self.origin = origin
                classNames = Self.names(at: bytes.suffix(2 * Int(NNK_CLASS_NAME_BYTES)))
                return
            }
            throw NNError(status)
        }

        private static func names(at bytes: ArraySlice<UInt8>) -> [String] {
            [bytes.prefix(Int(NNK_CLASS_NAME_BYTES)), bytes.suffix(Int(NNK_CLASS_NAME_BYTES))].map {
                // A name is shown on terminals: what controls them is not part of one.
                String(
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                        .filter { !$0.unicodeScalars.contains { $0.properties.generalCategory == .control } })
            }
        }

        /// Bytes of one image.
        public var inputs: Int { topology.inputs }

        /// The probability of class 1 for one image.
        ///
        /// - Parameter image: ``inputs`` bytes; 64 rows of 64 pixels, R G B, for the given topologies. Other
        ///   counts throw ``NNError/invalidArgument``. Weights that no training gives may answer with no number,
        ///   which throws ``ModelDefect/damagedWeights``.
        public func probability(of image: some Collection<UInt8>) throws(NNError) -> Double {
            guard image.count == inputs else { throw .invalidArgument }
            let probability =
                image.withContiguousStorageIfAvailable(predict)
                ?? Array(image).withUnsafeBufferPointer(predict)
            return try probability.get()
        }

        private func predict(_ image: UnsafeBufferPointer<UInt8>) -> Result<Double, NNError> {
            withModel { model in
                let kernels = precision.inference
                let size = nnk_predict_bytes(model.pointee.topology, kernels)
                return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { memory in
                    let memory = memory.baseAddress
                    var probability = 0.0
                    var status = nnk_predict_begin(memory, size, model, kernels)
                    if status == NNK_OK { status = nnk_predict_feed(memory, image.baseAddress, image.count) }
                    if status == NNK_OK { status = nnk_predict_finish(memory, &probability) }
                    return status == NNK_OK ? .success(probability) : .failure(NNError(status))
                }
            }
        }

        /// The core's view of the model, valid within `body`. The bytes were checked once, in ``init(bytes:topologies:)``.
        private func withModel<Result>(_ body: (UnsafePointer<nnk_model>) -> Result) -> Result {
            bytes.withUnsafeBytes { file in
                withUnsafePointer(to: topology.table) { table in
                    var model = nnk_model()
                    model.topology = table
                    model.dtype = precision.rawValue
                    model.parameters = file.baseAddress! + Int(NNK_HEADER_BYTES)
                    return withUnsafePointer(to: model, body)
                }
            }
        }
    }

    extension Network.Origin {
        init?(_ model: nnk_model) {
            guard let method = Method(rawValue: model.method),
                let initializer = Initializer(rawValue: model.initializer)
            else { return nil }
            self.method = method
            self.initializer = initializer
            seed = model.seed
            iterations = Int(model.iterations)
            learningRate = model.learning_rate
            examples = Int(model.examples)
            dataCRC = model.data_crc
        }
    }
#endif
