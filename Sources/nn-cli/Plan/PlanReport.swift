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

        init(_ run: TrainingOptions, _ work: PlannedWork, ramBytes: Int) throws {
            topology = run.topology.name
            precision = run.precision.rawValue
            method = run.method!.name
            packed = run.usesLeastMemory
            arenaBytes = try work.arenaBytes(run, examples: work.examples)
            mostExamples = try work.mostExamples(run, ramBytes: ramBytes)
            fits = work.examples <= mostExamples
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
            fits = candidate.predicts(ramBytes: ramBytes)
        }
    }

    struct BoardFit: Encodable {
        /// How many images of a network's training fit; 0 if not even one does.
        struct Room: Encodable {
            let network: Candidate
            let mostExamples: Int

            private enum CodingKeys: String, CodingKey {
                case network
                case mostExamples = "most_examples"
            }
        }

        let name, fpu: String
        let ramBytes, flashBytes: Int
        let room: [Room]
        let trains, predicts: [Candidate]

        private enum CodingKeys: String, CodingKey {
            case name, fpu, room, trains, predicts
            case ramBytes = "ram_bytes"
            case flashBytes = "flash_bytes"
        }

        init(_ board: Board, _ work: PlannedWork) throws {
            name = board.name
            fpu = board.fpu.rawValue
            ramBytes = board.ramBytes
            flashBytes = board.flashBytes
            room = try Candidate.trained.map {
                Room(network: $0, mostExamples: try work.mostExamples($0, on: board))
            }
            trains = room.filter { $0.mostExamples >= work.examples }.map(\.network)
            predicts = Candidate.all.filter { $0.predicts(on: board) }
        }
    }

    let kind: PlannedWork.Kind
    let examples, ramBytes: Int
    let options: [String]
    let stackBytes = Plan.stackBytes
    let variablesBytes = Plan.variablesBytes
    let programBytes = Plan.predictionProgramBytes
    let trainingProgramBytes = Plan.trainingProgramBytes
    let training: [Training]
    let prediction: [Prediction]
    let boards: [BoardFit]

    private enum CodingKeys: String, CodingKey {
        case kind, examples, options, training, prediction, boards
        case ramBytes = "ram_bytes"
        case stackBytes = "stack_bytes"
        case variablesBytes = "variables_bytes"
        case programBytes = "program_bytes"
        case trainingProgramBytes = "training_program_bytes"
    }

    init(_ work: PlannedWork, ramBytes: Int) throws {
        kind = work.kind
        examples = work.examples
        options = work.optionNames
        self.ramBytes = ramBytes
        training = try Candidate.trained.flatMap(work.runs).map {
            try Training($0, work, ramBytes: ramBytes)
        }
        prediction = Candidate.all.map { Prediction($0, ramBytes: ramBytes) }
        boards = try Board.all.map { try BoardFit($0, work) }
    }

    func print() throws {
        try Console.answer(title)
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
        try Console.answer(
            "",
            "The most images that each network trains on, and the models that can predict, on these boards:"
        )
        let networks = Candidate.trained.map(\.name)
        try table(
            ["board", "RAM", "flash", "FPU"] + networks + ["predicts"],
            numbers: Set([1, 2] + networks.indices.map { $0 + 4 }),
            boards.map {
                [$0.name, "\($0.ramBytes >> 10)K", "\($0.flashBytes >> 10)K", $0.fpu]
                    + $0.room.map { "\($0.mostExamples)" } + [list($0.predicts)]
            })
    }

    /// "32 images with center, learned by a model in flash, in 24576 bytes of RAM; 1024 ..."
    private var title: String {
        let work =
            switch kind {
            case .train: ""
            case .personalize: ", learned by a model in flash,"
            case .capacity: examples == 1 ? " that comes and goes," : " that come and go,"
            }
        let with = options.isEmpty ? "" : " with \(options.joined(separator: ", "))"
        return "\(counted(examples, "image"))\(with)\(work) in \(counted(ramBytes, "byte")) of RAM; "
            + "\(stackBytes) of them are for the stack, and \(variablesBytes) for the variables of a training firmware"
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
