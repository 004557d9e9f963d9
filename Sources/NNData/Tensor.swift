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

/// A type of numbers, and what each file format calls it.
struct NumberType: Equatable {
    /// Bytes of one number.
    let width: Int
    let safetensors: String
    let numpy: String
    let onnx: Int

    static let f32 = NumberType(width: 4, safetensors: "F32", numpy: "<f4", onnx: 1)
    static let f64 = NumberType(width: 8, safetensors: "F64", numpy: "<f8", onnx: 11)
    static let all = [f32, f64]
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

    /// `bytes` holds a whole count of numbers, little-endian.
    init(bytes: ArraySlice<UInt8>, type: NumberType) {
        self = bytes.withUnsafeBytes { bytes in
            let starts = stride(from: 0, to: bytes.count, by: type.width)
            return type == .f32
                ? .f32(
                    starts.map {
                        Float(
                            bitPattern: UInt32(
                                littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
                    })
                : .f64(
                    starts.map {
                        Double(
                            bitPattern: UInt64(
                                littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
                    })
        }
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

    /// Reads a safetensors or npz file; its content tells which.
    ///
    /// - Parameter path: the name of the file, for messages.
    /// - Throws: ``FileError``, `badData`.
    public init(bytes: [UInt8], path: String) throws(FileError) {
        self =
            bytes.starts(with: ZipArchive.magic)
            ? try TensorFile(npz: bytes, path: path) : try TensorFile(safetensors: bytes, path: path)
    }
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
