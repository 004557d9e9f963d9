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
            let checksum = crc32(of: file.bytes).littleEndianBytes
            let utf8: UInt8 = name.allSatisfy { $0 < 0x80 } ? 0 : 8
            // Version 2.0, the flag of names in UTF-8 where it is needed, stored, 0:00 on 1 January 1980.
            let facts: [UInt8] = [20, 0, 0, utf8, 0, 0, 0, 0, 0x21, 0] + checksum + size + size
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

    /// - Parameters:
    ///   - limit: the largest size of all files together.
    ///   - count: the largest number of files.
    /// - Throws: ``Defect``, also for what other programs may read in two ways: files that share bytes, names that are
    ///   equal, or that are not the same at both places. All sizes are checked before anything is unpacked.
    init(_ bytes: [UInt8], limit: Int, count: Int) throws(Defect) {
        let entries = try Self.entries(of: bytes, limit: count)
        var left = limit
        for entry in entries {
            guard entry.size <= left else {
                throw Defect(
                    expected: "\(limit) bytes of arrays at most", found: "\(entry.size) in \(entry.name)")
            }
            left -= entry.size
        }
        var files: [File] = []
        for entry in entries { files.append(File(name: entry.name, bytes: try entry.unpacked(from: bytes))) }
        self.files = files
    }

    /// The entries of the directory.
    private static func entries(of bytes: [UInt8], limit: Int) throws(Defect) -> [Entry] {
        let (start, count) = try directory(of: bytes)
        guard count <= limit else {
            throw Defect(expected: "\(limit) files in the archive at most", found: "\(count)")
        }
        var position = start
        var entries: [Entry] = []
        for _ in 0..<count {
            let entry = try Entry(at: &position, in: bytes)
            guard !entries.contains(where: { $0.name == entry.name }) else {
                throw Defect(expected: "one file \(entry.name)", found: "two")
            }
            entries.append(entry)
        }
        // Each begins where the one before has ended, or later, and the directory comes last.
        var end = 0
        for entry in entries.sorted(by: { $0.place.lowerBound < $1.place.lowerBound }) {
            guard entry.place.lowerBound >= end else {
                throw Defect(
                    expected: "files with bytes of their own", found: "\(entry.name) in another file")
            }
            end = entry.place.upperBound
        }
        guard end <= start else { throw cutOff }
        return entries
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
}

extension ZipArchive {
    /// What the directory says of a file.
    private struct Entry {
        let name: String
        /// Its size when it is unpacked.
        let size: Int
        /// The place of its own header and its packed bytes.
        let place: Range<Int>
        private let packedSize: Int
        private let method: UInt16
        private let checksum: UInt32

        /// Moves `position` behind the entry.
        init(at position: inout Int, in bytes: [UInt8]) throws(Defect) {
            let start = position
            guard bytes.count - start >= Size.directory, bytes[start...].starts(with: directoryMagic) else {
                throw cutOff
            }
            func size16(_ at: Int) -> Int { Int(bytes.littleEndian(at: start + at) as UInt16) }
            func size32(_ at: Int) -> Int { Int(bytes.littleEndian(at: start + at) as UInt32) }
            let (flags, rawName) = (size16(8), bytes[(start + Size.directory)...].prefix(size16(28)))
            name = try Self.name(rawName, size: size16(28), isUTF8: flags & 0x800 != 0)
            guard flags & 1 == 0 else {
                throw Defect(expected: "\(name) without encryption", found: "an encrypted file")
            }
            method = bytes.littleEndian(at: start + 10)
            checksum = bytes.littleEndian(at: start + 16)
            (packedSize, size) = (size32(20), size32(24))
            place = try Self.place(from: size32(42), name: rawName, packedSize: packedSize, in: bytes)
            position = min(rawName.endIndex + size16(30) + size16(32), bytes.count)
        }

        /// Without the flag that says UTF-8, a name is in the code page of some computer: only ASCII is sure.
        private static func name(_ bytes: ArraySlice<UInt8>, size: Int, isUTF8: Bool) throws(Defect) -> String
        {
            guard bytes.count == size else { throw cutOff }
            guard let name = String(validating: bytes, as: UTF8.self),
                isUTF8 || name.utf8.allSatisfy({ $0 < 0x80 })
            else { throw Defect(expected: "names in ASCII or UTF-8", found: "\(Array(bytes.prefix(20)))") }
            return name
        }

        /// A file has a header of its own, which repeats the name.
        private static func place(
            from start: Int, name: ArraySlice<UInt8>, packedSize: Int, in bytes: [UInt8]
        ) throws(Defect) -> Range<Int> {
            guard bytes.count - start >= Size.local, bytes[start...].starts(with: magic) else { throw cutOff }
            let (nameSize, extraSize): (UInt16, UInt16) = (
                bytes.littleEndian(at: start + 26), bytes.littleEndian(at: start + 28)
            )
            let content = start + Size.local + Int(nameSize) + Int(extraSize)
            guard bytes.count - content >= packedSize else { throw cutOff }
            let ownName = bytes[(start + Size.local)...].prefix(Int(nameSize))
            guard ownName == name else {
                throw Defect(expected: "each name the same at both places", found: "two names of a file")
            }
            return start..<content + packedSize
        }

        func unpacked(from bytes: [UInt8]) throws(Defect) -> [UInt8] {
            let packed = bytes[place].suffix(packedSize)
            let content: [UInt8]
            switch method {
            case 0 where packedSize == size: content = Array(packed)
            case 0: throw cutOff
            case 8:
                guard let inflated = inflated(packed, size: size) else {
                    throw Defect(expected: "\(name) intact", found: "deflated data that is damaged")
                }
                content = inflated
            default: throw Defect(expected: "\(name) stored or deflated", found: "compression \(method)")
            }
            guard crc32(of: content) == checksum else {
                throw Defect(expected: "\(name) intact", found: "a wrong checksum")
            }
            return content
        }
    }

    /// nil unless the data unpacks to exactly `size` bytes.
    private static func inflated(_ packed: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
        var stream = z_stream()
        let version = ZLIB_VERSION
        // Negative: a bare stream, without zlib's own header.
        guard inflateInit2_(&stream, -15, version, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        var isWhole = false
        let content = packed.withUnsafeBufferPointer { packed in
            // One more, to notice too many.
            [UInt8](unsafeUninitializedCapacity: size + 1) { content, count in
                stream.next_in = UnsafeMutablePointer(mutating: packed.baseAddress)
                stream.avail_in = uInt(packed.count)
                stream.next_out = content.baseAddress
                stream.avail_out = uInt(content.count)
                isWhole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == size
                count = isWhole ? size : 0
            }
        }
        return isWhole ? content : nil
    }
}
