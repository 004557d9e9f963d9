import CImage

/// A picture of any size, read as the input of a network.
///
/// The content tells whether a file is a PNG, a JPEG or a WebP. The picture is turned as its EXIF data or XMP says, laid
/// over white where it is transparent, and resized to 64 x 64 pixels, whatever its shape, as Pillow's
/// `resize((64, 64), BILINEAR)` does it. A file of ``DataSet/imageBytes`` bytes that is none of them is a raw image.
///
/// A file with something wrong in it is read if every pixel is there, and refused if not.
public struct Picture: Sendable {
    /// The upright picture of 64 x 64 pixels, ``DataSet/imageBytes`` bytes.
    public let image: [UInt8]
    /// What is wrong with the file although all its pixels are there, for warnings: "3 bytes after the end of the JPEG".
    public let flaws: [String]

    /// What is expected of a picture file, for messages.
    public static let expected = "\(DataSet.imageBytes) bytes (64x64 RGB) or a PNG, JPEG or WebP picture"

    /// Within these, a file takes less than 64 MB and two seconds to read or to refuse. A lossless WebP that is made to do
    /// harm may take 0.4 GB.
    private static let largestFile = 32 << 20
    private static let limits = nn_picture_limits(
        side: 65_535,  // of JPEG
        pixels: 64_000_000, unpacked: 256_000_000, memory: 39_000_000, scans: 32)

    /// Reads the picture at `path`; `-` is the standard input.
    ///
    /// - Throws: ``FileError``; `missing` when the file cannot be opened, `io` when reading fails, `badData` when it is
    ///   no picture, a damaged one, or one above the limits.
    public init(at path: String) throws(FileError) {
        let bytes = try InputFile.read(path, expected: Self.expected, limit: Self.largestFile)
        try self.init(from: bytes, file: path == "-" ? "stdin" : path)
    }

    /// Reads the bytes of a picture file.
    ///
    /// - Parameter file: the name of the file, for messages.
    /// - Throws: ``FileError``, `badData`.
    public init(from bytes: [UInt8], file: String) throws(FileError) {
        func refusal(_ found: String) -> FileError {
            FileError(.badData, file: file, expected: Self.expected, found: found)
        }
        let isRawSize = bytes.count == DataSet.imageBytes
        guard FileKind.readablePictures.contains(where: { $0.matches(bytes) }) else {
            guard isRawSize else {
                throw refusal(FileKind.description(of: bytes, file: file) ?? counted(bytes.count, "byte"))
            }
            (image, flaws) = (bytes, [])
            return
        }
        do {
            (image, flaws) = try Self.decoded(bytes)
        } catch {
            // A raw image may begin as a JPEG does.
            guard isRawSize, !error.isHeaderRead else { throw refusal(error.description) }
            (image, flaws) = (bytes, [])
        }
    }

    private static func decoded(
        _ bytes: [UInt8]
    ) throws(DecodingFailure) -> (image: [UInt8], flaws: [String]) {
        try bytes.withUnsafeBufferPointer { bytes throws(DecodingFailure) in
            let picture = try PictureDecoder(bytes, limits)
            let orientation = picture.orientation
            let image = try picture.resized(isTransposed: orientation.isTransposed)
            return (orientation.apply(to: image), picture.flaws)
        }
    }
}

/// What a picture turned out to be: "a damaged PNG (...)".
private struct DecodingFailure: Error {
    let description: String
    /// Whether the size of the picture is known.
    let isHeaderRead: Bool
}

/// Decodes a picture row by row, from the top.
private struct PictureDecoder: ~Copyable {
    private let picture: OpaquePointer

    /// - Parameter bytes: must stay valid as long as the decoder exists.
    init(_ bytes: UnsafeBufferPointer<UInt8>, _ limits: nn_picture_limits) throws(DecodingFailure) {
        let picture = withUnsafePointer(to: limits) { nn_picture_open(bytes.baseAddress, bytes.count, $0) }
        guard let picture else {
            throw DecodingFailure(description: "a picture for which there is no memory", isHeaderRead: false)
        }
        self.picture = picture
    }

    deinit { nn_picture_close(picture) }

    private func check() throws(DecodingFailure) {
        if let failure = nn_picture_failure(picture) {
            throw DecodingFailure(
                description: String(cString: failure), isHeaderRead: nn_picture_width(picture) > 0)
        }
    }

    /// The orientation that the metadata gives.
    var orientation: Orientation {
        Orientation(exif: metadata(nn_picture_exif), xmp: metadata(nn_picture_xmp))
    }

    private func metadata(
        _ find: (OpaquePointer, UnsafeMutablePointer<Int>) -> UnsafePointer<UInt8>?
    ) -> [UInt8] {
        var count = 0
        let bytes = find(picture, &count)
        return Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    }

    /// What is wrong with the file although every pixel is there; complete after the last row.
    var flaws: [String] {
        var flaws: [String] = []
        while let flaw = nn_picture_flaw(picture, flaws.count) { flaws.append(String(cString: flaw)) }
        return flaws
    }

    private func read(into row: UnsafeMutableBufferPointer<UInt8>) throws(DecodingFailure) {
        if !nn_picture_read(picture, row.baseAddress) { try check() }
    }

    /// The stored picture, resized to 64 x 64 pixels.
    ///
    /// - Parameter isTransposed: whether the stored rows are the columns of the upright picture: this decides which pass
    ///   of resampling comes first.
    func resized(isTransposed: Bool) throws(DecodingFailure) -> [UInt8] {
        try check()
        let width = Int(nn_picture_width(picture))
        let height = Int(nn_picture_height(picture))
        let across = ResamplingFilter(count: width)
        let down = ResamplingFilter(count: height)
        let columnsComeFirst =
            isTransposed
            ? !ResamplingFilter.columnsComeFirst(width: height, height: width)
            : ResamplingFilter.columnsComeFirst(width: width, height: height)
        var image: [UInt8] = []
        image.reserveCapacity(DataSet.imageBytes)
        if columnsComeFirst {
            try down.shrinkColumns(
                rowBytes: 3 * width,
                nextRow: { row throws(DecodingFailure) in try read(into: row) },
                result: { image += $0.withUnsafeBufferPointer(across.shrunkRow) })
            return image
        }
        let row = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 3 * width)
        defer { row.deallocate() }
        try down.shrinkColumns(
            rowBytes: 3 * DataSet.side,
            nextRow: { shrunk throws(DecodingFailure) in
                try read(into: row)
                _ = shrunk.update(fromContentsOf: across.shrunkRow(UnsafeBufferPointer(row)))
            },
            result: { image += $0 })
        return image
    }
}
