import CImage

/// Resizes one side of a picture to ``DataSet/side`` pixels, as `resize((64, 64), Image.BILINEAR)` of Pillow 13 does, to
/// the bit. The arithmetic is in CImage, which boards with a camera use, too.
struct ResamplingFilter {
    static func columnsComeFirst(width: Int, height: Int) -> Bool {
        nn_columns_come_first(UInt32(width), UInt32(height))
    }

    private let taps: [nn_taps]
    /// Those of all taps, one after the other.
    private let weights: [Int32]

    /// - Parameter count: pixels of the side, 1 or more.
    init(count: Int) {
        let most = 2 * ((count + DataSet.side - 1) / DataSet.side)
        var taps: [nn_taps] = []
        var weights: [Int32] = []
        for index in 0..<DataSet.side {
            weights += [Int32](unsafeUninitializedCapacity: most) { some, written in
                let found = nn_taps_of(UInt32(index), UInt32(count), some.baseAddress)
                taps.append(found)
                written = Int(found.count)
            }
        }
        (self.taps, self.weights) = (taps, weights)
    }

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
        var rowsRead = 0
        var weights = weights[...]
        for taps in taps {
            while rowsRead < Int(taps.first + taps.count) {
                let start = rowsRead % capacity * rowBytes
                try nextRow(UnsafeMutableBufferPointer(rebasing: window[start..<start + rowBytes]))
                rowsRead += 1
            }
            result(
                [UInt8](unsafeUninitializedCapacity: rowBytes) { row, count in
                    weights.withUnsafeBufferPointer {
                        nn_resample_column(
                            window.baseAddress, rowBytes, UInt32(capacity), taps, $0.baseAddress,
                            row.baseAddress)
                    }
                    count = rowBytes
                })
            weights = weights.dropFirst(Int(taps.count))
        }
    }
}
