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
}
