/// Labelled images of 64 x 64 pixels, and the names of the two classes.
public struct DataSet: Sendable, Equatable {
    /// Width and height of an image in pixels. A pixel is three bytes: red, green, blue.
    public static let side = 64
    /// Bytes of one image: 64 rows of 64 pixels, each R G B.
    public static let imageBytes = side * side * 3

    /// `count` images of ``imageBytes`` bytes, one after the other.
    public let images: [UInt8]
    /// One label per image, 0 or 1.
    public let labels: [UInt8]
    /// The names of class 0 and class 1.
    public let classes: [String]
    /// One file name per image; nil where they are not known.
    public let names: [String]?

    /// The number of examples.
    public var count: Int { labels.count }

    /// - Precondition: `images` holds ``imageBytes`` bytes per label; labels are 0 or 1; there are two classes; there
    ///   are as many names as labels, or none.
    public init(images: [UInt8], labels: [UInt8], classes: [String], names: [String]? = nil) {
        precondition(images.count == labels.count * Self.imageBytes)
        precondition(labels.allSatisfy { $0 <= 1 })
        precondition(classes.count == 2)
        precondition(names == nil || names?.count == labels.count)
        self.images = images
        self.labels = labels
        self.classes = classes
        self.names = names
    }

    /// How messages call an image: by its file name, or by its number, as in "#17".
    /// - Precondition: `index` is 0 ..< ``count``.
    public func name(_ index: Int) -> String { names?[index] ?? "#\(index)" }

    /// The bytes of one image.
    /// - Precondition: `index` is 0 ..< ``count``.
    public func image(_ index: Int) -> ArraySlice<UInt8> {
        images[index * Self.imageBytes..<(index + 1) * Self.imageBytes]
    }
}

/// What a data set is for. The raw value is the first part of the names of its arrays in a file.
public enum DataSetRole: String, Sendable {
    case train = "train"
    case test = "test"
}
