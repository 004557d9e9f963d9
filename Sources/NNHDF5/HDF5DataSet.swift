import CHDF5Reader
import NNData

extension DataSet {
    /// Reads an HDF5 file that holds a training set, a test set, or both:
    /// - `train_set_x` or `test_set_x`, shape (m, 64, 64, 3): whole numbers 0 to 255, integers or floating-point
    /// - `train_set_y` or `test_set_y`, shape (m), (1, m) or (m, 1): 0 or 1, integers, floating-point or bool
    /// - `list_classes`, shape (2), strings; without it, the classes are "0" and "1"
    /// - `train_set_names` or `test_set_names`, shape (m), strings, if the file has it: names of the images
    ///
    /// The data may be compact, contiguous or chunked; chunks may be shuffled, packed by gzip or szip, and have a
    /// checksum. The file is not trusted: links, external and virtual storage and other filters are refused, no plugin
    /// is loaded, sizes are checked before memory is taken, and libhdf5 reads it in a process of its own, which has
    /// little memory and time. Other threads of the program should not use libhdf5 while this process starts.
    ///
    /// - Parameters:
    ///   - role: which set to read where the file has both. Where it has one, that is read.
    ///   - images: the name of the images where it is another, with the names of its groups, as in "photos/x".
    ///   - labels: the name of the labels. Both names are given, or none.
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails,
    ///   `badData` when its content is wrong.
    public init(
        hdf5 path: String, role: DataSetRole? = nil, images: String? = nil, labels: String? = nil
    ) throws(FileError) {
        self = try HDF5DataSet(path, role: role, images: images, labels: labels).read()
    }
}

/// A data set in a file, of which the images are read when they are asked for.
package struct HDF5DataSet {
    /// Whether the file has a training set and a test set, and `role` chose.
    package let wasChosen: Bool

    private let file: DataSetFile
    private let images: String
    private let labels: String
    /// The name of the images' names; nil where the caller has named the arrays.
    private let names: String?

    package init(_ path: String, role: DataSetRole?, images: String?, labels: String?) throws(FileError) {
        precondition((images == nil) == (labels == nil), "images and labels are both named, or neither")
        file = DataSetFile(try HDF5Reader(path))
        if let images, let labels {
            (self.images, self.labels, names) = (normalized(images), normalized(labels), nil)
            wasChosen = false
        } else {
            let (found, wasChosen) = try file.role(role)
            (self.images, self.labels, names) = ("\(found)_set_x", "\(found)_set_y", "\(found)_set_names")
            self.wasChosen = wasChosen
        }
    }

    package func read() throws(FileError) -> DataSet {
        try file.read(images: images, labels: labels, names: names)
    }

    /// The same, with images that are read part by part.
    package func stream() throws(FileError) -> DataSetStream {
        try file.stream(images: images, labels: labels)
    }

    /// The classes and the labels. No image is read.
    package func readLabels() throws(FileError) -> (classes: [String], labels: [UInt8]) {
        let table = try file.table(images: images, labels: labels)
        return (table.classes, table.labels)
    }
}

/// The path without what HDF5 ignores in it.
private func normalized(_ name: String) -> String {
    name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
}

/// A file that should hold a data set.
struct DataSetFile {
    /// 12 GB of pixels: more than the trainers can take, and small enough that no product overflows.
    static let largestCount: UInt64 = 1_000_000
    static let longestClassName = 256
    static let longestImageName = 1024
    /// Bytes of a string of fixed length, filled or not.
    static let longestString: UInt64 = 1 << 20

    let reader: HDF5Reader

    init(_ reader: HDF5Reader) { self.reader = reader }

    private var source: HDF5Source { reader.source }

    /// The set to read, and whether there are two.
    func role(_ wanted: DataSetRole?) throws(FileError) -> (String, wasChosen: Bool) {
        let expected = "train_set_x or test_set_x"
        switch (try contains("train_set_x"), try contains("test_set_x")) {
        case (true, false): return ("train", false)
        case (false, true): return ("test", false)
        case (true, true):
            guard let wanted else { throw source.refusal(expected, "both") }
            return (wanted.rawValue, true)
        case (false, false):
            throw source.refusal(expected, try HDF5Contents(reader).text(without: "neither"))
        }
    }

