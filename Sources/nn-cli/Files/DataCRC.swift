import SwiftNN

extension Network.Origin {
    /// Eight hexadecimal digits.
    var dataCRCText: String { crcText(dataCRC) }
}

func crcText(_ crc: UInt32) -> String {
    let digits = String(crc, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}
