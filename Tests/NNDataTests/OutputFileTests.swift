import Foundation
import NNData
import Synchronization
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
        expectRefusal(folder.path(String(repeating: "n", count: 256)), "File name too long")
        expectRefusal("/dev/fd/4095", "Bad file descriptor")
    }

    @Test("a name as long as names can be")
    func longName() throws {
        for name in [String(repeating: "n", count: 255), String(repeating: "\u{1f431}", count: 63)] {
            try OutputFile(folder.path(name)).write(old)
            #expect(try bytes(of: name) == old)
        }
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
            .io, file: folder.path("file"), expected: "a file to write", found: "a folder")
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

    @Test("leftovers of a run that was killed are not in the way, and say whose they are")
    func leftovers() throws {
        let path = folder.path("file")
        var names: Set<String> = []
        for _ in 0..<3 {
            let writer = try OutputFile.Writer(OutputFile(path))
            let new = try self.names.filter { !names.contains($0) }
            #expect(new.count == 1)
            #expect(new[0].wholeMatch(of: /\.file\.[0-9a-f]{16}\.part/) != nil)
            names.insert(new[0])
            // As if the process had been killed: the file stays.
            _ = Unmanaged.passRetained(writer)
        }
        try OutputFile(path).write(new)
        #expect(try bytes(of: "file") == new)
        #expect(try self.names == (names + ["file"]).sorted())
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

@Suite("What a file that is written has of the one before")
struct ReplacedFileTests {
    private let folder = TemporaryFolder()
    private let new: [UInt8] = [4, 5]

    private func status(of name: String) throws -> stat {
        var status = stat()
        try #require(lstat(folder.path(name), &status) == 0)
        return status
    }

    private func mode(of name: String) throws -> mode_t { try status(of: name).st_mode & 0o7777 }

    @Test("the mode is kept", arguments: [0o600, 0o640, 0o644, 0o666, 0o755] as [mode_t])
    func mode(_ mode: mode_t) throws {
        let path = folder.write([1], as: "file")
        try #require(chmod(path, mode) == 0)
        try OutputFile(path).write(new)
        #expect(try self.mode(of: "file") == mode)
    }

    @Test("a file is nobody else's rights before it is complete", arguments: [false, true])
    func incomplete(isNew: Bool) throws {
        let path = isNew ? folder.path("file") : folder.write([1], as: "file")
        let before = try isNew ? nil : mode(of: "file")
        let writer = try OutputFile.Writer(OutputFile(path))
        try writer.write([UInt8](repeating: 1, count: 1 << 17))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.root)
        let part = try #require(names.first { $0.hasSuffix(".part") })
        #expect(try mode(of: part) == 0o600)
        try writer.finish()
        // As a file that is made without ado.
        let other = open(folder.path("other"), O_CREAT | O_WRONLY, 0o666)
        close(other)
        #expect(try mode(of: "file") == (before ?? mode(of: "other")))
    }

    @Test("owner and group are kept by root", .enabled(if: geteuid() == 0, "only root gives files away"))
    func owner() throws {
        let path = folder.write([1], as: "file")
        try #require(chmod(path, 0o640) == 0 && chown(path, 1234, 5678) == 0)
        try OutputFile(path).write(new)
        let status = try status(of: "file")
        #expect(status.st_uid == 1234 && status.st_gid == 5678)
        #expect(try mode(of: "file") == 0o640)
    }

    @Test("another name of the file keeps the old content")
    func hardLink() throws {
        let path = folder.write([1], as: "file")
        try #require(link(path, folder.path("other")) == 0)
        try OutputFile(path).write(new)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(new))
        #expect(try Data(contentsOf: URL(filePath: folder.path("other"))) == Data([1]))
    }

    @Test("one that may not be written to stays", .enabled(if: geteuid() != 0, "root may write everywhere"))
    func readOnly() throws {
        let path = folder.write([1], as: "file")
        try #require(chmod(path, 0o444) == 0)
        let error = FileError(.io, file: path, expected: "a file to write", found: "Permission denied")
        #expect(throws: error) { try OutputFile(path) }
    }
}

/// Reads a pipe to its end in a thread of its own: a task would take a thread from tests that wait.
private final class Reading: Sendable {
    private let result = Mutex<[UInt8]>([])
    private let end = DispatchSemaphore(value: 0)

    init(_ open: @escaping @Sendable () -> CInt) {
        Thread.detachNewThread { [self] in
            let data = try? FileHandle(fileDescriptor: open(), closeOnDealloc: true).readToEnd()
            result.withLock { $0 = Array(data ?? Data()) }
            end.signal()
        }
    }

