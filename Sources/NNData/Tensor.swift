/// A named array of numbers, as files of other programs hold weights.
public struct Tensor: Equatable, Sendable {
    public enum Elements: Equatable, Sendable {
        case f32([Float])
        case f64([Double])
    }

    public let name: String
    /// The size of each dimension. Elements are in row-major order: the last index varies fastest.
    public let shape: [Int]
    public let elements: Elements

    /// - Precondition: there are as many elements as the shape says.
    public init(name: String, shape: [Int], elements: Elements) {
        precondition(shape.reduce(1, *) == elements.count, "elements that fill the shape")
        self.name = name
        self.shape = shape
        self.elements = elements
    }
}

/// A type of numbers, and what each file format calls it; nil where a format has none.
struct NumberType: Equatable {
    /// Bytes of one number.
    let width: Int
    let safetensors: String
    let numpy: String?
    let onnx: Int

    static let f32 = NumberType(width: 4, safetensors: "F32", numpy: "<f4", onnx: 1)
    static let f64 = NumberType(width: 8, safetensors: "F64", numpy: "<f8", onnx: 11)
    /// These two are read alone: as f32, which has all of their numbers.
    static let f16 = NumberType(width: 2, safetensors: "F16", numpy: "<f2", onnx: 10)
    static let bf16 = NumberType(width: 2, safetensors: "BF16", numpy: nil, onnx: 16)
    static let all = [f32, f64, f16, bf16]
}

extension Tensor.Elements {
    var count: Int {
        switch self {
        case .f32(let elements): elements.count
        case .f64(let elements): elements.count
        }
    }

    var type: NumberType {
        switch self {
        case .f32: .f32
        case .f64: .f64
        }
    }

    /// Little-endian.
    var bytes: [UInt8] {
        switch self {
        case .f32(let elements): elements.map(\.bitPattern.littleEndian).withUnsafeBytes(Array.init)
        case .f64(let elements): elements.map(\.bitPattern.littleEndian).withUnsafeBytes(Array.init)
        }
    }

    /// `bytes` holds a whole count of numbers.
    init(bytes: ArraySlice<UInt8>, type: NumberType, isBigEndian: Bool = false) {
        /// The bits of each number.
        func bits<Bits: FixedWidthInteger>(_: Bits.Type = Bits.self) -> [Bits] {
            bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: type.width).map {
                    let bits = bytes.loadUnaligned(fromByteOffset: $0, as: Bits.self)
                    return isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)
                }
            }
        }
        self =
            switch type {
            case .f64: .f64(bits().map(Double.init(bitPattern:)))
            case .f16: .f32(bits().map(Float.init(half:)))
            case .bf16: .f32(bits(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
            default: .f32(bits().map(Float.init(bitPattern:)))
            }
    }

    /// Elements from other places: `order[i]` says which one comes to place i.
    func reordered(_ order: [Int]) -> Self {
        switch self {
        case .f32(let elements): .f32(order.map { elements[$0] })
        case .f64(let elements): .f64(order.map { elements[$0] })
        }
    }
}

extension Float {
    /// The number of half precision with these bits: 1 of sign, 5 of exponent, 10 of fraction.
    init(half bits: UInt16) {
        let (exponent, fraction) = (UInt32(bits >> 10 & 31), UInt32(bits & 1023))
        let magnitude =
            switch exponent {
            case 0: Float(fraction) * 0x1p-24
            case 31: Float(bitPattern: 255 << 23 | fraction << 13)
            default: Float(bitPattern: (exponent + 112) << 23 | fraction << 13)
            }
        self = bits >> 15 == 1 ? -magnitude : magnitude
    }
}

extension Tensor {
    /// A matrix with rows and columns exchanged.
    ///
    /// - Precondition: the tensor has two dimensions.
    public var transposed: Tensor {
        let (rows, columns) = (shape[0], shape[1])
        let order = (0..<columns).flatMap { column in (0..<rows).map { $0 * columns + column } }
        return Tensor(name: name, shape: [columns, rows], elements: elements.reordered(order))
    }

    /// The weights of images whose pixels lie row by row, R G B. Here each row is for images that lie in planes: all of
    /// red, then green, then blue.
    ///
    /// - Precondition: rows are of a multiple of 3 numbers.
    public var forInterleavedPixels: Tensor {
        let (rows, columns) = (shape[0], shape[1])
        let pixels = columns / 3
        let order = (0..<rows).flatMap { row in
            (0..<columns).map { row * columns + $0 % 3 * pixels + $0 / 3 }
        }
        return Tensor(name: name, shape: shape, elements: elements.reordered(order))
    }

    /// The same numbers under another name, in another shape of as many.
    public func named(_ name: String, shape: [Int]? = nil) -> Tensor {
        Tensor(name: name, shape: shape ?? self.shape, elements: elements)
    }
}

/// A file of tensors and metadata.
public struct TensorFile: Equatable, Sendable {
    public let tensors: [Tensor]
    public let metadata: [String: String]

    public init(tensors: [Tensor], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// 4 MiB. The weights of the largest network take 1.97 MB as doubles, and a header 256 KiB at most; the rest is for what
    /// programs add.
    static let largestFile = 4 << 20
    /// A network has 8 tensors.
    static let mostTensors = 64

    /// The bytes of a file that may be read as tensors.
    ///
    /// - Parameter path: `-` is the standard input.
    /// - Throws: ``FileError``; what ``InputFile/read(_:expected:limit:)`` throws. Of a file that is too large, what it is.
    public static func bytes(ofFile path: String) throws(FileError) -> [UInt8] {
        do {
            return try InputFile.read(path, expected: kinds, limit: largestFile)
        } catch {
            guard error.kind == .badData, let start = try? InputFile.start(ofRegular: path, count: 512),
                let foreign = ForeignWeights(start)
            else { throw error }
            throw FileError(.badData, file: path, expected: kinds, found: foreign.advice)
        }
    }

    /// Reads a safetensors, npz or ONNX file; its content tells which.
    ///
    /// - Parameter path: the name of the file, for messages.
    /// - Throws: ``FileError``, `badData`.
    public init(bytes: [UInt8], path: String) throws(FileError) {
        // It begins with the size of its header, which may look like the beginning of any other kind.
        guard !Self.isSafetensors(bytes) else {
            self = try TensorFile(safetensors: bytes, path: path)
            return
        }
        if let foreign = ForeignWeights(bytes) {
            throw FileError(.badData, file: path, expected: Self.kinds, found: foreign.advice)
        }
        self =
            if bytes.starts(with: ZipArchive.magic) {
                try TensorFile(npz: bytes, path: path)
            } else if ONNXGraph.isLikely(bytes) {
                try TensorFile(onnx: bytes, path: path)
            } else {
                try TensorFile(safetensors: bytes, path: path)
            }
    }

    /// Whether the bytes are read as ONNX.
    public static func isONNX(_ bytes: [UInt8]) -> Bool { ONNXGraph.isLikely(bytes) }

    /// What `init(bytes:path:)` reads, for messages.
    public static let kinds = "a safetensors, npz or ONNX file"
}

extension FixedWidthInteger {
    var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
    }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// - Precondition: the number lies within the collection.
    func littleEndian<Number: FixedWidthInteger>(at index: Int) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(truncatingIfNeeded: self[index + $1]) << (8 * $1) }
    }
}

/// The number of elements of a shape; nil if a size is negative or the number overflows.
func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
        let (product, overflows) = count.multipliedReportingOverflow(by: size)
        guard size >= 0, !overflows else { return nil }
        count = product
    }
    return count
}
