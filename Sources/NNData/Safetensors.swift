#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// Safetensors: the size of the header (u64), the header in JSON, then the tensors' bytes one after the other. The header
// has an object for each tensor, and an object of strings, `__metadata__`.

extension TensorFile {
    private static let metadataKey = "__metadata__"
    /// 256 KiB: 4 KB for each tensor, where programs write 100 bytes. Reading JSON takes time.
    private static let largestHeader: UInt64 = 1 << 18

    private enum Entry: Codable {
        case tensor(dtype: String, shape: [Int], offsets: [Int])
        case metadata([String: String])

        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }

        init(from decoder: any Decoder) throws {
            if decoder.codingPath.last?.stringValue == metadataKey {
                self = .metadata(try decoder.singleValueContainer().decode([String: String].self))
                return
            }
            let object = try decoder.container(keyedBy: CodingKeys.self)
            self = .tensor(
                dtype: try object.decode(String.self, forKey: .dtype),
                shape: try object.decode([Int].self, forKey: .shape),
                offsets: try object.decode([Int].self, forKey: .offsets))
        }

        /// How many names the object has.
        var nameCount: Int {
            switch self {
            case .metadata(let strings): strings.count
            case .tensor: 3
            }
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .metadata(let strings):
                var value = encoder.singleValueContainer()
                try value.encode(strings)
            case .tensor(let dtype, let shape, let offsets):
                var object = encoder.container(keyedBy: CodingKeys.self)
                try object.encode(dtype, forKey: .dtype)
                try object.encode(shape, forKey: .shape)
                try object.encode(offsets, forKey: .offsets)
            }
        }
    }

    /// Whether a header in JSON follows its size.
    public static func isSafetensors(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 8, bytes[8] == UInt8(ascii: "{") else { return false }
        let size: UInt64 = bytes.littleEndian(at: 0)
        return size <= UInt64(bytes.count - 8)
    }

    /// The bytes of a safetensors file. The same tensors give the same bytes.
    public func safetensors() -> [UInt8] {
        var entries = [Self.metadataKey: Entry.metadata(metadata)]
        var data: [UInt8] = []
        for tensor in tensors {
            let start = data.count
            data += tensor.elements.bytes
            entries[tensor.name] = .tensor(
                dtype: tensor.elements.type.safetensors, shape: tensor.shape, offsets: [start, data.count])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var header = Array(try! encoder.encode(entries))
        // Spaces align the tensors.
        header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        return UInt64(header.count).littleEndianBytes + header + data
    }

    init(safetensors bytes: [UInt8], path: String) throws(FileError) {
        func bad(_ expected: String, _ found: String) -> FileError {
            FileError(.badData, file: path, expected: expected, found: found)
        }
        guard bytes.count >= 10, bytes[8] == UInt8(ascii: "{") else {
            throw bad(Self.kinds, FileKind.text(of: bytes))
        }
        let size: UInt64 = bytes.littleEndian(at: 0)
        guard size <= bytes.count - 8 else {
            throw bad("a whole file", "a header of \(size) bytes in a file of \(bytes.count)")
        }
        guard size <= Self.largestHeader else {
            throw bad("a header of at most \(Self.largestHeader) bytes", "\(size)")
        }
        let data = bytes[(8 + Int(size))...]
        let entries = try Self.entries(bytes[8..<data.startIndex], bad)
        var metadata: [String: String] = [:]
        var places: [(name: String, type: NumberType, shape: [Int], place: Range<Int>)] = []
        for (name, entry) in entries {
            switch entry {
            case .metadata(let strings): metadata = strings
            case .tensor(let dtype, let shape, let offsets):
                guard let type = NumberType.all.first(where: { $0.safetensors == dtype }) else {
                    throw bad("\(name) of F64, F32, F16 or BF16", dtype)
                }
                guard offsets.count == 2, 0...data.count ~= offsets[0], offsets[0]...data.count ~= offsets[1],
                    let count = elementCount(shape), count <= data.count,
                    count * type.width == offsets[1] - offsets[0]
                else {
                    throw bad("\(name) within the file, of the size of its shape", "\(shape) at \(offsets)")
                }
                places.append((name, type, shape, offsets[0]..<offsets[1]))
            }
        }
        places.sort { ($0.place.lowerBound, $0.name) < ($1.place.lowerBound, $1.name) }
        // The format demands tensors without gaps and overlaps: nothing is hidden, nothing used twice.
        var end = 0
        for (name, _, _, place) in places {
            guard place.lowerBound == end else {
                throw bad("tensors one after the other", "\(name) at \(place.lowerBound)")
            }
            end = place.upperBound
        }
        guard end == data.count else { throw bad("\(end) bytes of tensors", "\(data.count)") }
        let tensors = places.map { name, type, shape, place in
            let part = data.dropFirst(place.lowerBound).prefix(place.count)
            return Tensor(name: name, shape: shape, elements: Tensor.Elements(bytes: part, type: type))
        }
        self.init(tensors: tensors, metadata: metadata)
    }

    /// What the header says of each name.
    private static func entries(
        _ header: ArraySlice<UInt8>, _ bad: (_ expected: String, _ found: String) -> FileError
    ) throws(FileError) -> [String: Entry] {
        guard let entries = try? JSONDecoder().decode([String: Entry].self, from: Data(header)) else {
            throw bad("a header of tensors in JSON", "something else")
        }
        let tensors = entries.count - (entries[metadataKey] == nil ? 0 : 1)
        guard tensors <= mostTensors else { throw bad("\(mostTensors) tensors at most", "\(tensors)") }
        // A decoder keeps one of several equal names, and passes over others than those asked for: then there are more
        // colons than names.
        let names = entries.values.reduce(entries.count) { $0 + $1.nameCount }
        guard colons(in: header) == names else {
            throw bad("a header without equal or unknown names", "more names than tensors have")
        }
        return entries
    }

    /// How many colons stand outside of strings in JSON: one for each name.
    private static func colons(in json: ArraySlice<UInt8>) -> Int {
        var (count, isInString, isEscaped) = (0, false, false)
        for byte in json {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            } else if isInString {
                isEscaped = byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: ":") {
                count += 1
            }
        }
        return count
    }
}
