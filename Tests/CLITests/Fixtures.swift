import CHDF5
import CZlib
import Foundation
import SwiftNN

@testable import NNData
@testable import NNHDF5

/// A test's own folder, removed with this object, or at the end of all tests where a static variable keeps it.
final class TemporaryFolder: Sendable {
    let root: String

    /// Holds the folders of this run.
    private static let parent: URL = {
        atexit { try? FileManager.default.removeItem(at: TemporaryFolder.parent) }
        return FileManager.default.temporaryDirectory.appending(path: "nn-cli-\(getpid())")
    }()

    init() {
        root = Self.parent.appending(path: UUID().uuidString).path
        try! FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func write(_ bytes: some Sequence<UInt8>, as name: String) throws {
        try Data(bytes).write(to: URL(filePath: path(name)))
    }

    func bytes(of name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: path(name))))
    }

    /// Sorted names of all that is in it.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: root).sorted() }
    }
}

/// What the tests read, made once.
enum Fixture {
    static let drawings = DataSet.drawn(count: 20, seed: 5)
    static let image = Array(drawings.image(0))

    /// A two-layer network after so little training that it errs.
    static let network = trained(.twoLayer)
    static let model = network.bytes

    /// A network of a topology that nn-cli does not know.
    static let otherModel = trained(try! Topology([12288, 3, 1])).bytes

    static func trained(_ topology: Topology) -> Network {
        var options = TrainingOptions()
        options.topology = topology
        options.precision = .f32
        options.iterations = 3
        let examples = try! Examples(
            images: drawings.images, labels: drawings.labels, classNames: drawings.classes)
        var trainer = try! Trainer(examples: examples, options: options)
        while try! trainer.step() != nil {}
        return try! trainer.finish()
    }

    /// `model` with another byte in its header, and a checksum that says this is right.
    static func model(with byte: UInt8, at offset: Int) -> [UInt8] {
        var bytes = model
        bytes[offset] = byte
        seal(&bytes)
        return bytes
    }

    /// Puts right the checksums of payload and header (docs/FORMAT.md).
    static func seal(_ bytes: inout [UInt8]) {
        put(checksum(bytes[64...]), at: 36, in: &bytes)
        put(checksum(bytes[..<60]), at: 60, in: &bytes)
    }

    private static func put(_ value: UInt32, at offset: Int, in bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, uInt($0.count))) }
    }
}

extension TemporaryFolder {
    /// Writes a data set file as `name`: its sets begin with `prefix`.
    func write(_ data: DataSet, prefix: String, as name: String) {
        let count = UInt64(data.count)
        writeHDF5(as: name) { file in
            add("\(prefix)_set_x", [count, 64, 64, 3], H5Tcopy(nn_h5_uint8()), data.images, to: file)
            add("\(prefix)_set_y", [count], H5Tcopy(nn_h5_uint8()), data.labels, to: file)
            let names = data.classes.flatMap { ($0 + String(repeating: "\0", count: 16)).utf8.prefix(16) }
            let type = H5Tcopy(nn_h5_string())
            H5Tset_size(type, 16)
            add("list_classes", [2], type, names, to: file)
        }
    }

    /// Writes an HDF5 file without any data as `name`.
    func writeEmptyHDF5(as name: String) { writeHDF5(as: name) { _ in } }

    private func writeHDF5(as name: String, _ fill: (hid_t) -> Void) {
        HDF5.exclusively {
            let file = H5Fcreate(path(name), nn_h5_truncate(), nn_h5_default(), nn_h5_default())
            precondition(file >= 0, "no file \(name)")
            fill(file)
            precondition(H5Fclose(file) >= 0, "an incomplete file \(name)")
        }
    }

    private func add(_ name: String, _ shape: [UInt64], _ type: hid_t, _ bytes: [UInt8], to file: hid_t) {
        let space = H5Screate_simple(Int32(shape.count), shape, nil)
        let set = H5Dcreate2(
            file, name, type, space, nn_h5_default(), nn_h5_default(), nn_h5_default())
        let status = H5Dwrite(set, type, nn_h5_all(), nn_h5_all(), nn_h5_default(), bytes)
        precondition(status >= 0, "no data set \(name)")
        for handle in [set, space, type] { H5Idec_ref(handle) }
    }
}

/// Where CI is set, a test fails if something that it needs is missing. Elsewhere it is skipped.
let isContinuousIntegration = ProcessInfo.processInfo.environment["CI"] != nil
