import SwiftNN

/// A topology with a number type, named as on the command line: "deep f32".
struct Candidate: Encodable {
    let topology: Topology
    let elementType: ElementType

    static let all = Topology.named.flatMap { topology in
        ElementType.named.map { Candidate(topology: topology, elementType: $0) }
    }

    /// Those that are trained; i8 is made from a trained model.
    static let trained = all.filter { $0.elementType.precision != nil }

    var name: String { "\(topology.name) \(elementType.name)" }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }

    var modelBytes: Int { topology.modelBytes(elementType) }

    /// What a predictor takes on a 32-bit board: two of its fields are addresses, of 4 bytes there.
    var predictorBytes: Int {
        let more = MemoryLayout<UnsafeRawPointer>.size - MemoryLayout<UInt32>.size
        return Predictor.words(topology: topology, elementType: elementType) * 8 - 2 * more
    }

    func predicts(ramBytes: Int) -> Bool { predictorBytes + Plan.stackBytes <= ramBytes }

    func predicts(on board: Board) -> Bool {
        predicts(ramBytes: board.ramBytes) && modelBytes + Plan.predictionProgramBytes <= board.flashBytes
    }
}
