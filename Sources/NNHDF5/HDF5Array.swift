import CHDF5Reader
import NNData

/// A data set in HDF5's sense: an array in a file, with a shape and a type.
struct HDF5Array {
    let reader: HDF5Reader
    let name: String
    let shape: [UInt64]
    let elementBytes: UInt64
    private let elementClass: nn_reader_class
    private let isSigned: Bool
    private let chunk: [UInt64]
    private let filters: [HDF5Filter]
    private let storedBytes: UInt64

    private var source: HDF5Source { reader.source }

    /// The size of a type has four bytes in a file.
    private static let largestElement = UInt64(UInt32.max)

    init(_ name: String, in reader: HDF5Reader) throws(FileError) {
        let (status, array) = try reader.describe(name)
        guard status == NN_READER_OK.code else { throw Self.failure(status, name, reader) }
        guard let array = HDF5Array(name, array, reader) else {
            throw reader.source.refusal("a data set \(name)", "damage")
        }
        self = array
    }

    /// nil if the numbers make no sense.
    private init?(_ name: String, _ facts: nn_reader_array, _ reader: HDF5Reader) {
        guard facts.rank <= NN_READER_RANK, facts.chunk_rank <= NN_READER_RANK,
            facts.filter_count <= NN_READER_FILTERS, 1...Self.largestElement ~= facts.element_bytes
        else { return nil }
        self.reader = reader
        self.name = name
        shape = withUnsafeBytes(of: facts.shape) {
            Array($0.bindMemory(to: UInt64.self).prefix(Int(facts.rank)))
        }
        chunk = withUnsafeBytes(of: facts.chunk) {
            Array($0.bindMemory(to: UInt64.self).prefix(Int(facts.chunk_rank)))
        }
        guard !chunk.contains(0) else { return nil }
        let count = Int(facts.filter_count)
        let numbers = withUnsafeBytes(of: facts.filters) {
            Array($0.bindMemory(to: Int32.self).prefix(count))
        }
        let isDecodable = withUnsafeBytes(of: facts.can_decode) { Array($0.prefix(count)) }
        filters = zip(numbers, isDecodable).map { HDF5Filter(number: $0, isDecodable: $1 != 0) }
        elementBytes = facts.element_bytes
        elementClass = nn_reader_class(rawValue: UInt32(bitPattern: facts.element_class))
        isSigned = facts.is_signed != 0
        storedBytes = facts.stored_bytes
    }

    private static func failure(_ status: Int32, _ name: String, _ reader: HDF5Reader) -> FileError {
        switch status {
        case NN_READER_NONE.code: reader.source.refusal("a data set \(name)", "none")
        case NN_READER_SOFT_LINK.code: reader.source.refusal("\(name) itself", "a soft link")
        case NN_READER_EXTERNAL_LINK.code: reader.source.refusal("\(name) itself", "an external link")
        case NN_READER_OTHER_LINK.code: reader.source.refusal("\(name) itself", "a link of unknown kind")
        case NN_READER_NOT_ARRAY.code: reader.source.refusal("a data set \(name)", "a group or a type")
        case NN_READER_VIRTUAL.code:
            reader.source.refusal("\(name) stored in the file", "a virtual data set")
        case NN_READER_EXTERNAL_STORAGE.code:
            reader.source.refusal("\(name) stored in the file", "external storage")
        default: reader.failure(status, "a data set \(name)", "damage")
        }
    }
}

// MARK: Its shape and type

extension HDF5Array {
    var shapeText: String { Self.text(shape) }

    static func text(_ shape: [UInt64]) -> String { "(\(shape.map(String.init).joined(separator: ", ")))" }

    /// Whether it is a list of `count` elements: (m), (1, m) or (m, 1).
    func isList(of count: UInt64) -> Bool { [[count], [1, count], [count, 1]].contains(shape) }

