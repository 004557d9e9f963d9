import NNData
import SwiftNN

/// What is said about one input: a class, or why there is none.
struct Answer: Encodable, Sendable {
    struct Verdict: Sendable {
        /// nil: not sure.
        let className: String?
        let index: Int
        /// Of class 1.
        let probability: Double
    }

    /// As the user wrote it.
    let input: String
    let result: Result<Verdict, FileError>
    /// What is wrong with the file although it was read.
    let flaws: [String]

    init(_ input: String, _ result: Result<Verdict, FileError>, flaws: [String] = []) {
        self.input = input
        self.result = result
        self.flaws = flaws
    }

    private enum CodingKeys: String, CodingKey { case input, `class`, index, probability, error }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(input, forKey: .input)
        switch result {
        case .success(let verdict):
            try object.encode(verdict.className, forKey: .class)
            try object.encode(verdict.index, forKey: .index)
            try object.encode(verdict.probability, forKey: .probability)
        case .failure(let error):
            try object.encode(error.reason, forKey: .error)
        }
    }
}

/// A model, and how sure it must be.
struct Classifier: Sendable {
    let network: Network
    let minConfidence: Double

    /// - Throws: ``NNError`` if the model's weights give no number.
    func answer(_ input: String) throws(NNError) -> Answer {
        let picture: Picture
        do {
            picture = try Picture(at: input)
        } catch {
            return Answer(input, .failure(error))
        }
        let prediction = try network.classify(picture.image)
        let probability = prediction.probability
        let isSure = max(probability, 1 - probability) >= minConfidence
        let verdict = Answer.Verdict(
            className: isSure ? network.className(prediction.classIndex) : nil,
            index: prediction.classIndex, probability: probability)
        return Answer(input, .success(verdict), flaws: picture.flaws)
    }
}
