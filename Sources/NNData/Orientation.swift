/// How a stored picture is turned and mirrored to be upright, one of the eight ways of EXIF.
struct Orientation: Equatable {
    /// The stored picture is upright.
    static let upright = Orientation(number: 1)!

    /// The stored rows run right to left.
    let mirrorsRows: Bool
    /// The stored columns run bottom to top.
    let mirrorsColumns: Bool
    /// The stored rows are the columns of the upright picture.
    let isTransposed: Bool

    /// - Parameter number: EXIF's, 1 ... 8; nil for any other.
    init?(number: Int) {
        guard 1...8 ~= number else { return nil }
        mirrorsRows = [2, 3, 7, 8].contains(number)
        mirrorsColumns = [3, 4, 6, 7].contains(number)
        isTransposed = number >= 5
    }

    /// The upright image; `image` is a stored one of ``DataSet/imageBytes`` bytes.
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

extension Orientation {
    /// Reads the orientation from EXIF data; nil if there is none, or the data is damaged.
    ///
    /// EXIF data is a TIFF file: byte order, 42, the offset of a list of entries; each entry has 12 bytes: tag (2),
    /// type (2), count (4), value.
    init?(exif bytes: [UInt8]) {
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
            self.init(number: value)
            return
        }
        return nil
    }
}

/// Reads integers from untrusted bytes.
private struct ByteReader {
    let bytes: [UInt8]
    let isBigEndian: Bool

    /// nil if the bytes end before it.
    func number(at offset: Int, bytes count: Int) -> Int? {
        guard offset >= 0, offset + count <= bytes.count else { return nil }
        let field = bytes[offset..<offset + count]
        return (isBigEndian ? Array(field) : field.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
}
