import CHDF5
import Foundation

@testable import NNData
@testable import NNHDF5

/// A data set file to be written, correct until a test spoils it.
struct HDF5Draft {
    struct Array {
        enum Layout {
            case contiguous, compact
            case chunked([UInt64])
        }

        var shape: [UInt64]
        /// Makes the type, which the draft then closes.
        var type: () -> hid_t
        /// What is written; nothing is if it is empty.
        var bytes: [UInt8]
        var layout = Layout.contiguous
        /// Called with the creation properties, after the layout is set.
        var properties: (hid_t) -> Void = { _ in }
        /// Called with the data set, after the bytes are written.
        var edit: (hid_t) -> Void = { _ in }

        /// The strings' memory is not freed.
        static func variableStrings(_ strings: [String?]) -> Array {
            let pointers = strings.map { $0.map { UInt(bitPattern: strdup($0)) } ?? 0 }
            return Array(
                shape: [UInt64(strings.count)],
                type: {
                    let type = H5Tcopy(nn_h5_string())
                    check(H5Tset_size(type, nn_h5_variable_size()))
                    return type
                },
                bytes: pointers.withUnsafeBytes { [UInt8]($0) })
        }
    }

    var arrays: [String: Array]
    /// Called with the file, after the arrays are written.
    var edit: (hid_t) -> Void = { _ in }

    init(count: Int = 2, prefix: String = "train") {
        arrays = [
            "\(prefix)_set_x": Array(
                shape: [UInt64(count), 64, 64, 3], type: { H5Tcopy(nn_h5_uint8()) },
                bytes: Self.pixels(count)),
            "\(prefix)_set_y": Array(
                shape: [UInt64(count)], type: { H5Tcopy(nn_h5_uint8()) },
                bytes: (0..<count).map { UInt8($0 % 2) }),
            "list_classes": Array(
                shape: [2], type: { Self.string(7) }, bytes: [UInt8]("non-catcat\0\0\0\0".utf8)),
        ]
    }

    /// Noise in the first half of each image, flat in the second: deflate has both to do.
    static func pixels(_ count: Int) -> [UInt8] {
        var noise = SplitMix(state: 1)
        return (0..<count * DataSet.imageBytes).map { index in
            index % DataSet.imageBytes < DataSet.imageBytes / 2 ? UInt8(truncatingIfNeeded: noise.next()) : 7
        }
    }

    /// bool as h5py writes it.
    static func truth() -> hid_t {
        let type = H5Tenum_create(nn_h5_int8())
        check(H5Tenum_insert(type, "FALSE", [0 as UInt8]))
        check(H5Tenum_insert(type, "TRUE", [1 as UInt8]))
        return type
    }

    static func string(_ size: Int) -> hid_t {
        let type = H5Tcopy(nn_h5_string())
        check(H5Tset_size(type, size))
        check(H5Tset_strpad(type, H5T_STR_NULLPAD))
        return type
    }

    /// - Returns: the path of the file written.
    @discardableResult
    func write(to folder: TemporaryFolder, as name: String = "x.h5") -> String {
        let path = folder.path(name)
        HDF5.exclusively {
            let file = check(H5Fcreate(path, nn_h5_truncate(), nn_h5_default(), nn_h5_default()))
            for (name, array) in arrays.sorted(by: { $0.key < $1.key }) { Self.write(array, name, file) }
            edit(file)
            check(H5Fclose(file))
        }
        return path
    }

    private static func write(_ array: Array, _ name: String, _ file: hid_t) {
        let type = check(array.type())
        var largest = array.shape
        // Chunks may be longer than the array where that can grow, which only arrays in chunks can.
        if case .chunked = array.layout { largest[0] = .max }
        let space = check(H5Screate_simple(Int32(array.shape.count), array.shape, largest))
        let properties = check(H5Pcreate(nn_h5_dataset_create()))
        switch array.layout {
        case .contiguous: check(H5Pset_layout(properties, H5D_CONTIGUOUS))
        case .compact: check(H5Pset_layout(properties, H5D_COMPACT))
        case .chunked(let chunk): check(H5Pset_chunk(properties, Int32(chunk.count), chunk))
        }
        array.properties(properties)
        let id = check(
            H5Dcreate2(file, name, type, space, nn_h5_default(), properties, nn_h5_default()))
        if !array.bytes.isEmpty {
            check(H5Dwrite(id, type, nn_h5_all(), nn_h5_all(), nn_h5_default(), array.bytes))
        }
        array.edit(id)
        for handle in [id, properties, space, type] { check(H5Idec_ref(handle)) }
    }
}

/// A test's own call to the library has to work.
@discardableResult
func check<Status: SignedInteger>(_ status: Status, line: UInt = #line) -> Status {
    precondition(status >= 0, "HDF5 call failed", line: line)
    return status
}

final class TemporaryFolder: Sendable {
    let root: String

    init() {
        root = FileManager.default.temporaryDirectory.appending(path: "nn-\(UUID().uuidString)").path
        try! FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func write(_ bytes: some Sequence<UInt8>, as name: String = "x.h5") -> String {
        let path = path(name)
        try! Data(bytes).write(to: URL(filePath: path))
        return path
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
