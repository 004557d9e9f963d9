import Foundation

/// A training run. Equal runs are done once and shared by all tests.
struct Training: Hashable, Sendable {
    var isOnPhotos = false
    var topology = "deep"
    var precision = "f64"
    var method = "auto"
    var seed = 1
    var iterations = 2500

    struct Result: Sendable {
        let outcome: Outcome
        /// The model file.
        let model: [UInt8]

        var answer: TrainingAnswer { get throws { try outcome.answer(TrainingAnswer.self) } }
    }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    func result() async throws -> Result { try await Self.runs.result(of: self) }

    /// A run of its own, whether there has been one or not.
    func run() async throws -> Result {
        let folder = TemporaryFolder()
        var tool = CommandLineTool(arguments, in: folder)
        tool.timeout = 600
        let outcome = try await tool.run()
        guard outcome.status == 0 else { throw Failed(description: outcome.stderr) }
        return Result(outcome: outcome, model: try folder.bytes(of: "model.nnk"))
    }

    private var arguments: [String] {
        ["train", "--json", "--topology", topology, "--precision", precision, "--seed", "\(seed)"]
            + ["--iterations", "\(iterations)", "--method", method]
            + (isOnPhotos ? ["--train", Photos.train, "--test", Photos.test] : [])
    }

    private static let runs = Runs()

    private actor Runs {
        private var tasks: [Training: Task<Result, any Error>] = [:]

        func result(of training: Training) async throws -> Result {
            let task = tasks[training] ?? Task { try await training.run() }
            tasks[training] = task
            return try await task.value
        }
    }
}

/// The photos of cats and what numpy makes of them. They are not part of the project: `NN_DATA` and
/// `NN_ORACLE` tell where they are.
enum Photos {
    private static let environment = ProcessInfo.processInfo.environment
    static let folder =
        environment["NN_DATA"]
        ?? URL(filePath: #filePath).appending(path: "../../../../shared/data").standardized.path
    static let oracleFolder =
        environment["NN_ORACLE"] ?? URL(filePath: folder).appending(path: "../oracle").standardized.path

    static let train = "\(folder)/train_catvnoncat.h5"
    static let test = "\(folder)/test_catvnoncat.h5"
    static let missing = [train, test, Oracle.path("deep"), Oracle.path("two-layer")]
        .filter { !FileManager.default.isReadableFile(atPath: $0) }
    static let advice =
        "not there: \(missing.joined(separator: ", ")); set NN_DATA and NN_ORACLE to their folders"
}

/// The same training in numpy, in double precision.
struct Oracle: Decodable {
    let costs: [TrainingAnswer.Cost]
    let trainAccuracy: Double
    let testAccuracy: Double
    let mislabeled: [Int]
    let testProbabilities: [Double]

    static func path(_ topology: String) -> String { "\(Photos.oracleFolder)/\(topology)_seed1.json" }

    static func load(_ topology: String) throws -> Oracle {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Oracle.self, from: Data(contentsOf: URL(filePath: path(topology))))
    }
}
