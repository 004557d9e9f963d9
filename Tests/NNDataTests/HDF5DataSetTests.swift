import CHDF5
import Foundation
import Testing

@testable import NNData
@testable import NNHDF5

/// The photos of cats are not part of the project: `NN_DATA` tells where they are.
private enum Photos {
    static let folder: String =
        ProcessInfo.processInfo.environment["NN_DATA"]
        ?? URL(filePath: #filePath).appending(path: "../../../../shared/data").standardized.path
    static let train = "\(folder)/train_catvnoncat.h5"
    static let test = "\(folder)/test_catvnoncat.h5"
    static let arePresent = [train, test].allSatisfy(FileManager.default.isReadableFile)
    static let areRequired = ProcessInfo.processInfo.environment["CI"] != nil
}

@Suite("HDF5 data sets")
struct HDF5DataSetTests {
    let folder = TemporaryFolder()

    /// Writes a spoilt draft, reads it, and compares the error.
    func expectRefusal(
        _ expected: String, _ found: String, kind: FileError.Kind = .badData,
        at location: SourceLocation = #_sourceLocation, _ spoil: (inout HDF5Draft) -> Void
    ) {
        var draft = HDF5Draft()
        spoil(&draft)
        let path = draft.write(to: folder)
        expectRefusal(path, expected, found, kind: kind, at: location)
    }

    func expectRefusal(
        _ path: String, _ expected: String, _ found: String, kind: FileError.Kind = .badData,
        at location: SourceLocation = #_sourceLocation
    ) {
        let error = FileError(kind, file: path, expected: expected, found: found)
        #expect(throws: error, sourceLocation: location) { try DataSet(hdf5: path) }
    }

    func expectSample(
        at location: SourceLocation = #_sourceLocation, _ vary: (inout HDF5Draft) -> Void
    ) throws {
        var draft = HDF5Draft()
        vary(&draft)
        let set = try DataSet(hdf5: draft.write(to: folder))
        #expect(set == sample, sourceLocation: location)
    }

    private var sample: DataSet {
        DataSet(images: HDF5Draft.pixels(2), labels: [0, 1], classes: ["non-cat", "cat"])
    }

    // MARK: The real thing

    @Test("the photos are there when CI needs them", .enabled(if: Photos.areRequired, "only where CI is set"))
    func photosArePresent() {
        #expect(Photos.arePresent, "no data sets in \(Photos.folder); set NN_DATA to their folder")
    }

    @Test("training photos", .enabled(if: Photos.arePresent, "no data sets; set NN_DATA to their folder"))
    func trainingPhotos() throws {
        let set = try DataSet(hdf5: Photos.train)
        #expect(set.count == 209)
        #expect(set.labels.count { $0 == 1 } == 72)
        #expect(set.labels.prefix(6) == [0, 0, 1, 0, 0, 0])
        #expect(set.classes == ["non-cat", "cat"])
        #expect(set.image(0).prefix(6) == [17, 31, 56, 22, 33, 59])
        #expect(set.images.reduce(0) { $0 + Int($1) } == 264_542_077)
    }

    @Test("test photos", .enabled(if: Photos.arePresent, "no data sets; set NN_DATA to their folder"))
    func testPhotos() throws {
        let set = try DataSet(hdf5: Photos.test)
        #expect(set.count == 50)
        #expect(set.labels.count { $0 == 1 } == 33)
        #expect(set.image(0).prefix(6) == [158, 104, 83, 161, 106, 85])
        #expect(set.images.reduce(0) { $0 + Int($1) } == 65_969_547)
    }

    // MARK: Accepted

    @Test("contiguous, train and test")
    func contiguous() throws {
        try expectSample { _ in }
        try expectSample { $0 = HDF5Draft(prefix: "test") }
    }

