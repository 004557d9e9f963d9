/// What a file is, as its first bytes tell: for messages about a file that is not of the expected kind.
package enum FileKind {
    package static let hdf5Signature: [UInt8] = [0x89] + Array("HDF\r\n\u{1a}\n".utf8)
    /// The first bytes of each model and checkpoint (docs/FORMAT.md).
    package static let modelMagic: [UInt8] = [0x8e, 0x4e, 0x4e, 0x1a]

    static let pngSignature: [UInt8] = [0x89] + Array("PNG\r\n\u{1a}\n".utf8)
    static let jpegSignature: [UInt8] = [0xff, 0xd8, 0xff]

    private static let known: [(signature: [UInt8], name: String)] = [
        (hdf5Signature, "an HDF5 file"),
        (modelMagic, "a SwiftNN model or checkpoint"),
        (Array("PK\u{3}\u{4}".utf8), "a zip or npz file"),
        (pngSignature, "a PNG picture"),
        (jpegSignature, "a JPEG picture"),
    ]

    /// "an HDF5 file", for instance; nil if the kind is not known. The first eight bytes are enough.
    package static func name(of bytes: some Sequence<UInt8>) -> String? {
        known.first { bytes.starts(with: $0.signature) }?.name
    }

    /// The name of the kind, or that the file is empty or of another kind.
    package static func text(of bytes: some Collection<UInt8>) -> String {
        bytes.isEmpty ? "an empty file" : name(of: bytes) ?? "another kind of file"
    }
}
