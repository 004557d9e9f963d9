extension Network {
    /// The highest hidden layer, from 1, whose units are all at zero for all images whose probabilities lie in this range;
    /// nil if there is none.
    ///
    /// Above such a layer nothing depends on the image any more, so all images get the same probability: the one that
    /// biases alone give. ReLU units at zero learn nothing, so more iterations do not help. Where no weight leads up from
    /// a layer, its units may be anything, and the layer does not count.
    ///
    /// - Parameter probabilities: from the lowest to the highest, of different images; of one image alone, they say little.
    public func silentLayer(_ probabilities: ClosedRange<Double>) -> Int? {
        // A prediction in float rounds the same numbers differently.
        let tolerance = 1e-6
        guard probabilities.upperBound - probabilities.lowerBound <= tolerance else { return nil }
        let layers = MultilayerPerceptron<Double>(self).layers
        return (1..<layers.count).last { layer in
            guard layers[layer].weights.elements.contains(where: { $0 != 0 }) else { return false }
            let above = MultilayerPerceptron(layers: Array(layers[layer...]))
            let zeros = Matrix(rows: layers[layer].weights.columns, columns: 1, repeating: 0.0)
            return abs(above.forward(zeros).probabilities[0, 0] - probabilities.lowerBound) <= tolerance
        }
    }
}
