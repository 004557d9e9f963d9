import CNNKernel

// A network's weights as numbers, and back.

extension Network {
    /// A network of the given weights.
    ///
    /// - Parameters:
    ///   - topology: the sizes of its layers.
    ///   - parameters: W1, b1, W2, b2, ...: ``Topology/parameterCount`` finite numbers, each W row by row;
    ///     a row is one unit.
    ///   - classNames: the names of class 0 and class 1; of longer ones, the whole characters of the first 31 bytes.
    ///   - origin: how they were trained, if that is known.
    ///   - takesOwnContrastOff: whether a prediction takes each image's own brightness and contrast off first. The
    ///     weights of each unit of layer 1 must sum up to 0 then, as the mean of an image is not subtracted from it.
    ///   - expectation: what to expect of it, if it was judged; its calibration is a part of the parameters already.
    /// - Throws: ``NNError/wrongCount(of:expected:found:)``, ``NNError/notFinite(parameter:)``;
    ///   ``NNError/invalidOption(name:value:allowed:)`` for numbers of `origin` or `expectation` that a model has no
    ///   room for.
    public init<S: Scalar>(
        topology: Topology, parameters: [S], classNames: [String] = ["", ""], origin: Origin? = nil,
        takesOwnContrastOff: Bool = false, expectation: Expectation? = nil
    ) throws(NNError) {
        try NNError.check(countOf: .parameters, parameters.count, expected: topology.parameterCount)
        try NNError.check(countOf: .classNames, classNames.count, expected: 2)
        if let index = parameters.firstIndex(where: { !$0.isFinite }) { throw .notFinite(parameter: index) }
        var (model, records) = unsafe (nnk_model(), nnk_records())
        let elementType = ElementType(S.precision)
        unsafe model.dtype = elementType.code
        if takesOwnContrastOff { unsafe model.options = NNK_OPTION_OWN_CONTRAST }
        if let origin { try unsafe origin.fill(&model, &records.training, inputs: topology.inputs) }
        if let expectation {
            unsafe model.options |= NNK_OPTION_JUDGED
            records.expectation = try nnk_expectation(expectation)
        }
        unsafe nnk_records_to_file(&records)
        let (status, file) = unsafe parameters.withUnsafeBytes { parameters in
            unsafe model.parameters = parameters.baseAddress
            return unsafe Self.file(model, records, topology, elementType, classNames)
        }
        try NNError.check(status)
        try self.init(bytes: file, topologies: [topology])
    }

    /// The same network with the weights of its first layer in bytes: a quarter or an eighth of the size.
    ///
    /// - Throws: ``NNError/alreadyQuantized`` if they are bytes, ``ModelDefect/unusableWeights`` if a weight does not fit
    ///   a float.
    public func quantized() throws(NNError) -> Network {
        guard elementType != .i8 else { throw .alreadyQuantized }
        return try unsafe rewritten(.i8, nnk_model_quantize)
    }

    /// The network of the file that `write` makes of this one's.
    func rewritten(
        _ elementType: ElementType, _ write: (UnsafePointer<nnk_model>, nnk_sink) -> nnk_status
    ) throws(NNError) -> Network {
        let (status, file) = unsafe bytes.withUnsafeBytes { bytes in
            unsafe withUnsafePointer(to: topology.table) { table in
                var model = unsafe nnk_model()
                _ = unsafe nnk_model_open(&model, bytes.baseAddress, bytes.count, table)  // checked before
                return unsafe written(atMost: topology.largestModelBytes(elementType)) {
                    unsafe write(&model, $0)
                }
            }
        }
        try NNError.check(status)
        return try Network(bytes: file, topologies: [topology])
    }

