import CHDF5
import CHDF5Reader
import CZlib
import Foundation
import Testing

@testable import NNData
@testable import NNHDF5

/// The process that reads a file can crash, hang, or take too much; the program that started it goes on.
@Suite("The process that reads HDF5")
struct HDF5ReaderTests {
    let folder = TemporaryFolder()

    private func damage(_ path: String, _ reason: String) -> FileError {
        FileError(.badData, file: path, expected: "a data set file", found: "a damaged one (\(reason))")
    }

    private func expectItGoesOn(_ path: String) throws {
        #expect(try DataSet(hdf5: path, role: .train).count == 2)
    }

    @Test("a crash", arguments: [SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGKILL])
    func crash(signal: Int32) throws {
        let path = HDF5Draft().write(to: folder)
        let reader = try HDF5Reader(path)
        #expect(kill(reader.processIdentifier, signal) == 0)
        for _ in 1...2 {
            #expect(throws: damage(path, "libhdf5 crashed on it")) { try reader.names(in: "") }
        }
        try expectItGoesOn(path)
    }

    /// libhdf5 1.10 and 1.12 read past the end of the heap of strings; later releases may refuse the file.
    @Test("a file that crashes libhdf5")
    func crashingFile() throws {
        var draft = HDF5Draft()
        draft.arrays["list_classes"] = .variableStrings(["non-cat", "cat"])
        let good = draft.write(to: folder)
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: good)))
        let heap = try #require(bytes.indices.first { bytes[$0...].starts(with: "GCOL".utf8) })
        // A string is its length, the address of its heap, and its number there.
        let string = [7, 0, 0, 0] + withUnsafeBytes(of: UInt64(heap).littleEndian) { [UInt8]($0) }
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: string) })
        bytes[place + string.count + 2] = 120
        let path = folder.write(bytes, as: "bad.h5")
        let error = #expect(throws: FileError.self) { try DataSet(hdf5: path) }
        #expect(error?.kind == .badData)
        try expectItGoesOn(good)
    }

    @Test("no answer")
    func silence() throws {
        let path = HDF5Draft().write(to: folder)
        let reader = try HDF5Reader(path) { $0.answerSeconds = 1 }
        #expect(kill(reader.processIdentifier, SIGSTOP) == 0)
        #expect(throws: damage(path, "libhdf5 gave no answer within 1 s")) { try reader.names(in: "") }
        try expectItGoesOn(path)
    }

    /// Chunks of 64 MB of zeros, which deflate makes 65 KB of.
    private func bomb(chunks: UInt64) throws -> String {
        var draft = HDF5Draft()
        let images: UInt64 = 5461
        let zeros = [UInt8](repeating: 0, count: Int(images) * DataSet.imageBytes)
        var size = compressBound(UInt(zeros.count))
        var deflated = [UInt8](repeating: 0, count: Int(size))
        #expect(compress(&deflated, &size, zeros, UInt(zeros.count)) == Z_OK)
        deflated.removeLast(deflated.count - Int(size))
        draft.arrays["train_set_x"]!.shape[0] = images * chunks
        draft.arrays["train_set_x"]!.bytes = []
        draft.arrays["train_set_x"]!.layout = .chunked([images, 64, 64, 3])
        draft.arrays["train_set_x"]!.properties = { check(H5Pset_deflate($0, 9)) }
        draft.arrays["train_set_x"]!.edit = { dataset in
            for chunk in 0..<chunks {
                check(
                    H5Dwrite_chunk(
                        dataset, nn_h5_default(), 0, [chunk * images, 0, 0, 0], deflated.count, deflated))
            }
        }
        let labels = [UInt8](repeating: 0, count: Int(images * chunks))
        draft.arrays["train_set_y"]!.shape = [images * chunks]
        draft.arrays["train_set_y"]!.bytes = labels
        return draft.write(to: folder)
    }

    @Test("too much memory")
    func memory() throws {
        let path = try bomb(chunks: 1)
        let file = DataSetFile(try HDF5Reader(path) { $0.memory = 32 << 20 })
        #expect(throws: damage(path, "libhdf5 needs more than 32 MB to read it")) {
            try file.read(images: "train_set_x", labels: "train_set_y", names: nil)
        }
        #expect(try DataSet(hdf5: path).count == 5461)
    }

    @Test("a file of 2.6 MB that would become 2.7 GB in memory")
    func gain() throws {
        let path = try bomb(chunks: 40)
        let error = #expect(throws: FileError.self) { try DataSet(hdf5: path) }
        #expect(error?.kind == .badData)
        let stored = try #require(Int(error?.expected.split(separator: " ").dropLast(4).last ?? ""))
        #expect(
            error?.expected
                == "at most \((64 << 20) + 100 * stored) bytes of train_set_x in \(stored) bytes of a file")
        #expect(error?.found == "\(40 * 5461 * DataSet.imageBytes)")
    }

    @Test("another file that comes to the path between two looks at it")
    func swap() throws {
        var draft = HDF5Draft()
        let path = draft.write(to: folder)
        draft.arrays["list_classes"] = .variableStrings(["other", "names"])
        let other = draft.write(to: folder, as: "other.h5")
        let data = Result {
            let reader = try HDF5Reader(path) { _ in #expect(rename(other, path) == 0) }
            return try DataSetFile(reader).read(images: "train_set_x", labels: "train_set_y", names: nil)
        }
        // On Linux libhdf5 asks for the path of what is open, and finds none.
        if case .success(let data) = data { #expect(data.classes == ["non-cat", "cat"]) }
        #expect(try DataSet(hdf5: path).classes == ["other", "names"])
    }

    #if os(Linux)  // which says what a process has open
        @Test("the process has the file open, and can open no other one")
        func opensNoOther() throws {
            let path = HDF5Draft().write(to: folder)
            let reader = try HDF5Reader(path)
            _ = try reader.names(in: "")
            let process = "/proc/\(reader.processIdentifier)"
            let open = try FileManager.default.contentsOfDirectory(atPath: "\(process)/fd")
            #expect(Set(open) == ["0", "1", "2", "3", "4", "5"])
            let files = try open.map {
                try FileManager.default.destinationOfSymbolicLink(atPath: "\(process)/fd/\($0)")
            }
            #expect(
                Set(files.filter { !$0.hasPrefix("socket:") })
                    == ["/dev/null", URL(filePath: path).resolvingSymlinksInPath().path])
            let limits = try String(contentsOfFile: "\(process)/limits", encoding: .utf8)
            let count = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
            #expect(count.split(separator: " ").suffix(3) == ["0", "0", "files"])
        }
    #endif

    @Test("too much processor time")
    func processorTime() throws {
        let path = try bomb(chunks: 40)
        let file = DataSetFile(
            try HDF5Reader(path) {
                $0.processorSeconds = 1
                $0.gain = 10_000
            })
        #expect(throws: damage(path, "libhdf5 took more than 1 s of processor time for it")) {
            try file.read(images: "train_set_x", labels: "train_set_y", names: nil)
        }
    }

    @Test(
        "little time for small files, more for each MB of larger ones",
        arguments: [(0, 10), (1, 19), (6, 64), (1000, 1060)])
    func timeBySize(megabytes: UInt64, seconds: UInt32) {
        #expect(HDF5Reader.Limits(fileSize: megabytes << 20).processorSeconds == seconds)
    }

    @Test("the process is gone when the reader is, whatever it did")
    func noProcessStays() throws {
        let path = HDF5Draft().write(to: folder)
        var processes: [Int32] = []
        for signal in [0, SIGSTOP, SIGKILL] {
            let reader = try HDF5Reader(path)
            processes.append(reader.processIdentifier)
            kill(reader.processIdentifier, signal)
        }
        for process in processes {
            #expect(kill(process, 0) == -1)
            #expect(errno == ESRCH)
        }
    }

    @Test("no descriptor stays open", .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd")))
    func noDescriptorStays() throws {
        let good = HDF5Draft().write(to: folder)
        let bad = folder.write([1], as: "bad.h5")
        let count = { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        let before = try count()
        for _ in 1...100 {
            _ = try DataSet(hdf5: good)
            _ = try? DataSet(hdf5: bad)
        }
        // Other tests open some.
        #expect(try count() < before + 100)
    }

    @Test("a program that ignores SIGCHLD")
    func ignoredSignal() async throws {
        let path = HDF5Draft().write(to: folder)
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGCHLD, SIG_IGN)
            #expect(try DataSet(hdf5: path).count == 2)
            let reader = try HDF5Reader(path)
            kill(reader.processIdentifier, SIGSEGV)
            #expect(throws: FileError.self) { try reader.names(in: "") }
            #expect(try DataSet(hdf5: path).count == 2)
        }
    }

    /// A reader whose process is played by a socket that gives these bytes.
    private func reader(answeredWith bytes: [UInt8]) throws -> HDF5Reader {
        var sockets: [Int32] = [-1, -1]
        let stream: Int32 = 1  // SOCK_STREAM, whose type depends on the system
        #expect(socketpair(AF_UNIX, stream, 0, &sockets) == 0)
        #expect(send(sockets[1], bytes, bytes.count, 0) == bytes.count)
        // A process that is no child is waited for, and not ended. The other end of the socket stays open until the test's
        // program ends, or a request would fail before its answer is read.
        let process = nn_reader(child: getpid(), socket: sockets[0], waited_ms: 0, limit_ms: 1000)
        return try HDF5Reader(
            HDF5Source(path: "x.h5", size: 1 << 20), limits: .init(fileSize: 1 << 20), answeredBy: process)
    }

    @Test("sizes of elements that no file can have", arguments: [0, 1 << 32, 1 << 61, UInt64.max])
    func elementBytes(size: UInt64) throws {
        var opened = nn_reader_answer()
        opened.status = NN_READER_OK.code
        var described = opened
        described.bytes = UInt64(MemoryLayout<nn_reader_array>.size)
        var array = nn_reader_array()
        array.element_bytes = size
        array.element_class = Int32(NN_READER_INTEGER.rawValue)
        func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value, Array.init) }
        let reader = try reader(answeredWith: bytes(opened) + bytes(described) + bytes(array))
        let error = FileError(.badData, file: "x.h5", expected: "a data set a", found: "damage")
        #expect(throws: error) { try HDF5Array("a", in: reader).typeText }
    }

    @Test("many at once")
    func concurrently() async throws {
        let path = HDF5Draft().write(to: folder)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 { group.addTask { try DataSet(hdf5: path).count } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 32)
    }
}
