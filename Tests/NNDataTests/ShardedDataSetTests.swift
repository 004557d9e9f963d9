import Foundation
import NNData
import NNHDF5
import Testing

@Suite("Cutting data sets into shards")
struct ShardedDataSetTests {
    private let folder = TemporaryFolder()

    private func stream(_ count: Int) -> DataSetStream { .drawn(count: count, seed: 1) }

    private func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: folder.path(name))))
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.root).sorted() }
    }

    private func write(_ data: DataSetStream, to name: String, count: Int) throws {
        let output = try OutputFolder(folder.path(name))
        try ShardedDataSet.write(data, to: output, count: count)
        try output.finish()
    }

    /// Bit by bit: another way than zlib's.
    private func crc(_ bytes: some Sequence<UInt8>) -> String {
        let crc = bytes.reduce(~UInt32(0)) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        return hexadecimal(~crc)
    }

    /// Eight digits.
    private func hexadecimal(_ number: UInt32) -> String {
        String(String(UInt64(number) | 1 << 32, radix: 16).dropFirst())
    }

    private func little(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Checks a shard by docs/FORMAT.md, and that it has these examples of the data.
    private func check(_ name: String, _ range: Range<Int>, of data: DataSet, identity: String) throws {
        let shard = try bytes(name)
        let labels = shard[64..<64 + range.count]
        let images = shard[(64 + range.count)...]
        #expect(Array(labels) == Array(data.labels[range]))
        #expect(
            images
                == data.images[range.lowerBound * DataSet.imageBytes..<range.upperBound * DataSet.imageBytes])
        #expect(Array(shard[..<8]) == [0x8e, 0x4e, 0x4e, 0x73, 1, 64, 0, 0])
        let numbers = [data.count, range.lowerBound, range.count].map(UInt32.init)
        #expect(hexadecimal(little(shard[8..<12])) == identity)
        #expect([12, 16, 20].map { little(shard[$0..<$0 + 4]) } == numbers)
        #expect(Array(shard[24..<32]) == [64, 0, 64, 0, 3, 0, 0, 0])
        #expect(hexadecimal(little(shard[32..<36])) == crc(labels))
        #expect(hexadecimal(little(shard[36..<40])) == crc(images))
        #expect(shard[40..<60].allSatisfy { $0 == 0 })
        #expect(hexadecimal(little(shard[60..<64])) == crc(shard[..<60]))
    }

    @Test("shards have the examples in order, and the manifest says so", arguments: [1, 2, 3, 7, 10])
    func content(_ count: Int) throws {
        let data = DataSet.drawn(count: 10, seed: 1)
        try write(stream(10), to: "shards", count: count)
        let head = """
            nn-shards 1
            examples 10
            image 64 64 3
            class non-cat
            class cat
            labels \(crc(data.labels))
            images \(crc(data.images))

            """
        let identity = crc(head.utf8)
        var manifest = "\(head)set \(identity)\n"
        for shard in 0..<count {
            let range = 10 * shard / count..<10 * (shard + 1) / count
            let images = data.images[
                range.lowerBound * DataSet.imageBytes..<range.upperBound * DataSet.imageBytes]
            let name = "shard-0000\(shard).nns"
            manifest +=
                "shard \(range.lowerBound) \(range.count) \(crc(data.labels[range])) \(crc(images)) \(name)\n"
            try check("shards/\(name)", range, of: data, identity: identity)
        }
        #expect(String(decoding: try bytes("shards/manifest.txt"), as: UTF8.self) == manifest)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("shards")).count == count + 1)
        #expect(try names == ["shards"])
    }

    @Test("parts may end anywhere", arguments: [1, 12_287, 12_289, 40_000, 1_000_000])
    func parts(_ partBytes: Int) throws {
        let data = DataSet.drawn(count: 5, seed: 1)
        let images = partBytes == 1 ? 0..<20_000 : 0..<data.images.count
        try write(stream(5), to: "expected", count: 2)
        let other = DataSetStream(labels: data.labels, classes: data.classes) { take throws(FileError) in
            for start in stride(from: 0, to: images.count, by: partBytes) {
                try take(Array(data.images[start..<min(start + partBytes, images.count)]))
            }
            try take(Array(data.images[images.count...]))
            try take([])
        }
        try write(other, to: "shards", count: 2)
        for name in ["manifest.txt", "shard-00000.nns", "shard-00001.nns"] {
            #expect(try bytes("shards/\(name)") == bytes("expected/\(name)"))
        }
    }

    @Test("class names are those that a model keeps")
    func classNames() throws {
        let data = DataSet.drawn(count: 2, seed: 1)
        let long = String(repeating: "é", count: 20)
        let named = DataSet(images: data.images, labels: data.labels, classes: [long, "chat noir"])
        try write(DataSetStream(named), to: "shards", count: 1)
        let manifest = String(decoding: try bytes("shards/manifest.txt"), as: UTF8.self)
        #expect(manifest.contains("\nclass \(String(repeating: "é", count: 15))\nclass chat noir\n"))
    }

    @Test("a data set file is read part by part")
    func dataSetFile() throws {
        let data = DataSet.drawn(count: 3, seed: 2)
        let path = folder.write(data.hdf5(role: .test), as: "test.h5")
        let stream = try HDF5DataSet(path, role: nil, images: nil, labels: nil).stream()
        var images: [UInt8] = []
        try stream.forEachPart { images += $0 }
        #expect(images == data.images)
        #expect(stream.labels == data.labels)
        #expect(stream.classes == data.classes)
    }

    @Test("what is thrown meanwhile leaves nothing behind")
    func failure() throws {
        let failure = FileError(.io, file: "source", expected: "an image", found: "none")
        let data = DataSetStream(labels: [0, 1, 1], classes: ["a", "b"]) { take throws(FileError) in
            try take([UInt8](repeating: 1, count: 2 * DataSet.imageBytes))
            throw failure
        }
        #expect(throws: failure) { try write(data, to: "shards", count: 3) }
        #expect(try names == [])
        #expect(throws: failure) {
            let output = try OutputFolder(folder.path("shards"))
            try ShardedDataSet.write(stream(3), to: output, count: 3) { done throws(FileError) in
                if done == 2 { throw failure }
            }
        }
        #expect(try names == [])
    }

    @Test("where photos are expected, a sharded data set is named")
    func isNoFolderOfPhotos() throws {
        try write(stream(3), to: "shards", count: 2)
        let path = folder.path("shards")
        let error = FileError(
            .badData, file: path, expected: "two folders of photos, one per class",
            found: "the manifest of a sharded data set, which nn-mpi reads")
        #expect(throws: error) { _ = try PhotoFolder(path) }
    }
}