    @Test(
        "chunked, with each pipeline",
        arguments: [
            [], ["shuffle"], ["deflate"], ["shuffle", "deflate"], ["fletcher32"],
            ["shuffle", "deflate", "fletcher32"],
        ],
        [[1, 64, 64, 3], [2, 64, 64, 3], [1, 17, 30, 2], [5, 64, 64, 3]] as [[UInt64]])
    func chunked(filters: [String], chunk: [UInt64]) throws {
        try expectSample { draft in
            for name in draft.arrays.keys {
                draft.arrays[name]!.layout = .chunked(name == "train_set_x" ? chunk : [1])
                draft.arrays[name]!.properties = { properties in
                    for filter in filters {
                        switch filter {
                        case "shuffle": check(H5Pset_shuffle(properties))
                        case "deflate": check(H5Pset_deflate(properties, 6))
                        default: check(H5Pset_fletcher32(properties))
                        }
                    }
                }
            }
        }
    }

    @Test("every level of deflate", arguments: 0...9 as ClosedRange<UInt32>)
    func deflate(level: UInt32) throws {
        try expectSample { draft in
            draft.arrays["train_set_x"]!.layout = .chunked([2, 64, 64, 3])
            draft.arrays["train_set_x"]!.properties = { check(H5Pset_deflate($0, level)) }
        }
    }

    @Test("compact")
    func compact() throws {
        try expectSample { draft in
            for name in draft.arrays.keys { draft.arrays[name]!.layout = .compact }
        }
    }

    @Test("any type of integer for labels")
    func labelTypes() throws {
        try expectSample { $0.setLabels(nn_h5_int8, [0, 1]) }
        try expectSample { $0.setLabels(nn_h5_int32_be, [0, 0, 0, 0, 0, 0, 0, 1]) }
        try expectSample {
            $0.setLabels(nn_h5_int64, [UInt8](repeating: 0, count: 8) + [1] + [0, 0, 0, 0, 0, 0, 0])
        }
        try expectSample {
            $0.setLabels(nn_h5_uint64, [UInt8](repeating: 0, count: 8) + [1] + [0, 0, 0, 0, 0, 0, 0])
        }
    }

    @Test("pixels marked big-endian, which means nothing for a byte")
    func bigEndianPixels() throws {
        try expectSample { $0.arrays["train_set_x"]!.type = { H5Tcopy(nn_h5_uint8_be()) } }
    }

    @Test("class names padded with spaces, and in UTF-8")
    func classNames() throws {
        var draft = HDF5Draft()
        draft.arrays["list_classes"]!.bytes = [UInt8]("no cat žába ".utf8)
        #expect(try DataSet(hdf5: draft.write(to: folder)).classes == ["no cat", "žába"])
    }

    @Test("the newest file format")
    func newestFormat() throws {
        let path = folder.path("x.h5")
        let source = HDF5Draft().write(to: folder, as: "old.h5")
        HDF5.exclusively {
            let access = check(H5Pcreate(nn_h5_file_access()))
            check(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110))
            let old = check(H5Fopen(source, nn_h5_read_only(), nn_h5_default()))
            let new = check(H5Fcreate(path, nn_h5_truncate(), nn_h5_default(), access))
            for name in ["train_set_x", "train_set_y", "list_classes"] {
                check(H5Ocopy(old, name, new, name, nn_h5_default(), nn_h5_default()))
            }
            for id in [new, old, access] { check(H5Idec_ref(id)) }
        }
        #expect(try DataSet(hdf5: path) == sample)
    }

    // MARK: Not a file to read

    @Test("no such file")
    func missing() {
        expectRefusal(folder.path("no.h5"), "a data set file", "no such file", kind: .missing)
        let below = folder.write([1]) + "/no.h5"
        expectRefusal(below, "a data set file", "Not a directory", kind: .missing)
    }

    @Test("a folder")
    func directory() {
        expectRefusal(folder.root, "a data set file", "a folder", kind: .missing)
    }

    @Test("a pipe")
    func pipe() {
        let path = folder.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        expectRefusal(path, "a data set file", "a pipe or a device", kind: .missing)
    }

    @Test("no permission", .disabled(if: geteuid() == 0, "root may read everything"))
    func unreadable() {
        let path = HDF5Draft().write(to: folder)
        chmod(path, 0)
        expectRefusal(path, "a data set file", "Permission denied", kind: .missing)
    }

