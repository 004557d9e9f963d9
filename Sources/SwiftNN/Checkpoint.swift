#if !hasFeature(Embedded)
    import CNNKernel

    /// What the start of a checkpoint says: which run it is of.
    public struct Checkpoint: Equatable, Sendable {
        /// How the run was begun; ``TrainingOptions/threads`` is not part of it.
        public let options: TrainingOptions
        /// Examples of its data set.
        public let examples: Int
        /// The CRC-32 of its labels, then its images; nil if that was not known yet.
        public let dataCRC: UInt32?

        /// Throws ``NNError/invalidModel(_:)`` unless the bytes begin as those of a checkpoint.
        public init(bytes: [UInt8]) throws(NNError) {
            guard bytes.count >= Int(NNK_HEADER_BYTES) + 4 else { throw .invalidModel(.truncated) }
            var numbers = nnk_job_numbers()
            var crc: UInt32 = 0
            try NNError.check(bytes.withUnsafeBytes { nnk_checkpoint_peek($0.baseAddress, &numbers, &crc) })
            var options = TrainingOptions()
            guard let precision = Precision(rawValue: numbers.dtype) else { throw .invalidModel(.otherKind) }
            options.topology = Topology(table: numbers.topology)
            options.precision = precision
            options.method = numbers.method == NNK_PRIMAL ? .primal : .dual
            options.packed = numbers.method == NNK_DUAL
            options.initializer = Initializer(rawValue: numbers.initializer)
            options.seed = numbers.seed
            options.iterations = Int(numbers.iterations)
            options.learningRate = numbers.learning_rate
            options.costEvery = Int(numbers.cost_every)
            self.options = options
            examples = Int(numbers.examples)
            dataCRC = crc == 0 ? nil : crc
        }
    }

    extension Examples {
        /// The CRC-32 of the labels, then the images, as models and checkpoints have it.
        public var crc: UInt32 {
            images.withUnsafeBytes { images in
                labels.withUnsafeBytes { labels in
                    nnk_crc32(
                        nnk_crc32(0, labels.baseAddress, labels.count), images.baseAddress, images.count)
                }
            }
        }
    }

    /// The reader whose context points to the file's bytes.
    func copyFromMemory(
        context: UnsafeMutableRawPointer?, offset: UInt32, count: UInt32, out: UnsafeMutablePointer<UInt8>?
    ) -> nnk_status {
        guard let file = context?.load(as: UnsafeRawBufferPointer.self), let out,
            Int(offset) + Int(count) <= file.count
        else { return NNK_E_SOURCE }
        UnsafeMutableRawPointer(out).copyMemory(from: file.baseAddress! + Int(offset), byteCount: Int(count))
        return NNK_OK
    }
#endif
