import CHDF5
import CZlib
import NNData

/// A data set in HDF5's sense: an array in a file, with a shape and a type.
struct HDF5Array: ~Copyable {
    /// The allowed pipelines of filters. With deflate as the last, a chunk can be checked by unpacking it.
    static let pipelines = [
        [], [H5Z_FILTER_SHUFFLE], [H5Z_FILTER_DEFLATE], [H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE],
    ]
    /// 64 MB, which is 5461 images. The library always unpacks whole chunks.
    static let largestChunk: UInt64 = 64 << 20

    let source: HDF5Source
    let name: String
    let dataset: HDF5Handle
    let type: HDF5Handle
    let shape: [UInt64]
    let layout: H5D_layout_t
    let chunk: [UInt64]
    let filters: [Int32]

    init(_ name: String, in file: borrowing DataSetFile) throws(FileError) {
        let source = file.source
        let damage = "damage"
        guard try file.contains(name) else { throw source.refusal("a data set \(name)", "none") }
        // Another kind of link may lead to another file.
        switch nn_h5_link_type(file.file.id, name) {
        case H5L_TYPE_HARD: break
        case H5L_TYPE_SOFT: throw source.refusal("\(name) itself", "a soft link")
        case H5L_TYPE_EXTERNAL: throw source.refusal("\(name) itself", "an external link")
        case H5L_TYPE_ERROR: throw source.failure("\(name) itself", damage)
        default: throw source.refusal("\(name) itself", "a link of unknown kind")
        }
        guard let dataset = HDF5Handle(H5Oopen(file.file.id, name, nn_h5_default())) else {
            throw source.failure("a data set \(name)", damage)
        }
        guard H5Iget_type(dataset.id) == H5I_DATASET else {
            throw source.refusal("a data set \(name)", "a group or a type")
        }
        guard let creation = HDF5Handle(H5Dget_create_plist(dataset.id)) else {
            throw source.failure("a data set \(name)", damage)
        }
        // Before the shape: to tell that of a virtual data set, the library opens other files.
        let (layout, chunk) = try Self.layout(creation, name, source)
        let filters = try Self.filters(creation, name, source)
        guard let shape = Self.shape(dataset) else { throw source.failure("a data set \(name)", damage) }
        guard let type = HDF5Handle(H5Dget_type(dataset.id)) else {
            throw source.failure("a data set \(name)", damage)
        }
        self.source = source
        self.name = name
        self.dataset = dataset
        self.type = type
        self.shape = shape
        self.layout = layout
        self.chunk = chunk
        self.filters = filters
    }

    private static func shape(_ dataset: borrowing HDF5Handle) -> [UInt64]? {
        guard let space = HDF5Handle(H5Dget_space(dataset.id)) else { return nil }
        let rank = H5Sget_simple_extent_ndims(space.id)
        guard rank >= 0 else { return nil }
        var shape = [UInt64](repeating: 0, count: Int(rank))
        return H5Sget_simple_extent_dims(space.id, &shape, nil) == rank ? shape : nil
    }

    private static func layout(
        _ creation: borrowing HDF5Handle, _ name: String, _ source: HDF5Source
    ) throws(FileError) -> (H5D_layout_t, chunk: [UInt64]) {
        let layout = H5Pget_layout(creation.id)
        guard layout != H5D_VIRTUAL else {
            throw source.refusal("\(name) stored in the file", "a virtual data set")
        }
        guard H5Pget_external_count(creation.id) == 0 else {
            throw source.refusal("\(name) stored in the file", "external storage")
        }
        guard layout == H5D_CHUNKED else { return (layout, []) }
        var chunk = [UInt64](repeating: 0, count: Int(H5S_MAX_RANK))
        let rank = H5Pget_chunk(creation.id, H5S_MAX_RANK, &chunk)
        guard rank > 0, !chunk.prefix(Int(rank)).contains(0) else {
            throw source.failure("chunks of \(name)", "damage")
        }
        return (layout, Array(chunk.prefix(Int(rank))))
    }

    private static func filters(
        _ creation: borrowing HDF5Handle, _ name: String, _ source: HDF5Source
    ) throws(FileError) -> [Int32] {
        var filters: [Int32] = []
        for index in 0..<UInt32(max(0, H5Pget_nfilters(creation.id))) {
            var flags: UInt32 = 0
            var valueCount = 0
            let filter = H5Pget_filter2(creation.id, index, &flags, &valueCount, nil, 0, nil, nil)
            guard filter >= 0 else { throw source.failure("filters of \(name)", "damage") }
            filters.append(filter)
        }
        guard pipelines.contains(filters) else {
            let unknown = filters.first { $0 != H5Z_FILTER_SHUFFLE && $0 != H5Z_FILTER_DEFLATE }
            let order = filters.map { $0 == H5Z_FILTER_SHUFFLE ? "shuffle" : "deflate" }
            throw source.refusal(
                "\(name) with no filters but shuffle, then deflate",
                unknown.map { "filter \($0)" } ?? order.joined(separator: ", "))
        }
        return filters
    }
}

// MARK: Its type

extension HDF5Array {
    var shapeText: String { Self.text(shape) }

    private static func text(_ shape: [UInt64]) -> String {
        "(\(shape.map(String.init).joined(separator: ", ")))"
    }