    @Test("not HDF5")
    func otherFile() {
        expectRefusal(folder.write([]), "an HDF5 file", "an empty file")
        expectRefusal(
            folder.write([UInt8](repeating: 65, count: 5000)), "an HDF5 file", "another kind of file")
    }

    // MARK: Not the arrays expected

    @Test("missing arrays")
    func missingArrays() {
        expectRefusal(
            "train_set_x or test_set_x",
            "neither; it has list_classes (2), train_set_y (2); --images and --labels name the arrays to read"
        ) { $0.arrays["train_set_x"] = nil }
        expectRefusal("train_set_x or test_set_x", "neither, and no other array") { $0.arrays = [:] }
        expectRefusal(
            "a data set train_set_y",
            "none; it has list_classes (2), train_set_x (2, 64, 64, 3); --images and --labels name the arrays to read"
        ) { $0.arrays["train_set_y"] = nil }
    }

    @Test("no class names: the numbers of the classes")
    func noClassNames() throws {
        var draft = HDF5Draft()
        draft.arrays["list_classes"] = nil
        #expect(try DataSet(hdf5: draft.write(to: folder)).classes == ["0", "1"])
    }

    @Test("train and test in one file")
    func both() throws {
        var draft = HDF5Draft()
        draft.arrays.merge(HDF5Draft(count: 3, prefix: "test").arrays) { old, _ in old }
        let path = draft.write(to: folder)
        expectRefusal(path, "train_set_x or test_set_x", "both")
        #expect(try DataSet(hdf5: path, role: .train) == sample)
        #expect(try DataSet(hdf5: path, role: .test).count == 3)
    }

    @Test("the role matters only where both are there", arguments: [DataSetRole.train, .test])
    func role(_ role: DataSetRole) throws {
        #expect(try DataSet(hdf5: HDF5Draft().write(to: folder), role: role) == sample)
    }

    @Test("other names, in groups too", arguments: ["x", "/photos/./deep//x"])
    func otherNames(images: String) throws {
        var draft = HDF5Draft()
        draft.arrays["x"] = draft.arrays["train_set_x"]
        draft.arrays["y"] = draft.arrays.removeValue(forKey: "train_set_y")
        draft.edit = { file in
            let properties = check(H5Pcreate(nn_h5_link_create()))
            check(H5Pset_create_intermediate_group(properties, 1))
            check(H5Lcreate_hard(file, "x", file, "photos/deep/x", properties, nn_h5_default()))
            check(H5Idec_ref(properties))
        }
        let path = draft.write(to: folder)
        #expect(try DataSet(hdf5: path, images: images, labels: "y") == sample)
        for name in ["x/y", "", "photos/deep", "nul\0", String(repeating: "n", count: 5000)] {
            #expect(throws: FileError.self) { try DataSet(hdf5: path, images: name, labels: "y") }
        }
    }

    @Test("what a file has instead is said, with the options that read it")
    func suggestion() {
        expectRefusal(
            "train_set_x or test_set_x",
            "neither; it has X_test (2, 64, 64, 3), X_train (2, 64, 64, 3), y_test (2), y_train (2); "
                + "--images X_train --labels y_train reads a set of them"
        ) { draft in
            let (x, y) = (draft.arrays["train_set_x"], draft.arrays["train_set_y"])
            draft.arrays = ["X_test": x!, "X_train": x!, "y_test": y!, "y_train": y!]
        }
        expectRefusal(
            "train_set_x or test_set_x",
            "neither; it has x;ls (2, 64, 64, 3), y (2); --images and --labels name the arrays to read"
        ) { draft in
            draft.arrays = ["x;ls": draft.arrays["train_set_x"]!, "y": draft.arrays["train_set_y"]!]
        }
    }

    @Test("a group")
    func group() {
        expectRefusal("a data set train_set_x", "a group or a type") { draft in
            draft.arrays["train_set_x"] = nil
            draft.edit = { file in
                check(
                    H5Gclose(
                        H5Gcreate2(file, "train_set_x", nn_h5_default(), nn_h5_default(), nn_h5_default())))
            }
        }
    }

