import CNNKernel

/// A run between two steps: all that it takes to go on with it (docs/FORMAT.md).
///
/// There is no way to have a damaged one: its bytes are checked when it is made of them.
public struct Checkpoint: Equatable, Sendable {
    /// The file's bytes.
    public let bytes: [UInt8]
    /// How the run was begun; ``TrainingOptions/threads`` is not part of it.
    public let options: TrainingOptions
    /// How many examples it is on.
    public let examples: Int
    /// Gradient steps done.
    public let iteration: Int
    /// The CRC-32 of its labels, then its images: ``Examples/crc``. nil if it was not known yet.
    public let dataCRC: UInt32?

    /// Checks the bytes of a checkpoint.
    /// - Throws: ``NNError/invalidModel(_:)``.
    public init(bytes: [UInt8]) throws(NNError) {
        guard bytes.count >= Place.payload + 4 else { throw .invalidModel(.truncated) }
        var numbers = nnk_job_numbers()
        var crc: UInt32 = 0
        try NNError.check(
            unsafe bytes.withUnsafeBytes { unsafe nnk_checkpoint_peek($0.baseAddress, &numbers, &crc) })
        options = try TrainingOptions(numbers)
        examples = Int(numbers.examples)
        dataCRC = crc == 0 ? nil : crc
        self.bytes = bytes

        do { try options.check(examples: examples) } catch { throw .invalidModel(.damagedHeader) }
        let count = unsafe options.withJob(examples: examples) { unsafe nnk_checkpoint_bytes($0) }
        guard bytes.count >= count else { throw .invalidModel(.truncated) }
        guard bytes.count == count else { throw .invalidModel(.wrongSize) }
        guard crc32(bytes[Place.payload...]) == Self.number(at: Place.payloadCRC, of: bytes) else {
            throw .invalidModel(.damagedWeights)
        }
        iteration = Int(Self.number(at: Place.iteration, of: bytes))
    }

    /// Where numbers lie (docs/FORMAT.md).
    private enum Place {
        static let payloadCRC = 36
        static let payload = Int(NNK_HEADER_BYTES)
        /// Behind 28 bytes of the job's numbers, the phase and its item.
        static let iteration = payload + 36
    }

    /// - Precondition: there are 4 bytes.
    private static func number(at place: Int, of bytes: [UInt8]) -> UInt32 {
        bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension TrainingOptions {
    /// The options of a checkpoint's header.
    fileprivate init(_ numbers: nnk_job_numbers) throws(NNError) {
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
    }
}

extension Examples {
    /// The CRC-32 of the labels, then the images, as models and checkpoints store it.
    public var crc: UInt32 { crc32(images[...], after: crc32(labels[...])) }
}

/// CRC-32 as in zlib and PNG, of these bytes behind others of which it is `crc`.
private func crc32(_ bytes: ArraySlice<UInt8>, after crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe nnk_crc32(crc, $0.baseAddress, $0.count) }
}
