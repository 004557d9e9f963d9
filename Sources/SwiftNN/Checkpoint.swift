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
        guard bytes.count >= Place.state else { throw .invalidModel(.truncated) }
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
        let payloadCRC = unsafe bytes.withUnsafeBytes { unsafe nnk_model_payload_crc($0.baseAddress) }
        guard crc32(bytes[Place.payload...]) == payloadCRC else {
            throw .invalidModel(.damagedWeights)
        }
        // What TrainingOptions does not have: it would be lost.
        guard numbers.options == 0, numbers.start_crc == 0, numbers.weight_decay == 0,
            numbers.mirror.row_bytes == 0
        else { throw .invalidModel(.otherKind) }
        iteration = Int(Self.number(at: Place.iteration, of: bytes))
    }

    /// Where numbers lie (docs/FORMAT.md).
    private enum Place {
        static let payload = Int(NNK_HEADER_BYTES)
        /// Behind the numbers of the job.
        static let state = Int(NNK_CHECKPOINT_START_BYTES)
        /// Behind the phase and its item.
        static let iteration = state + 8
    }

    /// - Precondition: there are 4 bytes.
    private static func number(at place: Int, of bytes: [UInt8]) -> UInt32 {
        bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension Checkpoint {
    /// What keeps a run of these options, on so many examples, from going on from here; nil if nothing does.
    func difference(from options: TrainingOptions, examples count: Int) -> NNError.Option? {
        examples == count ? self.options.difference(from: options, examples: count) : .examples
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
