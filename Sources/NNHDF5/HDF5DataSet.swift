import CHDF5
import NNData
import SystemPackage

extension DataSet {
    /// Reads an HDF5 file that holds one of two sets, train or test:
    /// - `train_set_x` or `test_set_x`, shape (m, 64, 64, 3), unsigned 8-bit integers
    /// - `train_set_y` or `test_set_y`, shape (m), integers 0 or 1
    /// - `list_classes`, shape (2), fixed-length strings
    ///
    /// The data may be compact, contiguous or chunked, and chunks shuffled, deflated or both. The file is not
    /// trusted: links, external and virtual storage and other filters are refused, no plugin is loaded, and
    /// sizes are checked before memory is taken.
    ///
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails,
    ///   `badData` when its content is wrong.
    public init(hdf5 path: String) throws(FileError) {
        let size = try sizeOfReadableFile(path)
        self = try HDF5.exclusively { () throws(FileError) in
            try DataSetFile(HDF5Source(path: path, size: size)).read()
        }
    }
}

/// The size in bytes of a regular file that may be read.
///
/// HDF5 does not say why a file cannot be opened.
private func sizeOfReadableFile(_ path: String) throws(FileError) -> UInt64 {
    func refusal(_ kind: FileError.Kind, _ found: String) -> FileError {
        FileError(kind, file: path, expected: "a data set file", found: found)
    }
    do {
        // Without .nonBlocking a named pipe would wait for its writer.
        let file = try FileDescriptor.open(
            FilePath(text: path), .readOnly, options: [.closeOnExec, .nonBlocking])
        let status = try file.closeAfter { try file.stat() }
        switch status.type {
        case .regular: return UInt64(status.size)
        case .directory: throw refusal(.missing, "a folder")
        default: throw refusal(.missing, "a pipe or a device")
        }
    } catch let error as FileError {
        throw error
    } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
        throw refusal(.missing, "no such file")
    } catch Errno.permissionDenied, Errno.notPermitted {
        throw refusal(.missing, "no permission to read it")
    } catch let error as Errno where [.tooManySymbolicLinkLevels, .fileNameTooLong].contains(error) {
        throw refusal(.missing, "\(error)")
    } catch {
        throw refusal(.io, "\(error)")
    }
}

/// The file, for messages.
struct HDF5Source {
    let path: String
    let size: UInt64

    func refusal(_ expected: String, _ found: String) -> FileError {
        FileError(.badData, file: path, expected: expected, found: found)
    }

    /// The error for the call to the library that has just failed.
    func failure(_ expected: String, _ found: String) -> FileError {
        guard nn_h5_last_failure() == nn_h5_system else { return refusal(expected, found) }
        return FileError(.io, file: path, expected: expected, found: "a read error")
    }
}

struct DataSetFile: ~Copyable {
    /// 12 GB of pixels: more than the trainers can take, and small enough that no product overflows.
    static let largestCount: UInt64 = 1_000_000
    static let longestClassName = 256

    let source: HDF5Source
    let file: HDF5Handle

    init(_ source: HDF5Source) throws(FileError) {
        self.source = source
        guard let access = HDF5Handle(H5Pcreate(nn_h5_file_access())) else {
            throw FileError(.io, file: source.path, expected: "an HDF5 file", found: "no memory to open it")
        }
        // A lock would fail on file systems that have none, and a reader needs none.
        H5Pset_file_locking(access.id, false, true)
        guard let file = HDF5Handle(H5Fopen(source.path, nn_h5_read_only(), access.id)) else {
            let found =
                switch nn_h5_last_failure() {
                case nn_h5_not_hdf5:
                    FileKind.text(
                        of: try InputFile.readStart(source.path, expected: "an HDF5 file", count: 8))
                case nn_h5_truncated: "one that is cut short"
                default: "a damaged one"
                }
            throw source.failure("an HDF5 file", found)
        }
        self.file = file
    }

    /// Reads what is small first, so that a file with bad labels costs no memory for pixels.
    borrowing func read() throws(FileError) -> DataSet {
        let prefix = try prefix()
        let pixels = try HDF5Array("\(prefix)_set_x", in: self)
        try checkPixels(pixels)
        let labels = try labels("\(prefix)_set_y", count: pixels.shape[0])
        let classes = try classes("list_classes")
        try pixels.checkStorage()
        let images = try pixels.values(as: UInt8.self, nn_h5_native_uint8())
        return DataSet(images: images, labels: labels, classes: classes)
    }

