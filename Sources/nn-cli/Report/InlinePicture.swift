import SwiftNN

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A square of RGB pixels, row by row.
struct InlinePicture {
    let side: Int
    /// R G B of each pixel
    let bytes: [UInt8]

    /// - Precondition: there are 3 x side x side bytes.
    init(side: Int, bytes: some Sequence<UInt8>) {
        self.side = side
        self.bytes = Array(bytes)
        precondition(self.bytes.count == 3 * side * side)
    }

    /// Weights of one unit, one for each byte of an image: grey is zero, white the largest magnitude, black
    /// its negative.
    init(weights: ArraySlice<Double>, side: Int) {
        let largest = weights.reduce(0) { max($0, abs($1)) }
        self.init(
            side: side,
            bytes: weights.map { UInt8((127.5 + 127.5 * (largest > 0 ? $0 / largest : 0)).rounded(.down)) })
    }

    /// The picture as the address of an image: it needs no file beside the page.
    ///
    /// Uncompressed BMP: browsers show it, and a page of them is compressed on its way anyhow.
    var dataURI: String { "data:image/bmp;base64,\(Data(bmp).base64EncodedString())" }

    /// BITMAPFILEHEADER, BITMAPINFOHEADER, then rows from the bottom up, B G R, filled to multiples of 4.
    var bmp: [UInt8] {
        let rowBytes = (3 * side + 3) / 4 * 4
        let headers = 54
        var file: [UInt8] = Array("BM".utf8)
        func put(_ value: Int, bytes: Int) {
            for index in 0..<bytes { file.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
        }
        for (value, bytes) in [(headers + rowBytes * side, 4), (0, 4), (headers, 4)] {
            put(value, bytes: bytes)
        }
        for (value, bytes) in [(40, 4), (side, 4), (side, 4), (1, 2), (24, 2)] { put(value, bytes: bytes) }
        for value in [0, rowBytes * side, 0, 0, 0, 0] { put(value, bytes: 4) }
        for y in (0..<side).reversed() {
            for x in 0..<side {
                let pixel = 3 * (y * side + x)
                file += [bytes[pixel + 2], bytes[pixel + 1], bytes[pixel]]
            }
            put(0, bytes: rowBytes - 3 * side)
        }
        return file
    }
}

extension Network {
    /// W1: a row of weights for each unit of the first layer.
    var firstLayer: [ArraySlice<Double>] {
        let (inputs, units) = (topology.sizes[0], topology.sizes[1])
        let weights: [Double] = parameters()
        return (0..<units).map { weights[$0 * inputs..<($0 + 1) * inputs] }
    }

    /// W1 before the first iteration, if it is known how the network was trained.
    var initialFirstLayer: [ArraySlice<Double>]? {
        guard let origin else { return nil }
        let (inputs, units) = (topology.sizes[0], topology.sizes[1])
        let layers = MultilayerPerceptron<Double>(
            sizes: [inputs, units], initializer: origin.initializer, seed: origin.seed
        ).layers
        return (0..<units).map { layers[0].weights.elements[$0 * inputs..<($0 + 1) * inputs] }
    }
}
