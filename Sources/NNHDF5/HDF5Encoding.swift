import CHDF5
import NNData

extension DataSet {
    /// The bytes of an HDF5 file, which ``init(hdf5:)`` reads, and so do h5py and others.
    ///
    /// The file is made in memory, so that it can be written as a whole or not at all. Spaces at the end of a class name
    /// are lost when the file is read, as they are padding there. Of an image's name the last 1024 bytes are kept.
    /// - Precondition: there is an image; class names have 255 bytes of UTF-8 at most, no control or other hidden
    ///   characters, and not only spaces.
    public func hdf5(role: DataSetRole) -> [UInt8] {
        precondition(count > 0, "a data set file needs an image")
        precondition(
            classes.allSatisfy { ClassName.isValid($0) && $0.utf8.count < DataSetFile.longestClassName },
            "a data set file needs printable class names")
        let side = UInt64(Self.side)
        return HDF5.exclusively {
            let access = HDF5Handle(H5Pcreate(nn_h5_file_access()))!
            H5Pset_fapl_core(access.id, 1 << 20, false)
            let file = HDF5Handle(H5Fcreate("in memory", nn_h5_truncate(), nn_h5_default(), access.id))!
            let count = UInt64(self.count)
            Self.put(images, [count, side, side, 3], nn_h5_uint8(), "\(role.rawValue)_set_x", in: file)
            Self.put(labels.map(Int64.init), [count], nn_h5_int64(), "\(role.rawValue)_set_y", in: file)
            Self.put(classes.map { Array($0.utf8) }, "list_classes", in: file)
            if let names {
                let paths = names.map { Array(PathText.bytes($0).suffix(DataSetFile.longestImageName)) }
                Self.put(paths, "\(role.rawValue)_set_names", in: file)
            }
            H5Fflush(file.id, H5F_SCOPE_GLOBAL)
            return [UInt8](unsafeUninitializedCapacity: H5Fget_file_image(file.id, nil, 0)) { bytes, size in
                size = H5Fget_file_image(file.id, bytes.baseAddress, bytes.count)
            }
        }
    }

    /// Strings of a fixed length: that of the longest and a NUL.
    private static func put(_ strings: [[UInt8]], _ name: String, in file: borrowing HDF5Handle) {
        let bytes = strings.map(\.count).max()! + 1
        let text = HDF5Handle(H5Tcopy(nn_h5_string()))!
        H5Tset_size(text.id, bytes)
        put(
            strings.flatMap { $0 + Array(repeating: 0, count: bytes - $0.count) }, [UInt64(strings.count)],
            text.id, name, in: file)
    }

    /// Only a lack of memory can make this fail.
    private static func put<Element>(
        _ elements: [Element], _ shape: [UInt64], _ type: hid_t, _ name: String, in file: borrowing HDF5Handle
    ) {
        let space = HDF5Handle(H5Screate_simple(Int32(shape.count), shape, nil))!
        let creation = HDF5Handle(H5Pcreate(nn_h5_dataset_create()))!
        H5Pset_obj_track_times(creation.id, false)  // the same data gives the same file
        let array = HDF5Handle(
            H5Dcreate2(file.id, name, type, space.id, nn_h5_default(), creation.id, nn_h5_default()))!
        let memory = Element.self == Int64.self ? nn_h5_native_int64() : type
        let status = elements.withUnsafeBytes { bytes in
            H5Dwrite(array.id, memory, nn_h5_all(), nn_h5_all(), nn_h5_default(), bytes.baseAddress)
        }
        precondition(status >= 0, "HDF5 could not write to memory")
    }
}
