import Dispatch
import Synchronization

/// How a network does on examples.
public struct Evaluation: Equatable, Sendable {
    /// The network's output for each example: the probability of class 1.
    public let probabilities: [Double]
    /// The examples whose class is predicted wrongly, ascending.
    public let mislabeled: [Int]

    /// The share of examples whose class is predicted rightly.
    public var accuracy: Double {
        Double(probabilities.count - mislabeled.count) / Double(probabilities.count)
    }
}

extension Network {
    /// Predicts the class of each example, and compares it with the label.
    ///
    /// - Parameters:
    ///   - examples: images of ``inputs`` bytes.
    ///   - threads: how many threads share the examples, 1...4096. The result is the same.
    /// - Throws: ``NNError/wrongCount(of:expected:found:)`` for images of another size,
    ///   ``NNError/invalidOption(name:value:allowed:)`` for other numbers of threads,
    ///   ``ModelDefect/unusableWeights`` if computing overflows.
    public func evaluate(_ examples: Examples, threads: Int = 1) throws(NNError) -> Evaluation {
        try NNError.check(threads, .threads, TrainingOptions.threadCounts)
        try NNError.check(countOf: .bytesOfImage, examples.imageBytes, expected: inputs)
        let share = (examples.count + threads - 1) / threads
        let parts = Mutex([Int: Result<[Double], NNError>]())
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            let range = min(thread * share, examples.count)..<min((thread + 1) * share, examples.count)
            let part = Result { () throws(NNError) in try self.probabilities(of: examples, range) }
            parts.withLock { $0[thread] = part }
        }
        var probabilities: [Double] = []
        for thread in 0..<threads {
            probabilities += try parts.withLock { $0[thread]! }.get()
        }
        let mislabeled = probabilities.indices.filter {
            Prediction(probability: probabilities[$0]).classIndex != Int(examples.labels[$0])
        }
        return Evaluation(probabilities: probabilities, mislabeled: mislabeled)
    }

    private func probabilities(of examples: Examples, _ range: Range<Int>) throws(NNError) -> [Double] {
        var probabilities: [Double] = []
        for index in range {
            let image = examples.images[index * examples.imageBytes..<(index + 1) * examples.imageBytes]
            probabilities.append(try probability(of: image))
        }
        return probabilities
    }
}
