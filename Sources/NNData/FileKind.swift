/// What a file is, as its first bytes tell: for messages about a file that is not of the expected kind.
package struct FileKind: Sendable {
    package static let hdf5Signature: [UInt8] = [0x89] + Array("HDF\r\n\u{1a}\n".utf8)
    /// The first bytes of each model and checkpoint (docs/FORMAT.md).
    package static let modelMagic: [UInt8] = [0x8e, 0x4e, 0x4e, 0x1a]

    /// "an HDF5 file", for instance.
    let name: String
    /// A command that makes a picture that can be read of one that can't. IN stands for the file, OUT for a file beside
    /// it.
    let conversion: String?
    /// Whether a file of these first bytes is of this kind.
    let matches: @Sendable ([UInt8]) -> Bool

    private init(_ name: String, conversion: String? = nil, _ matches: @escaping @Sendable ([UInt8]) -> Bool)
    {
        self.name = name
        self.conversion = conversion
        self.matches = matches
    }

    /// - Parameter offset: where the signature stands.
    private init(_ name: String, _ signature: [UInt8], at offset: Int = 0, conversion: String? = nil) {
        self.init(name, conversion: conversion) { $0.dropFirst(offset).starts(with: signature) }
    }

    private init(_ name: String, _ signature: String, at offset: Int = 0, conversion: String? = nil) {
        self.init(name, Array(signature.utf8), at: offset, conversion: conversion)
    }

    /// How many first bytes tell each kind. HDF5's signature may come after a user block; blocks of up to 4096 bytes are
    /// looked behind.
    package static let startBytes = 4096 + 8

    /// Whether libhdf5 would find HDF5's signature: at the start, or behind a block of 512, 1024, ... bytes.
    package static func isHDF5(_ start: [UInt8]) -> Bool {
        [0, 512, 1024, 2048, 4096].contains { start.dropFirst($0).starts(with: hdf5Signature) }
    }

    /// "an HDF5 file", for instance; nil if the kind is not known.
    package static func name(of bytes: some Sequence<UInt8>) -> String? { kind(of: bytes)?.name }

    /// The name of the kind, or that the file is empty or of another kind.
    package static func text(of bytes: some Collection<UInt8>) -> String {
        bytes.isEmpty ? "an empty file" : name(of: bytes) ?? "another kind of file"
    }

    /// The name of the kind, with the command that makes a picture of the file; nil if the kind is not known.
    static func description(of bytes: [UInt8], file: String) -> String? {
        guard let kind = kind(of: bytes) else { return nil }
        guard let conversion = kind.conversion else { return kind.name }
        return "\(kind.name); convert it: \(ShellCommand.filled(conversion, file: file))"
    }

    private static func kind(of bytes: some Sequence<UInt8>) -> FileKind? {
        let start = Array(bytes.prefix(startBytes))
        return (readablePictures + known).first { $0.matches(start) }
    }
}

extension FileKind {
    package static let matlab = "a MATLAB file"
    static let manifest = "the manifest of a sharded data set, which nn-mpi reads"

    static let readablePictures = [
        FileKind("a PNG picture", [0x89] + Array("PNG\r\n\u{1a}\n".utf8)),
        FileKind("a JPEG picture", [0xff, 0xd8, 0xff]),
        FileKind("a WebP picture") {
            $0.starts(with: "RIFF".utf8) && $0.dropFirst(8).starts(with: "WEBP".utf8)
        },
    ]

    private static let known =
        [
            FileKind("an HDF5 file", hdf5Signature),
            FileKind("a SwiftNN model or checkpoint", modelMagic),
            FileKind(manifest, "nn-shards "),
            FileKind("a shard of a data set, which nn-mpi reads", [0x8e, 0x4e, 0x4e, 0x73]),
            FileKind("a zip or npz file", "PK\u{3}\u{4}"),
            FileKind("a numpy array (.npy)", [0x93] + Array("NUMPY".utf8)),
            FileKind("a gzip file (gunzip unpacks it)", [0x1f, 0x8b]),
            FileKind("a Git LFS pointer to the file (git lfs pull fetches it)", "version https://git-lfs"),
            FileKind(matlab, "MATLAB "),
        ] + otherPictures + cameraRAW + [tiff] + videos + documents

    // ImageMagick's [0] is the first picture of several: frames of a GIF, sizes of an icon.
    private static let imageMagick = "convert IN[0] OUT.png"

