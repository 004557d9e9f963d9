import SystemPackage

/// A header for C11 and C++17 that holds the bytes of a file as a constant, aligned to 8 bytes. Every file that
/// includes it declares the array, and the one that defines ``macro(forArray:)`` has its bytes.
public enum CHeader {
    /// - Parameters:
    ///   - name: the name of the array, for which ``isName(_:)`` is true.
    ///   - comment: lines of text, each without a line break and not ending in a backslash.
    public static func encode(_ bytes: [UInt8], name: String, comment: [String]) -> [UInt8] {
        let guardName = name.uppercased() + "_H"
        let array = "const uint8_t \(name)[\(bytes.count)]"
        let before = """
            \(comment.map { $0.isEmpty ? "///" : "/// \($0)" }.joined(separator: "\n"))
            #ifndef \(guardName)
            #define \(guardName)

            #include <stdint.h>

            #ifdef __cplusplus
            extern "C" {
            #endif
            extern \(array);
            #ifdef __cplusplus
            }
            #endif

            #endif

            #ifdef \(macro(forArray: name))
            #undef \(macro(forArray: name)) // including this again does not define the array again
            #ifdef __cplusplus
            alignas(8)
            #else
            _Alignas(8)
            #endif
            \(array) = {

            """
        return Array(before.utf8) + numbers(bytes) + Array("};\n#endif\n".utf8)
    }

    /// The bytes in decimal, 24 to a line.
    private static func numbers(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(4 * bytes.count + 100)
        for (index, byte) in bytes.enumerated() {
            if byte >= 100 { text.append(UInt8(ascii: "0") + byte / 100) }
            if byte >= 10 { text.append(UInt8(ascii: "0") + byte / 10 % 10) }
            text.append(UInt8(ascii: "0") + byte % 10)
            text.append(UInt8(ascii: ","))
            if index % 24 == 23 || index == bytes.count - 1 { text.append(UInt8(ascii: "\n")) }
        }
        return text
    }

    /// The macro that one file defines before it includes the header.
    public static func macro(forArray name: String) -> String { name.uppercased() + "_IMPLEMENTATION" }

    /// Whether the text is an identifier in C: letters, digits and underscores, no digit first.
    public static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        return name.utf8.allSatisfy(isNameByte) && !isDigit(first)
    }

    /// An identifier made of a file's name: cats for folder/cats.h.
    public static func name(forFile path: String) -> String {
        let stem = FilePath(path).stem ?? ""
        let bytes = stem.utf8.map { isNameByte($0) ? $0 : UInt8(ascii: "_") }
        let name = String(decoding: bytes, as: UTF8.self)
        return isName(name) ? name : "_" + name
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_")
    }
}
