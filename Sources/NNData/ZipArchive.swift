import CZlib

/// What is wrong with a file's content: "an intact archive", "a wrong checksum".
struct Defect: Error {
    let expected: String
    let found: String
}

/// A zip archive in memory (PKWARE's APPNOTE 6.3), of small files: no more than 2^32 bytes, no encryption.
struct ZipArchive {
    struct File {
        let name: String
        let bytes: [UInt8]
    }

    static let magic: [UInt8] = Array("PK\u{3}\u{4}".utf8)
    private static let directoryMagic = Array("PK\u{1}\u{2}".utf8)
    private static let endMagic = Array("PK\u{5}\u{6}".utf8)
    private enum Size {
        static let local = 30
        static let directory = 46
        static let end = 22
    }

    let files: [File]

    init(files: [File]) { self.files = files }

    /// The name of the first file, which tells archives of several programs apart; nil if these bytes are no archive.
    static func firstName(in bytes: [UInt8]) -> String? {
        guard bytes.starts(with: magic), bytes.count >= Size.local else { return nil }
        let length: UInt16 = bytes.littleEndian(at: 26)
        return String(decoding: bytes[Size.local...].prefix(Int(length)), as: UTF8.self)
    }

    /// The files are stored, not deflated, and dated 1980, so that the same files give the same bytes.
    var bytes: [UInt8] {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for file in files {
            let name = Array(file.name.utf8)
            let start = UInt32(archive.count)
            let size = UInt32(file.bytes.count).littleEndianBytes
            let checksum = Self.checksum(file.bytes).littleEndianBytes
            // Version 2.0, no flags, stored, 0:00 on 1 January 1980.
            let facts: [UInt8] = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0] + checksum + size + size
            let nameSize = UInt16(name.count).littleEndianBytes
            archive += Self.magic + facts + nameSize + [0, 0] + name + file.bytes
            directory += Self.directoryMagic + [20, 0] + facts + nameSize
            directory += [UInt8](repeating: 0, count: 12) + start.littleEndianBytes + name
        }
        let count = UInt16(files.count).littleEndianBytes
        let sizes = UInt32(directory.count).littleEndianBytes + UInt32(archive.count).littleEndianBytes
        return archive + directory + Self.endMagic + [0, 0, 0, 0] + count + count + sizes + [0, 0]
    }

    private static let cutOff = Defect(
        expected: "a whole zip archive", found: "one that is cut off or damaged")

    /// - Parameter limit: the largest size of all files together; more is refused before it is unpacked.
    init(_ bytes: [UInt8], limit: Int) throws(Defect) {
        var (position, count) = try Self.directory(of: bytes)
        var left = limit
        var files: [File] = []
        while count > 0 {
            guard bytes[position...].starts(with: Self.directoryMagic),
                bytes.count - position >= Size.directory
            else { throw Self.cutOff }
            let entry = bytes[position...]
            func size16(_ at: Int) -> Int { Int(entry.littleEndian(at: position + at) as UInt16) }
            func size32(_ at: Int) -> Int { Int(entry.littleEndian(at: position + at) as UInt32) }
            let header = position + Size.directory
            guard bytes.count - header >= size16(28) else { throw Self.cutOff }
            let name = String(decoding: bytes[header..<header + size16(28)], as: UTF8.self)
            guard size16(8) & 1 == 0 else {
                throw Defect(expected: "\(name) without encryption", found: "an encrypted file")
            }
            guard size32(24) <= left else {
                throw Defect(expected: "\(limit) bytes of arrays at most", found: "\(size32(24)) in \(name)")
            }
            left -= size32(24)
            let packed = try Self.content(at: size32(42), size: size32(20), in: bytes)
            let content = try Self.unpacked(packed, method: size16(10), size: size32(24), name: name)
            guard Self.checksum(content) == entry.littleEndian(at: position + 16) else {
                throw Defect(expected: "\(name) intact", found: "a wrong checksum")
            }
            files.append(File(name: name, bytes: content))
            position = min(header + size16(28) + size16(30) + size16(32), bytes.count)
            count -= 1
        }
        self.files = files
    }

    /// Where the directory starts, and how many files it lists: a record at the end of the archive says so.
    private static func directory(of bytes: [UInt8]) throws(Defect) -> (start: Int, count: Int) {
        let last = bytes.count - Size.end
        guard last >= 0 else { throw cutOff }
        for at in stride(from: last, through: max(0, last - 0xffff), by: -1)
        where bytes[at...].starts(with: endMagic) {
            let (count, start): (UInt16, UInt32) = (
                bytes.littleEndian(at: at + 10), bytes.littleEndian(at: at + 16)
            )
            guard start <= at else { throw cutOff }
            return (Int(start), Int(count))
        }
        throw cutOff
    }

    /// The packed bytes of a file, which follow a header of its own. The directory has their number.
    private static func content(
        at start: Int, size: Int, in bytes: [UInt8]
    ) throws(Defect) -> ArraySlice<UInt8> {
        guard bytes.count - start >= Size.local, bytes[start...].starts(with: magic) else { throw cutOff }
        let (name, extra): (UInt16, UInt16) = (
            bytes.littleEndian(at: start + 26), bytes.littleEndian(at: start + 28)
        )
        let content = start + Size.local + Int(name) + Int(extra)
        guard bytes.count - content >= size else { throw cutOff }
        return bytes[content..<content + size]
    }

    private static func unpacked(
        _ packed: ArraySlice<UInt8>, method: Int, size: Int, name: String
    ) throws(Defect) -> [UInt8] {
        switch method {
        case 0 where packed.count == size: return Array(packed)
        case 8:
            guard let content = inflated(packed, size: size) else {
                throw Defect(expected: "\(name) intact", found: "deflated data that is damaged")
            }
            return content
        case 0: throw cutOff
        default: throw Defect(expected: "\(name) stored or deflated", found: "compression \(method)")
        }
    }

    /// nil unless the data unpacks to exactly `size` bytes.
    private static func inflated(_ packed: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
        var packed = Array(packed)
        var content = [UInt8](repeating: 0, count: size + 1)  // one more, to notice too many
        var stream = z_stream()
        let version = ZLIB_VERSION
        // Negative: a bare stream, without zlib's own header.
        guard inflateInit2_(&stream, -15, version, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        let status = packed.withUnsafeMutableBufferPointer { packed in
            content.withUnsafeMutableBufferPointer { content in
                stream.next_in = packed.baseAddress
                stream.avail_in = uInt(packed.count)
                stream.next_out = content.baseAddress
                stream.avail_out = uInt(content.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END, stream.total_out == size else { return nil }
        content.removeLast()
        return content
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32(0, bytes, uInt(bytes.count)))
    }
}
