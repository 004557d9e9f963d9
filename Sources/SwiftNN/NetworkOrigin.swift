import CNNKernel

extension Network {
    /// How a network was trained.
    public struct Origin: Equatable, Sendable {
        /// How the weights of the first layer were computed.
        public let method: Method
        /// How the initial weights were drawn.
        public let initializer: Initializer
        /// Seed of the initial weights.
        public let seed: UInt32
        /// Gradient steps.
        public let iterations: Int
        /// The size of a step, above 0.
        public let learningRate: Double
        /// How many examples the data set has.
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
}

extension Network.Origin {
    /// nil if the weights were imported.
    init?(_ model: nnk_model) {
        guard let method = unsafe Method(code: model.method),
            let initializer = unsafe Initializer(code: model.initializer)
        else { return nil }
        self.method = method
        self.initializer = initializer
        unsafe seed = model.seed
        unsafe iterations = Int(model.iterations)
        unsafe learningRate = model.learning_rate
        unsafe examples = Int(model.examples)
        unsafe dataCRC = model.data_crc
    }

    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` if a number does not fit its field.
    func fill(_ model: inout nnk_model) throws(NNError) {
        try NNError.check(iterations, .iterations, 0...Int(UInt32.max))
        try NNError.check(examples, .examples, 0...Int(UInt32.max))
        guard NNError.positive ~= learningRate else {
            throw .invalidOption(name: .learningRate, value: learningRate, allowed: NNError.positive)
        }
        unsafe model.method = method.code
        unsafe model.initializer = initializer.code
        unsafe model.seed = seed
        unsafe model.iterations = UInt32(iterations)
        unsafe model.learning_rate = learningRate
        unsafe model.examples = UInt32(examples)
        unsafe model.data_crc = dataCRC
    }
}
