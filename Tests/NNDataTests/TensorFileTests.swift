import Testing

@testable import NNData

private let sample = TensorFile(
    tensors: [
        Tensor(name: "a", shape: [2, 3], elements: .f32([1, -2, 3.5, .leastNonzeroMagnitude, -0.0, 6])),
        Tensor(name: "b.c", shape: [3], elements: .f64([0.1, .greatestFiniteMagnitude, -1e-300])),
        Tensor(name: "none", shape: [0, 7], elements: .f32([])),
        Tensor(name: "one", shape: [], elements: .f64([42])),
    ],
    metadata: ["class_0": "no \"cat\" \\ / ä 猫", "": "\n"])

/// Why the bytes are refused, as a message; nil if they are not.
private func complaint(_ bytes: [UInt8]) -> String? {
    do throws(FileError) {
        _ = try TensorFile(bytes: bytes, path: "f")
        return nil
    } catch {
        #expect(error.kind == .badData)
        return error.description
    }
}

@Suite("Files of tensors")
struct TensorFileTests {
    private static let files = [sample.safetensors(), sample.npz()]

    @Test("What is written is read, in either format, told by its content", arguments: files)
    func roundTrip(bytes: [UInt8]) throws {
        #expect(try TensorFile(bytes: bytes, path: "f") == sample)
    }

    @Test("The same tensors give the same bytes")
    func deterministic() {
        for _ in 0..<20 {
            let again = TensorFile(
                tensors: sample.tensors, metadata: .init(sample.metadata.shuffled()) { $1 })
            #expect(again.safetensors() == Self.files[0])
            #expect(again.npz() == Self.files[1])
        }
    }