    @Test("shapes of the pixels")
    func pixelShapes() {
        func refuse(_ shape: [UInt64], _ text: String, _ advice: String = "") {
            expectRefusal("train_set_x of shape (m, 64, 64, 3)", text + advice) { draft in
                draft.arrays["train_set_x"]!.shape = shape
                draft.arrays["train_set_x"]!.bytes = []
            }
        }
        refuse(
            [10, 32, 32, 3], "(10, 32, 32, 3)",
            "; images are scaled to 64 x 64 by Pillow: "
                + "np.stack([Image.fromarray(i).resize((64, 64), Image.BILINEAR) for i in x])")
        refuse([10, 3, 64, 64], "(10, 3, 64, 64)", "; channels come last: x.transpose(0, 2, 3, 1)")
        refuse([10, 12288], "(10, 12288)", "; if each row is an image, x.reshape(-1, 64, 64, 3)")
        refuse([12288, 10], "(12288, 10)", "; if each column is an image, x.T.reshape(-1, 64, 64, 3)")
        refuse([10, 64, 64], "(10, 64, 64)", "; for grey images, np.repeat(x[..., None], 3, axis=3)")
        refuse([64, 64, 3], "(64, 64, 3)", "; for one image, x[None]")
        refuse([], "()")
        refuse([1, 2, 64, 64, 3], "(1, 2, 64, 64, 3)")
    }

    @Test("no images, and too many")
    func counts() {
        expectRefusal("train_set_x of at least 1 image", "0") { draft in
            draft.arrays["train_set_x"]!.shape[0] = 0
            draft.arrays["train_set_x"]!.bytes = []
        }
        for count in [1_000_001, 1 << 40, 1 << 60] as [UInt64] {
            expectRefusal("train_set_x of at most 1000000 images", "\(count)") { draft in
                draft.arrays["train_set_x"]!.shape[0] = count
                draft.arrays["train_set_x"]!.bytes = []
                draft.arrays["train_set_x"]!.layout = .chunked([1, 64, 64, 3])
            }
        }
    }

    @Test("types of the pixels")
    func pixelTypes() {
        func refuse(_ type: @escaping () -> hid_t, _ text: String) {
            expectRefusal("train_set_x of whole numbers 0 to 255", text) { draft in
                draft.arrays["train_set_x"]!.type = type
                draft.arrays["train_set_x"]!.bytes = []
            }
        }
        refuse({ H5Tcopy(nn_h5_string()) }, "fixed-length strings")
        refuse(HDF5Draft.truth, "an enumeration; if they are bool, x.astype(np.uint8) * 255")
    }

    @Test("labels of another shape or type")
    func labelShapes() {
        expectRefusal("train_set_y of shape (2), one label per image", "(3)") {
            $0.setLabels(nn_h5_uint8, count: 3, [0, 1, 0])
        }
        expectRefusal(
            "train_set_y of shape (2), one label per image", "(2, 2); if they are one-hot, y.argmax(axis=1)"
        ) { draft in
            draft.arrays["train_set_y"]!.shape = [2, 2]
            draft.arrays["train_set_y"]!.bytes = [1, 0, 0, 1]
        }
        expectRefusal("train_set_y of numbers", "fixed-length strings") { draft in
            draft.arrays["train_set_y"]!.type = { HDF5Draft.string(1) }
        }
    }

    @Test("labels as a row, as a column, as floating-point numbers, as bool")
    func labelKinds() throws {
        try expectSample { $0.arrays["train_set_y"]!.shape = [1, 2] }
        try expectSample { $0.arrays["train_set_y"]!.shape = [2, 1] }
        try expectSample { $0.setLabels(nn_h5_float32, [0, 0, 0, 0, 0, 0, 128, 63]) }
        try expectSample { $0.arrays["train_set_y"]!.type = HDF5Draft.truth }
    }

