#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// npz: a zip archive of arrays in the format of numpy: magic, version, size of the header, the header (a Python
// dictionary), the elements.

extension TensorFile {
    /// The array that holds the metadata, as one JSON text.
    private static let metadataName = "metadata"
    /// The bytes of an npz file, which numpy loads. The same tensors give the same bytes.
    /// - Precondition: names are all different, none is `metadata`, and all arrays together have less than 4 GB.
    public func npz() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = Array(try! encoder.encode(metadata))
        let arrays =
            tensors.map { tensor in
                let header = NPYHeader(type: tensor.elements.type.numpy!, shape: tensor.shape)
                return (tensor.name, header, tensor.elements.bytes)
            } + [(Self.metadataName, NPYHeader(type: "|S\(text.count)", shape: []), text)]
        return ZipArchive(
            files: arrays.map { ZipArchive.File(name: "\($0).npy", bytes: $1.bytes + $2) }
        ).bytes
    }

    init(npz bytes: [UInt8], path: String) throws(FileError) {
        do throws(Defect) {
            var tensors: [Tensor] = []
            var metadata: [String: String] = [:]
            var names: Set<String> = []
            for file in try ZipArchive(bytes, limit: Self.largestFile, count: Self.mostTensors + 1).files {
                let name = file.name.hasSuffix(".npy") ? String(file.name.dropLast(4)) : file.name
                guard names.insert(name).inserted else {
                    throw Defect(expected: "one array \(name)", found: "two")
                }
                if name == Self.metadataName {
                    metadata = try Self.metadata(file)
                } else {
                    tensors.append(try Self.tensor(file, name: name))
                }
            }
            guard tensors.count <= Self.mostTensors else {
                throw Defect(expected: "\(Self.mostTensors) arrays at most", found: "\(tensors.count)")
            }
            self.init(tensors: tensors, metadata: metadata)
        } catch {
            throw FileError(.badData, file: path, expected: error.expected, found: error.found)
        }
    }

    private static func metadata(_ file: ZipArchive.File) throws(Defect) -> [String: String] {
        let (header, content) = try NPYHeader.read(file.bytes, name: metadataName)
        guard header.type.hasPrefix("|S"), header.shape.isEmpty,
            let strings = try? JSONDecoder().decode([String: String].self, from: Data(content))
        else {
            throw Defect(
                expected: "\(metadataName) to be strings in JSON", found: "something else")
        }
        return strings
    }

    private static func tensor(_ file: ZipArchive.File, name: String) throws(Defect) -> Tensor {
        let (header, content) = try NPYHeader.read(file.bytes, name: name)
        let isBigEndian = header.type.hasPrefix(">")
        let native = isBigEndian ? "<\(header.type.dropFirst())" : header.type
        guard let type = NumberType.all.first(where: { $0.numpy == native }) else {
            throw Defect(expected: "\(name) of f2, f4 or f8", found: header.type)
        }
        guard let count = elementCount(header.shape), count <= content.count,
            count * type.width == content.count
        else {
            throw Defect(
                expected: "\(name) of the size of its shape \(header.shape)",
                found: "\(content.count) bytes of \(header.type)")
        }
        let elements = Tensor.Elements(bytes: content, type: type, isBigEndian: isBigEndian)
        guard header.isFortranOrder, header.shape.count > 1 else {
            return Tensor(name: name, shape: header.shape, elements: elements)
        }
        guard header.shape.count == 2 else {
            throw Defect(
                expected: "\(name) of two dimensions at most", found: "\(header.shape.count)")
        }
        return Tensor(name: name, shape: header.shape.reversed(), elements: elements).transposed
    }
}

/// The header of an array: {'descr': '<f4', 'fortran_order': False, 'shape': (20, 7), }
struct NPYHeader {
    let type: String
    var isFortranOrder = false
    let shape: [Int]

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    var bytes: [UInt8] {
        let sizes = shape.map { "\($0)," }.joined(separator: " ")
        let shape = shape.count > 1 ? String(sizes.dropLast()) : sizes
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape)), }"
        // Spaces and a line break, so that the elements begin at a multiple of 64.
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        return Self.magic + [1, 0] + UInt16(text.utf8.count).littleEndianBytes + Array(text.utf8)
    }

    /// The header of an array, and its elements.
    static func read(
        _ bytes: [UInt8], name: String
    ) throws(Defect) -> (NPYHeader, ArraySlice<UInt8>) {
        let bad = Defect(expected: "\(name) to be an array of numpy", found: "something else")
        guard bytes.count >= 12, bytes.starts(with: magic), 1...3 ~= bytes[6] else { throw bad }
        // Two bytes of size in version 1, four in later ones.
        let start = bytes[6] == 1 ? 10 : 12
        let size =
            bytes[6] == 1
            ? Int(bytes.littleEndian(at: 8) as UInt16) : Int(bytes.littleEndian(at: 8) as UInt32)
        guard bytes.count - start >= size else { throw bad }
        var parser = DictionaryParser(text: bytes[start..<start + size])
        guard let header = parser.header() else { throw bad }
        return (header, bytes[(start + size)...])
    }
}

/// Parses the part of Python's syntax that numpy writes in headers.
private struct DictionaryParser {
    var text: ArraySlice<UInt8>

    private enum Value {
        case string(String)
        case boolean(Bool)
        case tuple([Int])
    }

    /// nil unless the text is a dictionary with exactly the three entries.
    mutating func header() -> NPYHeader? {
        var entries: [String: Value] = [:]
        guard takes("{") else { return nil }
        while !takes("}") {
            guard let key = string(), takes(":"), let value = value(), entries[key] == nil else { return nil }
            entries[key] = value
            guard takes(",") || next == UInt8(ascii: "}") else { return nil }
        }
        guard next == nil, entries.count == 3, case .string(let type) = entries["descr"],
            case .boolean(let isFortranOrder) = entries["fortran_order"],
            case .tuple(let shape) = entries["shape"]
        else { return nil }
        return NPYHeader(type: type, isFortranOrder: isFortranOrder, shape: shape)
    }

    private var next: UInt8? {
        mutating get {
            text = text.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
            return text.first
        }
    }

    private mutating func takes(_ token: String) -> Bool {
        guard next != nil, text.starts(with: token.utf8) else { return false }
        text.removeFirst(token.utf8.count)
        return true
    }

    private mutating func string() -> String? {
        guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
            let end = text.dropFirst().firstIndex(of: quote)
        else { return nil }
        defer { text = text[(end + 1)...] }
        return String(decoding: text[(text.startIndex + 1)..<end], as: UTF8.self)
    }

    private mutating func value() -> Value? {
        if takes("True") { return .boolean(true) }
        if takes("False") { return .boolean(false) }
        guard takes("(") else { return string().map(Value.string) }
        var sizes: [Int] = []
        while !takes(")") {
            _ = next
            let digits = text.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            guard let size = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            text.removeFirst(digits.count)
            sizes.append(size)
            guard takes(",") || next == UInt8(ascii: ")") else { return nil }
        }
        return .tuple(sizes)
    }
}
