/// How a camera was held: what to do to the stored pixels to see them upright, as EXIF numbers it (1 ... 8).
struct Orientation: Equatable {
    /// As stored.
    static let upright = Orientation(exif: 1)!

    /// The stored rows run right to left.
    let mirrorsRows: Bool
    /// The stored columns run from the bottom up.
    let mirrorsColumns: Bool
    /// The stored rows are columns of what was seen.
    let isTransposed: Bool

    /// nil for a number that EXIF does not have.
    init?(exif number: Int) {
        guard 1...8 ~= number else { return nil }
        mirrorsRows = [2, 3, 7, 8].contains(number)
        mirrorsColumns = [3, 4, 6, 7].contains(number)
        isTransposed = number >= 5
    }

    /// The stored image, a ``DataSet`` image, as it was seen.
    func apply(to image: [UInt8]) -> [UInt8] {
        let last = DataSet.side - 1
        var result: [UInt8] = []
        result.reserveCapacity(image.count)
        for y in 0...last {
            for x in 0...last {
                let column = isTransposed ? y : x
                let row = isTransposed ? x : y
                let from = (mirrorsColumns ? last - row : row, mirrorsRows ? last - column : column)
                let offset = 3 * (from.0 * DataSet.side + from.1)
                result += image[offset..<offset + 3]
            }
        }
        return result
    }
}

// MARK: Where files say so

extension Orientation {
    /// What the EXIF data of a PNG or JPEG says; upright without such data, or with damaged one.
    init(ofPicture bytes: [UInt8]) {
        let exif = bytes.first == 0xff ? Self.exif(ofJPEG: bytes) : Self.exif(ofPNG: bytes)
        self = exif.flatMap(Self.init(tiff:)) ?? .upright
    }

    private static func exif(ofJPEG bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let signature = Array("Exif\0\0".utf8)
        let segment = JPEGSegments(bytes).first { $0.marker == 0xe1 && $0.payload.starts(with: signature) }
        return segment?.payload.dropFirst(signature.count)
    }

    /// A PNG is 8 bytes, then chunks: length (4 bytes), type (4), data, CRC (4).
    private static func exif(ofPNG bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let reader = ByteReader(bytes: bytes[...], isBigEndian: true)
        var at = 8
        while let length = reader.number(at: at, bytes: 4), at + 8 + length <= bytes.count {
            if bytes[at + 4..<at + 8].elementsEqual("eXIf".utf8) { return bytes[at + 8..<at + 8 + length] }
            at += 12 + length
        }
        return nil
    }

    /// EXIF data is a TIFF file: byte order, 42, the offset of a list of entries; each entry has 12 bytes: tag (2),
    /// type (2), count (4), value.
    private init?(tiff bytes: ArraySlice<UInt8>) {
        let (orientationTag, shortType) = (0x0112, 3)
        let isBigEndian = bytes.starts(with: "MM".utf8)
        let reader = ByteReader(bytes: bytes, isBigEndian: isBigEndian)
        guard isBigEndian || bytes.starts(with: "II".utf8), reader.number(at: 2, bytes: 2) == 42,
            let list = reader.number(at: 4, bytes: 4), let count = reader.number(at: list, bytes: 2)
        else { return nil }
        for entry in 0..<count {
            let at = list + 2 + 12 * entry
            guard let tag = reader.number(at: at, bytes: 2) else { return nil }
            guard tag == orientationTag, reader.number(at: at + 2, bytes: 2) == shortType,
                let value = reader.number(at: at + 8, bytes: 2)
            else { continue }
            self.init(exif: value)
            return
        }
        return nil
    }
}

/// The segments of a JPEG up to the first scan.
struct JPEGSegments: Sequence, IteratorProtocol {
    private static let startOfScan: UInt8 = 0xda

    private let bytes: [UInt8]
    /// Of the next marker; behind the two bytes that a JPEG begins with.
    private var offset = 2
    /// Whether all before the first scan was in order.
    private(set) var reachesScan = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> (marker: UInt8, payload: ArraySlice<UInt8>)? {
        // A marker is ff and its number, and any number of further ff before it.
        guard offset < bytes.count, bytes[offset] == 0xff else { return nil }
        while offset < bytes.count, bytes[offset] == 0xff { offset += 1 }
        let reader = ByteReader(bytes: bytes[...], isBigEndian: true)
        guard let marker = reader.number(at: offset, bytes: 1).map(UInt8.init),
            let length = reader.number(at: offset + 1, bytes: 2),  // counts itself
            length >= 2, offset + 1 + length <= bytes.count
        else { return nil }
        let payload = bytes[offset + 3..<offset + 1 + length]
        offset += 1 + length
        guard marker != Self.startOfScan else {
            reachesScan = true
            offset = bytes.count
            return nil
        }
        return (marker, payload)
    }
}

/// Whole numbers in bytes that nobody has checked.
private struct ByteReader {
    let bytes: ArraySlice<UInt8>
    let isBigEndian: Bool

    /// nil where the bytes end before.
    func number(at offset: Int, bytes count: Int) -> Int? {
        guard offset >= 0, offset + count <= bytes.count else { return nil }
        let field = bytes.dropFirst(offset).prefix(count)
        return (isBigEndian ? Array(field) : field.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
}
