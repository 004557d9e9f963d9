/// A message of Protocol Buffers, which is a list of fields. A field is a number, and a whole number or bytes: those of
/// texts, of other messages, of packed lists, or of one fixed-width number.
///
/// Nothing is copied or kept, and nothing recurs: a field is looked for when it is asked for, and so is a message within a
/// message.
struct ProtocolBuffer {
    private enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private let content: ArraySlice<UInt8>

    /// The kinds of fields: what follows the key.
    private enum Wire {
        static let varint: UInt64 = 0
        static let fixed64: UInt64 = 1
        static let bytes: UInt64 = 2
        static let fixed32: UInt64 = 5
    }

    private static let damaged = Defect(expected: "a whole ONNX file", found: "a damaged one")
    /// Far more than a message has that is a network: lists of numbers are packed, in one field each. Without this bound, a
    /// message of many small fields, asked again and again, would take long.
    private static let mostFields = 10_000

    init(_ message: ArraySlice<UInt8>) throws(Defect) {
        content = message
        var (rest, count) = (message, 0)
        while try Self.field(&rest) != nil {
            count += 1
            guard count <= Self.mostFields else {
                throw Defect(expected: "\(Self.mostFields) fields of a message at most", found: "more")
            }
        }
    }

    /// Takes the next field off the rest of a message; nil at its end.
    private static func field(
        _ rest: inout ArraySlice<UInt8>
    ) throws(Defect) -> (number: UInt64, value: Value)? {
        guard !rest.isEmpty else { return nil }
        func take(_ count: UInt64) throws(Defect) -> Value {
            guard count <= rest.count else { throw damaged }
            defer { rest = rest.dropFirst(Int(count)) }
            return .bytes(rest.prefix(Int(count)))
        }
        let key = try varint(&rest)
        let value: Value =
            switch key & 7 {
            case Wire.varint: .number(try varint(&rest))
            case Wire.fixed64: try take(8)
            case Wire.fixed32: try take(4)
            case Wire.bytes: try take(try varint(&rest))
            default: throw damaged
            }
        return (key >> 3, value)
    }

    /// The values of all fields of this number.
    private func values(_ field: UInt64) -> [Value] {
        var rest = content
        var values: [Value] = []
        // The fields were all read before, so none is damaged.
        while let (number, value) = try? Self.field(&rest) {
            if number == field { values.append(value) }
        }
        return values
    }

    /// A whole number of at most 64 bits, 7 per byte, the lowest first; the last byte has its highest bit clear.
    private static func varint(_ rest: inout ArraySlice<UInt8>) throws(Defect) -> UInt64 {
        var (number, shift) = (UInt64(0), UInt64(0))
        while let byte = rest.popFirst(), shift < 64 {
            number |= UInt64(byte & 0x7f) << shift
            guard byte & 0x80 != 0 else { return number }
            shift += 7
        }
        throw damaged
    }

    /// All fields of this number that are bytes.
    func bytes(_ field: UInt64) -> [ArraySlice<UInt8>] {
        values(field).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
    }

    /// The whole numbers of a field, packed or one by one.
    func numbers(_ field: UInt64) throws(Defect) -> [Int] {
        var numbers: [Int] = []
        for value in values(field) {
            switch value {
            case .number(let value): numbers.append(Int(truncatingIfNeeded: value))
            case .bytes(var bytes):
                while !bytes.isEmpty { numbers.append(Int(truncatingIfNeeded: try Self.varint(&bytes))) }
            }
        }
        return numbers
    }

    /// As protobuf has it, the last one of several counts.
    func number(_ field: UInt64) throws(Defect) -> Int? { try numbers(field).last }

    func text(_ field: UInt64) -> String { PathText.text(bytes(field).last ?? []) }

    func texts(_ field: UInt64) -> [String] { bytes(field).map { PathText.text($0) } }

    func messages(_ field: UInt64) throws(Defect) -> [ProtocolBuffer] {
        var messages: [ProtocolBuffer] = []
        for bytes in bytes(field) { messages.append(try ProtocolBuffer(bytes)) }
        return messages
    }

    func message(_ field: UInt64) throws(Defect) -> ProtocolBuffer {
        try ProtocolBuffer(bytes(field).last ?? [])
    }

    /// Texts by their names: a list of messages of two texts each.
    func dictionary(_ field: UInt64) throws(Defect) -> [String: String] {
        var dictionary: [String: String] = [:]
        for entry in try messages(field) { dictionary[entry.text(1)] = entry.text(2) }
        return dictionary
    }
}