    /// What its numbers are read as, so that none is changed; nil if they are none. An enumeration, as h5py makes of
    /// bool, is a number to HDF5.
    var numberType: nn_reader_type? {
        switch elementClass {
        case NN_READER_INTEGER where elementBytes == 1 && !isSigned: NN_READER_U8
        case NN_READER_INTEGER where elementBytes <= 8: isSigned ? NN_READER_I64 : NN_READER_U64
        case NN_READER_FLOAT where elementBytes <= 16: NN_READER_F64
        case NN_READER_ENUMERATION where elementBytes <= 8: NN_READER_I64
        default: nil
        }
    }

    var isEnumeration: Bool { elementClass == NN_READER_ENUMERATION }
    var isString: Bool { [NN_READER_FIXED_STRING, NN_READER_VARIABLE_STRING].contains(elementClass) }

    var typeText: String {
        switch elementClass {
        case NN_READER_INTEGER: "\(isSigned ? "signed" : "unsigned") \(elementBytes * 8)-bit integers"
        case NN_READER_FLOAT: "\(elementBytes * 8)-bit floating-point numbers"
        case NN_READER_FIXED_STRING: "fixed-length strings"
        case NN_READER_VARIABLE_STRING: "variable-length strings"
        case NN_READER_ENUMERATION: "an enumeration"
        default: "another type"
        }
    }
}

// MARK: Its storage

/// A step of packing a chunk, by its number in HDF5's registry.
struct HDF5Filter: Equatable {
    let number: Int32
    let isDecodable: Bool

    private static let names: [Int32: String] = [
        1: "gzip", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scale-offset", 307: "bzip2",
        32000: "lzf",
        32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp", 32015: "zstd", 32017: "sz",
        32026: "blosc2",
    ]

    var name: String { Self.names[number] ?? "number \(number)" }

    static let gzip: Int32 = 1
    static let szip: Int32 = 4

    /// Shuffle, then gzip or szip, then a checksum: the sizes of chunks so packed can be checked.
    static func areReadable(_ filters: [HDF5Filter]) -> Bool {
        guard filters.allSatisfy(\.isDecodable) else { return false }
        var rest = filters.map(\.number)[...]
        if rest.first == 2 { rest = rest.dropFirst() }
        if rest.first == gzip || rest.first == szip { rest = rest.dropFirst() }
        if rest.first == 3 { rest = rest.dropFirst() }
        return rest.isEmpty
    }
}

extension HDF5Array {
    /// 64 MB, which is 5461 images. The library always unpacks whole chunks.
    static let largestChunk = UInt64(NN_READER_SLICE_BYTES)

    /// Refuses what cannot be whole, before memory is taken for it. Each chunk is looked at when it is read.
    ///
    /// - Precondition: the shape and the type are those expected, so the products below cannot overflow.
    func checkStorage() throws(FileError) {
        let bytes = shape.reduce(elementBytes, *)
        if chunk.isEmpty {
            guard storedBytes == bytes else {
                throw source.refusal("\(bytes) bytes of \(name)", "\(storedBytes)")
            }
        } else {
            try checkFilters()
            try checkChunkSize()
        }
        guard bytes / largestGain <= source.size else {
            throw source.refusal("\(bytes) bytes of \(name)", "a file of \(source.size) bytes")
        }
    }

    /// Refuses pixels that a small file would make too many of, before memory is taken for them.
    ///
    /// - Parameter bytes: of all pixels in memory.
    func checkGain(bytes: UInt64) throws(FileError) {
        let stored = min(storedBytes, source.size)
        let limit = Self.largestChunk + reader.limits.gain * stored
        guard bytes <= limit else {
            throw source.refusal("at most \(limit) bytes of \(name) in \(stored) bytes of a file", "\(bytes)")
        }
    }

    /// How many bytes the filters make of one at most: deflate 258 for every 2 bits; szip 4096 elements for one element
    /// and some bits.
    private var largestGain: UInt64 {
        let numbers = filters.map(\.number)
        return numbers.contains(HDF5Filter.szip) ? 4096 : numbers.contains(HDF5Filter.gzip) ? 1032 : 1
    }