    @Test("Half precision and bfloat16 become the floats that they stand for")
    func halves() {
        let bits: [UInt16] = [0x3c00, 0xc000, 0x0001, 0x8400, 0x7bff, 0x7c00, 0x8000, 0x3555]
        let bytes = bits.flatMap(\.littleEndianBytes)[...]
        #expect(
            Tensor.Elements(bytes: bytes, type: .f16)
                == .f32([1, -2, 0x1p-24, -0x1p-14, 65504, .infinity, -0.0, 0.333251953125]))
        #expect(
            Tensor.Elements(bytes: [0x80, 0x3f, 0x49, 0xc0][...], type: .bf16) == .f32([1, -3.140625]))
        #expect(Tensor.Elements(bytes: [0x3c, 0], type: .f16, isBigEndian: true) == .f32([1]))
        let nan = Tensor.Elements(bytes: [0x01, 0x7e], type: .f16)
        if case .f32(let elements) = nan { #expect(elements[0].isNaN) } else { Issue.record("no floats") }
    }

    @Test("A tensor is transposed, and its pixels are interleaved")
    func reordered() {
        let tensor = Tensor(name: "w", shape: [2, 3], elements: .f64([1, 2, 3, 4, 5, 6]))
        #expect(tensor.transposed == Tensor(name: "w", shape: [3, 2], elements: .f64([1, 4, 2, 5, 3, 6])))
        // Two pixels: red, red, green, green, blue, blue.
        let planes = Tensor(name: "w", shape: [1, 6], elements: .f32([1, 2, 3, 4, 5, 6]))
        #expect(planes.forInterleavedPixels.elements == .f32([1, 3, 5, 2, 4, 6]))
    }

    /// Two layers, as small as they can be; the graph is read as our own.
    private static let network = TensorFile(
        tensors: [
            Tensor(name: "layers.0.weight", shape: [2, 3], elements: .f32([1, 2, 3, 4, 5, 6])),
            Tensor(name: "layers.0.bias", shape: [2], elements: .f32([7, 8])),
            Tensor(name: "layers.1.weight", shape: [1, 2], elements: .f32([9, 10])),
            Tensor(name: "layers.1.bias", shape: [1], elements: .f32([11])),
        ], metadata: ["class_0": "a"])

    @Test("a safetensors file is one, whatever the size of its header looks like")
    func sizesOfHeaders() throws {
        // Among them are the beginnings of a pickle, [0x80, 2], and of ONNX, [8].
        for length in 0..<600 {
            let file = TensorFile(
                tensors: Self.network.tensors, metadata: ["class_0": String(repeating: "a", count: length)])
            #expect(try TensorFile(bytes: file.safetensors(), path: "f") == file, "\(length)")
        }
    }

    @Test("An ONNX file of ours gives the same tensors, with and without own contrast")
    func ownONNX() throws {
        #expect(try TensorFile(bytes: Self.network.onnx(), path: "f") == Self.network)
        let contrast = TensorFile(tensors: Self.network.tensors, metadata: ["own_contrast": "true"])
        #expect(try TensorFile(bytes: contrast.onnx(takesOwnContrastOff: true), path: "f") == contrast)
        // The metadata alone do not take a contrast off.
        #expect(complaint(contrast.onnx()) != nil)
    }

    /// Whatever a byte becomes and wherever the file ends, there is an answer.
    @Test("Damaged ONNX files")
    func damagedONNX() {
        // Without metadata: a file that is cut off before them is whole.
        let bytes = TensorFile(tensors: Self.network.tensors, metadata: [:]).onnx()
        for count in bytes.indices { #expect(complaint(Array(bytes.prefix(count))) != nil, "\(count) bytes") }
        for place in bytes.indices {
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff] {
                var changed = bytes
                changed[place] = value
                _ = complaint(changed)
            }
        }
    }

    @Test(
        "Messages of Protocol Buffers that are none",
        arguments: [
            [0x08], [0x08, 0x80], [0x0a, 0x05, 1], [0x09, 1, 2, 3], [0x0d, 1], [0x0b], [0x0c],
            [0x08] + [UInt8](repeating: 0xff, count: 11), [0x0a] + [UInt8](repeating: 0xff, count: 9) + [1],
        ] as [[UInt8]])
    func badMessages(bytes: [UInt8]) {
        #expect(throws: Defect.self) { try ProtocolBuffer(bytes[...]) }
    }

    @Test("Messages of more fields than a network has, and graphs of more nodes")
    func largeMessages() {
        func message(_ field: UInt8, _ content: [UInt8]) -> [UInt8] {
            var (size, rest) = ([UInt8](), content.count)
            repeat {
                size.append(UInt8(rest & 127) | (rest > 127 ? 128 : 0))
                rest >>= 7
            } while rest > 0
            return [field << 3 | 2] + size + content
        }
        let version: [UInt8] = [8, 7]
        let padding = message(2, Array("nn-cli".utf8))
        func graph(_ field: UInt8, count: Int) -> [UInt8] {
            version + padding + message(7, (0..<count).flatMap { _ in [field << 3 | 2, 0] })
        }
        #expect(complaint(graph(1, count: 1000)) == "f: expected one input, got ")
        #expect(complaint(graph(1, count: 1001)) == "f: expected 1000 nodes at most, got 1001")
        #expect(complaint(graph(9, count: 10_000)) == "f: expected one input, got ")
        #expect(
            complaint(graph(9, count: 10_001)) == "f: expected 10000 fields of a message at most, got more")
    }

    @Test("Bytes cut off anywhere are refused", arguments: files)
    func truncated(bytes: [UInt8]) {
        for count in bytes.indices { #expect(complaint(Array(bytes.prefix(count))) != nil, "\(count) bytes") }
    }

    /// Whatever a byte becomes, there is an answer; and no file is as large as the sizes that then stand there.
    @Test("Any byte may be any other", arguments: files)
    func changedBytes(bytes: [UInt8]) {
        var refused = 0
        for place in bytes.indices {
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, bytes[place] ^ 1] where value != bytes[place] {
                var changed = bytes
                changed[place] = value
                refused += complaint(changed) == nil ? 0 : 1
            }
        }
        #expect(refused > bytes.count)
    }

    @Test(
        "Something else is no file of tensors",
        arguments: [[], [0x50], Array("PK\u{3}".utf8), Array("{}".utf8), [UInt8](repeating: 0, count: 100)])
    func somethingElse(bytes: [UInt8]) {
        let found = bytes.isEmpty ? "an empty file" : "another kind of file"
        #expect(complaint(bytes) == "f: expected a safetensors, npz or ONNX file, got \(found)")
    }
}

