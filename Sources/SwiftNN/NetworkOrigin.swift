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
        /// Whether the mean of the images was taken off; it is part of the first bias.
        public var isCentered = false
        /// How each image was also learned mirrored; nil: it was not.
        public var mirror: Mirror?
        /// How fast the weights decayed, above 0; nil: they did not.
        public var weightDecay: Double?
        /// The weights of the examples; nil: all were 1.
        public var exampleWeights: ExampleWeights?
        /// The CRC-32 of the payload of the model that the training started from; nil: weights were drawn.
        public var startCRC: UInt32?
        /// The iteration whose parameters had the lowest cost on held-out examples, and were kept; nil: the last.
        public var keptIteration: Int?
        /// How many parts the sums over examples had (``TrainingOptions/virtualShards``); nil: one.
        public var virtualShards: Int?

        /// The bytes of an image: rows of pixels.
        public struct Mirror: Equatable, Sendable {
            /// Bytes of a row; they divide those of an image.
            public let rowBytes: Int
            /// Bytes of a pixel; they divide those of a row.
            public let pixelBytes: Int

            /// For example 192 and 3 for rows of 64 RGB pixels.
            public init(rowBytes: Int, pixelBytes: Int) {
                self.rowBytes = rowBytes
                self.pixelBytes = pixelBytes
            }

            /// Rows of RGB pixels; the given topologies take images with rows of 64.
            public static func rgb(width: Int) -> Mirror { Mirror(rowBytes: 3 * width, pixelBytes: 3) }

            /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` if an image of so many bytes has no such rows.
            func check(inputs: Int) throws(NNError) {
                try NNError.check(rowBytes, .mirrorRow, dividing: inputs)
                try NNError.check(pixelBytes, .mirrorPixel, dividing: rowBytes)
            }
        }

        /// Which weights the examples had.
        public struct ExampleWeights: Equatable, Sendable {
            /// The CRC-32 of the weights as little-endian floats.
            public let crc: UInt32
            /// How the program that trained made them, by a number of its own.
            public let rule: UInt32

            /// Weights with this checksum, made by this rule.
            public init(crc: UInt32, rule: UInt32) {
                self.crc = crc
                self.rule = rule
            }
        }

        /// What a program knows that trained elsewhere; ``Network/init(topology:parameters:classNames:origin:takesOwnContrastOff:expectation:)``
        /// writes it into the model. The options, such as ``isCentered``, are set afterwards.
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
    init?(_ opened: UnsafePointer<nnk_model>) {
        let model = unsafe opened.pointee
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
        let options = unsafe model.options
        var record = nnk_training_record()
        _ = unsafe nnk_model_record(opened, &record)
        isCentered = options & NNK_OPTION_CENTERED != 0
        if options & NNK_OPTION_MIRRORED != 0 { mirror = Mirror(record.mirror) }
        if options & NNK_OPTION_DECAY != 0 { weightDecay = record.weight_decay }
        if options & NNK_OPTION_WEIGHTS != 0 {
            exampleWeights = ExampleWeights(crc: record.weights_crc, rule: record.weights_rule)
        }
        if options & NNK_OPTION_START != 0 { startCRC = record.start_crc }
        if options & NNK_OPTION_KEEP_BEST != 0 { keptIteration = Int(record.kept_iteration) }
        if unsafe model.shards > 0 { virtualShards = unsafe Int(model.shards) }
    }

    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` if a number does not fit its field.
    func fill(
        _ model: inout nnk_model, _ record: inout nnk_training_record, inputs: Int
    ) throws(NNError) {
        try NNError.check(iterations, .iterations, 0...Int(UInt32.max))
        try NNError.check(examples, .examples, 0...Int(UInt32.max))
        try NNError.check(positive: learningRate, .learningRate)
        unsafe model.method = method.code
        unsafe model.initializer = initializer.code
        unsafe model.seed = seed
        unsafe model.iterations = UInt32(iterations)
        unsafe model.learning_rate = learningRate
        unsafe model.examples = UInt32(examples)
        unsafe model.data_crc = dataCRC
        if let virtualShards {
            try NNError.check(virtualShards: virtualShards)
            if method != .primal { throw .notWithShards(.method) }
            unsafe model.shards = UInt32(virtualShards)
        }
        unsafe model.options |= try options(&record, inputs: inputs)
    }

    /// The options, and what belongs to them.
    private func options(_ record: inout nnk_training_record, inputs: Int) throws(NNError) -> Int32 {
        var options = isCentered ? NNK_OPTION_CENTERED : 0
        if let mirror {
            try mirror.check(inputs: inputs)
            options |= NNK_OPTION_MIRRORED
            record.mirror = nnk_mirror(mirror)
        }
        if let weightDecay {
            try NNError.check(positive: weightDecay, .weightDecay)
            options |= NNK_OPTION_DECAY
            record.weight_decay = weightDecay
        }
        if let exampleWeights {
            options |= NNK_OPTION_WEIGHTS
            record.weights_crc = exampleWeights.crc
            record.weights_rule = exampleWeights.rule
        }
        if let startCRC {
            options |= NNK_OPTION_START
            record.start_crc = startCRC
        }
        if let keptIteration {
            try NNError.check(keptIteration, .keptIteration, 0...iterations)
            options |= NNK_OPTION_KEEP_BEST
            record.kept_iteration = UInt32(keptIteration)
        }
        return options
    }
}

extension NNError {
    /// Throws ``invalidOption(name:value:allowed:)`` unless the value is a divisor of `total`.
    fileprivate static func check(_ value: Int, _ name: Option, dividing total: Int) throws(NNError) {
        guard value > 0, total % value == 0 else {
            throw .invalidOption(name: name, value: Double(value), allowed: 1...Double(total))
        }
    }
}