    @Test("labels other than 0 and 1")
    func labelValues() {
        expectRefusal("labels 0 and 1 in train_set_y", "7 at index 1") {
            $0.setLabels(nn_h5_uint8, [0, 7])
        }
        expectRefusal("labels 0 and 1 in train_set_y", "-1 at index 0") {
            $0.setLabels(nn_h5_int8, [255, 7])
        }
        expectRefusal("labels 0 and 1 in train_set_y", "0.5 at index 1") {
            $0.setLabels(nn_h5_float32, [0, 0, 0, 0, 0, 0, 0, 63])
        }
        expectRefusal("labels 0 and 1 in train_set_y", "18446744073709551615 at index 0") {
            $0.setLabels(nn_h5_uint64, [UInt8](repeating: 255, count: 8) + [UInt8](repeating: 0, count: 8))
        }
    }

    @Test("class lists")
    func classLists() {
        expectRefusal("list_classes of shape (2)", "(3)") { draft in
            draft.arrays["list_classes"]!.shape = [3]
            draft.arrays["list_classes"]!.bytes += [UInt8]("another".utf8)
        }
        expectRefusal("list_classes of strings", "unsigned 8-bit integers") {
            $0.arrays["list_classes"]!.type = { H5Tcopy(nn_h5_uint8()) }
        }
        expectRefusal("strings of at most 256 bytes in list_classes", "257 bytes at index 0") { draft in
            draft.arrays["list_classes"]!.type = { HDF5Draft.string(257) }
            draft.arrays["list_classes"]!.bytes = [UInt8](repeating: 65, count: 514)
        }
    }

    @Test("strings of varying length")
    func variableStrings() throws {
        try expectSample { $0.setVariableStrings("list_classes", ["non-cat", "cat"]) }
        expectRefusal("strings of at most 256 bytes in list_classes", "300 bytes at index 1") {
            $0.setVariableStrings("list_classes", ["a", String(repeating: "b", count: 300)])
        }
        expectRefusal("a printable name of class 1 in list_classes", "[]") {
            $0.setVariableStrings("list_classes", ["a", nil])
        }
    }

    @Test(
        "class names that cannot be shown",
        arguments: [[], [0x1B, 0x63], [0xFF], [0xC2, 0x85], [0x63, 0xE2, 0x80, 0x8B]] as [[UInt8]])
    func unprintable(name: [UInt8]) {
        expectRefusal("a printable name of class 1 in list_classes", "\(name)") { draft in
            let padding = [UInt8](repeating: 0, count: 7 - name.count)
            draft.arrays["list_classes"]!.bytes = [UInt8]("non-cat".utf8) + name + padding
        }
    }

    @Test("two classes of one name")
    func sameClassNames() {
        for names in [["cat", "cat "], ["\u{e9}", "e\u{301}"]] {
            let found = names.map { String($0.prefix { $0 != " " }) }.joined(separator: ", ")
            expectRefusal("class names that differ in their first 31 bytes, in list_classes", found) {
                $0.setVariableStrings("list_classes", names)
            }
        }
    }

    // MARK: Data elsewhere

    @Test("soft links, inside the file and dangling", arguments: ["/elsewhere", "/nowhere"])
    func softLink(target: String) {
        expectRefusal("train_set_x itself", "a soft link") { draft in
            draft.arrays["elsewhere"] = draft.arrays.removeValue(forKey: "train_set_x")
            draft.edit = {
                check(H5Lcreate_soft(target, $0, "train_set_x", nn_h5_default(), nn_h5_default()))
            }
        }
    }

    @Test("external links", arguments: ["train_set_x", "train_set_y", "list_classes"])
    func externalLink(name: String) {
        HDF5Draft().write(to: folder, as: "other.h5")
        expectRefusal("\(name) itself", "an external link") { draft in
            draft.arrays[name] = nil
            draft.edit = {
                check(H5Lcreate_external("other.h5", name, $0, name, nn_h5_default(), nn_h5_default()))
            }
        }
    }

