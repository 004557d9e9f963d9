import CNNKernel

/// A run between two steps: all that it takes to go on with it (docs/FORMAT.md).
///
/// There is no way to have a damaged one: its bytes are checked when it is made of them.
public struct Checkpoint: Equatable, Sendable {
    /// The file's bytes.
    public let bytes: [UInt8]
    /// How the run was begun; ``TrainingOptions/threads`` and what it was begun with besides
    /// (``TrainingOptions/start``, ``TrainingOptions/gram``) are not part of it.
    public let options: TrainingOptions
    /// How many examples it is on.
    public let examples: Int
    /// Gradient steps done.
    public let iteration: Int
    /// The CRC-32 of its labels, then its images: ``Examples/crc``. nil if it was not known yet.
    public let dataCRC: UInt32?
    /// The CRC-32 of the weights of its examples: ``Examples/weightsCRC``. nil if all are 1.
    public let weightsCRC: UInt32?
    /// The CRC-32 of the model that the run started from: ``Network/payloadCRC``. nil: weights were drawn.
    public let startCRC: UInt32?
    /// Whether the run shares a Gram matrix (``TrainingOptions/gram``), which is not part of the file.
    public let sharesGram: Bool

    /// Checks the bytes of a checkpoint.
    /// - Throws: ``NNError/invalidModel(_:)``.
    public init(bytes: [UInt8]) throws(NNError) {
        guard bytes.count >= Place.state else { throw .invalidModel(.truncated) }
        var numbers = nnk_job_numbers()
        var crc: UInt32 = 0
        try NNError.check(
            unsafe bytes.withUnsafeBytes { unsafe nnk_checkpoint_peek($0.baseAddress, &numbers, &crc) })
        options = try TrainingOptions(numbers)
        examples = Int(numbers.examples)
        dataCRC = crc == 0 ? nil : crc
        let sharesGram = numbers.options & ~UInt32(NNK_OPTIONS - NNK_OPTION_JUDGED) != 0
        self.sharesGram = sharesGram
        self.bytes = bytes

        let count = Place.payload + Int(Self.number(at: Place.payloadBytes, of: bytes))
        guard bytes.count >= count else { throw .invalidModel(.truncated) }
        guard bytes.count == count else { throw .invalidModel(.wrongSize) }
        let payloadCRC = unsafe bytes.withUnsafeBytes { unsafe nnk_model_payload_crc($0.baseAddress) }
        guard crc32(bytes[Place.payload...]) == payloadCRC else {
            throw .invalidModel(.damagedWeights)
        }
        // The options are a part of the payload.
        do { try options.check(examples: examples) } catch { throw .invalidModel(.damagedHeader) }
        let needed = unsafe options.withJob(examples: examples) { job in
            var job = unsafe job.pointee
            // Only whether there is one counts.
            unsafe job.gram = sharesGram ? UnsafeRawPointer(bitPattern: 64) : nil
            return unsafe nnk_checkpoint_bytes(&job)
        }
        guard count == needed else { throw .invalidModel(.wrongSize) }
        iteration = Int(Self.number(at: Place.iteration, of: bytes))
        let hasOption = { (option: Int32) in Int32(bitPattern: numbers.options) & option != 0 }
        weightsCRC = hasOption(NNK_OPTION_WEIGHTS) ? Self.number(at: Place.weightsCRC, of: bytes) : nil
        startCRC = hasOption(NNK_OPTION_START) ? numbers.start_crc : nil
    }

    /// Where numbers lie (docs/FORMAT.md).
    private enum Place {
        static let payloadBytes = 32
        static let payload = Int(NNK_HEADER_BYTES)
        /// Behind the numbers of the job.
        static let state = Int(NNK_CHECKPOINT_START_BYTES)
        /// Behind the phase and its item.
        static let iteration = state + 8
        static let weightsCRC = state + 28
    }

    /// - Precondition: there are 4 bytes.
    private static func number(at place: Int, of bytes: [UInt8]) -> UInt32 {
        bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension Checkpoint {
    /// What keeps a run of these options, on so many examples, from going on from here; nil if nothing does.
    func difference(from options: TrainingOptions, examples count: Int) -> NNError.Option? {
        guard examples == count else { return .examples }
        if let option = self.options.difference(from: options, examples: count) { return option }
        if startCRC != options.start?.payloadCRC { return .start }
        return sharesGram == (options.gram != nil) ? nil : .gram
    }
}

extension Examples {
    /// The CRC-32 of the labels, then the images, as models and checkpoints store it.
    public var crc: UInt32 { crc32(images[...], after: crc32(labels[...])) }

    /// The CRC-32 of the weights as little-endian floats, as models and checkpoints store it. nil if all are 1.
    public var weightsCRC: UInt32? {
        weights.map { weights in
            let bytes = weights.flatMap { weight in
                (0..<4).map { UInt8(truncatingIfNeeded: weight.bitPattern >> (8 * $0)) }
            }
            return crc32(bytes[...])
        }
    }
}

/// CRC-32 as in zlib and PNG, of these bytes behind others of which it is `crc`.
private func crc32(_ bytes: ArraySlice<UInt8>, after crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe nnk_crc32(crc, $0.baseAddress, $0.count) }
}
