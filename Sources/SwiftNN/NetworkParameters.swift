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
    /// - Throws: ``NNError/wrongCount(of:expected:found:)``, ``NNError/notFinite(parameter:)``;
    ///   ``NNError/invalidOption(name:value:allowed:)`` for numbers of `origin` that a model has no room for.
    public init<S: Scalar>(
        topology: Topology, parameters: [S], classNames: [String] = ["", ""], origin: Origin? = nil,
        takesOwnContrastOff: Bool = false
    ) throws(NNError) {
        try NNError.check(countOf: .parameters, parameters.count, expected: topology.parameterCount)
        try NNError.check(countOf: .classNames, classNames.count, expected: 2)
        if let index = parameters.firstIndex(where: { !$0.isFinite }) { throw .notFinite(parameter: index) }
        var model = unsafe nnk_model()
        let elementType = ElementType(S.precision)
        unsafe model.dtype = elementType.code
        if takesOwnContrastOff { unsafe model.options = NNK_OPTION_OWN_CONTRAST }
        if let origin { try unsafe origin.fill(&model, inputs: topology.inputs) }
        let file = unsafe parameters.withUnsafeBytes { parameters in
            unsafe model.parameters = parameters.baseAddress
            return unsafe Self.file(model, topology, elementType, classNames, nnk_model_write)
        }
        try self.init(bytes: file.get(), topologies: [topology])
    }

    /// The same network with the weights of its first layer in bytes: a quarter or an eighth of the size.
    ///
    /// - Throws: ``NNError/alreadyQuantized`` if they are bytes, ``ModelDefect/damagedWeights`` if a weight does not fit
    ///   a float.
    public func quantized() throws(NNError) -> Network {
        guard elementType != .i8 else { throw .alreadyQuantized }
        let file = unsafe view.withModel { model, _ in
            var model = unsafe model.pointee
            try! unsafe origin?.fill(&model, inputs: inputs)
            return unsafe Self.file(model, topology, .i8, classNames, nnk_model_quantize)
        }
        return try Network(bytes: file.get(), topologies: [topology])
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

    /// The file that `write` makes of a model.
    private static func file(
        _ model: nnk_model, _ topology: Topology, _ elementType: ElementType, _ classNames: [String],
        _ write: (UnsafePointer<nnk_model>, nnk_sink) -> nnk_status
    ) -> Result<[UInt8], NNError> {
        unsafe withUnsafePointer(to: topology.table) { table in
            unsafe classNames[0].withTruncatedCString { name0 in
                unsafe classNames[1].withTruncatedCString { name1 in
                    var model = unsafe model
                    unsafe model.topology = table
                    unsafe model.class_names = (name0, name1)
                    let count = topology.modelBytes(elementType) + Int(NNK_TRAINING_RECORD_BYTES)
                    let (status, bytes) = unsafe written(atMost: count) { unsafe write(&model, $0) }
                    return status == NNK_OK ? .success(bytes) : .failure(NNError(status))
                }
            }
        }
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
    ///   ``NNError/notFinite(parameter:)``; what ``init(topology:parameters:classNames:origin:takesOwnContrastOff:)`` throws.
    public init<S: Scalar>(
        _ perceptron: MultilayerPerceptron<S>, classNames: [String] = ["", ""], origin: Origin? = nil
    ) throws(NNError) {
        let sizes = perceptron.layers.map(\.weights.rows)
        try self.init(
            topology: Topology([perceptron.layers[0].weights.columns] + sizes),
            parameters: perceptron.parameters, classNames: classNames, origin: origin)
    }
}