@Suite("Writing folders")
struct OutputFolderTests {
    private let folder = TemporaryFolder()

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.root).sorted() }
    }

    private func expectRefusal(
        _ path: String, _ found: String, at location: SourceLocation = #_sourceLocation
    ) {
        let error = FileError(.io, file: path, expected: "a new folder to write", found: found)
        #expect(throws: error, sourceLocation: location) { try OutputFolder(path) }
    }

    private func fill(_ output: OutputFolder) throws {
        let file = try output.create("file")
        try file.write([1, 2, 3])
        try file.finish()
    }

    @Test("nobody sees the folder until it is complete")
    func complete() throws {
        let output = try OutputFolder(folder.path("new"))
        try fill(output)
        #expect(try names.allSatisfy { $0.hasPrefix(".new.") && $0.hasSuffix(".part") })
        try output.finish()
        #expect(try names == ["new"])
        #expect(FileManager.default.contents(atPath: folder.path("new/file")) == Data([1, 2, 3]))
    }

    @Test("an empty folder is replaced, whatever the path to it", arguments: ["old", "old/", "./old"])
    func empty(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("old"), withIntermediateDirectories: false)
        let output = try OutputFolder(folder.path(path))
        try fill(output)
        try output.finish()
        #expect(try names == ["old"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("old")) == ["file"])
    }

    @Test("a file is written again from its beginning")
    func again() throws {
        let output = try OutputFolder(folder.path("new"))
        try fill(output)
        let file = try output.reopen("file")
        try file.write([9])
        try file.finish()
        try output.finish()
        #expect(FileManager.default.contents(atPath: folder.path("new/file")) == Data([9, 2, 3]))
    }

    @Test("a folder that is not complete goes away")
    func abandoned() throws {
        try fill(try OutputFolder(folder.path("new")))
        #expect(try names == [])
    }

    @Test("what is there stays")
    func refused() throws {
        let manager = FileManager.default
        let file = folder.write([1], as: "file")
        try manager.createDirectory(atPath: folder.path("full/in"), withIntermediateDirectories: true)
        try manager.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "none")
        expectRefusal(file, "a file")
        expectRefusal(folder.path("full"), "a folder that is not empty")
        expectRefusal(folder.path("link"), "a link")
        expectRefusal("", "no name")
        expectRefusal("..", "no name")
        #expect(throws: FileError.self) { try OutputFolder(folder.path("nowhere/new")) }
        #expect(try names == ["file", "full", "link"])
    }

    @Test("what came meanwhile stays")
    func meanwhile() throws {
        let output = try OutputFolder(folder.path("new"))
        try fill(output)
        _ = folder.write([1], as: "new")
        #expect(throws: FileError.self) { try output.finish() }
        #expect(FileManager.default.contents(atPath: folder.path("new")) == Data([1]))
    }
}
