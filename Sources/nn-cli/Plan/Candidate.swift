import SwiftNN

/// A topology with a number type, named as on the command line: "deep f32".
struct Candidate: Encodable {
    let topology: Topology
    let elementType: ElementType

    static let all = Topology.named.flatMap { topology in
        ElementType.named.map { Candidate(topology: topology, elementType: $0) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(topology.name) \(elementType.name)")
    }

    /// All ways to train it; none for i8, which is made from a trained model.
    var runs: [TrainingOptions] {
        guard let precision = elementType.precision else { return [] }
        return [(Method.dual, true), (.dual, false), (.primal, false)].map { method, packed in
            var options = TrainingOptions()
            options.topology = topology
            options.precision = precision
            options.method = method
            options.usesLeastMemory = packed
            return options
        }
    }

    var modelBytes: Int { topology.modelBytes(elementType) }

    /// What a predictor takes on a 32-bit board: two of its fields are addresses, of 4 bytes there.
    var predictorBytes: Int {
        let more = MemoryLayout<UnsafeRawPointer>.size - MemoryLayout<UInt32>.size
        return Predictor.words(topology: topology, elementType: elementType) * 8 - 2 * more
    }

    func trains(examples: Int, ramBytes: Int) throws -> Bool {
        try runs.contains {
            try Trainer.arenaBytes($0, examples: examples) + Plan.stackBytes <= ramBytes
        }
    }

    func predicts(on board: Board) -> Bool {
        predictorBytes + Plan.stackBytes <= board.ramBytes
            && modelBytes + Plan.programBytes <= board.flashBytes
    }
}
