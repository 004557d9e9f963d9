import Foundation

/// Any JSON value.
enum JSON: Decodable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }
}

extension Outcome {
    /// What keeps the standard output from being a newline after one JSON object that docs/schemas allows the
    /// command.
    func mismatches(_ command: String) throws -> [String] {
        guard stdout.hasPrefix("{"), stdout.hasSuffix("}\n"), stdout.count(where: { $0 == "\n" }) == 1 else {
            return ["not one line with one object: \(stdout)"]
        }
        return try Schema(of: command).mismatches(try answer(JSON.self))
    }

    func answer<Answer: Decodable>(_: Answer.Type) throws -> Answer {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        // A strategy for keys would change those of the plain value too.
        if Answer.self == JSON.self { decoder.keyDecodingStrategy = .useDefaultKeys }
        return try decoder.decode(Answer.self, from: Data(stdout.utf8))
    }
}

struct ModelAnswer: Decodable {
    let path: String
    let sha256: String
    let layers: [Int]
    let precision: String
}

struct TrainingAnswer: Decodable {
    struct Cost: Decodable {
        let iteration: Int
        let cost: Double

        init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            iteration = try pair.decode(Int.self)
            cost = try pair.decode(Double.self)
        }
    }

    let model: ModelAnswer
    let method: String
    let seed: Int
    let iterations: Int
    let learningRate: Double
    let costs: [Cost]
    let trainAccuracy: Double
    let testAccuracy: Double?
    let mislabeled: [Int]
}

struct PredictionAnswer: Decodable {
    struct Prediction: Decodable {
        let input: String
        /// nil: not sure.
        let `class`: String?
        /// -1 where there is an error.
        let index: Int
        /// Not a number where there is an error.
        let probability: Double
        let error: String?

        private enum CodingKeys: String, CodingKey { case input, `class`, index, probability, error }

        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            input = try object.decode(String.self, forKey: .input)
            `class` = try object.decodeIfPresent(String.self, forKey: .class)
            error = try object.decodeIfPresent(String.self, forKey: .error)
            index = try error == nil ? object.decode(Int.self, forKey: .index) : -1
            probability = try error == nil ? object.decode(Double.self, forKey: .probability) : .nan
        }
    }

    let model: ModelAnswer
    let predictions: [Prediction]
}

struct EvaluationAnswer: Decodable, Equatable {
    let accuracy: Double
    let interval: [Double]
    let guessing: Double
    let count: Int
    let mislabeled: [Int]
    let probabilities: [Double]
}
