import CNNKernel

/// Images and their labels, to train on or to evaluate with.
public struct Examples: Sendable {
    /// All images, one after the other.
    public let images: [UInt8]
    /// One label per image, 0 or 1.
    public let labels: [UInt8]
    /// Bytes of one image.
    public let imageBytes: Int
    /// The names of class 0 and class 1; two empty strings if they have none. Of longer names, the whole characters
    /// of the first 31 bytes of UTF-8 become part of a model.
    public let classNames: [String]
    /// One weight per example, 0 or more; nil: all are 1. The cost is the weighted mean. An example of weight 0 is held
    /// out: it teaches nothing, and ``Trainer/Cost/heldOut`` watches it. Only training goes by the weights.
    public private(set) var weights: [Float]?
    /// How a program made the weights, by a number of its own; a model keeps it. 0: not known.
    public private(set) var weightsRule: UInt32 = 0

    /// How many examples there are, 1 or more.
    public var count: Int { labels.count }

    /// Examples of two classes.
    ///
    /// - Parameters:
    ///   - images: all images, one after the other, `imageBytes` bytes for each label.
    ///   - labels: one per image, 0 or 1; one at least.
    ///   - imageBytes: bytes of one image, 1...65535; 12288 for 64 x 64 pixels, R G B, row by row.
    ///   - classNames: the names of class 0 and class 1.
    ///
    /// - Throws: ``NNError/wrongCount(of:expected:found:)``, ``NNError/invalidLabel(_:example:)``,
    ///   ``NNError/invalidOption(name:value:allowed:)`` for an impossible `imageBytes`.
    public init(
        images: [UInt8], labels: [UInt8], imageBytes: Int = Topology.deep.inputs,
        classNames: [String] = ["", ""]
    ) throws(NNError) {
        try NNError.check(imageBytes, .inputs, 1...Int(NNK_MAX_INPUTS))
        guard !labels.isEmpty else { throw .wrongCount(of: .labels, expected: 1, found: 0) }
        try NNError.check(countOf: .bytesOfImages, images.count, expected: imageBytes * labels.count)
        try NNError.check(countOf: .classNames, classNames.count, expected: 2)
        if let example = labels.firstIndex(where: { $0 > 1 }) {
            throw .invalidLabel(labels[example], example: example)
        }
        self.images = images
        self.labels = labels
        self.imageBytes = imageBytes
        self.classNames = classNames
    }

    /// The same examples with other weights, and without a copy of the images. So a fold of a cross-validation is
    ///
    ///     let fold = try examples.weighted(by: (0..<examples.count).map { $0 % 5 == 0 ? 0 : 1 })
    ///
    /// - Parameters:
    ///   - weights: one per example, finite, 0 or more. Each class that has examples keeps one that is not held out.
    ///   - rule: ``weightsRule``.
    /// - Throws: ``NNError/wrongCount(of:expected:found:)``, ``NNError/invalidWeight(_:example:)``,
    ///   ``NNError/heldOutClass(_:)``.
    public func weighted(by weights: [Float], rule: UInt32 = 0) throws(NNError) -> Examples {
        try NNError.check(countOf: .exampleWeights, weights.count, expected: count)
        if let example = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw .invalidWeight(weights[example], example: example)
        }
        for label in Set(labels).sorted()
        where zip(weights, labels).allSatisfy({ $0 == 0 || $1 != label }) {
            throw .heldOutClass(Int(label))
        }
        var examples = self
        examples.weights = weights
        examples.weightsRule = rule
        return examples
    }

    /// The same examples; all weights are 1.
    public var unweighted: Examples {
        var examples = self
        (examples.weights, examples.weightsRule) = (nil, 0)
        return examples
    }

    /// The examples of weight 0, ascending.
    public var heldOut: [Int] { weights.map { weights in weights.indices.filter { weights[$0] == 0 } } ?? [] }
}