    func read(images: String, labels: String, names: String?) throws(FileError) -> DataSet {
        let (pixels, labels, classes) = try table(images: images, labels: labels)
        let names: [String]? =
            if let names, try contains(names) { try imageNames(names, count: pixels.shape[0]) } else { nil }
        return DataSet(images: try bytes(of: pixels), labels: labels, classes: classes, names: names)
    }

    func stream(images: String, labels: String) throws(FileError) -> DataSetStream {
        let (pixels, labels, classes) = try table(images: images, labels: labels)
        return DataSetStream(labels: labels, classes: classes) { take throws(FileError) in
            try forEachPart(of: pixels, take)
        }
    }

    /// All but what takes much memory: the pixels, which are checked but not read, and the names of images.
    func table(
        images: String, labels: String
    ) throws(FileError) -> (pixels: HDF5Array, labels: [UInt8], classes: [String]) {
        let pixels = try array(images)
        try checkPixels(pixels)
        let labels = try self.labels(labels, count: pixels.shape[0])
        let classes = try contains("list_classes") ? self.classes("list_classes") : ["0", "1"]
        try pixels.checkStorage()
        try pixels.checkGain(bytes: pixels.shape[0] * UInt64(DataSet.imageBytes))
        return (pixels, labels, classes)
    }

    private func contains(_ name: String) throws(FileError) -> Bool {
        try reader.describe(name).status != NN_READER_NONE.code
    }

    private func array(_ name: String) throws(FileError) -> HDF5Array {
        guard try contains(name) else {
            throw source.refusal("a data set \(name)", try HDF5Contents(reader).text(without: "none"))
        }
        return try HDF5Array(name, in: reader)
    }
}

// MARK: Images

extension DataSetFile {
    private func checkPixels(_ pixels: HDF5Array) throws(FileError) {
        let side = UInt64(DataSet.side)
        guard pixels.shape.count == 4, Array(pixels.shape.dropFirst()) == [side, side, 3] else {
            let advice = Self.advice(for: pixels.shape).map { "; \($0)" } ?? ""
            throw source.refusal("\(pixels.name) of shape (m, 64, 64, 3)", pixels.shapeText + advice)
        }
        guard pixels.shape[0] > 0 else { throw source.refusal("\(pixels.name) of at least 1 image", "0") }
        guard pixels.shape[0] <= Self.largestCount else {
            throw source.refusal(
                "\(pixels.name) of at most \(Self.largestCount) images", "\(pixels.shape[0])")
        }
        guard pixels.numberType != nil, !pixels.isEnumeration else {
            let advice = pixels.isEnumeration ? "; if they are bool, x.astype(np.uint8) * 255" : ""
            throw source.refusal("\(pixels.name) of whole numbers 0 to 255", pixels.typeText + advice)
        }
    }

    /// What makes images of an array of this shape, in numpy.
    private static func advice(for shape: [UInt64]) -> String? {
        switch shape.map({ Int(clamping: $0) }) {
        case [64, 64, 3]: "for one image, x[None]"
        case [DataSet.imageBytes, shape.count == 2 ? Int(clamping: shape[1]) : 0]:
            "if each column is an image, x.T.reshape(-1, 64, 64, 3)"
        case let sides where sides.count == 2 && sides[1] == DataSet.imageBytes:
            "if each row is an image, x.reshape(-1, 64, 64, 3)"
        case let sides where sides.count == 3 && sides[1...] == [64, 64]:
            "for grey images, np.repeat(x[..., None], 3, axis=3)"
        case let sides where sides.count == 4: adviceForFour(sides)
        default: nil
        }
    }

