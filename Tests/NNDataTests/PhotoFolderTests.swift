import Foundation
import NNHDF5
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

    @Test("so it is where upper and lower case differ")
    func negatedNameInOtherCase() throws {
        #expect(try classes("Cats", "Not cats") == ["Not cats", "Cats"])
    }

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
        let hint = " (or --positive NAME; the others together are class 0 then)"
        expectRefusal("none", expected, "no folder") { _ = try PhotoFolder(folder.path("none")) }
        try write([], as: "one/a/x")
        expectRefusal("one", expected, "only a") { _ = try PhotoFolder(folder.path("one")) }
        for name in ["a", "b", "c"] { try write([], as: "three/\(name)/x") }
        expectRefusal("three", expected + hint, "a, b, c") { _ = try PhotoFolder(folder.path("three/")) }
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

    @Test("of more than two folders, all but the named one are class 0 together")
    func joinedFolders() throws {
        for (index, name) in ["bird", "cat", "dog"].enumerated() {
            try write(photo(UInt8(index)), as: "pets/\(name)/a.png")
        }
        let pets = try PhotoFolder(folder.path("pets"), positive: "cat")
        #expect(pets.classes == ["other", "cat"])
        #expect(pets.joinedFolders == ["bird", "dog"])
        let data = try pets.load().data
        #expect(data.names == ["bird/a.png", "dog/a.png", "cat/a.png"])
        #expect(data.labels == [0, 0, 1])
        #expect(try classes("a", "b", "other", positive: "other") == ["rest", "other"])
    }

    @Test("a class whose name is longer than a model keeps")
    func longName() throws {
        let name = String(repeating: "ä", count: 100)
        #expect(try classes(name, "b") == ["b", name])
    }

    @Test("a class that can't be shown")
    func unprintableName() throws {
        try write([], as: "odd/a\u{1b}[31m/x")
        try write([], as: "odd/b/x")
        let expected = "a printable folder name: it names a class"
        expectRefusal("odd/a\u{1b}[31m", expected, "\"a\u{1b}[31m\"") {
            _ = try PhotoFolder(folder.path("odd"))
        }
        try write([], as: "spaces/  /x")
        try write([], as: "spaces/b/x")
        expectRefusal("spaces/  ", expected, #""  ""#) { _ = try PhotoFolder(folder.path("spaces")) }
        try write([], as: "turned/a\u{202e}/x")
        try write([], as: "turned/b/x")
        expectRefusal("turned/a\u{202e}", expected, "\"a\u{202e}\"") {
            _ = try PhotoFolder(folder.path("turned"))
        }
    }

    @Test("two classes that a model would give one name")
    func sameName() throws {
        let start = String(repeating: "ä", count: 15)
        try write([], as: "same/\(start)öx/x")
        try write([], as: "same/\(start)öy/x")
        let names = "\(start)öx, \(start)öy"
        expectRefusal("same", "class names that differ in their first 31 bytes", names) {
            _ = try PhotoFolder(folder.path("same"))
        }
        try write([], as: "padded/cat/x")
        try write([], as: "padded/cat /x")
        expectRefusal("padded", "class names that differ in their first 31 bytes", "cat, cat ") {
            _ = try PhotoFolder(folder.path("padded"))
        }
    }

    #if os(Linux)  // other file systems have one for both
        @Test("a name that is not UTF-8 is read and shown with its bytes")
        func notUTF8() throws {
            for name in ["a", "b"] { try write(photo(0), as: "latin/\(name)/x.png") }
            try addByte(to: "latin/b/x.png", "latin/b/caf")
            let loaded = try PhotoFolder(folder.path("latin")).load()
            #expect(loaded.data.names?.map(PathText.shown) == ["a/x.png", #"b/caf\xE9"#])
            #expect(loaded.skipped == [])
            // A data set has the name's own bytes.
            try write(loaded.data.hdf5(role: .train), as: "latin.h5")
            #expect(try DataSet(hdf5: folder.path("latin.h5")).names == loaded.data.names)
            // But a class has a text.
            try addByte(to: "latin/a", "latin/a")
            #expect(throws: FileError.self) { try PhotoFolder(folder.path("latin")) }
        }

        /// Renames a file to a name and the byte E9.
        private func addByte(to file: String, _ name: String) throws {
            let status = (Array(folder.path(name).utf8) + [0xe9, 0]).withUnsafeBytes {
                rename(folder.path(file), $0.baseAddress!.assumingMemoryBound(to: CChar.self))
            }
            try #require(status == 0)
        }

        @Test("two names of the same text")
        func sameText() throws {
            let (composed, parts) = ("\u{e9}", "e\u{301}")
            let expected = "class names that differ in their first 31 bytes"
            expectRefusal("classes", expected, "\(parts), \(composed)") { _ = try classes(composed, parts) }
            for positive in [composed, parts] {
                let found = try classes(composed, parts, "x", positive: positive)
                #expect(Array(found[1].utf8) == Array(positive.utf8))
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
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("photos/cat/nowhere.png"), withDestinationPath: "gone.png")
        let photos = try PhotoFolder(folder.path("photos/"))
        #expect(!photos.isSplit)
        #expect(photos.strays.map(\.file) == [folder.path("photos/stray.png")])
        let loaded = try photos.load()
        #expect(loaded.data.labels == [0, 0, 0, 1, 1])
        #expect(
            loaded.data.names == [
                "non-cat/A.png", "non-cat/older/c.png", "non-cat/z.bin", "cat/a.jpg", "cat/b.png",
            ])
        #expect((0..<5).map { loaded.data.image($0).first } == [0, 9, 1, 2, 3])
        #expect(
            loaded.skipped.map { "\($0.file.dropFirst(folder.root.count)): \($0.found)" } == [
                "/photos/cat/notes.txt: 3 bytes", "/photos/cat/nowhere.png: no such file",
                "/photos/cat/pipe: no file",
            ])
        #expect(loaded.systemFolders == [folder.path("photos/.hidden")])
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
        expectRefusal("split/test", "the folders of the training set, cat, non-cat", "cat, dog, non-cat") {
            _ = try PhotoFolder(folder.path("split"))
        }
    }

    @Test(
        "other names of the two sets",
        arguments: [
            ("Train", "Test"), ("train", "val"), ("train", "validation"), ("training_set", "test_set"),
            ("training", "testing"), ("TRAIN", "Valid"),
        ])
    func namesOfSets(train: String, test: String) throws {
        for (index, name) in ["\(train)/a", "\(train)/b", "\(test)/a", "\(test)/b"].enumerated() {
            try write(photo(UInt8(index)), as: "photos/\(name)/1.png")
        }
        let photos = try PhotoFolder(folder.path("photos"))
        #expect(photos.sets?.train == folder.path("photos/\(train)"))
        #expect(photos.sets?.test == folder.path("photos/\(test)"))
        #expect(try photos.load(.test).data.names == ["\(test)/a/1.png", "\(test)/b/1.png"])
    }

    @Test("with a test set and a validation set, the validation set is listed as not used")
    func threeSets() throws {
        for name in ["train/a", "train/b", "val/a", "val/b", "test/a", "test/b"] {
            try write(photo(0), as: "photos/\(name)/1.png")
        }
        let photos = try PhotoFolder(folder.path("photos"))
        #expect(photos.sets?.test == folder.path("photos/test"))
        #expect(photos.strays.map(\.file) == [folder.path("photos/val")])
        #expect(photos.strays.map(\.expected) == ["only the folders train and test"])
    }

    @Test("what archives and systems add: a folder around, __MACOSX, @eaDir, Thumbs.db")
    func archives() throws {
        for (index, name) in ["a", "b"].enumerated() {
            try write(photo(UInt8(index)), as: "zip/photos/\(name)/2024/05/1.png")
            try write([1], as: "zip/__MACOSX/photos/\(name)/._1.png")
            try write(photo(9), as: "zip/photos/\(name)/@eaDir/1.png/SYNOPHOTO_THUMB_M.png")
            try write([1], as: "zip/photos/\(name)/Thumbs.db")
            try write([1], as: "zip/photos/\(name)/1.png:Zone.Identifier")
        }
        for name in ["$Recycle.Bin", "#snapshot", "@tmp", "LOST.DIR"] {
            try write(photo(9), as: "zip/photos/\(name)/1.png")
        }
        let photos = try PhotoFolder(folder.path("zip"))
        #expect(photos.classes == ["a", "b"])
        let loaded = try photos.load()
        #expect(loaded.data.names == ["photos/a/2024/05/1.png", "photos/b/2024/05/1.png"])
        #expect(loaded.skipped == [] && photos.strays == [])
        #expect(
            loaded.systemFolders
                == [
                    "__MACOSX", "photos/#snapshot", "photos/$Recycle.Bin", "photos/@tmp", "photos/LOST.DIR",
                    "photos/a/@eaDir", "photos/b/@eaDir",
                ].map { folder.path("zip/\($0)") })
        // A folder around each set, too.
        for name in ["training_set/a", "training_set/b", "test_set/a", "test_set/b"] {
            let set = name.prefix { $0 != "/" }
            try write(photo(0), as: "kaggle/\(set)/\(name)/1.png")
        }
        let split = try PhotoFolder(folder.path("kaggle"))
        #expect(split.sets?.train == folder.path("kaggle/training_set/training_set"))
        #expect(try split.load(.test).data.count == 2)
    }

    @Test("folders around the classes are looked into although texts lie beside, but not photos")
    func wrapped() throws {
        for name in ["a", "b"] { try write(photo(0), as: "export/Takeout/Album/\(name)/1.png") }
        try write([1], as: "export/Takeout/archive_browser.html")
        try write([1], as: "export/Takeout/Album/list.json")
        let photos = try PhotoFolder(folder.path("export"))
        #expect(photos.classes == ["a", "b"])
        #expect(
            photos.strays.map(\.file)
                == ["Takeout/archive_browser.html", "Takeout/Album/list.json"].map {
                    folder.path("export/\($0)")
                })
        for name in ["2023", "2024"] { try write(photo(0), as: "years/cats/\(name)/1.png") }
        try write(photo(0), as: "years/1.png")
        expectRefusal("years", "two folders of photos, one per class", "only cats") {
            _ = try PhotoFolder(folder.path("years"))
        }
    }

    @Test("a test set without class folders, as contests have it, is listed as not used")
    func contest() throws {
        for name in ["train/a/1", "train/b/1", "test/1", "test/2"] {
            try write(photo(0), as: "contest/\(name).png")
        }
        let one = try PhotoFolder(folder.path("contest"))
        #expect(!one.isSplit && one.classes == ["a", "b"])
        #expect(one.strays.map(\.file) == [folder.path("contest/test")])
        #expect(try one.load().data.names == ["train/a/1.png", "train/b/1.png"])
        for name in ["a", "b"] { try write(photo(1), as: "contest/val/\(name)/1.png") }
        let two = try PhotoFolder(folder.path("contest"))
        #expect(two.sets?.test == folder.path("contest/val"))
        #expect(two.strays.map(\.file) == [folder.path("contest/test")])
        // Photos alone are no classes, whatever their folders are called.
        for name in ["train/1", "test/1"] { try write(photo(0), as: "flat/\(name).png") }
        expectRefusal("flat/train", "two folders of photos, one per class", "no folder") {
            _ = try PhotoFolder(folder.path("flat"))
        }
    }

    @Test("a folder is read once, by however many paths links lead to it")
    func links() throws {
        // Thirty levels, with two links each to the next one: a thousand million paths.
        try write(photo(0), as: "maze/30/1.png")
        for level in 0..<30 {
            for name in ["a", "b"] {
                let folder = folder.path("maze/\(level)")
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/\(name)", withDestinationPath: "../\(level + 1)")
            }
        }
        var files = 0
        var failures = 0
        for item in try FolderWalk(folder.path("maze/0"), expected: "photos") {
            switch item {
            case .file: files += 1
            case .failure(let error):
                #expect(error.found == "a link to a folder that is read already")
                failures += 1
            case .systemFolder: Issue.record("no system folder is there")
            }
        }
        #expect(files == 1 && failures == 30)
    }

    @Test("a link to a folder around is not followed")
    func cycle() throws {
        try write(photo(0), as: "photos/a/1.png")
        try write(photo(0), as: "photos/b/1.png")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("photos/b/up"), withDestinationPath: "..")
        let loaded = try PhotoFolder(folder.path("photos")).load()
        #expect(loaded.skipped.map(\.found) == ["a link to a folder that it is in"])
        #expect(loaded.data.names == ["a/1.png", "b/1.png"])
    }

    @Test("links that stay in the folder are followed, those that lead out are counted")
    func linksOut() throws {
        for name in ["photos/a/1.png", "photos/b/1.png", "elsewhere/2.png"] { try write(photo(0), as: name) }
        func link(_ name: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("photos/\(name)"), withDestinationPath: target)
        }
        try link("a/inside.png", to: "../b/1.png")
        try link("a/out.png", to: "../../elsewhere/2.png")
        try link("a/device.png", to: "/dev/zero")
        try link("a/nowhere.png", to: "none.png")
        try link("b/out", to: folder.path("elsewhere"))
        try link("b/through.png", to: "out/2.png")
        try link("b/back.png", to: "../../photos/a/1.png")
        let photos = try PhotoFolder(folder.path("photos"))
        let loaded = try photos.load()
        #expect(loaded.data.names == ["a/1.png", "a/inside.png", "b/1.png", "b/back.png"])
        let out = ["a/device.png", "a/out.png", "b/out", "b/through.png"].map { folder.path("photos/\($0)") }
        #expect(loaded.linksOut == out)
        #expect(loaded.skipped.map(\.found) == ["no such file"])
        // A link to the folder itself is no link in it.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: "photos")
        #expect(try PhotoFolder(folder.path("link")).load().data.names == loaded.data.names)
    }

    @Test("classes that are links out of the folder are none, and the error says so")
    func linkedClasses() throws {
        for name in ["photos/a/1.png", "elsewhere/2.png", "c/a/1.png", "c/b/notes"] {
            try write(photo(0), as: name)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("photos/b"), withDestinationPath: "../elsewhere")
        let one = #expect(throws: FileError.self) { try PhotoFolder(folder.path("photos")) }
        #expect(one?.found == "only a, and 1 link out of the folder")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("c/b/1.png"), withDestinationPath: "../../elsewhere/2.png")
        try FileManager.default.removeItem(atPath: folder.path("c/b/notes"))
        let none = #expect(throws: FileError.self) { try PhotoFolder(folder.path("c")).load() }
        #expect(none?.found == "1 link out of the folder")
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
