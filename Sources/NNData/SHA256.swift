import CSHA256

/// The SHA-256 of `bytes` (FIPS 180-4) in lower-case hexadecimal, as `sha256sum` prints it.
public func sha256(_ bytes: [UInt8]) -> String { sha256(bytes, isPortable: false) }

/// - Parameter isPortable: whether to do without the processor's own instructions, which give the same.
func sha256(_ bytes: [UInt8], isPortable: Bool) -> String {
    let digits = Array("0123456789abcdef")
    return String(
        sha256Digest(bytes, isPortable: isPortable).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

/// The 32 bytes of the SHA-256 of `bytes`.
package func sha256Digest(_ bytes: [UInt8], isPortable: Bool = false) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
        nn_sha256(bytes, bytes.count, isPortable, digest.baseAddress)
        count = 32
    }
}
