import SwiftNN

extension Network {
    /// Why all images get the same probability, and what to do; nil if they do not, or for another reason.
    ///
    /// - Parameters:
    ///   - probabilities: from the lowest to the highest.
    ///   - count: how many images there were: of one alone, nothing can be said.
    func silenceText(_ probabilities: ClosedRange<Double>, count: Int) -> String? {
        guard count > 1, let layer = silentLayer(probabilities) else { return nil }
        return
            "all units of layer \(layer) are at zero for all \(count) images, so each gets the probability "
            + "\(rounded(probabilities.lowerBound, places: 4)): the network has learned nothing; "
            + "train it with --center, another --seed or a smaller --learning-rate"
    }

    func silenceText(_ evaluation: Evaluation) -> String? {
        guard let low = evaluation.probabilities.min(), let high = evaluation.probabilities.max() else {
            return nil
        }
        return silenceText(low...high, count: evaluation.probabilities.count)
    }
}
