import Foundation
import NNData
import Testing

@Suite("Reading files")
struct InputFileTests {
    private let folder = TemporaryFolder()

    private func expectRefusal(
        _ kind: FileError.Kind, _ path: String, _ found: String,
        at location: SourceLocation = #_sourceLocation, _ read: () throws -> [UInt8]
    ) {
        let error = FileError(kind, file: path, expected: "a thing", found: found)
        #expect(throws: error, sourceLocation: location) { try read() }
    }

    private func read(_ path: String, limit: Int = 1 << 20) throws -> [UInt8] {
        try InputFile.read(path, expected: "a thing", limit: limit)
    }

    private func readStart(_ path: String, count: Int = 8) throws -> [UInt8] {
        try InputFile.readStart(path, expected: "a thing", count: count)
    }

    @Test("a file is read whole", arguments: [0, 1, 1 << 14, 1 << 14 + 1, 100_000])
    func readsWhole(_ count: Int) throws {
        let bytes = HDF5Draft.pixels(9).prefix(count)
        let path = folder.write(bytes, as: "file")
        #expect(try read(path) == Array(bytes))
    }

    @Test("a file as large as the limit is read, a larger one is not")
    func limit() throws {
        let path = folder.write([UInt8](repeating: 7, count: 40_000), as: "file")
        #expect(try read(path, limit: 40_000).count == 40_000)
        expectRefusal(.badData, path, "more than 39999 bytes") { try read(path, limit: 39_999) }
        expectRefusal(.badData, path, "more than 0 bytes") { try read(path, limit: 0) }
    }

    @Test("a file without an end is read up to the limit")
    func endless() {
        expectRefusal(.badData, "/dev/zero", "more than 1048576 bytes") { try read("/dev/zero") }
    }

    @Test("a pipe, whose size nobody knows, is read whole")
    func pipe() throws {
        let path = folder.path("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        let bytes = Array(HDF5Draft.pixels(20))
        Thread.detachNewThread {
            let writer = FileHandle(forWritingAtPath: path)
            try? writer?.write(contentsOf: Data(bytes))
            try? writer?.close()
        }
        #expect(try read(path) == bytes)
    }

    @Test("the start of a pipe that is written in parts")
    func pipeStart() throws {
        let path = folder.path("parts")
        try #require(mkfifo(path, 0o600) == 0)
        // The writer keeps a reader of its own: a write without any would end the program.
        let reader = open(path, O_RDWR)
        Thread.detachNewThread {
            let writer = FileHandle(forWritingAtPath: path)
            for byte in 1...9 as ClosedRange<UInt8> {
                try? writer?.write(contentsOf: Data([byte]))
                Thread.sleep(forTimeInterval: 0.005)
            }
            try? writer?.close()
            close(reader)
        }
        #expect(try readStart(path) == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test("files that are missing, and folders, are named")
    func missing() throws {
        let path = folder.path("gone")
        for reading in [{ try read($0) }, { try readStart($0) }] as [(String) throws -> [UInt8]] {
            expectRefusal(.missing, path, "no such file") { try reading(path) }
            expectRefusal(.missing, folder.root, "a folder") { try reading(folder.root) }
            expectRefusal(.missing, "", "no such file") { try reading("") }
        }
    }

    @Test("a file below a file is missing")
    func belowFile() {
        let path = folder.write([1], as: "file") + "/file"
        expectRefusal(.missing, path, "Not a directory") { try read(path) }
    }

    @Test("a file without permission", .enabled(if: geteuid() != 0, "root may read everything"))
    func forbidden() throws {
        let path = folder.write([1], as: "file")
        try #require(chmod(path, 0) == 0)
        expectRefusal(.missing, path, "Permission denied") { try read(path) }
        expectRefusal(.missing, path, "Permission denied") { try readStart(path) }
    }

    #if os(Linux)
        @Test("a file that opens and cannot be read")
        func failsToRead() {
            let path = "/proc/self/mem"
            expectRefusal(.io, path, "Input/output error") { try read(path) }
            expectRefusal(.io, path, "Input/output error") { try readStart(path) }
        }
    #endif

    @Test("the start of a file", arguments: [0, 3, 8, 9])
    func start(_ count: Int) throws {
        let bytes = (0..<count).map { UInt8($0 + 1) }
        #expect(try readStart(folder.write(bytes, as: "file")) == Array(bytes.prefix(8)))
    }

    @Test("no descriptor stays open")
    func closesFiles() throws {
        let path = folder.write([1, 2, 3], as: "file")
        for _ in 0..<500 {
            _ = try read(path)
            _ = try? read(folder.root)
            _ = try? read(path, limit: 1)
            _ = try readStart(path)
        }
        let reader = try #require(FileHandle(forReadingAtPath: path))
        #expect(reader.fileDescriptor < 500)
    }
}
