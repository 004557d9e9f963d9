import NNData
import SwiftNN

struct PlanReport: Encodable {
    struct Training: Encodable {
        let topology, precision, method: String
        let packed: Bool
        let arenaBytes: Int
        let fits: Bool
        /// The largest number of images that fits the RAM; 0 if not even one does.
        let mostExamples: Int

        private enum CodingKeys: String, CodingKey {
            case topology, precision, method, packed, fits
            case arenaBytes = "arena_bytes"
            case mostExamples = "most_examples"
        }

        init(_ candidate: Candidate, _ options: TrainingOptions, examples: Int, ramBytes: Int) throws {
            topology = candidate.topology.name
            precision = candidate.elementType.name
            method = options.method!.name
            packed = options.usesLeastMemory
            arenaBytes = try Trainer.arenaBytes(options, examples: examples)
            fits = arenaBytes + Plan.stackBytes <= ramBytes
            // An arena grows with the examples, so the limit is found by bisection.
            var (enough, tooMany) = (0, Plan.mostExamples + 1)
            while tooMany - enough > 1 {
                let middle = (enough + tooMany) / 2
                let bytes = try Trainer.arenaBytes(options, examples: middle)
                if bytes + Plan.stackBytes <= ramBytes { enough = middle } else { tooMany = middle }
            }
            mostExamples = enough
        }
    }

    struct Prediction: Encodable {
        let topology, precision: String
        let predictorBytes, modelBytes: Int
        let fits: Bool

        private enum CodingKeys: String, CodingKey {
            case topology, precision, fits
            case predictorBytes = "predictor_bytes"
            case modelBytes = "model_bytes"
        }

        init(_ candidate: Candidate, ramBytes: Int) {
            topology = candidate.topology.name
            precision = candidate.elementType.name
            predictorBytes = candidate.predictorBytes
            modelBytes = candidate.modelBytes
            fits = predictorBytes + Plan.stackBytes <= ramBytes
        }
    }

    struct BoardFit: Encodable {
        let name, fpu: String
        let ramBytes, flashBytes: Int
        let trains, predicts: [Candidate]

        private enum CodingKeys: String, CodingKey {
            case name, fpu, trains, predicts
            case ramBytes = "ram_bytes"
            case flashBytes = "flash_bytes"
        }

        init(_ board: Board, examples: Int) throws {
            name = board.name
            fpu = board.fpu.rawValue
            ramBytes = board.ramBytes
            flashBytes = board.flashBytes
            trains = try Candidate.all
                .filter { try $0.trains(examples: examples, ramBytes: board.ramBytes) }
            predicts = Candidate.all.filter { $0.predicts(on: board) }
        }
    }

    let examples, ramBytes: Int
    let stackBytes = Plan.stackBytes
    let programBytes = Plan.programBytes
    let training: [Training]
    let prediction: [Prediction]
    let boards: [BoardFit]

    private enum CodingKeys: String, CodingKey {
        case examples, training, prediction, boards
        case ramBytes = "ram_bytes"
        case stackBytes = "stack_bytes"
        case programBytes = "program_bytes"
    }

    init(examples: Int, ramBytes: Int) throws {
        self.examples = examples
        self.ramBytes = ramBytes
        training = try Candidate.all.flatMap { candidate in
            try candidate.runs.map {
                try Training(candidate, $0, examples: examples, ramBytes: ramBytes)
            }
        }
        prediction = Candidate.all.map { Prediction($0, ramBytes: ramBytes) }
        boards = try Board.all.map { try BoardFit($0, examples: examples) }
    }

    func print() throws {
        try Console.answer(
            "\(counted(examples, "image")) in \(counted(ramBytes, "byte")) of RAM, \(stackBytes) of them for the stack and everything else"
        )
        try table(
            ["training", "type", "method", "arena (bytes)", "fits", "most images"], numbers: [3, 5],
            training.map {
                let method =
                    $0.method
                    + ($0.method == Method.primal.name ? "" : $0.packed ? ", least memory" : ", fastest")
                return [
                    $0.topology, $0.precision, method, "\($0.arenaBytes)", $0.fits ? "yes" : "no",
                    "\($0.mostExamples)",
                ]
            })
        try table(
            ["prediction", "type", "RAM (bytes)", "fits", "model in flash (bytes)"], numbers: [2, 4],
            prediction.map {
                [
                    $0.topology, $0.precision, "\($0.predictorBytes)", $0.fits ? "yes" : "no",
                    "\($0.modelBytes)",
                ]
            })
        try table(
            ["board", "RAM", "flash", "FPU", "trains", "predicts"], numbers: [1, 2],
            boards.map {
                [
                    $0.name, "\($0.ramBytes >> 10)K", "\($0.flashBytes >> 10)K", $0.fpu, list($0.trains),
                    list($0.predicts),
                ]
            })
    }

    /// "deep f32 f64, two-layer f32"
    private func list(_ candidates: [Candidate]) -> String {
        let texts = Topology.named.compactMap { topology in
            let types = candidates.filter { $0.topology == topology }.map(\.elementType.name)
            return types.isEmpty ? nil : ([topology.name] + types).joined(separator: " ")
        }
        return texts.isEmpty ? "-" : texts.joined(separator: ", ")
    }

    /// Prints an empty line, then the table. Columns of numbers are aligned to the right.
    private func table(_ head: [String], numbers: Set<Int>, _ rows: [[String]]) throws {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max()! }
        try Console.answer("")
        for row in [head] + rows {
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return numbers.contains(column) ? space + row[column] : row[column] + space
            }
            let line = cells.joined(separator: "  ")
            try Console.answer(String(line.reversed().drop { $0 == " " }.reversed()))
        }
    }
}