    /// "train" or "test".
    private borrowing func prefix() throws(FileError) -> String {
        let hasTrain = try contains("train_set_x")
        let hasTest = try contains("test_set_x")
        guard hasTrain != hasTest else {
            throw source.refusal("train_set_x or test_set_x", hasTrain ? "both" : "neither")
        }
        return hasTrain ? "train" : "test"
    }

    private borrowing func checkPixels(_ pixels: borrowing HDF5Array) throws(FileError) {
        let side = UInt64(DataSet.side)
        guard pixels.shape.count == 4, Array(pixels.shape.dropFirst()) == [side, side, 3] else {
            throw source.refusal("\(pixels.name) of shape (m, 64, 64, 3)", pixels.shapeText)
        }
        guard pixels.shape[0] > 0 else { throw source.refusal("\(pixels.name) of at least 1 image", "0") }
        guard pixels.shape[0] <= Self.largestCount else {
            throw source.refusal(
                "\(pixels.name) of at most \(Self.largestCount) images", "\(pixels.shape[0])")
        }
        guard pixels.isInteger, pixels.elementBytes == 1, !pixels.isSigned else {
            throw source.refusal("\(pixels.name) of unsigned 8-bit integers", pixels.typeText)
        }
    }

    private borrowing func labels(_ name: String, count: UInt64) throws(FileError) -> [UInt8] {
        let stored = try HDF5Array(name, in: self)
        guard stored.shape == [count] else {
            throw source.refusal("\(name) of shape (\(count)), one label per image", stored.shapeText)
        }
        guard stored.isInteger, stored.elementBytes <= 8 else {
            throw source.refusal("\(name) of integers", stored.typeText)
        }
        try stored.checkStorage()
        // Read unsigned as unsigned, so that a label too large for Int64 is reported as it is.
        let type = stored.isSigned ? nn_h5_native_int64() : nn_h5_native_uint64()
        let values = try stored.values(as: Int64.self, type)
        if let index = values.firstIndex(where: { $0 != 0 && $0 != 1 }) {
            let value = stored.isSigned ? "\(values[index])" : "\(UInt64(bitPattern: values[index]))"
            throw source.refusal("labels 0 and 1 in \(name)", "\(value) at index \(index)")
        }
        return values.map { UInt8($0) }
    }

    private borrowing func classes(_ name: String) throws(FileError) -> [String] {
        let stored = try HDF5Array(name, in: self)
        guard stored.shape == [2] else { throw source.refusal("\(name) of shape (2)", stored.shapeText) }
        guard stored.isFixedString else {
            throw source.refusal("\(name) of fixed-length strings", stored.typeText)
        }
        guard stored.elementBytes <= Self.longestClassName else {
            throw source.refusal(
                "class names of at most \(Self.longestClassName) bytes", "\(stored.elementBytes)")
        }
        try stored.checkStorage()
        let bytes = try stored.values(as: UInt8.self, stored.type.id)
        let (first, second) = (bytes.prefix(stored.elementBytes), bytes.dropFirst(stored.elementBytes))
        return [try className(first, 0), try className(second, 1)]
    }

    /// The text before the padding, of NULs or of spaces.
    private borrowing func className(_ bytes: ArraySlice<UInt8>, _ index: Int) throws(FileError) -> String {
        let space = UInt8(ascii: " ")
        let text = bytes.prefix { $0 != 0 }
        let end = text.lastIndex { $0 != space }.map { $0 + 1 } ?? text.startIndex
        guard let name = String(validating: text[..<end], as: UTF8.self), DataSet.isClassName(name) else {
            throw source.refusal("a printable name of class \(index) in list_classes", "\(Array(text))")
        }
        return name
    }

    borrowing func contains(_ name: String) throws(FileError) -> Bool {
        let answer = H5Lexists(file.id, name, nn_h5_default())
        guard answer >= 0 else { throw source.failure("an HDF5 file", "a damaged one") }
        return answer > 0
    }
}
