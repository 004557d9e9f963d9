import CHDF5
import CHDF5Reader
import NNData
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file, for messages.
struct HDF5Source {
    let path: String
    let size: UInt64
    /// Its first bytes, which tell what else it is.
    let start: [UInt8]

    init(path: String, size: UInt64, start: [UInt8] = []) {
        (self.path, self.size, self.start) = (path, size, start)
    }

    fileprivate init(_ path: String, _ file: FileDescriptor) throws(FileError) {
        self.path = path
        do {
            size = UInt64(try file.stat().size)
            start = try [UInt8](unsafeUninitializedCapacity: FileKind.startBytes) { bytes, count in
                count = try file.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(bytes))
            }
        } catch {
            throw FileError(.io, file: path, expected: "a data set file", found: "\(error)")
        }
    }

    func refusal(_ expected: String, _ found: String) -> FileError {
        FileError(.badData, file: path, expected: expected, found: found)
    }

    fileprivate func noProcess(_ error: Errno) -> FileError {
        FileError(.io, file: path, expected: "a process to read it in", found: "\(error)")
    }
}

/// Reads one HDF5 file in a process of its own, which ends with this object.
///
/// libhdf5 crashes on some damaged files. What the process says is as little to be trusted as the file: counts and
/// sizes in its answers are those expected, or the file is refused.
final class HDF5Reader {
    /// What the process may take.
    struct Limits {
        /// Bytes beside what this process has mapped. A chunk, what it unpacks to, that unshuffled, and a slice take
        /// 64 MB each.
        var memory: UInt64 = 320 << 20
        var processorSeconds: UInt32
        /// How long one answer, of 64 MB at most, may take.
        var answerSeconds: UInt32 = 120
        /// How many bytes of pixels may come from one byte of the file, beyond the first 64 MB. Photos shrink to a half at
        /// best, drawings to a thirtieth; a file of little more than zeros, to a thousandth.
        var gain: UInt64 = 100

        /// To check and read 490 MB of floating-point images, which gzip had made 7 MB of, took 4 s. Nobody waits a minute
        /// for a small file, in which libhdf5 may look for something without end.
        init(fileSize: UInt64) {
            let megabytes = fileSize >> 20
            processorSeconds = UInt32(clamping: min(10 + 8 * megabytes, 60) + megabytes)
        }
    }

    let source: HDF5Source
    let limits: Limits
    private var process = nn_reader()
    private var isRunning = false

    /// Opens the file, once: what is put at its path later is not read.
    ///
    /// - Parameter change: of the limits.
    init(_ path: String, _ change: (inout Limits) -> Void = { _ in }) throws(FileError) {
        let file = try InputFile.open(path, expected: "a data set file", isRegular: true)
        defer { try? file.close() }
        source = try HDF5Source(path, file)
        var limits = Limits(fileSize: source.size)
        change(&limits)
        self.limits = limits
        var bounds = nn_reader_limits(
            memory_bytes: limits.memory, processor_seconds: limits.processorSeconds,
            answer_seconds: limits.answerSeconds)
        let error = HDF5.exclusively { nn_reader_start(&process, file.rawValue, &bounds) }
        guard error == 0 else { throw source.noProcess(Errno(rawValue: error)) }
        isRunning = true
        try checkOpening()
    }

    /// - Parameter process: a process that has been started; in tests, a socket that answers anything.
    init(_ source: HDF5Source, limits: Limits, answeredBy process: nn_reader) throws(FileError) {
        (self.source, self.limits, self.process) = (source, limits, process)
        isRunning = true
        try checkOpening()
    }

    /// The first answer says whether the process could open the file.
    private func checkOpening() throws(FileError) {
        let status = try receive(nn_reader_answer()).status
        guard status == NN_READER_OK.code else {
            throw failure(status, "an HDF5 file", openingText(status))
        }
    }

    deinit { if isRunning { nn_reader_end(&process) } }

    private func openingText(_ status: Int32) -> String {
        switch status {
        case NN_READER_NOT_HDF5.code: FileKind.text(of: source.start)
        case NN_READER_TRUNCATED.code: "one that is cut short"
        default: "a damaged one"
        }
    }

    private static let version: String = {
        var (major, minor, release) = (UInt32(0), UInt32(0), UInt32(0))
        HDF5.exclusively { _ = H5get_libversion(&major, &minor, &release) }
        return "\(major).\(minor).\(release)"
    }()

    /// The process, for tests that make it fail.
    var processIdentifier: Int32 { process.child }
}

// MARK: Answers

extension HDF5Reader {
    /// The names in a group, of arrays and of others; in the root group if its name is empty.
    ///
    /// Names that are not UTF-8 are left out, and those after the first 256.
    func names(in group: String) throws(FileError) -> [String] {
        let answer = try ask(NN_READER_LIST, group)
        guard answer.status == NN_READER_OK.code else { return [] }
        let limit = NN_READER_NAMES * (NN_READER_NAME_BYTES + 1)
        guard answer.bytes <= limit else { throw nonsense }
        let bytes = try receive(UInt8.self, count: Int(answer.bytes))
        return bytes.split(separator: 0).compactMap { String(validating: $0, as: UTF8.self) }
    }

    /// What the array is like; or why there is none.
    func describe(_ name: String) throws(FileError) -> (status: Int32, array: nn_reader_array) {
        let answer = try ask(NN_READER_DESCRIBE, name)
        guard answer.status == NN_READER_OK.code else { return (answer.status, nn_reader_array()) }
        guard answer.bytes == MemoryLayout<nn_reader_array>.size else { throw nonsense }
        return (answer.status, try receive(nn_reader_array()))
    }

