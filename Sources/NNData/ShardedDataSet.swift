/// A data set in a folder of shards: raw bytes, which programs read without a library (docs/FORMAT.md).
package enum ShardedDataSet {
    package static let mostShards = 100_000
    static let manifest = "manifest.txt"

    /// Writes shards of nearly equal sizes, in the order of the examples, and the manifest.
    ///
    /// - Parameters:
    ///   - count: the number of shards: 1 to ``mostShards``, and at most one per example.
    ///   - progress: gets the number of examples that are written; what it throws ends the work.
    /// - Throws: ``FileError``, also that of the source. The folder is not complete then.
    package static func write(
        _ data: DataSetStream, to folder: OutputFolder, count: Int,
        progress: (Int) throws(FileError) -> Void = { _ in }
    ) throws(FileError) {
        precondition(1...min(data.count, mostShards) ~= count)
        let writer = try ShardWriter(data.labels, count: count, to: folder)
        try data.forEachPart { part throws(FileError) in
            try writer.append(part)
            try progress(writer.imageBytesWritten / DataSet.imageBytes)
        }
        try writer.finish(classes: data.classes.map(ClassName.kept))
    }
}

/// A part of the examples, and its file.
private struct Shard {
    let number: Int
    let range: Range<Int>
    let labelsCRC: UInt32
    var imagesCRC: UInt32 = 0

    init(_ number: Int, of count: Int, _ labels: [UInt8]) {
        self.number = number
        range = labels.count * number / count..<labels.count * (number + 1) / count
        labelsCRC = crc32(of: Array(labels[range]))
    }

    var name: String {
        let digits = String(number)
        return "shard-\(String(repeating: "0", count: 5 - digits.count))\(digits).nns"
    }

    var manifestLine: String {
        "shard \(range.lowerBound) \(range.count) \(hexadecimal(labelsCRC)) \(hexadecimal(imagesCRC)) \(name)\n"
    }

    static let headerBytes = 64

    /// - Parameter examples: of the whole set.
    func header(identity: UInt32, examples: Int) -> [UInt8] {
        let side = UInt16(DataSet.side).littleEndianBytes
        var header: [UInt8] = [0x8e, 0x4e, 0x4e, 0x73, 1, UInt8(Self.headerBytes), 0, 0]
        for number in [identity, UInt32(examples), UInt32(range.lowerBound), UInt32(range.count)] {
            header += number.littleEndianBytes
        }
        header += side + side + [3, 0, 0, 0]
        header += labelsCRC.littleEndianBytes + imagesCRC.littleEndianBytes
        header += [UInt8](repeating: 0, count: Self.headerBytes - 4 - header.count)
        return header + crc32(of: header).littleEndianBytes
    }
}

/// Eight digits.
private func hexadecimal(_ crc: UInt32) -> String {
    let digits = String(crc, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}

/// Writes images to one shard after another. Headers come last, as they tell what all images are.
private final class ShardWriter {
    private let folder: OutputFolder
    private let labels: [UInt8]
    private let count: Int
    private var shards: [Shard] = []
    private var file: OutputFolder.File
    private var imagesCRC: UInt32 = 0
    private(set) var imageBytesWritten = 0

    init(_ labels: [UInt8], count: Int, to folder: OutputFolder) throws(FileError) {
        self.folder = folder
        self.labels = labels
        self.count = count
        let first = Shard(0, of: count, labels)
        file = try Self.begin(first, labels, in: folder)
        shards = [first]
    }

    /// A file that has no header yet.
    private static func begin(
        _ shard: Shard, _ labels: [UInt8], in folder: OutputFolder
    ) throws(FileError) -> OutputFolder.File {
        let file = try folder.create(shard.name)
        try file.write([UInt8](repeating: 0, count: Shard.headerBytes) + labels[shard.range])
        return file
    }

    func append(_ part: [UInt8]) throws(FileError) {
        imagesCRC = crc32(of: part, after: imagesCRC)
        var rest = part[...]
        while !rest.isEmpty {
            if bytesLeft == 0 { try beginNext() }
            let bytes = Array(rest.prefix(bytesLeft))
            let last = shards.count - 1
            shards[last].imagesCRC = crc32(of: bytes, after: shards[last].imagesCRC)
            try file.write(bytes)
            imageBytesWritten += bytes.count
            rest = rest.dropFirst(bytes.count)
        }
    }

    /// Bytes of images that the shard lacks.
    private var bytesLeft: Int { shards.last!.range.upperBound * DataSet.imageBytes - imageBytesWritten }

    private func beginNext() throws(FileError) {
        try file.finish()
        let next = Shard(shards.count, of: count, labels)
        file = try Self.begin(next, labels, in: folder)
        shards.append(next)
    }

    func finish(classes: [String]) throws(FileError) {
        precondition(imageBytesWritten == labels.count * DataSet.imageBytes)
        try file.finish()
        let head = """
            nn-shards 1
            examples \(labels.count)
            image \(DataSet.side) \(DataSet.side) 3
            class \(classes[0])
            class \(classes[1])
            labels \(hexadecimal(crc32(of: labels)))
            images \(hexadecimal(imagesCRC))

            """
        let identity = crc32(of: Array(head.utf8))
        for shard in shards {
            let file = try folder.reopen(shard.name)
            try file.write(shard.header(identity: identity, examples: labels.count))
            try file.finish()
        }
        let manifest = try folder.create(ShardedDataSet.manifest)
        let lines = shards.map(\.manifestLine).joined()
        try manifest.write(Array("\(head)set \(hexadecimal(identity))\n\(lines)".utf8))
        try manifest.finish()
    }
}
