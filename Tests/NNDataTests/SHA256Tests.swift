import Testing

@testable import NNData

@Suite("SHA-256")
struct SHA256Tests {
    /// With the processor's instructions for SHA-256, where it has them, and without.
    private static let implementations = [false, true]

    @Test(
        "the vectors of FIPS 180",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
                    + "mnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ], implementations)
    func vectors(vector: (text: String, digest: String), isPortable: Bool) {
        #expect(sha256(Array(vector.text.utf8), isPortable: isPortable) == vector.digest)
    }

    /// The value is Python's:
    ///
    ///     b = bytes((37 * i + i // 7) % 256 for i in range(300))
    ///     digests = "".join(hashlib.sha256(b[:n]).hexdigest() for n in range(300))
    ///     hashlib.sha256(digests.encode()).hexdigest()
    @Test("any number of bytes, as Python's hashlib", arguments: implementations)
    func anyCount(isPortable: Bool) {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: 37 * $0 + $0 / 7) }
        let digests = (0..<300).map { sha256(Array(bytes.prefix($0)), isPortable: isPortable) }.joined()
        #expect(
            sha256(Array(digests.utf8), isPortable: isPortable)
                == "cf69d166bc02d4659d053d7ec77694800db81abde88bbb599e4e092c27333c20")
    }
}