    @Test("external storage")
    func externalStorage() {
        let path = folder.write(HDF5Draft.pixels(2), as: "pixels.bin")
        expectRefusal("train_set_x stored in the file", "external storage") { draft in
            draft.arrays["train_set_x"]!.bytes = []
            draft.arrays["train_set_x"]!.properties = {
                check(H5Pset_external($0, path, 0, UInt64(2 * DataSet.imageBytes)))
            }
        }
    }

    @Test("virtual data set")
    func virtual() {
        let path = HDF5Draft().write(to: folder, as: "source.h5")
        expectRefusal("train_set_x stored in the file", "a virtual data set") { draft in
            draft.arrays["train_set_x"]!.bytes = []
            draft.arrays["train_set_x"]!.properties = { properties in
                let space = check(H5Screate_simple(4, [2, 64, 64, 3], nil))
                check(H5Pset_virtual(properties, space, path, "train_set_x", space))
                check(H5Sclose(space))
            }
        }
    }

    // MARK: Storage

    @Test("filters that are not read, by their names")
    func filters() {
        func refuse(_ found: String, _ add: @escaping (hid_t) -> Void) {
            expectRefusal(
                "train_set_x with no filters but shuffle, gzip or szip, and fletcher32, in this order",
                found
                    + #"; rewrite it by h5py: new.create_dataset("train_set_x", data=old["train_set_x"][:], compression="gzip")"#
            ) { draft in
                draft.arrays["train_set_x"]!.layout = .chunked([1, 64, 64, 3])
                draft.arrays["train_set_x"]!.properties = add
            }
        }
        refuse("nbit") { check(H5Pset_nbit($0)) }
        refuse("zstd") { check(H5Pset_filter($0, 32015, UInt32(H5Z_FLAG_OPTIONAL), 0, nil)) }
        refuse("number 400") { check(H5Pset_filter($0, 400, UInt32(H5Z_FLAG_OPTIONAL), 0, nil)) }
        refuse("gzip, shuffle") {
            check(H5Pset_deflate($0, 1))
            check(H5Pset_shuffle($0))
        }
        refuse("gzip, gzip") {
            check(H5Pset_deflate($0, 1))
            check(H5Pset_deflate($0, 1))
        }
    }

    @Test("data never written")
    func unwritten() {
        expectRefusal("24576 bytes of train_set_x", "0") { $0.arrays["train_set_x"]!.bytes = [] }
        expectRefusal("2 bytes of train_set_y", "0") { $0.arrays["train_set_y"]!.bytes = [] }
        let ballast = HDF5Draft(count: 3).arrays["train_set_x"]!
        expectRefusal("chunk (0, 0, 0, 0) of train_set_x", "none") { draft in
            draft.arrays["ballast"] = ballast
            draft.arrays["train_set_x"]!.bytes = []
            draft.arrays["train_set_x"]!.layout = .chunked([1, 64, 64, 3])
        }
        expectRefusal("chunk (1, 0, 0, 0) of train_set_x", "none") { draft in
            draft.arrays["ballast"] = ballast
            draft.arrays["train_set_x"]!.bytes = []
            draft.arrays["train_set_x"]!.layout = .chunked([1, 64, 64, 3])
            draft.arrays["train_set_x"]!.edit = { writeChunk($0, HDF5Draft.pixels(1)) }
        }
    }

    @Test("a chunk too large to unpack")
    func largeChunk() {
        expectRefusal("train_set_x in chunks of at most 67108864 bytes", "(5462, 64, 64, 3)") { draft in
            draft.arrays["train_set_x"]!.bytes = []
            draft.arrays["train_set_x"]!.layout = .chunked([5462, 64, 64, 3])
        }
    }

