/// A data set whose images come one part after another, so that a large one takes little memory.
package struct DataSetStream {
    package let labels: [UInt8]
    /// The names of class 0 and class 1.
    package let classes: [String]

    package typealias Reader = (_ take: ([UInt8]) throws(FileError) -> Void) throws(FileError) -> Void
    /// Hands over the bytes of all images in order, in parts that may end within an image.
    package let forEachPart: Reader

    /// The number of examples.
    package var count: Int { labels.count }

    package init(labels: [UInt8], classes: [String], forEachPart: @escaping Reader) {
        self.labels = labels
        self.classes = classes
        self.forEachPart = forEachPart
    }

    /// The images of a set that is in memory.
    package init(_ data: DataSet) {
        self.init(labels: data.labels, classes: data.classes) { take throws(FileError) in
            for index in 0..<data.count { try take(Array(data.image(index))) }
        }
    }
}