@Suite("Hostile safetensors")
struct HostileSafetensorsTests {
    private func file(_ header: String, dataBytes: Int = 8) -> [UInt8] {
        UInt64(header.utf8.count).littleEndianBytes + Array(header.utf8)
            + [UInt8](repeating: 0, count: dataBytes)
    }

    @Test("A good one, for comparison")
    func good() {
        #expect(complaint(file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#)) == nil)
        #expect(complaint(file(#"{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}   "#)) == nil)
        #expect(complaint(file("{}", dataBytes: 0)) == nil)
    }

    @Test(
        "Headers longer than the file", arguments: [9, 1 << 31, 1 << 40, UInt64(Int64.max), .max - 7, .max])
    func hugeHeader(size: UInt64) {
        let bytes = size.littleEndianBytes + Array("{}      ".utf8)
        #expect(complaint(bytes) == "f: expected a whole file, got a header of \(size) bytes in a file of 16")
    }

    @Test(
        "Headers that are not what they should be",
        arguments: [
            "{", "{]", "{\"a\"", "{\"a\":1}", "{\"a\":{}}", "{\"a\":null}", "{\"__metadata__\":{\"a\":1}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,1e400]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[0.5],\"data_offsets\":[0,8]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}",
            "{\"a\":{\"dtype\":3,\"shape\":[2],\"data_offsets\":[0,8]}}", "{\"\\ud800\":{}}",
            String(repeating: "{\"a\":", count: 50_000), "{\"a\":" + String(repeating: "[", count: 100_000),
        ])
    func badJSON(header: String) {
        #expect(complaint(file(header)) == "f: expected a header of tensors in JSON, got something else")
    }

    @Test(
        "Tensors outside the file, or not of the size of their shape",
        arguments: [
            ("[3]", "[0,8]"), ("[2]", "[0,16]"), ("[2]", "[8,16]"), ("[2]", "[-8,0]"), ("[2]", "[8,0]"),
            ("[2]", "[0]"), ("[2]", "[0,8,8]"), ("[2]", "[]"), ("[-2]", "[0,8]"), ("[-1,-2]", "[0,8]"),
            ("[4611686018427387905,4]", "[0,8]"), ("[4294967296,4294967296]", "[0,0]"),
            ("[9223372036854775807]", "[0,8]"), ("[2]", "[9223372036854775800,9223372036854775807]"),
            ("[2]", "[-9223372036854775808,9223372036854775807]"),
        ])
    func badPlaces(shape: String, offsets: String) throws {
        let header = "{\"a\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
        let message = try #require(complaint(file(header)))
        #expect(message.hasPrefix("f: expected a within the file, of the size of its shape, got "))
    }