    private static func adviceForFour(_ sides: [Int]) -> String? {
        switch (sides[0], sides[1], sides[2], sides[3]) {
        case (_, 3, 64, 64): "channels come last: x.transpose(0, 2, 3, 1)"
        case (3, 64, 64, _):
            "images come first, channels last: x.transpose(3, 2, 1, 0), as MATLAB reverses the axes"
        case (64, 64, 3, _): "images come first: x.transpose(3, 0, 1, 2)"
        case (_, 64, 64, 1): "for grey images, np.repeat(x, 3, axis=3)"
        case (_, 64, 64, 4): "without the alpha channel, x[..., :3]"
        case (_, let height, let width, 3) where height > 1 && width > 1:
            "images are scaled to 64 x 64 by Pillow: "
                + "np.stack([Image.fromarray(i).resize((64, 64), Image.BILINEAR) for i in x])"
        default: nil
        }
    }

    private func bytes(of pixels: HDF5Array) throws(FileError) -> [UInt8] {
        let count = Int(pixels.shape[0]) * DataSet.imageBytes
        var bytes: [UInt8] = []
        guard nn_reader_can_take(count) else {
            throw source.refusal("\(count) bytes of memory for \(pixels.name)", "less")
        }
        // Memory is taken as it is written to.
        bytes.reserveCapacity(count)
        try forEachPart(of: pixels) { bytes += $0 }
        return bytes
    }

    /// Hands over the bytes of at most 64 MB of the stored numbers at a time.
    private func forEachPart(
        of pixels: HDF5Array, _ take: ([UInt8]) throws(FileError) -> Void
    ) throws(FileError) {
        var (hasOne, hasMore) = (false, false)
        func check(_ bytes: [UInt8]) throws(FileError) {
            if !hasMore {
                hasOne = hasOne || bytes.contains(1)
                hasMore = bytes.contains { $0 > 1 }
            }
            try take(bytes)
        }
        switch pixels.numberType! {
        case NN_READER_U8:
            try pixels.forEachSlice(as: NN_READER_U8, UInt8.self) { _, slice throws(FileError) in
                try check(slice)
            }
        case NN_READER_I64:
            try pixels.forEachSlice(as: NN_READER_I64, Int64.self) { first, slice throws(FileError) in
                try check(try bytes(slice, first, pixels))
            }
        case NN_READER_U64:
            try pixels.forEachSlice(as: NN_READER_U64, UInt64.self) { first, slice throws(FileError) in
                try check(try bytes(slice, first, pixels))
            }
        default:
            try pixels.forEachSlice(as: NN_READER_F64, Double.self) { first, slice throws(FileError) in
                try check(try bytes(slice, first, pixels))
            }
        }
        // Black and white, scaled to 0 and 1, or nearly black: nobody can tell. Integers that are all 0 are black.
        guard hasMore || pixels.numberType != NN_READER_F64 && !hasOne else {
            throw source.refusal(
                "\(pixels.name) of whole numbers 0 to 255", "no number above 1; \(Self.scaling)")
        }
    }

    private func bytes(_ slice: [some BinaryInteger], _ first: Int, _ pixels: HDF5Array) throws(FileError)
        -> [UInt8]
    {
        if let index = slice.firstIndex(where: { UInt8(exactly: $0) == nil }) {
            throw refusal(of: "\(slice[index])", at: first + index, in: pixels)
        }
        return slice.map { UInt8(truncatingIfNeeded: $0) }
    }

    private func bytes(_ slice: [Double], _ first: Int, _ pixels: HDF5Array) throws(FileError) -> [UInt8] {
        if let index = slice.firstIndex(where: { UInt8(exactly: $0) == nil }) {
            let range = (slice.min()!, slice.max()!)
            let advice =
                range.1 > 1
                ? "" : range.0 >= 0 ? "; \(Self.scaling)" : range.0 >= -1 ? "; \(Self.centred)" : ""
            throw refusal(of: "\(slice[index])", at: first + index, in: pixels, advice)
        }
        return slice.map { UInt8($0) }
    }

    private static let scaling = "numbers of 0 to 1 are scaled by np.rint(x * 255).astype(np.uint8)"
    private static let centred = "numbers of -1 to 1 are scaled by np.rint((x + 1) * 127.5).astype(np.uint8)"

