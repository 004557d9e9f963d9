import Foundation
import NNData
import Testing

@Suite("Writing files")
struct OutputFileTests {
    private let folder = TemporaryFolder()
    private let old: [UInt8] = [1, 2, 3]
    private let new = [UInt8](repeating: 9, count: 200_000)

    private func bytes(of name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: folder.path(name))))
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.root).sorted() }
    }

    private func expectRefusal(
        _ path: String, _ found: String, at location: SourceLocation = #_sourceLocation
    ) {
        let error = FileError(.io, file: path, expected: "a file to write", found: found)
        #expect(throws: error, sourceLocation: location) { try OutputFile(path) }
    }

    @Test("a new file, of any size", arguments: [0, 1, 200_000])
    func create(_ count: Int) throws {
        try OutputFile(folder.path("file")).write(Array(new.prefix(count)))
        #expect(try bytes(of: "file") == Array(new.prefix(count)))
        #expect(try names == ["file"])
    }

    @Test("an old file is replaced")
    func replace() throws {
        try OutputFile(folder.write(old, as: "file")).write(new)
        #expect(try bytes(of: "file") == new)
        #expect(try names == ["file"])
    }

    @Test("who has the old file open goes on reading it")
    func oldReaders() throws {
        let path = folder.write(old, as: "file")
        let reader = try #require(FileHandle(forReadingAtPath: path))
        try OutputFile(path).write(new)
        #expect(try reader.readToEnd() == Data(old))
    }

    @Test("to say where is not yet to write")
    func untouchedBefore() throws {
        _ = try OutputFile(folder.write(old, as: "file"))
        _ = try OutputFile(folder.path("other"))
        #expect(try bytes(of: "file") == old)
        #expect(try names == ["file"])
    }

    @Test("a file can be written twice")
    func twice() throws {
        let file = try OutputFile(folder.path("file"))
        try file.write(new)
        try file.write(old)
        #expect(try bytes(of: "file") == old)
    }

    @Test("a path without a folder is one in the working folder")
    func relativePath() throws {
        let name = "nn-relative-\(UUID().uuidString)"
        defer { unlink(name) }
        try OutputFile(name).write(old)
        #expect(try Array(Data(contentsOf: URL(filePath: name))) == old)
    }

    @Test("places that cannot be written to are known at once")
    func impossiblePlaces() {
        expectRefusal(folder.root, "a folder")
        expectRefusal(folder.path("new/"), "a folder")
        expectRefusal(folder.path("gone/file"), "no folder \(folder.path("gone"))")
        expectRefusal(folder.write(old, as: "file") + "/file", "Not a directory")
        expectRefusal(folder.path(String(repeating: "n", count: 300)), "File name too long")
    }

    @Test("an empty path is known at once")
    func emptyPath() {
        expectRefusal("", "no name")
    }

    @Test("a folder that goes away is an error, and the message names the file")
    func folderGoes() throws {
        let path = folder.path("inner/file")
        try FileManager.default.createDirectory(
            atPath: folder.path("inner"), withIntermediateDirectories: false)
        let file = try OutputFile(path)
        try FileManager.default.removeItem(atPath: folder.path("inner"))
        let error = FileError(
            .io, file: path, expected: "a file to write", found: "no folder \(folder.path("inner"))")
        #expect(throws: error) { try file.write(new) }
    }

    @Test("a folder that takes the file's place is an error, and stays")
    func folderComes() throws {
        let file = try OutputFile(folder.path("file"))
        try FileManager.default.createDirectory(
            atPath: folder.path("file"), withIntermediateDirectories: false)
        let error = FileError(
            .io, file: folder.path("file"), expected: "a file to write", found: "Is a directory")
        #expect(throws: error) { try file.write(new) }
        #expect(try names == ["file"])
    }

    @Test("a link, even to a link, stays one")
    func links() throws {
        let manager = FileManager.default
        _ = folder.write(old, as: "file")
        try manager.createSymbolicLink(atPath: folder.path("one"), withDestinationPath: "file")
        try manager.createSymbolicLink(atPath: folder.path("two"), withDestinationPath: "one")
        try OutputFile(folder.path("two")).write(new)
        #expect(try bytes(of: "file") == new)
        #expect(try manager.destinationOfSymbolicLink(atPath: folder.path("one")) == "file")
        #expect(try manager.destinationOfSymbolicLink(atPath: folder.path("two")) == "one")
        #expect(try names == ["file", "one", "two"])
    }

    @Test("a link to a file that is not there yet stays one")
    func danglingLink() throws {
        let manager = FileManager.default
        let link = folder.path("link")
        try manager.createSymbolicLink(atPath: link, withDestinationPath: "file")
        try OutputFile(link).write(new)
        #expect(try manager.destinationOfSymbolicLink(atPath: link) == "file")
        #expect(try bytes(of: "file") == new)
    }

    @Test("leftovers of a run that was killed are not in the way, until there are a hundred")
    func leftovers() throws {
        let path = folder.path("file")
        func leave(_ attempt: Int) { _ = folder.write([], as: ".file.\(getpid())-\(attempt).part") }
        for attempt in 0..<99 { leave(attempt) }
        try OutputFile(path).write(new)
        #expect(try bytes(of: "file") == new)
        leave(99)
        expectRefusal(path, "a hundred leftovers of earlier runs (\(folder.path(".file.*.part")))")
    }

    @Test("a device is written to, not replaced")
    func device() throws {
        try OutputFile("/dev/null").write(new)
        var status = stat()
        #expect(stat("/dev/null", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFCHR)
    }

    #if os(Linux)
        @Test("a full device")
        func fullDevice() throws {
            let error = FileError(
                .io, file: "/dev/full", expected: "a file to write", found: "No space left on device")
            #expect(throws: error) { try OutputFile("/dev/full").write(new) }
        }
    #endif

    @Test("no descriptor stays open")
    func closesFiles() throws {
        let path = folder.path("file")
        for _ in 0..<500 {
            try OutputFile(path).write(old)
            try OutputFile("/dev/null").write(old)
            _ = try? OutputFile(folder.root)
        }
        let files = try (0..<3).map { _ in try #require(FileHandle(forReadingAtPath: path)) }
        #expect(files.allSatisfy { $0.fileDescriptor < 500 })
    }
}
