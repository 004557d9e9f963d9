import SwiftNN

extension Network {
    /// The name of a class, or its number where the model has no names.
    func className(_ index: Int) -> String {
        classNames[index].isEmpty ? String(index) : classNames[index]
    }
}

extension Network.Origin {
    /// Eight hexadecimal digits.
    var dataCRCText: String { crcText(dataCRC) }
}

func crcText(_ crc: UInt32) -> String {
    let digits = String(crc, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}

extension Precision {
    var name: String {
        switch self {
        case .f32: "f32"
        case .f64: "f64"
        }
    }
}

extension ElementType {
    var name: String {
        switch self {
        case .f32: "f32"
        case .f64: "f64"
        case .i8: "i8"
        }
    }
}

extension Topology {
    var text: String { sizes.map(String.init).joined(separator: "-") }
}
