import CNNKernel

/// The Gram matrix of images, formed once, which any number of trainings by the dual method share
/// (``TrainingOptions/gram``): folds of a cross-validation, other seeds, labels, weights and options. The networks are
/// the same, to the bit, as those of trainings that form their own.
///
///     options.gram = try GramMatrix(of: examples, options: options)
///     for fold in folds { networks.append(try Network(training: fold, options: options)) }
///
/// It does not change once it is formed, so trainings on several threads can read it at once.
public final class GramMatrix: Sendable {
    private let arena: Arena
    private let images: [UInt8]
    private let imageBytes: Int
    private let formedWith: TrainingOptions

    /// Bytes of memory that it takes.
    public var byteCount: Int { arena.byteCount }

    /// Forms the Gram matrix of the images of some examples. Of the options it depends on the size of an image,
    /// ``TrainingOptions/precision``, ``TrainingOptions/mirror`` and ``TrainingOptions/usesLeastMemory``; threads share
    /// the work.
    ///
    /// - Throws: what ``Trainer/init(examples:options:)`` throws for these options.
    public convenience init(of examples: Examples, options: TrainingOptions) throws(NNError) {
        try self.init(reservedFor: examples, options: options)
        try form(examples)
    }

    /// Checks the arguments and takes the memory, which ``form(_:)`` fills. Until then it costs nothing.
    init(reservedFor examples: Examples, options: TrainingOptions) throws(NNError) {
        var options = options
        options.method = .dual
        (options.start, options.gram, options.keepsBest, options.capacity) = (nil, nil, false, nil)
        try options.check(examples: examples.count)
        try NNError.check(countOf: .bytesOfImage, examples.imageBytes, expected: options.topology.inputs)
        images = examples.images
        imageBytes = examples.imageBytes
        formedWith = options

        let bytes = unsafe options.withGramJob(examples) { unsafe nnk_train_bytes($0) }
        guard bytes > 0 else { throw .outOfMemory(bytes: .max) }
        arena = try Arena(byteCount: bytes)
    }

    /// - Precondition: the memory was reserved for these examples.
    func form(_ examples: Examples) throws(NNError) {
        let options = formedWith
        let team = try Team(
            threads: options.threads,
            scratchBytes: unsafe options.withGramJob(examples) { unsafe nnk_train_scratch_bytes($0) })
        var status = unsafe options.withGramJob(examples) {
            unsafe nnk_train_begin($0, arena.memory, arena.byteCount)
        }
        while status == NNK_OK || status == NNK_MORE {
            status = unsafe team.lead(
                helpers: { team in
                    unsafe options.withGramJob(examples) { unsafe nnk_team_shares(team, $0, arena.memory) }
                },
                work: { team in
                    unsafe options.withGramJob(examples) { unsafe nnk_team_run(team, $0, arena.memory, 64) }
                })
            if status == NNK_OK { break }
        }
        try NNError.check(status)
    }

    /// As the core takes it.
    var memory: UnsafeRawPointer { unsafe UnsafeRawPointer(arena.memory) }

    /// Calls `body` with the job that formed this matrix.
    /// - Precondition: it was formed of these examples.
    func withJob<Result>(_ examples: Examples, _ body: (UnsafePointer<nnk_job>) -> Result) -> Result {
        unsafe formedWith.withGramJob(examples, body)
    }

    /// In what a training on these examples needs another one; nil: in nothing.
    func difference(from options: TrainingOptions, _ examples: Examples) -> NNError.Option? {
        let options = options.resolved(examples: examples.count)
        if options.method != .dual { return .method }
        if options.precision != formedWith.precision { return .precision }
        if options.mirror != formedWith.mirror { return .mirror }
        if options.usesLeastMemory != formedWith.usesLeastMemory { return .usesLeastMemory }
        // The same array is not compared byte by byte.
        return examples.imageBytes == imageBytes && examples.images == images ? nil : .examples
    }
}

extension GramMatrix: Equatable {
    /// Whether both are the same matrix in memory.
    public static func == (a: GramMatrix, b: GramMatrix) -> Bool { a === b }
}

extension TrainingOptions {
    /// The job that forms the Gram matrix of the images.
    /// - Precondition: the options are checked.
    fileprivate func withGramJob<Result>(_ examples: Examples, _ body: (UnsafePointer<nnk_job>) -> Result)
        -> Result
    {
        unsafe withJob(examples) { job in
            var job = unsafe job.pointee
            unsafe job.method = nnk_method_of(usesLeastMemory ? NNK_GRAM_PACKED : NNK_GRAM)
            unsafe job.weights = nil
            return unsafe withUnsafePointer(to: job, body)
        }
    }
}
