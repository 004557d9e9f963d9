import CImage

/// Resizes one side of a picture to ``DataSet/side`` pixels. Each is a weighted mean of neighbouring pixels; the weights
/// form a triangle ("bilinear") that reaches one pixel of the result, or of the picture if that is smaller, to each side.
///
/// It computes what `resize((64, 64), Image.BILINEAR)` of Pillow 13 does, to the bit: weights in double precision,
/// then whole multiples of 2^-22, and bytes after each of the two passes. In such multiples, weights are the same
/// from both ends: a mirrored picture gives a mirrored result.
struct ResamplingFilter {
    /// The order of the two passes shows in the rounding. Up to Pillow 12 rows always came first; now columns come
    /// first if that leaves much less to do.
    static func columnsComeFirst(width: Int, height: Int) -> Bool {
        height - DataSet.side > 2 * max(width - DataSet.side, 0)
    }

    private let taps: [nn_taps]
    /// Those of all taps, one after the other.
    private let weights: [Int32]

    /// - Parameter count: pixels of the side, 1 or more.
    init(count: Int) {
        let all = (0..<DataSet.side).map { Self.weights(of: $0, count: count) }
        taps = all.map { nn_taps(first: UInt32($0.first), count: UInt32($0.weights.count)) }
        weights = all.flatMap(\.weights)
    }

    private static func weights(of index: Int, count: Int) -> (first: Int, weights: [Int32]) {
        let scale = Double(count) / Double(DataSet.side)
        let reach = max(scale, 1)
        let centre = (Double(index) + 0.5) * scale
        let first = max(Int(centre - reach + 0.5), 0)
        let end = min(Int(centre + reach + 0.5), count)
        let weights = (first..<end).map { max(0, 1 - abs((Double($0) - centre + 0.5) * (1 / reach))) }
        let sum = weights.reduce(0, +)
        return (first, weights.map { Int32($0 / sum * Double(1 << NN_WEIGHT_BITS) + 0.5) })
    }

    private static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> NN_WEIGHT_BITS) }

    private static let half: Int32 = 1 << (NN_WEIGHT_BITS - 1)

    /// A row of R G B pixels, ``DataSet/side`` pixels long.
    func shrunkRow(_ row: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 3 * DataSet.side) { result, count in
            nn_resample_row(row.baseAddress, row.count, taps, weights, taps.count, result.baseAddress)
            count = 3 * DataSet.side
        }
    }

    /// Resizes columns: makes ``DataSet/side`` rows of all rows. It holds only the rows that one row of the result needs.
    ///
    /// - Parameters:
    ///   - nextRow: writes the next row; called once for each, from the first to the last.
    ///   - result: called with each row of the result.
    func shrinkColumns<Failure>(
        rowBytes: Int, nextRow: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void,
        result: ([UInt8]) -> Void
    ) throws(Failure) {
        let capacity = Int(taps.map(\.count).max()!)
        // Row y at y % capacity.
        let window = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: capacity * rowBytes)
        defer { window.deallocate() }
        func row(_ y: Int) -> UnsafeMutableBufferPointer<UInt8> {
            let start = y % capacity * rowBytes
            return UnsafeMutableBufferPointer(rebasing: window[start..<start + rowBytes])
        }
        var rowsRead = 0
        var sums = [Int32](repeating: 0, count: rowBytes)
        var weights = weights[...]
        for taps in taps {
            let (first, end) = (Int(taps.first), Int(taps.first + taps.count))
            while rowsRead < end {
                try nextRow(row(rowsRead))
                rowsRead += 1
            }
            for at in 0..<rowBytes { sums[at] = Self.half }
            for (y, weight) in zip(first..<end, weights) {
                let row = row(y)
                for at in 0..<rowBytes { sums[at] &+= weight &* Int32(row[at]) }
            }
            weights = weights.dropFirst(Int(taps.count))
            result(sums.map(Self.byte))
        }
    }
}