    /// Elements of the rows: `count` of the type, which `Element` must be.
    func read<Element: BitwiseCopyable>(
        _ name: String, rows: Range<UInt64>, as type: nn_reader_type, _: Element.Type, count: Int
    ) throws(FileError) -> [Element] {
        let answer = try ask(NN_READER_READ, name, rows, type)
        guard answer.status == NN_READER_OK.code else { throw readFailure(answer, of: name) }
        guard answer.bytes == count * MemoryLayout<Element>.stride else { throw nonsense }
        return try receive(Element.self, count: count)
    }

    /// Strings of the rows, without the NULs at their end.
    func strings(
        _ name: String, rows: Range<UInt64>, count: Int, longest: Int
    ) throws(FileError) -> [(bytes: ArraySlice<UInt8>, length: Int)] {
        let answer = try ask(NN_READER_READ, name, rows, NN_READER_STRINGS, longest: longest)
        guard answer.status == NN_READER_OK.code else { throw readFailure(answer, of: name) }
        guard answer.bytes <= count * (longest + 4) else { throw nonsense }
        var rest = try receive(UInt8.self, count: Int(answer.bytes))[...]
        var strings: [(bytes: ArraySlice<UInt8>, length: Int)] = []
        for _ in 0..<count {
            guard rest.count >= 4 else { throw nonsense }
            let length = rest.prefix(4).withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
            rest = rest.dropFirst(4)
            let bytes = rest.prefix(min(length, longest))
            guard bytes.count == min(length, longest) else { throw nonsense }
            strings.append((bytes, length))
            rest = rest.dropFirst(bytes.count)
        }
        return strings
    }

    /// The error of a status that says why something could not be read.
    func failure(_ status: Int32, _ expected: String, _ found: String) -> FileError {
        switch status {
        case NN_READER_READ_FAILED.code:
            FileError(.io, file: source.path, expected: expected, found: "a read error")
        case NN_READER_NEWER.code:
            source.refusal(
                expected,
                "damage, or a newer format than libhdf5 \(Self.version) reads; h5py writes older ones without libver"
            )
        case NN_READER_NO_MEMORY.code:
            damage("libhdf5 needs more than \(limits.memory >> 20) MB to read it")
        default: source.refusal(expected, found)
        }
    }

    private func readFailure(_ answer: nn_reader_answer, of name: String) -> FileError {
        let rank = withUnsafeBytes(of: answer.chunk) { Array($0.bindMemory(to: UInt64.self)) }
        return HDF5Array.chunkFailure(answer.status, at: rank, found: answer.found, of: name, self)
    }
}

// MARK: Talking to the process

extension HDF5Reader {
    private func ask(
        _ operation: nn_reader_operation, _ name: String, _ rows: Range<UInt64> = 0..<0,
        _ type: nn_reader_type = NN_READER_U8, longest: Int = 0
    ) throws(FileError) -> nn_reader_answer {
        var request = nn_reader_request()
        request.operation = operation.rawValue
        request.type = type.rawValue
        request.first = rows.lowerBound
        request.count = UInt64(rows.count)
        request.longest = UInt64(longest)
        let bytes = Array(name.utf8)
        // Nothing in a file has such a name.
        guard bytes.count <= Int(NN_READER_NAME_BYTES), !bytes.contains(0) else {
            return nn_reader_answer(
                status: NN_READER_NONE.code, bytes: 0, found: 0, chunk: nn_reader_answer().chunk)
        }
        withUnsafeMutableBytes(of: &request.name) { $0.copyBytes(from: bytes) }
        guard isRunning, nn_reader_ask(&process, &request) else { throw ended() }
        return try receive(nn_reader_answer())
    }

    /// A structure, which any bytes can be.
    private func receive<Value: BitwiseCopyable>(_ empty: Value) throws(FileError) -> Value {
        var value = empty
        guard isRunning, nn_reader_receive(&process, &value, MemoryLayout<Value>.size) else { throw ended() }
        return value
    }

    private func receive<Element: BitwiseCopyable>(
        _: Element.Type, count: Int
    ) throws(FileError) -> [Element] {
        var isWhole = false
        let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            isWhole =
                isRunning
                && nn_reader_receive(
                    &process, buffer.baseAddress, count * MemoryLayout<Element>.stride)
            initialized = isWhole ? count : 0
        }
        guard isWhole else { throw ended() }
        return elements
    }

    /// The error of a process that no longer answers.
    private func ended() -> FileError {
        guard isRunning else { return damage("libhdf5 crashed on it") }
        isRunning = false
        return switch nn_reader_end(&process) {
        case NN_READER_OUT_OF_TIME:
            damage("libhdf5 took more than \(limits.processorSeconds) s of processor time for it")
        case NN_READER_NOT_ANSWERING:
            damage("libhdf5 gave no answer within \(limits.answerSeconds) s")
        case NN_READER_NO_DESCRIPTORS: source.noProcess(.tooManyOpenFiles)
        default: damage("libhdf5 crashed on it")
        }
    }

    private var nonsense: FileError { damage("libhdf5 gave a wrong answer") }

    private func damage(_ reason: String) -> FileError {
        source.refusal("a data set file", "a damaged one (\(reason))")
    }
}

extension nn_reader_status {
    var code: Int32 { Int32(rawValue) }
}