    @Test("Tensors that overlap, leave gaps or bytes behind them")
    func badOrder() {
        func two(_ first: String, _ second: String) -> String {
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(first)},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(second)}}"
        }
        #expect(complaint(file(two("[0,4]", "[4,8]"))) == nil)
        #expect(complaint(file(two("[4,8]", "[0,4]"))) == nil)
        #expect(
            complaint(file(two("[0,4]", "[0,4]"))) == "f: expected tensors one after the other, got b at 0")
        #expect(
            complaint(file(two("[0,4]", "[2,6]"))) == "f: expected tensors one after the other, got b at 2")
        #expect(
            complaint(file(two("[4,8]", "[8,12]"), dataBytes: 12))
                == "f: expected tensors one after the other, got a at 4")
        #expect(
            complaint(file(two("[0,4]", "[4,8]"), dataBytes: 9)) == "f: expected 8 bytes of tensors, got 9")
    }

    @Test(
        "Names that are equal or unknown, which a decoder passes over",
        arguments: [
            #"{"a":T,"a":T}"#, #"{"a":T,"\u0061":T}"#, #"{"é":T,"e\u0301":T}"#,
            #"{"a":T,"__metadata__":{"k":"1","k":"2"}}"#, #"{"a":T,"__metadata__":{},"__metadata__":{}}"#,
            #"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}"#,
        ])
    func equalNames(header: String) {
        let tensor = #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#
        #expect(
            complaint(file(header.replacing("T", with: tensor)))
                == "f: expected a header without equal or unknown names, got more names than tensors have")
        // Colons and quotes in strings are none.
        let good = #"{"a:\":\\":T,"__metadata__":{":":"\":\\:"}}"#
        #expect(complaint(file(good.replacing("T", with: tensor))) == nil)
    }

    @Test("A header of more than 256 KiB, and more than 64 tensors")
    func limits() {
        func tensors(_ count: Int) -> String {
            let entries = (0..<count).map { #""\#($0)":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"# }
            return "{\(entries.joined(separator: ","))}"
        }
        #expect(complaint(file(tensors(64), dataBytes: 0)) == nil)
        #expect(complaint(file(tensors(65), dataBytes: 0)) == "f: expected 64 tensors at most, got 65")
        let longest = "{}" + String(repeating: " ", count: 1 << 18 - 2)
        #expect(complaint(file(longest, dataBytes: 0)) == nil)
        #expect(
            complaint(file(longest + " ", dataBytes: 0))
                == "f: expected a header of at most 262144 bytes, got 262145")
    }

    @Test("Other types are named, and what would control a terminal is shown as bytes")
    func otherTypes() {
        let header = "{\"a\\u001b[2J\":{\"dtype\":\"I16\",\"shape\":[4],\"data_offsets\":[0,8]}}"
        #expect(complaint(file(header)) == "f: expected a\\x1B[2J of F64, F32, F16 or BF16, got I16")
        let long =
            "{\"a\":{\"dtype\":\"\(String(repeating: "x", count: 100_000))\",\"shape\":[4],\"data_offsets\":[0,8]}}"
        #expect((complaint(file(long)) ?? "").utf8.count < 600)
    }
}

@Suite("Hostile npz")
struct HostileNPZTests {
    private func npy(_ header: String, _ content: [UInt8] = Array(repeating: 0, count: 8), version: UInt8 = 1)
        -> [UInt8]
    {
        let size =
            version == 1
            ? UInt16(header.utf8.count).littleEndianBytes : UInt32(header.utf8.count).littleEndianBytes
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + content
    }

    private func npz(_ array: [UInt8], name: String = "a.npy") -> [UInt8] {
        ZipArchive(files: [ZipArchive.File(name: name, bytes: array)]).bytes
    }

