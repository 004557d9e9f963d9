import CCrypto

/// The SHA-256 of `bytes` in lower-case hexadecimal, as `sha256sum` prints it.
public func sha256(_ bytes: [UInt8]) -> String {
    let digest = [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
        SHA256(bytes, bytes.count, digest.baseAddress)
        count = Int(SHA256_DIGEST_LENGTH)
    }
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