    private func checkFilters() throws(FileError) {
        guard !HDF5Filter.areReadable(filters) else { return }
        let found = filters.map(\.name).joined(separator: ", ")
        throw source.refusal(
            "\(name) with no filters but shuffle, gzip or szip, and fletcher32, in this order",
            "\(found); rewrite it by h5py: new.create_dataset(\"\(name)\", data=old[\"\(name)\"][:], compression=\"gzip\")"
        )
    }

    private func checkChunkSize() throws(FileError) {
        let bytes = chunk.reduce(elementBytes) { product, side in
            let (next, overflow) = product.multipliedReportingOverflow(by: side)
            return overflow ? .max : next
        }
        guard bytes <= Self.largestChunk else {
            throw source.refusal("\(name) in chunks of at most \(Self.largestChunk) bytes", Self.text(chunk))
        }
        guard chunk.count == shape.count else { throw source.refusal("chunks of \(name)", Self.text(chunk)) }
    }

    /// The error of a chunk, or of what was to be read.
    static func chunkFailure(
        _ status: Int32, at offset: [UInt64], found: UInt64, of name: String, _ reader: HDF5Reader
    ) -> FileError {
        let source = reader.source
        guard let array = try? HDF5Array(name, in: reader) else {
            return reader.failure(status, "the values of \(name)", "damage")
        }
        let chunk = "chunk \(text(Array(offset.prefix(array.chunk.count)))) of \(name)"
        // Each side was checked, and so was the product.
        let bytes = array.chunk.reduce(array.elementBytes, &*)
        return switch status {
        case NN_READER_NO_CHUNK.code: source.refusal(chunk, "none")
        case NN_READER_LONG_CHUNK.code: source.refusal("\(chunk) of at most \(bytes) bytes", "\(found)")
        case NN_READER_WRONG_CHUNK.code: source.refusal("\(bytes) bytes in \(chunk)", "\(found)")
        case NN_READER_BAD_CHUNK.code: source.refusal("\(bytes) bytes in \(chunk)", "damage")
        default: reader.failure(status, "the values of \(name)", "damage")
        }
    }
}

// MARK: Its data

extension HDF5Array {
    private var rowElements: Int { Int(shape.dropFirst().reduce(1, *)) }

    /// Rows of at most 64 MB, whole chunks where these fit.
    private func slices(rowBytes: Int) -> [Range<UInt64>] {
        var rows = max(1, UInt64(Int(NN_READER_SLICE_BYTES) / rowBytes))
        if let side = chunk.first, side < rows { rows -= rows % side }
        return stride(from: 0, to: shape[0], by: Int(rows)).map { $0..<min($0 + rows, shape[0]) }
    }

    /// Hands over the elements in row-major order, slice by slice, with the index of the first.
    ///
    /// - Parameter type: what they are read as, which `Element` must be.
    func forEachSlice<Element: BitwiseCopyable>(
        as type: nn_reader_type, _: Element.Type, _ body: (Int, [Element]) throws(FileError) -> Void
    ) throws(FileError) {
        for rows in slices(rowBytes: rowElements * MemoryLayout<Element>.stride) {
            let count = rows.count * rowElements
            let elements = try reader.read(name, rows: rows, as: type, Element.self, count: count)
            try body(Int(rows.lowerBound) * rowElements, elements)
        }
    }

    /// The strings, without the NULs that end or fill them.
    func strings(longest: Int) throws(FileError) -> [ArraySlice<UInt8>] {
        var strings: [ArraySlice<UInt8>] = []
        let bytes = max(longest + 4, Int(clamping: elementBytes))
        for rows in slices(rowBytes: rowElements * bytes) {
            for string in try reader.strings(
                name, rows: rows, count: rows.count * rowElements, longest: longest)
            {
                guard string.length <= longest else {
                    throw source.refusal(
                        "strings of at most \(longest) bytes in \(name)",
                        "\(string.length) bytes at index \(strings.count)")
                }
                strings.append(string.bytes)
            }
        }
        return strings
    }
}
