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
    /// The orientation that the metadata gives, upright if it gives none. As in Pillow, XMP counts only where EXIF data has
    /// no orientation, and a number that means nothing leaves the picture as it is.
    init(exif: [UInt8], xmp: [UInt8]) {
        let number = Self.number(inEXIF: exif) ?? Self.number(inXMP: xmp) ?? 1
        self = Orientation(number: number) ?? .upright
    }

    static func number(inEXIF bytes: [UInt8]) -> Int? {
        let header = Array("Exif\0\0".utf8)  // of JPEG; some programs write it in other formats, too
        let start = bytes.starts(with: header) ? header.count : 0
        let orientation = 0x0112
        guard
            let entry = TIFFDirectory(Array(bytes[start...]))?.entries.first(where: {
                $0.tag == orientation
            }),
            [TIFFDirectory.short, TIFFDirectory.long].contains(entry.type)
        else { return nil }
        return entry.value
    }

    /// XMP is XML: `tiff:Orientation="6"` is an attribute, `<tiff:Orientation>6</tiff:Orientation>` an element.
    static func number(inXMP bytes: [UInt8]) -> Int? {
        let starts = ["=\"", "='", ">"].map { Array("tiff:Orientation\($0)".utf8) }
        let name = starts[2].dropLast()
        var rest = bytes[...]
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            // Most of XMP is other text: only names that end in ":" are compared.
            let text = bytes[max(colon - 4, 0)...].prefix(name.count + 3)
            if let start = starts.first(where: text.starts), let digit = text.dropFirst(start.count).first,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
            {
                return Int(digit - UInt8(ascii: "0"))
            }
            rest = bytes[(colon + 1)...]
        }
        return nil
    }
}

/// The first list of entries of a TIFF file, as far as it can be read. EXIF data is such a file: byte order, 42, the
/// offset of a list; each entry has 12 bytes: tag (2), type (2), count (4), value.
struct TIFFDirectory {
    /// Types of numbers: of two and of four bytes.
    static let (short, long) = (3, 4)

    struct Entry {
        let tag: Int
        let type: Int
        /// Of one number of two or four bytes; of others it is meaningless.
        let value: Int
    }

    private(set) var entries: [Entry] = []

    /// nil if it is no TIFF file.
    init?(_ bytes: [UInt8]) {
        let isBigEndian = bytes.starts(with: "MM".utf8)
        let reader = ByteReader(bytes: bytes, isBigEndian: isBigEndian)
        guard isBigEndian || bytes.starts(with: "II".utf8), reader.number(at: 2, bytes: 2) == 42,
            let list = reader.number(at: 4, bytes: 4), let count = reader.number(at: list, bytes: 2)
        else { return nil }
        for index in 0..<count {
            let at = list + 2 + 12 * index
            guard let tag = reader.number(at: at, bytes: 2), let type = reader.number(at: at + 2, bytes: 2),
                let value = reader.number(at: at + 8, bytes: type == Self.long ? 4 : 2)
            else { return }
            entries.append(Entry(tag: tag, type: type, value: value))
        }
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
