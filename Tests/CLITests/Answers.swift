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

/// What the documentation promises of a JSON value.
indirect enum Shape: Sendable {
    case integer, real, text, flag
    case optional(Shape)
    case list(Shape)
    case pair(Shape, Shape)
    /// These keys and no others.
    case object([String: Shape])

    /// Where `value` is otherwise, each as a path and what is wrong there.
    func mismatches(_ value: JSON, at path: String = "$") -> [String] {
        switch (self, value) {
        case (.integer, .number(let number)) where number == number.rounded(): []
        case (.real, .number), (.text, .text), (.flag, .boolean), (.optional, .null): []
        case (.optional(let shape), _): shape.mismatches(value, at: path)
        case (.list(let shape), .array(let items)):
            items.enumerated().flatMap { shape.mismatches($1, at: "\(path)[\($0)]") }
        case (.pair(let first, let second), .array(let items)) where items.count == 2:
            first.mismatches(items[0], at: "\(path)[0]") + second.mismatches(items[1], at: "\(path)[1]")
        case (.object(let shapes), .object(let values)):
            Self.mismatches(shapes, values, at: path)
        default: ["\(path) is \(value)"]
        }
    }

    private static func mismatches(
        _ shapes: [String: Shape], _ values: [String: JSON], at path: String
    ) -> [String] {
        Set(shapes.keys).union(values.keys).sorted().flatMap { key in
            guard let shape = shapes[key] else { return ["\(path).\(key) is not documented"] }
            guard let value = values[key] else { return ["\(path).\(key) is missing"] }
            return shape.mismatches(value, at: "\(path).\(key)")
        }
    }

    static let model = Shape.object([
        "path": .text, "sha256": .text, "layers": .list(.integer), "precision": .text,
    ])
    static let training = Shape.object([
        "model": model, "method": .text, "seed": .integer, "iterations": .integer, "learning_rate": .real,
        "costs": .list(.pair(.integer, .real)), "train_accuracy": .real, "test_accuracy": .optional(.real),
        "mislabeled": .list(.integer), "arena_bytes": .integer,
        "seconds": .object(["load": .real, "setup": .real, "loop": .real, "finish": .real, "total": .real]),
    ])
    static let prediction = Shape.object([
        "model": model,
        "predictions": .list(
            .object(["input": .text, "class": .text, "index": .integer, "probability": .real])),
    ])
    static let evaluation = Shape.object([
        "accuracy": .real, "count": .integer, "mislabeled": .list(.integer), "probabilities": .list(.real),
    ])
    static let modelFacts = Shape.object([
        "kind": .text, "path": .text, "sha256": .text, "bytes": .integer, "layers": .list(.integer),
        "parameters": .integer, "precision": .text, "classes": .list(.text), "method": .optional(.text),
        "initializer": .optional(.text), "seed": .optional(.integer), "iterations": .optional(.integer),
        "learning_rate": .optional(.real), "examples": .optional(.integer), "data_crc32": .optional(.text),
    ])
    static let dataSetFacts = Shape.object([
        "kind": .text, "path": .text, "count": .integer, "shape": .list(.integer), "classes": .list(.text),
        "counts": .list(.integer),
    ])
    static let plan = Shape.object([
        "examples": .integer, "ram_bytes": .integer, "stack_bytes": .integer, "program_bytes": .integer,
        "training": .list(
            .object([
                "topology": .text, "precision": .text, "method": .text, "packed": .flag,
                "arena_bytes": .integer, "fits": .flag, "most_examples": .integer,
            ])),
        "prediction": .list(
            .object([
                "topology": .text, "precision": .text, "predictor_bytes": .integer, "model_bytes": .integer,
                "fits": .flag,
            ])),
        "boards": .list(
            .object([
                "name": .text, "ram_bytes": .integer, "flash_bytes": .integer, "fpu": .text,
                "trains": .list(.text), "predicts": .list(.text),
            ])),
    ])
}

extension Outcome {
    /// What keeps the standard output from being one JSON object of this shape and a newline.
    func mismatches(_ shape: Shape) throws -> [String] {
        guard stdout.hasPrefix("{"), stdout.hasSuffix("}\n"), stdout.count(where: { $0 == "\n" }) == 1 else {
            return ["not one line with one object: \(stdout)"]
        }
        return shape.mismatches(try answer(JSON.self))
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
        let `class`: String
        let index: Int
        let probability: Double
    }

    let model: ModelAnswer
    let predictions: [Prediction]
}

struct EvaluationAnswer: Decodable, Equatable {
    let accuracy: Double
    let count: Int
    let mislabeled: [Int]
    let probabilities: [Double]
}