    @Test(
        "Headers in all the ways in which they are written",
        arguments: [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   \n", [2]),
            ("{\"shape\":(2,1),\"descr\":\"<f4\",\"fortran_order\":False}", [2, 1]),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", []),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2)}", [1, 2]),
        ])
    func goodHeaders(header: String, shape: [Int]) throws {
        for version: UInt8 in 1...3 {
            let file = try TensorFile(bytes: npz(npy(header, version: version)), path: "f")
            #expect(file.tensors.map(\.shape) == [shape])
            #expect(file.tensors.map(\.name) == ["a"])
        }
    }

    @Test("Columns become rows")
    func fortranOrder() throws {
        let elements: [Float] = [1, 4, 2, 5, 3, 6]
        let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }"
        let content = Tensor.Elements.f32(elements).bytes
        let file = try TensorFile(bytes: npz(npy(header, content)), path: "f")
        #expect(file.tensors == [Tensor(name: "a", shape: [2, 3], elements: .f32([1, 2, 3, 4, 5, 6]))])
    }

    @Test(
        "Headers that numpy does not write",
        arguments: [
            "", "{", "{}", "(2,)", "{'descr': '<f4', 'shape': (2,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 'y'}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "{'descr': '<f4",
        ])
    func badHeaders(header: String) {
        #expect(complaint(npz(npy(header))) == "f: expected a to be an array of numpy, got something else")
    }

    @Test(
        "Arrays of other types and sizes",
        arguments: [
            ("'<i8'", "(1,)", "expected a of f2, f4 or f8, got <i8"),
            ("'|O'", "(1,)", "expected a of f2, f4 or f8, got |O"),
            ("'>f16'", "(1,)", "expected a of f2, f4 or f8, got >f16"),
            ("'<f4'", "(3,)", "expected a of the size of its shape [3], got 8 bytes of <f4"),
            ("'<f4'", "(1,)", "expected a of the size of its shape [1], got 8 bytes of <f4"),
            (
                "'<f4'", "(9223372036854775807, 9223372036854775807)",
                "expected a of the size of its shape [9223372036854775807, 9223372036854775807], got 8 bytes of <f4"
            ),
            (
                "'<f4'", "(4611686018427387906,)",
                "expected a of the size of its shape [4611686018427387906], got 8 bytes of <f4"
            ),
        ])
    func badArrays(type: String, shape: String, message: String) {
        let header = "{'descr': \(type), 'fortran_order': False, 'shape': \(shape), }"
        #expect(complaint(npz(npy(header))) == "f: \(message)")
    }

    @Test("Metadata that is none")
    func badMetadata() {
        let header = "{'descr': '|S8', 'fortran_order': False, 'shape': (), }"
        #expect(
            complaint(npz(npy(header, Array("{\"a\":1} ".utf8)), name: "metadata.npy"))
                == "f: expected metadata to be strings in JSON, got something else")
        #expect(complaint(npz(npy(header, Array("{\"a\":\"\"}".utf8)), name: "metadata.npy")) == nil)
    }

    /// An archive of one array, with other bytes at a place behind the directory's magic number.
    private func archive(_ changes: [(at: Int, [UInt8])]) -> [UInt8] {
        let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
        var bytes = npz(array)
        let directory = 30 + 5 + array.count
        for (at, value) in changes {
            bytes.replaceSubrange(directory + at..<directory + at + value.count, with: value)
        }
        return bytes
    }

    @Test("A directory that lies")
    func badDirectory() throws {
        #expect(complaint(archive([])) == nil)
        #expect(
            complaint(archive([(8, [1])])) == "f: expected a.npy without encryption, got an encrypted file")
        #expect(
            complaint(archive([(10, [12])])) == "f: expected a.npy stored or deflated, got compression 12")
        #expect(
            complaint(archive([(10, [8])])) == "f: expected a.npy intact, got deflated data that is damaged")
        #expect(complaint(archive([(16, [1, 2, 3, 4])])) == "f: expected a.npy intact, got a wrong checksum")
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff]
        #expect(
            complaint(archive([(24, huge)]))
                == "f: expected 4194304 bytes of arrays at most, got 4294967295 in a.npy")
        let cutOff = "f: expected a whole zip archive, got one that is cut off or damaged"
        for (at, count) in [(20, 4), (28, 2), (42, 4)] {
            #expect(complaint(archive([(at, Array(huge.prefix(count)))])) == cutOff)
        }
        // The end's record: how many files, and where the directory begins.
        let end = 46 + 5
        #expect(complaint(archive([(end + 10, [2])])) == cutOff)
        #expect(
            complaint(archive([(end + 10, [0xff, 0xff])]))
                == "f: expected 65 files in the archive at most, got 65535")
        #expect(complaint(archive([(end + 16, huge)])) == cutOff)
        #expect(complaint(archive([(end + 16, [0, 0, 0, 0])])) == cutOff)
    }

    @Test("Two arrays of one name", arguments: [("a.npy", "a"), ("a", "a.npy")])
    func duplicates(first: String, second: String) {
        let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
        let files = [first, second].map { ZipArchive.File(name: $0, bytes: array) }
        #expect(complaint(ZipArchive(files: files).bytes) == "f: expected one array a, got two")
    }

    @Test("Two files of one name, or one name in two ways of writing é")
    func equalNames() {
        let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
        let twins = [1, 2].map { _ in ZipArchive.File(name: "a.npy", bytes: array) }
        #expect(complaint(ZipArchive(files: twins).bytes) == "f: expected one file a.npy, got two")
        let accents = ["\u{e9}", "e\u{301}"].map { ZipArchive.File(name: $0, bytes: array) }
        var bytes = ZipArchive(files: accents).bytes
        #expect((complaint(bytes) ?? "").hasPrefix("f: expected one file "))
        for place in bytes.indices where bytes[place...].starts(with: [0x50, 0x4b, 1, 2]) {
            bytes[place + 9] = 0  // not the flag of UTF-8
        }
        #expect((complaint(bytes) ?? "").hasPrefix("f: expected names in ASCII or UTF-8, got [195, 169]"))
    }

    @Test("Names that are no text, and names that differ from those in the directory")
    func badNames() {
        let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
        var bytes = npz(array)
        bytes[30] = UInt8(ascii: "b")
        #expect(complaint(bytes) == "f: expected each name the same at both places, got two names of a file")
        #expect(
            complaint(archive([(9, [8]), (46, [0xff])]))
                == "f: expected names in ASCII or UTF-8, got [255, 46, 110, 112, 121]")
    }

    @Test("All files together are no more than the limit, in size and in number")
    func limits() throws {
        let array = [UInt8](repeating: 0, count: 1 << 20)
        let bytes = ZipArchive(files: (0..<9).map { ZipArchive.File(name: "\($0).npy", bytes: array) }).bytes
        #expect(
            (complaint(bytes) ?? "") == "f: expected 4194304 bytes of arrays at most, got 1048576 in 4.npy")
        #expect(throws: Defect.self) { try ZipArchive(bytes, limit: 9 << 20 - 1, count: 9) }
        #expect(throws: Defect.self) { try ZipArchive(bytes, limit: 9 << 20, count: 8) }
        #expect(throws: Never.self) { try ZipArchive(bytes, limit: 9 << 20, count: 9) }
        func many(_ count: Int) -> TensorFile {
            let tensors = (0..<count).map { Tensor(name: "\($0)", shape: [0], elements: .f32([])) }
            return TensorFile(tensors: tensors, metadata: ["é": "1"])
        }
        for bytes in [many(64).npz(), many(64).safetensors()] {
            #expect(try TensorFile(bytes: bytes, path: "f").tensors.count == 64)
        }
        #expect(complaint(many(65).npz()) == "f: expected 65 files in the archive at most, got 66")
        #expect(complaint(many(65).safetensors()) == "f: expected 64 tensors at most, got 65")
    }

    /// The directory of the first file, again and again: names differ, as the header at the place does.
    @Test("Files that share bytes: one file in another, and 65,535 of one")
    func sharedBytes() {
        let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
        let inner = ZipArchive(files: [ZipArchive.File(name: "b.npy", bytes: array)]).bytes.prefix(
            30 + 5 + array.count)
        var bytes = ZipArchive(files: [ZipArchive.File(name: "a.npy", bytes: Array(inner))]).bytes
        let directory = 30 + 5 + inner.count
        var entry = Array(bytes[directory..<directory + 51])
        entry.replaceSubrange(20..<28, with: UInt64(array.count | array.count << 32).littleEndianBytes)
        entry.replaceSubrange(42..<46, with: UInt32(35).littleEndianBytes)
        entry[46] = UInt8(ascii: "b")
        bytes.insert(contentsOf: entry, at: directory + 51)
        bytes.replaceSubrange(bytes.count - 12..<bytes.count - 10, with: [2, 0])
        #expect(complaint(bytes) == "f: expected files with bytes of their own, got b.npy in another file")
        bytes.replaceSubrange(bytes.count - 12..<bytes.count - 10, with: [255, 255])
        #expect(complaint(bytes) == "f: expected 65 files in the archive at most, got 65535")
    }
}
