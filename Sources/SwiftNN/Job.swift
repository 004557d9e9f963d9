import CNNKernel
import NNText

// A run as the C core knows it.

extension TrainingOptions {
    /// The core's view of a run on `examples`, valid within `body`.
    /// - Precondition: the options are checked.
    func withJob<Result>(_ examples: Examples, _ body: (UnsafePointer<nnk_job>) -> Result) -> Result {
        unsafe examples.images.withUnsafeBufferPointer { images in
            unsafe examples.labels.withUnsafeBufferPointer { labels in
                unsafe examples.classNames[0].withTruncatedCString { name0 in
                    unsafe examples.classNames[1].withTruncatedCString { name1 in
                        unsafe withJob(examples: examples.count) { job in
                            var job = unsafe job.pointee
                            unsafe job.images.images = images.baseAddress
                            unsafe job.labels = labels.baseAddress
                            unsafe job.class_names = (name0, name1)
                            unsafe job.weights_rule = examples.weightsRule
                            return unsafe examples.weights.withPointer { weights in
                                unsafe job.weights = weights
                                return unsafe withUnsafePointer(to: job, body)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The options as the core takes them, without data.
    /// - Precondition: the options are checked.
    func withJob<Result>(examples: Int, _ body: (UnsafePointer<nnk_job>) -> Result) -> Result {
        let method =
            switch method ?? chosenMethod(examples: examples) {
            case .primal: NNK_PRIMAL
            case .dual: usesLeastMemory || capacity != nil ? NNK_DUAL : NNK_DUAL_WIDE
            }
        return unsafe withUnsafePointer(to: topology.table) { table in
            var job = unsafe nnk_job()
            unsafe job.topology = table
            unsafe job.arithmetic = precision.kernels
            unsafe job.method = nnk_method_of(method)
            unsafe job.initializer = initializer?.code ?? NNK_INIT_DEFAULT
            unsafe job.seed = seed
            unsafe job.iterations = UInt32(iterations)
            unsafe job.cost_every = UInt32(costEvery)
            unsafe job.examples = UInt32(examples)
            unsafe job.learning_rate = learningRate
            unsafe job.center = centersImages
            unsafe job.own_contrast = takesOwnContrastOff
            unsafe job.mirror = nnk_mirror(mirror)
            unsafe job.weight_decay = weightDecay
            unsafe job.keep_best = keepsBest
            unsafe job.capacity = UInt32(capacity ?? 0)
            unsafe job.gram = gram?.memory
            unsafe job.shards = UInt32(virtualShards ?? 0)
            return unsafe withStart { start in
                unsafe job.start = start
                // A job that keeps the best has weights. Sizes do not depend on them.
                let weights: [Float]? = keepsBest ? [1] : nil
                return unsafe weights.withPointer { weights in
                    unsafe job.weights = weights
                    return unsafe body(&job)
                }
            }
        }
    }

    /// The model to start from, valid within `body`; NULL if there is none.
    private func withStart<Result>(_ body: (UnsafePointer<nnk_model>?) -> Result) -> Result {
        guard let start else { return body(nil) }
        return unsafe start.view.withModel { model, _ in
            var model = unsafe model.pointee
            unsafe model.payload_crc = start.payloadCRC
            return unsafe withUnsafePointer(to: model) { unsafe body($0) }
        }
    }
}

extension TrainingOptions {
    /// The options of a checkpoint's header.
    /// - Throws: ``ModelDefect/otherKind`` for numbers of a type that nothing is trained in.
    init(_ numbers: nnk_job_numbers) throws(NNError) {
        self.init()
        guard let precision = Precision(code: numbers.dtype) else { throw .invalidModel(.otherKind) }
        topology = Topology(table: numbers.topology)
        self.precision = precision
        method = numbers.method == NNK_PRIMAL ? .primal : .dual
        usesLeastMemory = numbers.method == NNK_DUAL
        initializer = Initializer(code: numbers.initializer)
        seed = numbers.seed
        iterations = Int(numbers.iterations)
        learningRate = numbers.learning_rate
        costEvery = Int(numbers.cost_every)
        let options = Int32(bitPattern: numbers.options)
        centersImages = options & NNK_OPTION_CENTERED != 0
        takesOwnContrastOff = options & NNK_OPTION_OWN_CONTRAST != 0
        mirror = Mirror(numbers.mirror)
        weightDecay = numbers.weight_decay
        capacity = numbers.capacity == 0 ? nil : Int(numbers.capacity)
        keepsBest = options & NNK_OPTION_KEEP_BEST != 0
        virtualShards = numbers.shards == 0 ? nil : Int(numbers.shards)
    }
}

extension nnk_mirror {
    init(_ mirror: TrainingOptions.Mirror?) {
        self.init(
            row_bytes: UInt32(mirror?.rowBytes ?? 0), pixel_bytes: UInt32(mirror?.pixelBytes ?? 0))
    }
}

extension Network.Origin.Mirror {
    /// nil for zeros: no mirror images
    init?(_ mirror: nnk_mirror) {
        guard mirror.row_bytes > 0 else { return nil }
        self.init(rowBytes: Int(mirror.row_bytes), pixelBytes: Int(mirror.pixel_bytes))
    }
}

extension [Float]? {
    /// The numbers as the core takes them, valid within `body`; NULL for nil.
    fileprivate func withPointer<Result>(_ body: (UnsafePointer<Float>?) -> Result) -> Result {
        guard let self else { return body(nil) }
        return unsafe self.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}

extension String {
    /// As many whole characters as fit a class name of a model, as a C string.
    func withTruncatedCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe ClassName.kept(self).withCString(body)
    }
}
