/// An array of numbers with a name, as files of other programs hold weights.
public struct Tensor: Equatable, Sendable {
    public enum Elements: Equatable, Sendable {
        case f32([Float])
        case f64([Double])
    }

    public let name: String
    /// The last index runs fastest.
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

extension Tensor.Elements {
    var count: Int {
        switch self {
        case .f32(let elements): elements.count
        case .f64(let elements): elements.count
        }
    }

    var width: Int {
        switch self {
        case .f32: 4
        case .f64: 8
        }
    }

    /// Little-endian.
    var bytes: [UInt8] {
        switch self {
        case .f32(let elements): elements.map(\.bitPattern.littleEndian).withUnsafeBytes(Array.init)
        case .f64(let elements): elements.map(\.bitPattern.littleEndian).withUnsafeBytes(Array.init)
        }
    }

    /// `bytes` holds whole numbers of that width, little-endian.
    init(bytes: ArraySlice<UInt8>, width: Int) {
        self = bytes.withUnsafeBytes { bytes in
            let starts = stride(from: 0, to: bytes.count, by: width)
            return width == 4
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

/// A file of tensors, and what it says beside them.
public struct TensorFile: Equatable, Sendable {
    public let tensors: [Tensor]
    public let metadata: [String: String]

    public init(tensors: [Tensor], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Reads a file of either format, told by its content. Throws `.badData`.
    ///
    /// - Parameter path: for messages.
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
    /// - Precondition: the collection goes so far.
    func littleEndian<Number: FixedWidthInteger>(at index: Int) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(truncatingIfNeeded: self[index + $1]) << (8 * $1) }
    }
}

/// The number of elements of a shape; nil if there is a negative size or more than can be counted.
func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
        let (product, overflows) = count.multipliedReportingOverflow(by: size)
        guard size >= 0, !overflows else { return nil }
        count = product
    }
    return count
}