    /// All of it, at the end.
    var bytes: [UInt8] {
        end.wait()
        return result.withLock(\.self)
    }
}

@Suite("Where a path leads")
struct DestinationTests {
    private let folder = TemporaryFolder()
    private let new: [UInt8] = [4, 5]

    private func bytes(of name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: folder.path(name))))
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path(name), withIntermediateDirectories: false)
    }

    private func makeLink(_ name: String, to destination: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path(name), withDestinationPath: destination)
    }

    @Test("a folder that is moved, and another or a link in its place, change nothing")
    func movedFolder() throws {
        for isLink in [false, true] {
            let (inner, moved) = ("inner\(isLink)", "moved\(isLink)")
            try makeFolder(inner)
            let file = try OutputFile(folder.path("\(inner)/file"))
            try #require(rename(folder.path(inner), folder.path(moved)) == 0)
            if isLink { try makeLink(inner, to: ".") } else { try makeFolder(inner) }
            try file.write(new)
            #expect(try bytes(of: "\(moved)/file") == new)
            #expect(!FileManager.default.fileExists(atPath: folder.path("\(inner)/file")))
        }
    }

    @Test("a link that is changed changes nothing")
    func changedLink() throws {
        try makeFolder("a")
        try makeLink("b", to: "a/")
        try makeLink("link", to: "\(folder.root)/b/../b/file")
        let file = try OutputFile(folder.path("link"))
        unlink(folder.path("link"))
        try makeLink("link", to: "other")
        try file.write(new)
        #expect(try bytes(of: "a/file") == new)
        #expect(!FileManager.default.fileExists(atPath: folder.path("other")))
    }

    @Test("a link that takes the file's place is an error, and what it names stays")
    func linkComes() throws {
        let file = try OutputFile(folder.path("file"))
        _ = folder.write([1], as: "other")
        try makeLink("file", to: "other")
        #expect(throws: FileError.self) { try file.write(new) }
        #expect(try bytes(of: "other") == [1])
    }

    @Test("links in a circle")
    func circle() throws {
        try makeLink("a", to: "b")
        try makeLink("b", to: "a")
        let error = FileError(
            .io, file: folder.path("a"), expected: "a file to write",
            found: "Too many levels of symbolic links")
        #expect(throws: error) { try OutputFile(folder.path("a")) }
    }

    @Test(
        "what another user put into a folder for all is not followed or replaced",
        .enabled(if: geteuid() == 0, "only root makes files of others"))
    func strangers() throws {
        let stranger: uid_t = 65534
        try makeFolder("all")
        try #require(chmod(folder.path("all"), 0o1777) == 0)
        _ = folder.write([1], as: "victim")
        _ = folder.write([1], as: "all/file")
        try makeLink("all/link", to: "../victim")
        try makeLink("all/folder", to: "..")
        try #require(mkfifo(folder.path("all/pipe"), 0o666) == 0)
        let paths = ["all/file", "all/link", "all/folder/victim", "all/folder/new", "all/pipe"]
        for name in ["file", "link", "folder", "pipe"] {
            try #require(lchown(folder.path("all/\(name)"), stranger, stranger) == 0)
        }
        for path in paths {
            let error = #expect(throws: FileError.self) { try OutputFile(folder.path(path)) }
            #expect(error?.found.hasSuffix("of another user in a folder that all may write to") == true)
        }
        #expect(try bytes(of: "victim") == [1])
        #expect(try bytes(of: "all/file") == [1])
        // The folder's own user may put links there, and so may this one.
        for owner in [stranger, 0] {
            try #require(chown(folder.path("all"), owner, owner) == 0)
            try #require(lchown(folder.path("all/link"), owner, owner) == 0)
            try OutputFile(folder.path("all/link")).write(new)
        }
        #expect(try bytes(of: "victim") == new)
    }

    @Test("a pipe is written to, and stays one")
    func pipe() throws {
        let path = folder.path("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        let file = try OutputFile(path)
        let reader = Reading { open(path, O_RDONLY) }
        try file.write(new)
        #expect(reader.bytes == new)
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test(
        "a file that is open already is written to where it stands", arguments: ["/dev/fd", "/proc/self/fd"])
    func openFile(_ numbers: String) throws {
        guard FileManager.default.fileExists(atPath: numbers) else { return }
        let log = open(folder.write([1, 2], as: "log"), O_WRONLY | O_APPEND)
        defer { close(log) }
        try makeLink("link", to: "\(numbers)/\(log)")
        try OutputFile("\(numbers)/\(log)").write(new)
        try OutputFile(folder.path("link")).write(new)
        #expect(try bytes(of: "log") == [1, 2] + new + new)
        let reading = open(folder.path("log"), O_RDONLY)
        defer { close(reading) }
        #expect(throws: FileError.self) { try OutputFile("\(numbers)/\(reading)") }
    }

    @Test("a pipe that does not wait is waited for")
    func nonBlockingPipe() throws {
        var ends: [CInt] = [0, 0]
        try #require(Foundation.pipe(&ends) == 0)
        let reading = ends[0]
        _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
        let large = [UInt8](repeating: 7, count: 1 << 20)
        let reader = Reading { reading }
        try OutputFile("/dev/fd/\(ends[1])").write(large)
        close(ends[1])
        #expect(reader.bytes == large)
    }

    @Test("which paths lead to the standard output")
    func standardOutput() throws {
        for path in ["-", "/dev/stdout", "/dev/fd/1", "/dev/../dev/fd/1"] {
            #expect(OutputFile.isStandardOutput(path))
        }
        try makeLink("link", to: "/dev/stdout")
        #expect(OutputFile.isStandardOutput(folder.path("link")))
        for path in ["", "./-", "/dev/stderr", "/dev/null", "/dev/fd/x", folder.path("1"), "gone/file"] {
            #expect(!OutputFile.isStandardOutput(path))
        }
    }
}

@Suite("Files that one process has to itself")
struct LockedFileTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path("file") }

    private var bytes: [UInt8] { get throws { try Array(Data(contentsOf: URL(filePath: path))) } }

    /// Whether another descriptor can lock the file, as another process could.
    private var isFree: Bool { get throws { try OutputFile(path).lock(expected: "") != nil } }

    @Test("a file is complete and locked from the moment it is there")
    func locked() throws {
        let file = try OutputFile(path)
        var own: FileLock?
        #expect(try file.writeLocked([1], replacing: &own))
        #expect(try !isFree)
        var other: FileLock?
        #expect(try !file.writeLocked([2], replacing: &other))
        #expect(other == nil)
        #expect(try bytes == [1])
        #expect(try file.writeLocked([3], replacing: &own))
        #expect(try !isFree)
        #expect(try bytes == [3])
        try file.remove(try #require(own))
        #expect(!FileManager.default.fileExists(atPath: path))
        // It is made anew where it was removed.
        #expect(try file.writeLocked([4], replacing: &own))
        #expect(try bytes == [4])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.root) == ["file"])
    }

    @Test("the lock ends with its value, although another process was forked meanwhile")
    func unlocked() throws {
        var copies: [CInt] = []
        defer { for copy in copies { close(copy) } }
        do {
            var lock: FileLock?
            #expect(try OutputFile(path).writeLocked([1], replacing: &lock))
            copies = try withExtendedLifetime(lock) { try self.copies() }
        }
        #expect(!copies.isEmpty)
        #expect(try isFree)
    }

    /// Copies of the descriptors of the file, as a forked process has them.
    private func copies() throws -> [CInt] {
        var file = stat()
        try #require(stat(path, &file) == 0)
        return (3..<CInt(65_536)).compactMap { descriptor in
            var other = stat()
            guard fstat(descriptor, &other) == 0, other.st_dev == file.st_dev, other.st_ino == file.st_ino
            else {
                return nil
            }
            return dup(descriptor)
        }
    }

    @Test("another file in its place, or a link, is neither replaced nor removed", arguments: [false, true])
    func otherFile(isLink: Bool) throws {
        let file = try OutputFile(path)
        var lock: FileLock?
        #expect(try file.writeLocked([1], replacing: &lock))
        let other = folder.write([9], as: "other")
        if isLink {
            unlink(path)
            symlink("other", path)
        } else {
            rename(other, path)
        }
        if isLink {
            #expect(throws: FileError.self) { try file.writeLocked([2], replacing: &lock) }
        } else {
            #expect(try !file.writeLocked([2], replacing: &lock))
        }
        try file.remove(try #require(lock))
        #expect(try bytes == [9])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.root).sorted()
                == (isLink ? ["file", "other"] : ["file"]))
    }

    @Test("what is no file cannot be locked, and is not waited for")
    func pipe() throws {
        try #require(mkfifo(path, 0o600) == 0)
        let error = FileError(.missing, file: path, expected: "x", found: "a pipe or a device")
        #expect(throws: error) { try OutputFile(path).lock(expected: "x") }
    }
}
