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
        let start = try Start(bytes)
        guard bytes.count >= start.byteCount else { throw .invalidModel(.truncated) }
        guard bytes.count == start.byteCount else { throw .invalidModel(.wrongSize) }
        let payloadCRC = unsafe bytes.withUnsafeBytes { unsafe nnk_model_payload_crc($0.baseAddress) }
        guard crc32(bytes[Place.payload...]) == payloadCRC else {
            throw .invalidModel(.damagedWeights)
        }
        self.bytes = bytes
        (options, examples, sharesGram) = (start.options, start.examples, start.sharesGram)
        (dataCRC, startCRC) = (start.dataCRC, start.startCRC)
        iteration = Int(Self.number(at: Place.iteration, of: bytes))
        weightsCRC = start.hasWeights ? Self.number(at: Place.weightsCRC, of: bytes) : nil
    }

    /// How many of the first bytes say of which run it is.
    public static let startBytes = Place.state

    /// How many bytes a checkpoint has that begins with these.
    ///
    /// - Parameter start: ``startBytes`` bytes or more.
    /// - Throws: ``NNError/invalidModel(_:)``.
    public static func byteCount(start: [UInt8]) throws(NNError) -> Int { try Start(start).byteCount }

    /// Where numbers lie (docs/FORMAT.md).
    fileprivate enum Place {
        static let payloadBytes = 32
        static let payload = Int(NNK_HEADER_BYTES)
        /// Behind the numbers of the job.
        static let state = Int(NNK_CHECKPOINT_START_BYTES)
        /// Behind the phase and its item.
        static let iteration = state + 8
        static let weightsCRC = state + 28
    }

    /// - Precondition: there are 4 bytes.
    fileprivate static func number(at place: Int, of bytes: [UInt8]) -> UInt32 {
        bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// What the first bytes of a checkpoint say: all that does not change while the run goes on.
private struct Start {
    let options: TrainingOptions
    let examples: Int
    let dataCRC, startCRC: UInt32?
    let sharesGram, hasWeights: Bool
    let byteCount: Int

    /// The one place that says which of them a checkpoint can have.
    init(_ bytes: [UInt8]) throws(NNError) {
        guard bytes.count >= Checkpoint.Place.state else { throw .invalidModel(.truncated) }
        var numbers = nnk_job_numbers()
        var crc: UInt32 = 0
        try NNError.check(
            unsafe bytes.withUnsafeBytes { unsafe nnk_checkpoint_peek($0.baseAddress, &numbers, &crc) })
        let hasOption = { (option: Int32) in Int32(bitPattern: numbers.options) & option != 0 }
        options = try TrainingOptions(numbers)
        examples = Int(numbers.examples)
        dataCRC = crc == 0 ? nil : crc
        startCRC = hasOption(NNK_OPTION_START) ? numbers.start_crc : nil
        hasWeights = hasOption(NNK_OPTION_WEIGHTS)
        sharesGram = numbers.options & ~UInt32(NNK_OPTIONS - NNK_OPTION_JUDGED) != 0
        // Checksums can be right where numbers are not.
        do { try options.check(examples: examples) } catch { throw .invalidModel(.damagedHeader) }
        byteCount = unsafe options.withJob(examples: examples) { [sharesGram] job in
            var job = unsafe job.pointee
            // Only whether there is one counts.
            unsafe job.gram = sharesGram ? UnsafeRawPointer(bitPattern: 64) : nil
            return unsafe nnk_checkpoint_bytes(&job)
        }
        let payload = Int(Checkpoint.number(at: Checkpoint.Place.payloadBytes, of: bytes))
        guard byteCount == Checkpoint.Place.payload + payload else { throw .invalidModel(.wrongSize) }
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
