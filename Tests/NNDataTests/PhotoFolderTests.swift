import Foundation
import Testing

@testable import NNData

@Suite("Folders of photos")
struct PhotoFolderTests {
    private let folder = TemporaryFolder()

    private func photo(_ shade: UInt8) -> [UInt8] {
        png(width: 3, height: 2, rgb: [UInt8](repeating: shade, count: 18))
    }

    private func write(_ bytes: [UInt8], as name: String) throws {
        let path = folder.path(name)
        let parent = URL(filePath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        _ = folder.write(bytes, as: name)
    }

    private func expectRefusal(
        _ name: String, _ expected: String, _ found: String, at location: SourceLocation = #_sourceLocation,
        _ body: () throws -> Void
    ) {
        let error = FileError(.badData, file: folder.path(name), expected: expected, found: found)
        #expect(throws: error, sourceLocation: location, performing: body)
    }

    private func classes(_ names: String..., positive: String? = nil) throws -> [String] {
        for name in names { try write(photo(0), as: "classes/\(name)/a.png") }
        return try PhotoFolder(folder.path("classes"), positive: positive).classes
    }

    @Test("class 1 is the one that the other's name ends in")
    func negatedName() throws { #expect(try classes("cat", "non-cat") == ["non-cat", "cat"]) }

    @Test("class 0 is the one that is named as the rest", arguments: ["other", "Rest", "none"])
    func rest(name: String) throws {
        #expect(try classes("cats", name, positive: nil) == [name, "cats"])
        #expect(try classes("cats", name, positive: name) == ["cats", name])
    }

    @Test("otherwise classes are in alphabetical order")
    func alphabeticalOrder() throws { #expect(try classes("dog", "cat") == ["cat", "dog"]) }

    @Test("class 1 can be chosen")
    func positive() throws {
        #expect(try classes("cat", "non-cat", positive: "non-cat") == ["cat", "non-cat"])
        expectRefusal("classes", "a folder dog", "cat, non-cat") {
            _ = try PhotoFolder(folder.path("classes"), positive: "dog")
        }
    }

    @Test("other than two classes")
    func otherCounts() throws {
        try write([], as: "none/file")
        let expected = "two folders of photos, one per class"
        expectRefusal("none", expected, "no folder") { _ = try PhotoFolder(folder.path("none")) }
        try write([], as: "one/a/x")
        expectRefusal("one", expected, "only a") { _ = try PhotoFolder(folder.path("one")) }
        for name in ["a", "b", "c"] { try write([], as: "three/\(name)/x") }
        expectRefusal("three", expected, "a, b, c") { _ = try PhotoFolder(folder.path("three/")) }
    }

    @Test("a folder that is missing, and a file")
    func missing() throws {
        try write([], as: "file")
        for (name, found) in [("gone", "no such folder"), ("file", "a file")] {
            let error = FileError(
                .missing, file: folder.path(name), expected: "a folder with one folder per class",
                found: found)
            #expect(throws: error) { try PhotoFolder(folder.path(name)) }
        }
    }

    @Test("a class whose name has no room in a model")
    func longName() throws {
        let name = String(repeating: "ä", count: 16)
        try write([], as: "long/\(name)/x")
        try write([], as: "long/b/x")
        expectRefusal("long/\(name)", "a folder name of at most 31 bytes: it names a class", "32 bytes") {
            _ = try PhotoFolder(folder.path("long"))
        }
    }

    @Test("a class that can't be shown")
    func unprintableName() throws {
        try write([], as: "odd/a\u{1b}[31m/x")
        try write([], as: "odd/b/x")
        let expected = "a printable folder name: it names a class"
        expectRefusal("odd/a\u{1b}[31m", expected, "[97, 27, 91, 51, 49, 109]") {
            _ = try PhotoFolder(folder.path("odd"))
        }
        try write([], as: "spaces/  /x")
        try write([], as: "spaces/b/x")
        expectRefusal("spaces/  ", expected, "[32, 32]") { _ = try PhotoFolder(folder.path("spaces")) }
    }

    #if os(Linux)  // other file systems have one for both
        @Test("a name that is not UTF-8 is told as such")
        func notUTF8() throws {
            for name in ["a", "b"] { try write(photo(0), as: "latin/\(name)/x.png") }
            let path =
                Array(folder.path("latin/a/caf").utf8CString.dropLast()) + [CChar(bitPattern: 0xe9), 0]
            let file = open(path, O_WRONLY | O_CREAT, 0o666)
            #expect(file >= 0 && close(file) == 0)
            let skipped = try PhotoFolder(folder.path("latin")).load().skipped
            #expect(skipped.map(\.found) == ["a name that is not UTF-8"])
        }

        @Test("two names of the same text")
        func sameText() throws {
            let (composed, parts) = ("\u{e9}", "e\u{301}")
            for positive in [composed, parts] {
                let found = try classes(composed, parts, positive: positive)
                #expect(found.map { Array($0.utf8) }.last == Array(positive.utf8))
                #expect(Set(found.map { Array($0.utf8) }).count == 2)
            }
        }
    #endif

    @Test("photos come by class and name; what is none is listed, what is hidden is not")
    func load() throws {
        let names = ["non-cat/A.png", "non-cat/z.bin", "cat/a.jpg", "cat/b.png"]
        for (index, name) in names.enumerated().reversed() {
            try write(photo(UInt8(index)), as: "photos/\(name)")
        }
        try write([1, 2, 3], as: "photos/cat/notes.txt")
        try write([1, 2, 3], as: "photos/cat/.DS_Store")
        try write(photo(9), as: "photos/non-cat/older/c.png")
        try write(photo(9), as: "photos/stray.png")
        try write(photo(9), as: "photos/.hidden/c.png")
        try #require(mkfifo(folder.path("photos/cat/pipe"), 0o600) == 0)
        let photos = try PhotoFolder(folder.path("photos/"))
        #expect(!photos.isSplit)
        #expect(photos.strays.map(\.file) == [folder.path("photos/stray.png")])
        let (data, skipped) = try photos.load()
        #expect(data.labels == [0, 0, 1, 1])
        #expect((0..<4).map { data.image($0).first } == [0, 1, 2, 3])
        #expect(
            skipped.map { "\($0.file.dropFirst(folder.root.count)): \($0.found)" } == [
                "/photos/non-cat/older: a folder", "/photos/cat/notes.txt: 3 bytes",
                "/photos/cat/pipe: no file",
            ])
    }

    @Test("folders train and test are the sets")
    func trainAndTest() throws {
        for (index, role) in ["train", "test"].enumerated() {
            for name in ["cat", "non-cat"] {
                try write(photo(UInt8(index)), as: "split/\(role)/\(name)/a.png")
            }
        }
        let photos = try PhotoFolder(folder.path("split"))
        #expect(photos.isSplit)
        #expect(photos.classes == ["non-cat", "cat"])
        #expect(try photos.load(.train).data.images.allSatisfy { $0 == 0 })
        #expect(try photos.load(.test).data.images.allSatisfy { $0 == 1 })
        try write(photo(1), as: "split/test/dog/a.png")
        expectRefusal("split/test", "the folders of train, cat, non-cat", "cat, dog, non-cat") {
            _ = try PhotoFolder(folder.path("split"))
        }
    }

    @Test("a class without photos")
    func emptyClass() throws {
        try write(photo(0), as: "photos/a/a.png")
        try FileManager.default.createDirectory(
            atPath: folder.path("photos/b"), withIntermediateDirectories: false)
        expectRefusal("photos/b", "at least one photo", "none") {
            _ = try PhotoFolder(folder.path("photos")).load()
        }
        try write([], as: "photos/b/x.jpg")
        try write([], as: "photos/b/y.jpg")
        let reason = "\(folder.path("photos/b/x.jpg")): expected \(Picture.expected), got 0 bytes"
        expectRefusal("photos/b", "at least one photo", "2 unusable files (\(reason))") {
            _ = try PhotoFolder(folder.path("photos")).load()
        }
    }

    /// Examples whose first byte is their index.
    private func numbered(_ labels: [UInt8]) -> DataSet {
        let images = labels.indices.flatMap { [UInt8](repeating: UInt8($0), count: DataSet.imageBytes) }
        return DataSet(images: images, labels: labels, classes: ["a", "b"])
    }

    private func numbers(_ data: DataSet) -> [UInt8] { (0..<data.count).map { data.image($0).first! } }

    @Test("a split keeps the order and gives each set its share of each class")
    func split() {
        let data = numbered([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
        let (train, test) = data.split(testShare: 0.3)
        #expect(test.map(numbers) == [0, 1, 6])
        #expect(numbers(train) == [2, 3, 4, 5, 7, 8, 9])
        #expect(test?.labels == [0, 0, 1])
        #expect(train.labels == [0, 0, 0, 0, 1, 1, 1])
    }

    @Test("a split leaves no class out, where there are two of it")
    func smallSplits() {
        let pairs = numbered([0, 0, 1, 1])
        for share in [0.001, 0.5, 0.999] {
            #expect(pairs.split(testShare: share).test.map(numbers) == [0, 2])
        }
        #expect(numbered([0, 1]).split(testShare: 0.9).test == nil)
        #expect(numbered([0, 1, 1]).split(testShare: 0.9).test.map(numbers) == [1])
    }

    @Test("a seed shuffles in one way, and loses nothing")
    func shuffle() {
        let data = numbered([UInt8](repeating: 0, count: 30) + [UInt8](repeating: 1, count: 30))
        let once = data.shuffled(seed: 1)
        #expect(once == data.shuffled(seed: 1))
        #expect(once != data.shuffled(seed: 2))
        #expect(numbers(once) != numbers(data))
        #expect(numbers(once).sorted() == numbers(data))
        #expect(zip(numbers(once), once.labels).allSatisfy { ($0 >= 30) == ($1 == 1) })
    }
}

@Suite("Contact sheets")
struct ContactSheetTests {
    private let data = DataSet.drawn(count: 45, seed: 8)

    /// Width and height in a PNG's header.
    private func size(_ png: [UInt8]) -> [Int] {
        [16, 20].map { png[$0..<$0 + 4].reduce(0) { $0 << 8 | Int($1) } }
    }

    @Test("rows of twenty", arguments: [(0..<1, 86, 86), (0..<20, 1606, 86), (3..<45, 1606, 246)])
    func sizes(_ range: Range<Int>, _ width: Int, _ height: Int) {
        #expect(size(ContactSheet.png(data, range)) == [width, height])
    }
}
