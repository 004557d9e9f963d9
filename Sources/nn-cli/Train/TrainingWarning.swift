import NNData
import SwiftNN

/// What is suspicious about a training, though it ran to its end.
struct TrainingWarning: Encodable {
    /// As `--json` names it (docs/schemas/train.json).
    enum Kind: String {
        case oneClass = "one_class"
        case testInTraining = "test_in_training"
        case constantOutput = "constant_output"
        case noBetterThanGuessing = "no_better_than_guessing"
        case learningRateTooHigh = "learning_rate_too_high"
    }

    let kind: Kind
    /// What it is, and what to do.
    let text: String

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(kind.rawValue)
    }
}

extension TrainingWarning {
    /// What the data sets alone show.
    static func of(training: DataSet, test: DataSet?) -> [TrainingWarning] {
        var warnings: [TrainingWarning] = []
        if let label = training.onlyClass {
            warnings.append(
                TrainingWarning(
                    kind: .oneClass,
                    text:
                        "all \(counted(training.count, "training image")) are of \(training.classes[label]); "
                        + "a network needs images of both classes"))
        }
        if let test, case let shared = test.countOfImages(in: training), shared > 0 {
            warnings.append(
                TrainingWarning(
                    kind: .testInTraining,
                    text:
                        "\(shared) of \(counted(test.count, "test image")) are also training images, as they are "
                        + "or mirrored; test on images that the network has not seen"))
        }
        return warnings
    }

    /// What the answers for the training images show: a network that has learned nothing.
    static func of(
        _ results: ReportPage.Results, of network: Network, _ options: TrainingOptions
    ) -> [TrainingWarning] {
        let (data, probabilities) = (results.data, results.evaluation.probabilities)
        guard data.onlyClass == nil, let low = probabilities.min(), let high = probabilities.max() else {
            return []
        }
        var warnings: [TrainingWarning] = []
        let isTooFast = options.learningRate > TrainingOptions().learningRate
        let advice = [
            isTooFast ? "a smaller --learning-rate" : nil, options.centersImages ? nil : "--center",
            isTooFast ? nil : "a smaller --learning-rate", "another --seed",
        ].compactMap(\.self)
        let remedy = "; try \(advice.dropLast().joined(separator: ", ")) or \(advice.last!)"
        if high - low < 0.001 {
            let cause = network.silentLayer(low...high).map { ", as all units of layer \($0) are at zero" }
            warnings.append(
                TrainingWarning(
                    kind: .constantOutput,
                    text: "the network gives the same answer for every training image (probability of "
                        + "\(data.classes[1]): \(rounded(low, places: 4)))" + (cause ?? "") + remedy))
        }
        let (right, guessed) = (results.confusion.right, results.confusion.sizes.max()!)
        if right <= guessed {
            warnings.append(
                TrainingWarning(
                    kind: .noBetterThanGuessing,
                    text:
                        "\(right) of \(counted(data.count, "training image")) are classified correctly; always "
                        + "answering the larger class gets \(guessed)" + (warnings.isEmpty ? remedy : "")))
        }
        if isTooFast && !warnings.isEmpty {
            warnings.append(
                TrainingWarning(
                    kind: .learningRateTooHigh,
                    text: "--learning-rate \(options.learningRate) is probably too high; try "
                        + "\(TrainingOptions().learningRate)"))
        }
        return warnings
    }
}

extension DataSet {
    /// The class of all images, if there is only one.
    fileprivate var onlyClass: Int? {
        labels.allSatisfy { $0 == labels[0] } ? Int(labels[0]) : nil
    }

    /// How many of the images are also images of another data set, byte by byte or mirrored from left to right.
    fileprivate func countOfImages(in other: DataSet) -> Int {
        let indices = Dictionary(grouping: 0..<other.count) { other.sums(of: $0) }
        return (0..<count).count { index in
            guard let candidates = indices[sums(of: index)] else { return false }
            let image = self.image(index)
            let mirrored = Self.mirrored(image)
            return candidates.contains {
                let found = other.image($0)
                return found == image || found == mirrored[...]
            }
        }
    }

    /// The sum of the bytes and that of their squares, which mirroring does not change.
    private func sums(of index: Int) -> [UInt32] {
        var (sum, squares) = (UInt32(0), UInt32(0))
        for byte in image(index) {
            sum &+= UInt32(byte)
            squares &+= UInt32(byte) &* UInt32(byte)
        }
        return [sum, squares]
    }

    private static func mirrored(_ image: ArraySlice<UInt8>) -> [UInt8] {
        var mirrored: [UInt8] = []
        mirrored.reserveCapacity(image.count)
        for row in stride(from: image.startIndex, to: image.endIndex, by: 3 * side) {
            for pixel in stride(from: row + 3 * (side - 1), through: row, by: -3) {
                mirrored += image[pixel..<pixel + 3]
            }
        }
        return mirrored
    }
}