    var elementBytes: Int { H5Tget_size(type.id) }
    var isInteger: Bool { H5Tget_class(type.id) == H5T_INTEGER }
    var isSigned: Bool { H5Tget_sign(type.id) == H5T_SGN_2 }
    var isFixedString: Bool { H5Tget_class(type.id) == H5T_STRING && H5Tis_variable_str(type.id) == 0 }

    var typeText: String {
        switch H5Tget_class(type.id) {
        case H5T_INTEGER: "\(isSigned ? "signed" : "unsigned") \(elementBytes * 8)-bit integers"
        case H5T_FLOAT: "\(elementBytes * 8)-bit floating-point numbers"
        case H5T_STRING: isFixedString ? "fixed-length strings" : "variable-length strings"
        case H5T_ENUM: "an enumeration"
        default: "another type"
        }
    }
}

// MARK: Its data

extension HDF5Array {
    /// Makes sure that every element is in the file, before memory is taken for them.
    ///
    /// - Precondition: the shape and the type are those expected, so the products below cannot overflow.
    borrowing func checkStorage() throws(FileError) {
        let bytes = shape.reduce(UInt64(elementBytes), *)
        if layout == H5D_CHUNKED {
            try checkChunks()
        } else {
            let stored = H5Dget_storage_size(dataset.id)
            guard stored == bytes else {
                throw source.refusal("\(bytes) bytes of \(name)", "\(stored)")
            }
        }
        // Deflate makes at most 1032 bytes of one: 258 for every 2 bits.
        let gain: UInt64 = filters.contains(H5Z_FILTER_DEFLATE) ? 1032 : 1
        guard bytes / gain <= source.size else {
            throw source.refusal("\(bytes) bytes of \(name)", "a file of \(source.size) bytes")
        }
    }

    private borrowing func checkChunks() throws(FileError) {
        let bytes = chunk.reduce(UInt64(elementBytes)) { product, side in
            let (next, overflow) = product.multipliedReportingOverflow(by: side)
            return overflow ? .max : next
        }
        guard bytes <= Self.largestChunk else {
            throw source.refusal("\(name) in chunks of at most \(Self.largestChunk) bytes", Self.text(chunk))
        }
        guard chunk.count == shape.count else { throw source.refusal("chunks of \(name)", Self.text(chunk)) }
        var offset = [UInt64](repeating: 0, count: chunk.count)
        repeat { try checkChunk(at: offset, bytes: Int(bytes)) } while advance(&offset)
    }

    /// Moves to the next chunk, the last axis first; false after the last one.
    private borrowing func advance(_ offset: inout [UInt64]) -> Bool {
        for axis in offset.indices.reversed() {
            // Not the sum, which may overflow.
            if shape[axis] - offset[axis] > chunk[axis] {
                offset[axis] += chunk[axis]
                return true
            }
            offset[axis] = 0
        }
        return false
    }

    /// Makes sure that a chunk is there and unpacks to `bytes` bytes.
    ///
    /// The library does not: it makes up what is missing, and reads past the end of what is too short.
    private borrowing func checkChunk(at offset: [UInt64], bytes: Int) throws(FileError) {
        let chunk = "chunk \(Self.text(offset)) of \(name)"
        var stored: UInt64 = 0
        guard H5Dget_chunk_storage_size(dataset.id, offset, &stored) >= 0, stored > 0 else {
            throw source.failure(chunk, "none")
        }
        // What deflate cannot shrink, it stretches a little.
        guard stored <= bytes + bytes / 1000 + 64 else {
            throw source.refusal("\(chunk) of at most \(bytes) bytes", "\(stored)")
        }
        let unpacked = try unpackedSize(of: chunk, at: offset, stored: Int(stored), limit: bytes)
        guard unpacked == bytes else {
            throw source.refusal("\(bytes) bytes in \(chunk)", unpacked.map { "\($0)" } ?? "damage")
        }
    }

    /// `nil` if it is damaged or above `limit`.
    private borrowing func unpackedSize(
        of chunk: String, at offset: [UInt64], stored: Int, limit: Int
    ) throws(FileError) -> Int? {
        guard let deflate = filters.firstIndex(of: H5Z_FILTER_DEFLATE) else { return stored }
        var skipped: UInt32 = 0
        var status: herr_t = -1
        let packed = [UInt8](unsafeUninitializedCapacity: stored) { buffer, count in
            status = H5Dread_chunk(dataset.id, nn_h5_default(), offset, &skipped, buffer.baseAddress)
            count = status < 0 ? 0 : stored
        }
        guard status >= 0 else { throw source.failure(chunk, "damage") }
        guard skipped & (1 << deflate) == 0 else { return stored }
        var unpacked = [UInt8](repeating: 0, count: limit)
        var size = UInt(limit)
        return uncompress(&unpacked, &size, packed, UInt(packed.count)) == Z_OK ? Int(size) : nil
    }

    /// The elements in row-major order, as `memoryType`, which `Element` must be.
    borrowing func values<Element: BitwiseCopyable>(
        as _: Element.Type, _ memoryType: hid_t
    ) throws(FileError) -> [Element] {
        let bytes = H5Tget_size(memoryType) * Int(shape.reduce(1, *))
        let count = bytes / MemoryLayout<Element>.stride
        var status: herr_t = -1
        let values = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            status = H5Dread(
                dataset.id, memoryType, nn_h5_all(), nn_h5_all(), nn_h5_default(), buffer.baseAddress)
            initialized = status < 0 ? 0 : count
        }
        guard status >= 0 else { throw source.failure("the values of \(name)", "damage") }
        return values
    }
}
