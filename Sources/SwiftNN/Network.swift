#if !hasFeature(Embedded)
    import CNNKernel

    /// A trained network: the checked bytes of a model file, and what its header says.
    ///
    /// There is no other way to have one, so a network is always whole.
    public struct Network: Sendable {
        /// The file's bytes (docs/FORMAT.md).
        public let bytes: [UInt8]
        /// The sizes of its layers.
        public let topology: Topology
        /// What its weights are stored as.
        public let elementType: ElementType
        /// Where the weights come from; nil if they were imported.
        public let origin: Origin?

        /// The names of class 0 and class 1; empty if the data had none.
        public let classNames: [String]

        /// Bytes of a class name that a model has room for.
        public static let longestClassName = Int(NNK_CLASS_NAME_BYTES) - 1

        /// How a model was made.
        public struct Origin: Equatable, Sendable {
            /// How the weights of the first layer were computed.
            public let method: Method
            /// How the initial weights were drawn.
            public let initializer: Initializer
            /// Of the initial weights.
            public let seed: UInt32
            /// Gradient steps.
            public let iterations: Int
            /// The size of a step, above 0.
            public let learningRate: Double
            /// Examples of the data set.
            public let examples: Int
            /// The CRC-32 of its labels, then its images: ``Examples/crc``.
            public let dataCRC: UInt32

            /// What a program knows that trained elsewhere; ``Network/init(topology:parameters:classNames:origin:)``
            /// writes it into the model.
            public init(
                method: Method, initializer: Initializer, seed: UInt32, iterations: Int, learningRate: Double,
                examples: Int, dataCRC: UInt32
            ) {
                self.method = method
                self.initializer = initializer
                self.seed = seed
                self.iterations = iterations
                self.learningRate = learningRate
                self.examples = examples
                self.dataCRC = dataCRC
            }
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
                let origin = Origin(model)
                guard let elementType = ElementType(rawValue: model.dtype),
                    origin != nil || model.initializer == NNK_INIT_NONE
                else { throw .invalidModel(.otherKind) }
                self.bytes = bytes
                self.topology = topology
                self.elementType = elementType
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
            Result { () throws(NNError) in
                let network = view
                return try withUnsafeTemporaryAllocation(
                    of: UInt64.self, capacity: Predictor.words(for: network)
                ) { memory throws(NNError) in
                    memory.initialize(repeating: 0)
                    return try network.probability(of: image.span, memory: memory.mutableSpan)
                }
            }
        }

        /// The same network for as long as this one is there. The bytes were checked in ``init(bytes:topologies:)``.
        public var view: NetworkView {
            @_lifetime(borrow self)
            get { NetworkView(checked: bytes.span.bytes, topology, elementType, elementType.inference) }
        }
    }

    extension Network {
        /// A network of the given weights.
        ///
        /// - Parameters:
        ///   - topology: the sizes of its layers.
        ///   - parameters: W1, b1, W2, b2, ...: ``Topology/parameterCount`` finite numbers, each W row by row;
        ///     a row is one unit. Others throw ``NNError/invalidArgument``.
        ///   - classNames: of class 0 and 1; of longer ones, the whole characters of the first 31 bytes.
        ///   - origin: how they were trained, if that is known.
        public init<S: Scalar>(
            topology: Topology, parameters: [S], classNames: [String], origin: Origin? = nil
        ) throws(NNError) {
            guard parameters.count == topology.parameterCount, classNames.count == 2,
                parameters.allSatisfy(\.isFinite)
            else { throw .invalidArgument }
            var model = nnk_model()
            model.dtype = S.precision.rawValue
            if let origin { try origin.fill(&model) }
            let file = parameters.withUnsafeBytes { parameters in
                model.parameters = parameters.baseAddress
                return Self.file(model, topology, S.precision.rawValue, classNames, nnk_model_write)
            }
            try self.init(bytes: file.get(), topologies: [topology])
        }

        /// The same network with the weights of its first layer in bytes: a quarter or an eighth of the size.
        ///
        /// Throws ``NNError/invalidArgument`` if they are bytes already, ``ModelDefect/damagedWeights`` if one
        /// does not fit a float.
        public func quantized() throws(NNError) -> Network {
            guard elementType != .i8 else { throw .invalidArgument }
            let file = view.withModel { model, _ in
                var model = model.pointee
                try! origin?.fill(&model)
                return Self.file(model, topology, ElementType.i8.rawValue, classNames, nnk_model_quantize)
            }
            return try Network(bytes: file.get(), topologies: [topology])
        }

        /// W1, b1, W2, b2, ...: each W row by row. Bytes are multiplied by their scale.
        public func parameters<S: Scalar>(as _: S.Type = S.self) -> [S] {
            view.withModel { model, _ in
                let parameters = model.pointee.parameters!
                let count = topology.parameterCount
                switch elementType {
                case .f32: return parameters.reals(count).map { (weight: Float) in S(weight) }
                case .f64: return parameters.reals(count).map { (weight: Double) in S(weight) }
                case .i8:
                    let (inputs, units) = (topology.inputs, Int(topology.table.size.1))
                    let floats = units + count - units * inputs
                    let scales: UnsafeBufferPointer<Float> = parameters.reals(floats)
                    let steps = (parameters + 4 * floats).assumingMemoryBound(to: Int8.self)
                    let weights = (0..<units * inputs).map { S(Float(steps[$0]) * scales[$0 / inputs]) }
                    return weights + scales.dropFirst(units).map { S($0) }
                }
            }
        }

        /// The file that `write` makes of a model.
        private static func file(
            _ model: nnk_model, _ topology: Topology, _ elementType: Int32, _ classNames: [String],
            _ write: (UnsafePointer<nnk_model>, nnk_sink) -> nnk_status
        ) -> Result<[UInt8], NNError> {
            withUnsafePointer(to: topology.table) { table in
                classNames[0].withTruncatedCString { name0 in
                    classNames[1].withTruncatedCString { name1 in
                        var model = model
                        model.topology = table
                        model.class_names = (name0, name1)
                        let count = Int(nnk_model_bytes(table, elementType))
                        let (status, bytes) = written(count: count) { write(&model, $0) }
                        return status == NNK_OK ? .success(bytes) : .failure(NNError(status))
                    }
                }
            }
        }
    }

    extension UnsafeRawPointer {
        fileprivate func reals<S: Scalar>(_ count: Int) -> UnsafeBufferPointer<S> {
            UnsafeBufferPointer(start: assumingMemoryBound(to: S.self), count: count)
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

        /// Throws ``NNError/invalidArgument`` if a number does not fit its field.
        fileprivate func fill(_ model: inout nnk_model) throws(NNError) {
            guard let iterations = UInt32(exactly: iterations), let examples = UInt32(exactly: examples),
                learningRate > 0, learningRate.isFinite
            else { throw .invalidArgument }
            model.method = method.rawValue
            model.initializer = initializer.rawValue
            model.seed = seed
            model.iterations = iterations
            model.learning_rate = learningRate
            model.examples = examples
            model.data_crc = dataCRC
        }
    }
#endif
