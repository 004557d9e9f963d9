import SwiftNN

/// What is to be trained on a board, of any network.
struct PlannedWork {
    enum Kind: String, Encodable {
        /// From drawn weights, on images that stay.
        case train
        /// From a model in flash.
        case personalize
        /// On images that come and go.
        case capacity
    }

    let kind: Kind
    /// Images, or room for so many.
    let examples: Int
    /// Those that take memory; the others are as by default.
    let options: TrainingOptions

    /// All ways to train the network. Boards learn from a model, and from images that come and go, by the dual method
    /// in the least memory.
    func runs(_ candidate: Candidate) -> [TrainingOptions] {
        guard let precision = candidate.elementType.precision else { return [] }
        let methods: [(Method, packed: Bool)] = [(.dual, true), (.dual, false), (.primal, false)]
        return (kind == .train ? methods : [methods[0]]).map { method, packed in
            var options = options
            options.topology = candidate.topology
            options.precision = precision
            options.method = method
            options.usesLeastMemory = packed
            return options
        }
    }

    /// Bytes of the arena of a run on so many images, or with room for so many.
    func arenaBytes(_ run: TrainingOptions, examples: Int) throws -> Int {
        var run = run
        if kind == .capacity { run.capacity = examples }
        return try Trainer.arenaBytes(run, examples: examples)
    }

    /// The largest number of images that fits the RAM; 0 if not even one does. An arena grows with the images.
    func mostExamples(_ run: TrainingOptions, ramBytes: Int) throws -> Int {
        var (enough, tooMany) = (0, Plan.mostExamples / (run.mirror == nil ? 1 : 2) + 1)
        while tooMany - enough > 1 {
            let middle = (enough + tooMany) / 2
            let bytes = try arenaBytes(run, examples: middle) + Plan.variablesBytes + Plan.stackBytes
            if bytes <= ramBytes {
                enough = middle
            } else {
                tooMany = middle
            }
        }
        return enough
    }

    /// The same for the best way to train the network on a board.
    func mostExamples(_ candidate: Candidate, on board: Board) throws -> Int {
        let start = kind == .personalize ? candidate.topology.modelBytes(.i8) : 0
        guard start + Plan.trainingProgramBytes <= board.flashBytes else { return 0 }
        return try runs(candidate).map { try mostExamples($0, ramBytes: board.ramBytes) }.max() ?? 0
    }
}

extension PlannedWork {
    /// As on the command line.
    var optionNames: [String] {
        let names = [
            ("center", options.centersImages), ("own-contrast", options.takesOwnContrastOff),
            ("mirror", options.mirror != nil), ("keep-best", options.keepsBest),
        ]
        return names.filter(\.1).map(\.0)
    }
}
