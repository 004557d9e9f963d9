import CNNKernel

/// Two images that are nearly alike.
public struct AlikePair: Equatable, Sendable {
    /// The place of the one that comes first.
    public let first: Int
    /// The place of the other one.
    public let second: Int
    /// The root of the mean square of the differences of their bytes, 0...255.
    public let distance: Double
}

/// How much the images of some examples are alike, by their Gram matrix. With the primal method, which forms none,
/// nothing is known.
public struct Likeness: Equatable, Sendable {
    /// Whether images that follow each other are so much more alike than others that they seem to be frames taken one
    /// after another.
    public private(set) var isSequence = false
    /// The images that are nearly alike, the most alike first.
    public private(set) var alike: [AlikePair] = []

    init() {}

    /// - Parameter gram: of these examples; nil: nothing is known.
    init(of examples: Examples, _ gram: GramMatrix?) throws(NNError) {
        guard let gram else { return }
        var (mean, isSequence, alike) = (nnk_likeness(), false, [AlikePair]())
        let status = unsafe gram.withJob(examples) { job in
            let status = unsafe nnk_measure_likeness(job, gram.memory, &mean)
            isSequence = unsafe nnk_is_sequence(&mean) == 1
            for first in 0..<examples.count where status == NNK_OK {
                for second in first + 1..<examples.count {
                    let distance = unsafe nnk_image_distance(job, gram.memory, UInt32(first), UInt32(second))
                    if unsafe nnk_nearly_alike(&mean, distance) == 1 {
                        alike.append(AlikePair(first: first, second: second, distance: distance))
                    }
                }
            }
            return status
        }
        try NNError.check(status)
        self.isSequence = isSequence
        self.alike = alike.sorted { ($0.distance, $0.first, $0.second) < ($1.distance, $1.first, $1.second) }
    }
}