    /// W1, b1, W2, b2, ...: each W row by row. Bytes are multiplied by their scale.
    public func parameters<S: Scalar>(as _: S.Type = S.self) -> [S] {
        unsafe view.withModel { model, _ in
            var parameters: [S] = []
            parameters.reserveCapacity(topology.parameterCount)
            let sizes = topology.sizes
            for layer in 1...topology.layerCount {
                let (inputs, outputs) = (sizes[layer - 1], sizes[layer])
                let weights = unsafe nnk_model_weights(model, Int32(layer))!
                if layer == 1, let scales = unsafe nnk_model_scales(model) {
                    let bytes = unsafe weights.assumingMemoryBound(to: Int8.self)
                    parameters += (0..<outputs * inputs).map {
                        unsafe S(Float(bytes[$0]) * scales[$0 / inputs])
                    }
                } else {
                    unsafe parameters += reals(outputs * inputs, at: weights)
                }
                unsafe parameters += reals(outputs, at: nnk_model_biases(model, Int32(layer))!)
            }
            return parameters
        }
    }

    /// Numbers of a model, rounded to `S` where they are of another type. Those of an i8 model are float.
    @unsafe
    private func reals<S: Scalar>(_ count: Int, at place: UnsafeRawPointer) -> [S] {
        elementType == .f64
            ? unsafe UnsafeBufferPointer(start: place.assumingMemoryBound(to: Double.self), count: count)
                .map { S($0) }
            : unsafe UnsafeBufferPointer(start: place.assumingMemoryBound(to: Float.self), count: count)
                .map { S($0) }
    }

    /// The file of a model.
    private static func file(
        _ model: nnk_model, _ records: nnk_records, _ topology: Topology, _ elementType: ElementType,
        _ classNames: [String]
    ) -> (nnk_status, [UInt8]) {
        unsafe withUnsafePointer(to: topology.table) { table in
            unsafe withUnsafePointer(to: records) { records in
                unsafe classNames[0].withTruncatedCString { name0 in
                    unsafe classNames[1].withTruncatedCString { name1 in
                        var model = unsafe model
                        unsafe model.topology = table
                        unsafe model.class_names = (name0, name1)
                        unsafe model.records = UnsafeRawPointer(records)
                        return unsafe written(atMost: topology.largestModelBytes(elementType)) {
                            unsafe nnk_model_write(&model, $0)
                        }
                    }
                }
            }
        }
    }
}

extension Topology {
    /// Bytes of a model file with all records.
    func largestModelBytes(_ elementType: ElementType) -> Int {
        modelBytes(elementType) + Int(NNK_TRAINING_RECORD_BYTES + NNK_EXPECTATION_BYTES)
    }
}

// MARK: - Between the two kinds of networks

extension MultilayerPerceptron {
    /// The layers of a trained network. The numbers of another precision are rounded.
    public init(_ network: Network) {
        var parameters = network.parameters(as: S.self)[...]
        func next(_ count: Int) -> [S] {
            defer { parameters = parameters.dropFirst(count) }
            return Array(parameters.prefix(count))
        }
        let sizes = network.topology.sizes
        self.init(
            layers: zip(sizes, sizes.dropFirst()).map { inputs, outputs in
                let weights = Matrix(rows: outputs, columns: inputs, elements: next(outputs * inputs))
                return Layer(weights: weights, bias: next(outputs))
            })
    }

    /// All weights and biases: W1, b1, W2, b2, ..., each W row by row.
    public var parameters: [S] { layers.flatMap { $0.weights.elements + $0.bias } }
}

extension Network {
    /// The model of a network in plain sight.
    ///
    /// - Parameters:
    ///   - perceptron: layers of sizes that ``Topology/init(_:)`` takes.
    ///   - classNames: the names of class 0 and class 1.
    ///   - origin: how it was trained, if a model can say it.
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` for layers of other sizes,
    ///   ``NNError/notFinite(parameter:)``; what ``init(topology:parameters:classNames:origin:takesOwnContrastOff:expectation:)`` throws.
    public init<S: Scalar>(
        _ perceptron: MultilayerPerceptron<S>, classNames: [String] = ["", ""], origin: Origin? = nil
    ) throws(NNError) {
        let sizes = perceptron.layers.map(\.weights.rows)
        try self.init(
            topology: Topology([perceptron.layers[0].weights.columns] + sizes),
            parameters: perceptron.parameters, classNames: classNames, origin: origin)
    }
}