    private func refusal(of value: String, at index: Int, in pixels: HDF5Array, _ advice: String = "")
        -> FileError
    {
        let (pixel, channel) = index.quotientAndRemainder(dividingBy: 3)
        let (row, column) = (pixel / DataSet.side % DataSet.side, pixel % DataSet.side)
        let place = [index / DataSet.imageBytes, row, column, channel].map(String.init).joined(
            separator: ", ")
        return source.refusal(
            "\(pixels.name) of whole numbers 0 to 255", "\(value) at [\(place)]\(advice)")
    }
}

// MARK: Labels

extension DataSetFile {
    private func labels(_ name: String, count: UInt64) throws(FileError) -> [UInt8] {
        let stored = try array(name)
        guard stored.isList(of: count) else {
            let advice = stored.shape == [count, 2] ? "; if they are one-hot, y.argmax(axis=1)" : ""
            throw source.refusal(
                "\(name) of shape (\(count)), one label per image", stored.shapeText + advice)
        }
        guard let type = stored.numberType else {
            throw source.refusal("\(name) of numbers", stored.typeText)
        }
        try stored.checkStorage()
        var labels: [UInt8] = []
        func append<Value: Numeric & Comparable>(_ first: Int, _ values: [Value]) throws(FileError) {
            if let index = values.firstIndex(where: { $0 != 0 && $0 != 1 }) {
                throw source.refusal(
                    "labels 0 and 1 in \(name)", "\(values[index]) at index \(first + index)")
            }
            labels += values.map { $0 == 0 ? 0 : 1 }
        }
        switch type {
        case NN_READER_U8: try stored.forEachSlice(as: type, UInt8.self, append)
        case NN_READER_I64: try stored.forEachSlice(as: type, Int64.self, append)
        case NN_READER_U64: try stored.forEachSlice(as: type, UInt64.self, append)
        default: try stored.forEachSlice(as: type, Double.self, append)
        }
        return labels
    }
}

// MARK: Names

extension DataSetFile {
    private func classes(_ name: String) throws(FileError) -> [String] {
        let stored = try HDF5Array(name, in: reader)
        guard stored.shape == [2] else { throw source.refusal("\(name) of shape (2)", stored.shapeText) }
        var classes: [String] = []
        for bytes in try strings(stored, longest: Self.longestClassName) {
            guard let className = Self.className(bytes) else {
                throw source.refusal(
                    "a printable name of class \(classes.count) in \(name)", "\(Array(bytes))")
            }
            classes.append(className)
        }
        guard !ClassName.areSame(classes[0], classes[1]) else {
            throw source.refusal(
                "\(ClassName.expectedTwo), in \(name)", classes.joined(separator: ", "))
        }
        return classes
    }

    private func imageNames(_ name: String, count: UInt64) throws(FileError) -> [String] {
        let stored = try HDF5Array(name, in: reader)
        guard stored.shape == [count] else {
            throw source.refusal("\(name) of shape (\(count)), one name per image", stored.shapeText)
        }
        return try strings(stored, longest: Self.longestImageName).map(PathText.text)
    }

    private func strings(_ stored: HDF5Array, longest: Int) throws(FileError) -> [ArraySlice<UInt8>] {
        guard stored.isString else { throw source.refusal("\(stored.name) of strings", stored.typeText) }
        guard stored.elementBytes <= Self.longestString else {
            throw source.refusal(
                "\(stored.name) of strings of at most \(Self.longestString) bytes", "\(stored.elementBytes)")
        }
        try stored.checkStorage()
        return try stored.strings(longest: longest)
    }

    /// The text before the padding, of spaces; nil if it cannot be shown.
    private static func className(_ bytes: ArraySlice<UInt8>) -> String? {
        let space = UInt8(ascii: " ")
        let end = bytes.lastIndex { $0 != space }.map { $0 + 1 } ?? bytes.startIndex
        guard let name = String(validating: bytes[..<end], as: UTF8.self), ClassName.isValid(name) else {
            return nil
        }
        return name
    }
}
