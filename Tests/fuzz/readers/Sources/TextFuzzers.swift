import SystemPackage

@testable import NNData
@testable import NNText

// Texts and first bytes of any file.

/// A path comes back byte by byte, and is shown without hidden characters.
let fuzzPaths: Fuzzer = { bytes in
    let bytes = bytes.filter { $0 != 0 }
    let text = PathText.text(bytes)
    require(PathText.bytes(text) == bytes, "the bytes of the path")
    require(FilePath(text: text).text.isEmpty == text.isEmpty, "a path of the system")
    let hidden = PathText.shown(text).unicodeScalars.filter(\.isHidden)
    require(hidden.isEmpty, "a path that can be shown")
    readList(of: bytes)
}

/// The names of a list, which must be those that were put there.
private func readList(of bytes: [UInt8]) {
    let names = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
    let joined = Array(names.joined(separator: [0])) + [0]
    let pipe = try! FileDescriptor.pipe()
    defer { try? pipe.readEnd.close() }
    guard joined.count < 4096 else { return try! pipe.writeEnd.close() }
    try! pipe.writeEnd.closeAfter { _ = try pipe.writeEnd.writeAll(joined) }
    let list = try! NameList("/dev/fd/\(pipe.readEnd.rawValue)", isSeparatedByNUL: true)
    var found: [[UInt8]] = []
    while let name = try! list.next() { found.append(PathText.bytes(name)) }
    require(
        found == names.map { $0 == [UInt8(ascii: "-")] ? Array("./-".utf8) : $0 }, "the names of the list")
}

/// Messages about a file of any first bytes have one line.
let fuzzKinds: Fuzzer = { bytes in
    let name = String(decoding: bytes.prefix(20), as: UTF8.self)
    let texts = [
        FileKind.text(of: bytes), FileKind.description(of: bytes, file: name), ForeignWeights(bytes)?.advice,
        FileError(.badData, file: name, expected: name, found: FileKind.text(of: bytes)).reason,
    ]
    for text in texts.compactMap(\.self) {
        require(
            !text.isEmpty && !text.contains { $0.isNewline && $0 != "\u{2028}" && $0 != "\u{2029}" }, text)
    }
    _ = FileKind.isHDF5(bytes)
    _ = TensorFile.isSafetensors(bytes)
}

/// EXIF data and XMP, parted by the first byte; what they say turns a picture without loss.
let fuzzOrientation: Fuzzer = { bytes in
    let size = min(Int(bytes.first ?? 0), max(bytes.count - 1, 0))
    let rest = bytes.dropFirst()
    let orientation = Orientation(exif: Array(rest.prefix(size)), xmp: Array(rest.dropFirst(size)))
    for data in [bytes, Array(rest)] {
        _ = (Orientation.number(inEXIF: data), Orientation.number(inXMP: data))
    }
    guard orientation != .upright, bytes.first == 77 else { return }
    let image = (0..<DataSet.imageBytes).map { UInt8($0 % 251) }
    require(orientation.apply(to: image).sorted() == image.sorted(), "the same pixels")
}
