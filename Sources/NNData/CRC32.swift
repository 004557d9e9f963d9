import CZlib

/// The CRC-32 of what was taken in before, whose CRC-32 is `crc`, and of `bytes`, which are fewer than 4 GB.
func crc32(of bytes: [UInt8], after crc: UInt32 = 0) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32(uLong(crc), bytes, uInt(bytes.count)))
}
