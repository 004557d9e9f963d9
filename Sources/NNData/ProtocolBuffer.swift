/// A message of Protocol Buffers as the list of its fields. A field is a number, and a whole number or bytes: those of
/// texts, of other messages, of packed lists, or of one fixed-width number.
///
/// Nothing is copied and nothing recurs: a message within a message is read when it is asked for.
struct ProtocolBuffer {
    private enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private let fields: [(number: UInt64, value: Value)]

    /// The kinds of fields: what follows the key.
    private enum Wire {
        static let varint: UInt64 = 0
        static let fixed64: UInt64 = 1
        static let bytes: UInt64 = 2
        static let fixed32: UInt64 = 5
    }

    private static let damaged = Defect(expected: "a whole ONNX file", found: "a damaged one")

    init(_ message: ArraySlice<UInt8>) throws(Defect) {
        var rest = message
        var fields: [(number: UInt64, value: Value)] = []
        func take(_ count: UInt64) throws(Defect) -> Value {
            guard count <= rest.count else { throw Self.damaged }
            defer { rest = rest.dropFirst(Int(count)) }
            return .bytes(rest.prefix(Int(count)))
        }
        while !rest.isEmpty {
            let key = try Self.varint(&rest)
            let value: Value =
                switch key & 7 {
                case Wire.varint: .number(try Self.varint(&rest))
                case Wire.fixed64: try take(8)
                case Wire.fixed32: try take(4)
                case Wire.bytes: try take(try Self.varint(&rest))
                default: throw Self.damaged
                }
            fields.append((key >> 3, value))
        }
        self.fields = fields
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
        fields.compactMap { number, value in
            if number == field, case .bytes(let bytes) = value { bytes } else { nil }
        }
    }

    /// The whole numbers of a field, packed or one by one.
    func numbers(_ field: UInt64) throws(Defect) -> [Int] {
        var numbers: [Int] = []
        for (number, value) in fields where number == field {
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
