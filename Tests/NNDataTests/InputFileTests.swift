import Foundation
import Synchronization
import Testing

@testable import NNData

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

    /// Patience is that of the whole program, so the tests that change it come one after the other.
    @Suite("Waiting", .serialized)
    struct Waiting {
        private let folder = TemporaryFolder()

        /// Reads while others are asked every 100 ms, and waits for as long as they are told.
        private func read(_ path: String, for waits: Int) throws -> (asked: [Duration], bytes: [UInt8]) {
            let asked = Mutex<[Duration]>([])
            let path = path
            InputFile.patience.withLock {
                $0 = { file, waited in
                    // Other tests read pipes meanwhile.
                    guard file == path else { return true }
                    return asked.withLock {
                        $0.append(waited)
                        return $0.count < waits
                    }
                }
            }
            defer { InputFile.patience.withLock { $0 = { _, _ in true } } }
            let bytes = try InputFile.read(path, expected: "a thing", limit: 100)
            return (asked.withLock(\.self), bytes)
        }

        @Test("a pipe that nobody writes to, or writes nothing to, is waited for as long as one wishes")
        func silence() throws {
            let path = folder.path("pipe")
            try #require(mkfifo(path, 0o600) == 0)
            let refusal = FileError(
                .interrupted, file: path, expected: "a thing", found: "interrupted before its end")
            #expect(throws: refusal) { try read(path, for: 3) }
            let writer = open(path, O_RDWR)
            defer { close(writer) }
            #expect(throws: refusal) { try read(path, for: 2) }
            #expect(write(writer, "part", 4) == 4)
            #expect(throws: refusal) { try read(path, for: 2) }
        }

        @Test("a writer who comes late")
        func lateWriter() throws {
            let path = folder.path("pipe")
            try #require(mkfifo(path, 0o600) == 0)
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 0.35)
                try? FileHandle(forWritingAtPath: path)?.write(contentsOf: Data("late".utf8))
            }
            let (asked, bytes) = try read(path, for: 1000)
            #expect(bytes == Array("late".utf8))
            #expect(asked.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(300)])
        }
    }

    @Test("what is too large is refused by its size: 100 GB of nothing")
    func sparse() throws {
        let path = folder.write([], as: "sparse")
        try #require(truncate(path, 100_000_000_000) == 0)
        let start = ContinuousClock.now
        expectRefusal(.badData, path, "more than 1048576 bytes") { try read(path) }
        #expect(.now - start < .seconds(1))
    }

    @Test("files that grow and shrink while they are read")
    func changing() throws {
        // A file that says another size than it has.
        let path = "/sys/kernel/mm/transparent_hugepage/enabled"
        if let bytes = FileManager.default.contents(atPath: path), bytes.count < 4096 {
            expectRefusal(.io, path, "a file that shrinks while it is read") { try read(path) }
        }
        let file = folder.write([UInt8](repeating: 7, count: 1 << 20), as: "file")
        let isDone = Atomic<Bool>(false)
        let writer = Thread {
            while !isDone.load(ordering: .relaxed) {
                truncate(file, 1 << 19)
                truncate(file, 1 << 20)
            }
        }
        writer.start()
        defer { isDone.store(true, ordering: .relaxed) }
        var found: Set<String> = []
        for _ in 0..<20_000 where found.count < 2 {
            do {
                let bytes = try read(file)
                #expect([1 << 19, 1 << 20].contains(bytes.count))
            } catch let error as FileError {
                found.insert(error.found)
            }
        }
        #expect(
            found.isSubset(of: ["a file that grows while it is read", "a file that shrinks while it is read"])
        )
        #expect(!found.isEmpty)
    }

    @Test("a system that can open no more files has failed; the file is not missing")
    func noDescriptors() async throws {
        let path = folder.write([1], as: "file")
        await #expect(processExitsWith: .success) { [path = path as String] in
            while open("/dev/null", O_RDONLY) >= 0 {}
            let error = #expect(throws: FileError.self) {
                try InputFile.read(path, expected: "a thing", limit: 1)
            }
            #expect(error?.kind == .io)
        }
    }

    @Test("a socket is no file")
    func unixSocket() throws {
        let path = folder.path("s")
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) == 0 }
        }
        try #require(isBound)
        let error = #expect(throws: FileError.self) { try read(path) }
        #expect(error?.kind == .missing)
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