    /// zlib streams, by the rules of RFC 1950, of zeros only: their lengths are what matters.
    @Test("chunks that unpack to another size")
    func wrongChunks() {
        func refuse(_ expected: String, _ found: String, skip: UInt32 = 0, _ bytes: [UInt8]) {
            expectRefusal("\(expected) chunk (0, 0, 0, 0) of train_set_x", found) { draft in
                draft.arrays["train_set_x"]!.bytes = []
                draft.arrays["train_set_x"]!.layout = .chunked([2, 64, 64, 3])
                draft.arrays["train_set_x"]!.properties = { check(H5Pset_deflate($0, 1)) }
                draft.arrays["train_set_x"]!.edit = { writeChunk($0, bytes, skip: skip) }
            }
        }
        let stored: [UInt8] = [0x78, 0x01, 0x01, 3, 0, 0xFC, 0xFF, 0, 0, 0, 0, 3, 0, 1]
        refuse("24576 bytes in", "3", stored)
        refuse("24576 bytes in", "10", skip: 1, [UInt8](repeating: 0, count: 10))
        refuse("24576 bytes in", "damage", [0x78, 0x01, 0x07])
        refuse("24576 bytes in", "damage", [0x78])
        expectRefusal("chunk (0, 0, 0, 0) of train_set_x of at most 24576 bytes", "30000") { draft in
            draft.arrays["train_set_x"]!.bytes = []
            draft.arrays["train_set_x"]!.layout = .chunked([2, 64, 64, 3])
            draft.arrays["train_set_x"]!.properties = { check(H5Pset_deflate($0, 1)) }
            draft.arrays["train_set_x"]!.edit = { writeChunk($0, [UInt8](repeating: 0, count: 30000)) }
        }
    }

    @Test("a chunk that unpacks to more than it may")
    func bomb() {
        let large = HDF5Draft(count: 3)
        expectRefusal("12288 bytes in chunk (0, 0, 0, 0) of train_set_x", "damage") { draft in
            // A stored block as large as the chunk may be on disk.
            let size = 12300
            let head: [UInt8] = [0x78, 0x01, 0x01, UInt8(size & 255), UInt8(size >> 8)]
            let bytes = head + [~head[3], ~head[4]] + large.arrays["train_set_x"]!.bytes.prefix(size)
            draft.arrays["train_set_x"]!.bytes = []
            draft.arrays["train_set_x"]!.layout = .chunked([1, 64, 64, 3])
            draft.arrays["train_set_x"]!.properties = { check(H5Pset_deflate($0, 1)) }
            draft.arrays["train_set_x"]!.edit = { writeChunk($0, bytes) }
        }
    }

    // MARK: Damage

    /// One file of each kind of storage.
    private func drafts() -> [HDF5Draft] {
        [[], ["deflate"], ["shuffle", "deflate"]].map { filters in
            var draft = HDF5Draft()
            if !filters.isEmpty {
                draft.arrays["train_set_x"]!.layout = .chunked([1, 64, 64, 3])
                draft.arrays["train_set_y"]!.layout = .compact
                draft.arrays["list_classes"]!.layout = .chunked([1])
            }
            draft.arrays["train_set_x"]!.properties = { properties in
                if filters.contains("shuffle") { check(H5Pset_shuffle(properties)) }
                if filters.contains("deflate") { check(H5Pset_deflate(properties, 6)) }
            }
            return draft
        } + [variableDraft]
    }

    private var variableDraft: HDF5Draft {
        var draft = HDF5Draft()
        draft.setVariableStrings("list_classes", ["non-cat", "cat"])
        draft.setVariableStrings("train_set_names", ["a.jpg", "b.jpg"])
        return draft
    }

    @Test("cut short anywhere")
    func truncated() throws {
        for draft in drafts() {
            let whole = [UInt8](try Data(contentsOf: URL(filePath: draft.write(to: folder))))
            for part in 0..<50 {
                let path = folder.write(whole.prefix(whole.count * part / 50))
                let error = #expect(throws: FileError.self) { try DataSet(hdf5: path) }
                #expect(error?.kind == .badData)
                #expect(error?.expected == "an HDF5 file")
            }
        }
    }

