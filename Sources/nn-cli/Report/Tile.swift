import NNData
import SwiftNN

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An image on the page: 64 x 64 pixels, R G B.
struct Tile {
    let rgb: [UInt8]

    /// - Precondition: `rgb` has ``DataSet/imageBytes`` bytes.
    init(_ rgb: some Sequence<UInt8>) {
        self.rgb = Array(rgb)
        precondition(self.rgb.count == DataSet.imageBytes)
    }

    /// The weights of one unit, one per byte of an image. Grey is zero, white the largest magnitude, black its
    /// negative. If one is infinite, as weights in bytes can be with a scale near the largest float, all are grey.
    init(weights: ArraySlice<Double>) {
        let largest = weights.reduce(0) { max($0, abs($1)) }
        let scale = largest > 0 && largest.isFinite ? largest : .infinity
        self.init(weights.map { UInt8((127.5 + 127.5 * ($0.isFinite ? $0 / scale : 0)).rounded(.down)) })
    }

    /// The image as a data URI, so that the page needs no other file.
    var dataURI: String {
        let file = png(width: DataSet.side, height: DataSet.side, rgb: rgb)
        return "data:image/png;base64,\(Data(file).base64EncodedString())"
    }
}

extension Network {
    /// W1: one row of weights per unit of the first layer.
    var firstLayer: [ArraySlice<Double>] {
        let (inputs, units) = (topology.sizes[0], topology.sizes[1])
        let weights: [Double] = parameters()
        return (0..<units).map { weights[$0 * inputs..<($0 + 1) * inputs] }
    }

    /// W1 before the first iteration; nil if it is not known how the network was trained.
    var initialFirstLayer: [ArraySlice<Double>]? {
        guard let origin, origin.startCRC == nil else { return nil }
        let (inputs, units) = (topology.sizes[0], topology.sizes[1])
        let layers = MultilayerPerceptron<Double>(
            sizes: [inputs, units], initializer: origin.initializer, seed: origin.seed
        ).layers
        return (0..<units).map { layers[0].weights.elements[$0 * inputs..<($0 + 1) * inputs] }
    }
}