    private static let otherPictures =
        [
            FileKind("a GIF picture", "GIF8", conversion: imageMagick),
            FileKind("a BMP picture", conversion: imageMagick) { bytes in
                // Two letters are little: the size of the header behind them must be one of the usual.
                bytes.starts(with: "BM".utf8) && bytes.count > 17
                    && [12, 40, 52, 56, 64, 108, 124].contains(bytes[14])
                    && bytes[15..<18].allSatisfy { $0 == 0 }
            },
            FileKind("an icon (ICO)", conversion: imageMagick) { bytes in
                bytes.starts(with: [0, 0, 1, 0]) && bytes.count > 9 && bytes[4] > 0 && bytes[5] == 0
                    && bytes[9] == 0
            },
            FileKind("a Photoshop picture (PSD)", "8BPS", conversion: imageMagick),
            FileKind("a JPEG 2000 picture", [0, 0, 0, 12] + Array("jP  \r\n".utf8), conversion: imageMagick),
            FileKind("a JPEG 2000 picture", [0xff, 0x4f, 0xff, 0x51], conversion: imageMagick),
            FileKind(
                "a JPEG XL picture", [0, 0, 0, 12] + Array("JXL \r\n".utf8), conversion: "djxl IN OUT.png"),
            FileKind("a JPEG XL picture", [0xff, 0x0a], conversion: "djxl IN OUT.png"),
            FileKind("an AVIF picture", "ftypavi", at: 4, conversion: "heif-convert IN OUT.png"),
        ]
        + ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"].map {
            FileKind("a HEIC picture", "ftyp\($0)", at: 4, conversion: "heif-convert IN OUT.png")
        }

    private static let cameraRAW =
        [
            "IIRO", "IIRS", "MMOR", "IIU\0", "FUJIFILMCCD-RAW", "FOVb", "\0MRM", "II\u{1a}\0\0\0HEAPCCDR",
        ].map { raw($0) }
        + [
            raw("ftypcrx ", at: 4), raw("CR\u{2}", at: 8),
            FileKind("a camera's RAW picture", conversion: rawConversion) { bytes in
                // A DNG says that it is one. In other kinds the first picture is a small one (254: 1).
                (TIFFDirectory(bytes)?.entries ?? []).contains {
                    $0.tag == 50706 || $0.tag == 254 && $0.value == 1
                }
            },
        ]

    private static let rawConversion = "darktable-cli IN OUT.png"

    private static func raw(_ signature: String, at offset: Int = 0) -> FileKind {
        FileKind("a camera's RAW picture", signature, at: offset, conversion: rawConversion)
    }

    private static let tiff = FileKind("a TIFF picture", conversion: imageMagick) { bytes in
        ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains { bytes.starts(with: $0.utf8) }
    }

    private static let videos =
        [("ftyp", 4), ("moov", 4), ("mdat", 4), ("wide", 4), ("AVI LIST", 8)].map { signature, offset in
            FileKind("a video", signature, at: offset, conversion: videoConversion)
        } + [FileKind("a video", [0x1a, 0x45, 0xdf, 0xa3], conversion: videoConversion)]  // Matroska, WebM

    // A picture per second.
    private static let videoConversion = "ffmpeg -i IN -vf fps=1 OUT-%03d.png"

    private static let documents = [
        FileKind("a PDF document", "%PDF-", conversion: "pdftoppm -png IN OUT"),
        FileKind("an SVG drawing", conversion: "rsvg-convert IN -o OUT.png") { contains("<svg", $0) },
        FileKind("an HTML page") { contains("<html", $0) || contains("<!doctype html", $0) },
    ]

    /// Whether a text that begins with "<" contains the word, whatever its case.
    private static func contains(_ word: String, _ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased().drop {
            $0.isWhitespace || $0 == "\u{feff}"
        }
        return text.first == "<" && text.contains(word)
    }
}

/// A command that can be pasted into a terminal.
private enum ShellCommand {
    /// The command with the file's name in place of IN and OUT. A name that can't be shown as it is stays IN.
    static func filled(_ command: String, file: String) -> String {
        let isPlain = !file.unicodeScalars.contains { $0 == "\u{fffd}" || $0.isHidden }
        guard isPlain, file.utf8.count <= 150, file != "stdin" else { return command }
        let name = file.hasPrefix("-") ? "./\(file)" : file
        return command.split(separator: " ").map { word in
            if word.hasPrefix("IN") { return quoted(name + word.dropFirst(2)) }
            if word.hasPrefix("OUT") { return quoted(name + word.dropFirst(3)) }
            return String(word)
        }.joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            $0 >= 0x80 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
                || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "%+,-./:@_".utf8.contains($0)
        }
        return isPlain
            ? word
            : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
                + "'"
    }
}