    @Test("one byte changed anywhere")
    func corrupted() throws {
        var random = SplitMix(state: 7)
        for draft in drafts() {
            let whole = [UInt8](try Data(contentsOf: URL(filePath: draft.write(to: folder))))
            let pixels = whole.count - 2 * DataSet.imageBytes
            for round in 0..<170 {
                var bytes = whole
                // Mostly outside the pixels, where it can do harm.
                let position = Int.random(
                    in: 0..<(round % 5 == 0 ? whole.count : max(pixels, 3000)), using: &random)
                bytes[position] ^= UInt8.random(in: 1...255, using: &random)
                do throws(FileError) {
                    let set = try DataSet(hdf5: folder.write(bytes))
                    #expect(set.count > 0)
                } catch {
                    #expect(error.kind == .badData, "byte \(position): \(error)")
                }
            }
        }
    }

    // MARK: Writing

    @Test("What is written is read", arguments: [["a", "b"], ["ä 猫", String(repeating: "n", count: 255)]])
    func roundTrip(classes: [String]) throws {
        let set = DataSet(images: HDF5Draft.pixels(3), labels: [1, 0, 1], classes: classes)
        for role in [DataSetRole.train, .test] {
            #expect(try DataSet(hdf5: folder.write(set.hdf5(role: role))) == set)
        }
    }

    @Test("What could not be read is not written")
    func unwritable() async {
        await #expect(processExitsWith: .failure) {
            _ = DataSet(images: [], labels: [], classes: ["a", "b"]).hdf5(role: .train)
        }
        for name in ["", " ", "a\n", String(repeating: "n", count: 256)] {
            await #expect(processExitsWith: .failure) { [name = name as String] in
                _ = DataSet(images: HDF5Draft.pixels(1), labels: [0], classes: ["a", name]).hdf5(role: .train)
            }
        }
    }

    @Test("names of the images are kept, whatever bytes they have")
    func imageNames() throws {
        let names = ["cat/1.jpg", "", PathText.text([0x63, 0xE9, 0x0A])]
        let set = DataSet(
            images: HDF5Draft.pixels(3), labels: [1, 0, 1], classes: ["a", "b"], names: names)
        for role in [DataSetRole.train, .test] {
            #expect(try DataSet(hdf5: folder.write(set.hdf5(role: role))) == set)
        }
        let long = String(repeating: "n", count: 2000)
        let path = folder.write(
            DataSet(images: HDF5Draft.pixels(1), labels: [1], classes: ["a", "b"], names: [long])
                .hdf5(role: .train))
        #expect(try DataSet(hdf5: path).names == [String(long.suffix(1024))])
    }

    @Test("names of the images, of varying length, and wrong ones")
    func otherImageNames() throws {
        var draft = HDF5Draft()
        draft.setVariableStrings("train_set_names", ["a.jpg", "猫.jpg"])
        #expect(try DataSet(hdf5: draft.write(to: folder)).names == ["a.jpg", "猫.jpg"])
        expectRefusal("train_set_names of shape (2), one name per image", "(1)") {
            $0.setVariableStrings("train_set_names", ["a.jpg"])
        }
        expectRefusal("train_set_names of strings", "unsigned 8-bit integers") {
            $0.arrays["train_set_names"] = $0.arrays["train_set_y"]
        }
        expectRefusal("strings of at most 1024 bytes in train_set_names", "1025 bytes at index 1") {
            $0.setVariableStrings("train_set_names", ["a", String(repeating: "b", count: 1025)])
        }
    }
}

extension HDF5Draft {
    fileprivate mutating func setLabels(_ type: @escaping () -> hid_t, count: UInt64 = 2, _ bytes: [UInt8]) {
        arrays["train_set_y"]!.type = { H5Tcopy(type()) }
        arrays["train_set_y"]!.bytes = bytes
        arrays["train_set_y"]!.shape = [count]
    }

    fileprivate mutating func setVariableStrings(_ name: String, _ strings: [String?]) {
        arrays[name] = .variableStrings(strings)
    }
}

/// Puts bytes where the first chunk belongs, past all filters.
private func writeChunk(_ dataset: hid_t, _ bytes: [UInt8], skip: UInt32 = 0) {
    check(H5Dwrite_chunk(dataset, nn_h5_default(), skip, [0, 0, 0, 0], bytes.count, bytes))
}
