import CZlib

@testable import NNData

// Files of weights. What is accepted must come back from its own bytes.

let fuzzSafetensors: Fuzzer = { bytes in
    guard let file = try? TensorFile(safetensors: bytes, path: "file") else { return }
    check(file)
    compare(file, try? TensorFile(safetensors: file.safetensors(), path: "file"))
}

/// Each archive as it is, and once more with the right checksums.
let fuzzNPZ: Fuzzer = { bytes in
    for bytes in [bytes, withRightChecksums(bytes)] {
        guard let file = try? TensorFile(npz: bytes, path: "file") else { continue }
        check(file)
        compare(file, try? TensorFile(npz: file.npz(), path: "file"))
    }
}

let fuzzONNX: Fuzzer = { bytes in
    _ = TensorFile.isONNX(bytes)
    guard let file = try? TensorFile(onnx: bytes, path: "file") else { return }
    check(file)
}

let fuzzProtocolBuffer: Fuzzer = { bytes in
    guard let message = try? ProtocolBuffer(bytes[...]) else { return }
    for field: UInt64 in 0...20 {
        _ = try? message.numbers(field)
        _ = message.texts(field)
        _ = try? message.dictionary(field)
        _ = try? message.message(field).numbers(1)
    }
}

private func check(_ file: TensorFile) {
    for tensor in file.tensors {
        require(tensor.shape.reduce(1, *) == tensor.elements.count, "elements that fill the shape")
    }
}

/// By bytes, as NaN differs from itself.
private func compare(_ file: TensorFile, _ again: TensorFile?) {
    func parts(_ file: TensorFile) -> [[UInt8]] {
        file.tensors.map { Array("\($0.name) \($0.shape) ".utf8) + $0.elements.bytes }.sorted {
            $0.lexicographicallyPrecedes($1)
        }
    }
    require(again != nil, "a file that is accepted again")
    require(again!.metadata == file.metadata && parts(again!) == parts(file), "the same tensors again")
}

/// The archive with the checksum that each stored file has, in the directory that lists it.
private func withRightChecksums(_ archive: [UInt8]) -> [UInt8] {
    var archive = archive
    let entry = Array("PK\u{1}\u{2}".utf8)
    for at in archive.indices where archive[at...].starts(with: entry) && archive.count - at >= 46 {
        func size(_ offset: Int) -> Int { Int(archive.littleEndian(at: at + offset) as UInt32) }
        let start = size(42)
        guard archive.count - start >= 30 else { continue }
        let names: (UInt16, UInt16) = (
            archive.littleEndian(at: start + 26), archive.littleEndian(at: start + 28)
        )
        let content = archive.dropFirst(start + 30 + Int(names.0) + Int(names.1)).prefix(size(20))
        let checksum = Array(content).withUnsafeBufferPointer {
            UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, uInt($0.count)))
        }
        archive.replaceSubrange(
            at + 16..<at + 20, with: content.isEmpty ? [0, 0, 0, 0] : checksum.littleEndianBytes)
    }
    return archive
}
