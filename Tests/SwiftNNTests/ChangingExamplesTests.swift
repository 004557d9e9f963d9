import SwiftNN
import Testing

/// Examples that are added, removed and relabelled while a network learns, and runs that go on.
@Suite("Examples that come and go")
struct ChangingExamplesTests {
    /// 37 images: more than two blocks of them.
    private let examples: Examples
    /// 12 more.
    private let more: Examples

    init() throws {
        let all = try drawnExamples(49, inputs: 144)
        examples = try all.part(0..<37)
        more = try all.part(37..<49)
    }

    // MARK: Which trainings

    /// What the job is like, beside its precision.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case plain, centered, ownContrast, decaying, weighted, all

        var testDescription: String { rawValue }

        func apply(to options: inout TrainingOptions) {
            options.centersImages = self == .centered || self == .all
            options.takesOwnContrastOff = self == .ownContrast || self == .all
            options.weightDecay = self == .decaying || self == .all ? 0.5 : 0
        }

        /// Some examples are held out.
        func weighted(_ examples: Examples) throws -> Examples {
            guard self == .weighted || self == .all else { return examples }
            return try examples.weighted(by: (0..<examples.count).map { Float(($0 + 1) % 4) / 2 })
        }
    }

    private func options(_ kind: Kind, _ precision: Precision, capacity: Int? = 60) throws -> TrainingOptions
    {
        var options = try smallRun([144, 5, 3, 1], precision, iterations: 20)
        kind.apply(to: &options)
        options.capacity = capacity
        return options
    }

    /// The network of a training on these examples, without room for others.
    private func expected(
        _ examples: Examples, _ kind: Kind, _ precision: Precision,
        change: (inout TrainingOptions) -> Void = { _ in }
    ) throws -> Network {
        var options = try options(kind, precision, capacity: nil)
        options.method = .dual
        change(&options)
        return try train(options, on: examples).network
    }

    /// How far a training is when something changes: after so many steps, at its end, or when its model was asked for.
    enum Moment: CaseIterable {
        case begun, early, late, trained, written

        func reach(_ trainer: inout Trainer) throws {
            switch self {
            case .begun: break
            case .early: _ = try trainer.step()
            case .late: while try trainer.step() != nil, trainer.iteration < 7 {}
            case .trained: _ = try runToEnd(&trainer)
            case .written:
                _ = try runToEnd(&trainer)
                _ = try trainer.network()
            }
        }
    }

    // MARK: Beginning again

    @Test(
        "Forgetting is exact: the bytes of a training without the image", arguments: Kind.allCases,
        Precision.allCases)
    func forgets(kind: Kind, precision: Precision) throws {
        let examples = try kind.weighted(examples)
        var random = NumpyRandom(seed: 17)
        for round in 0..<20 {
            let index = Int(random.uniform() * 37)
            var trainer = try Trainer(examples: examples, options: options(kind, precision))
            try Moment.allCases[round % 5].reach(&trainer)
            try trainer.remove(at: index)
            let fewer = try examples.removing(at: index)
            #expect(trainer.examples.crc == fewer.crc)
            try trainer.restart()
            _ = try runToEnd(&trainer)
            let isEqual = try trainer.finish() == expected(fewer, kind, precision)
            #expect(isEqual, "without \(index)")
        }
    }

    @Test("Learning more is exact, too", arguments: Kind.allCases, Precision.allCases)
    func learnsMore(kind: Kind, precision: Precision) throws {
        let (examples, more) = (try kind.weighted(examples), try kind.weighted(more))
        for moment in Moment.allCases {
            for count in [1, 12] {
                let more = try more.part(0..<count)
                var trainer = try Trainer(examples: examples, options: options(kind, precision))
                try moment.reach(&trainer)
                try trainer.add(more)
                try trainer.restart()
                _ = try runToEnd(&trainer)
                let isEqual = try trainer.finish() == expected(examples.appending(more), kind, precision)
                #expect(isEqual, "\(count) more when \(moment)")
            }
        }
    }

    @Test("So is another label", arguments: Kind.allCases, Precision.allCases)
    func relabels(kind: Kind, precision: Precision) throws {
        let examples = try kind.weighted(examples)
        for (moment, index) in zip(Moment.allCases, [0, 5, 17, 31, 36]) {
            var trainer = try Trainer(examples: examples, options: options(kind, precision))
            try moment.reach(&trainer)
            try trainer.relabel(at: index, as: 1 - examples.labels[index])
            try trainer.restart()
            _ = try runToEnd(&trainer)
            let other = try examples.relabeling(at: index, as: 1 - examples.labels[index])
            let isEqual = try trainer.finish() == expected(other, kind, precision)
            #expect(isEqual, "\(index) when \(moment)")
        }
    }

    @Test("Beginning again goes by other numbers, too", arguments: Precision.allCases)
    func restartsOtherwise(precision: Precision) throws {
        var trainer = try Trainer(examples: examples, options: options(.all, precision))
        _ = try runToEnd(&trainer)
        try trainer.restart(iterations: 31, learningRate: 0.03, weightDecay: 0.25)
        #expect(trainer.iteration == 0)
        _ = try runToEnd(&trainer)
        let isEqual =
            try trainer.finish()
            == expected(examples, .all, precision) {
                ($0.iterations, $0.learningRate, $0.weightDecay) = (31, 0.03, 0.25)
            }
        #expect(isEqual)
    }

    @Test("After many changes, too, down to one example and up to the room", arguments: Precision.allCases)
    func manyChanges(precision: Precision) throws {
        var random = NumpyRandom(seed: 5)
        var trainer = try Trainer(examples: examples, options: options(.centered, precision, capacity: 40))
        var now = examples
        for round in 0..<60 {
            let index = Int(random.uniform() * Double(now.count))
            switch (round < 45, random.uniform()) {
            case (true, ..<0.7) where now.count > 1, (false, ..<0.2) where now.count > 1:
                try trainer.remove(at: index)
                now = try now.removing(at: index)
            case (_, ..<0.9) where now.count < 40:
                let one = try more.part(round % 12..<round % 12 + 1)
                try trainer.add(one)
                now = try now.appending(one)
            default:
                try trainer.relabel(at: index, as: 1 - now.labels[index])
                now = try now.relabeling(at: index, as: 1 - now.labels[index])
            }
            if round % 3 == 0 { _ = try trainer.step() }
            guard round % 10 == 9 else { continue }
            try trainer.restart()
            _ = try runToEnd(&trainer)
            let isEqual = try trainer.network() == expected(now, .centered, precision)
            #expect(isEqual, "after \(round) changes, with \(now.count) examples")
        }
    }

    // MARK: Going on

    @Test("More iterations later are one longer training", arguments: Kind.allCases, Precision.allCases)
    func goesOn(kind: Kind, precision: Precision) throws {
        let examples = try kind.weighted(examples)
        let longer = try expected(examples, kind, precision) { $0.iterations = 45 }
        for moment in Moment.allCases {
            var trainer = try Trainer(examples: examples, options: options(kind, precision))
            try moment.reach(&trainer)
            let iteration = trainer.iteration
            try trainer.addIterations(15)
            #expect(trainer.iteration == iteration)
            _ = try runToEnd(&trainer)
            #expect(trainer.iteration == 35)
            try trainer.addIterations(10)
            _ = try runToEnd(&trainer)
            let isEqual = try trainer.finish() == longer
            #expect(isEqual, "when \(moment)")
        }
    }

    /// Each rounding is 1e-16, in a few hundred steps of numbers of about 1.
    @Test(
        "Other rates, labels and examples go on from the parameters that are there, as in the textbook's network"
    )
    func textbook() throws {
        var trainer = try Trainer(examples: examples, options: options(.plain, .f64))
        var network = MultilayerPerceptron<Double>(sizes: [144, 5, 3, 1], initializer: .deep, seed: 1)
        func compare(_ trainer: inout Trainer, iterations: Int) throws {
            let found = try runToEnd(&trainer).map(\.cost)
            let x: Matrix<Double> = trainer.examples.pixels()
            let expected = (0..<iterations).map { _ in
                let (probabilities, caches) = network.forward(x)
                let labels = trainer.examples.labels
                network.update(
                    network.backward(probabilities, labels: labels, caches: caches),
                    learningRate: trainer.options.learningRate)
                return CrossEntropy.cost(probabilities, labels: labels)
            }
            #expect(found.count == iterations)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-10 })
            let parameters = try trainer.network().parameters(as: Double.self)
            #expect(zip(parameters, network.parameters).allSatisfy { abs($0 - $1) < 1e-10 })
        }
        try compare(&trainer, iterations: 20)
        try trainer.addIterations(15, learningRate: 0.02)
        try compare(&trainer, iterations: 15)
        for index in [3, 20, 36] { try trainer.relabel(at: index, as: 1 - examples.labels[index]) }
        try trainer.addIterations(15, learningRate: 0.1)
        try compare(&trainer, iterations: 15)
        try trainer.add(more)
        try trainer.addIterations(15)
        try compare(&trainer, iterations: 15)
        try trainer.add(more.part(0..<5))
        try trainer.addIterations(15, learningRate: 0.07)
        try compare(&trainer, iterations: 15)
    }

    /// Weight decay pays for smaller weights with a higher cost.
    @Test(
        "Going on after any change makes the cost fall",
        arguments: [Kind.plain, .centered, .ownContrast, .weighted], Precision.allCases)
    func warm(kind: Kind, precision: Precision) throws {
        var trainer = try Trainer(examples: kind.weighted(examples), options: options(kind, precision))
        _ = try runToEnd(&trainer)
        let changes: [(inout Trainer) throws -> Void] = [
            { try $0.add(kind.weighted(self.more)) }, { try $0.remove(at: 13) }, { try $0.remove(at: 0) },
            { try $0.relabel(at: 7, as: 1 - $0.examples.labels[7]) }, { _ in },
        ]
        for (index, change) in changes.enumerated() {
            try change(&trainer)
            try trainer.addIterations(60)
            let costs = try runToEnd(&trainer).map(\.cost)
            #expect(costs.count == 60)
            #expect(costs.last! < costs.first!, "change \(index)")
        }
        let network = try trainer.finish()
        #expect(network.origin?.iterations == 320)
        #expect(network.origin?.examples == 47)
    }

    // MARK: Checkpoints

    @Test(
        "A run that is saved and resumed anywhere in between ends with the same bytes",
        arguments: Kind.allCases, Precision.allCases)
    func resumes(kind: Kind, precision: Precision) throws {
        // How far a run goes after a change: to its end, by 3 iterations, or not at all.
        let script: [(iterations: Int, change: (inout Trainer) throws -> Void)] = [
            (3, { try $0.remove(at: 5) }), (.max, { _ in }), (3, { try $0.restart() }),
            (0, { try $0.remove(at: 7) }), (.max, { try $0.add(kind.weighted(more)) }),
            (0, { try $0.remove(at: 9) }), (3, { try $0.addIterations(9, learningRate: 0.03) }),
            (.max, { try $0.relabel(at: 40, as: 1) }), (3, { try $0.addIterations(4) }),
            (0, { try $0.remove(at: 0) }),
            (.max, { try $0.addIterations(4) }),
        ]
        /// Plays the script, with a pause before or after the iterations that follow a change.
        func play(pausingAt pause: Int? = nil, late: Bool = false) throws -> [UInt8] {
            var trainer = try Trainer(examples: kind.weighted(examples), options: options(kind, precision))
            func save(_ trainer: inout Trainer) throws {
                let checkpoint = try Checkpoint(bytes: trainer.checkpoint().bytes)
                #expect(checkpoint.options.capacity == 60)
                #expect(checkpoint.examples == trainer.examples.count)
                trainer = try Trainer(resuming: checkpoint, examples: trainer.examples)
            }
            for (index, (iterations, change)) in script.enumerated() {
                try change(&trainer)
                if index == pause && !late { try save(&trainer) }
                let end = iterations == .max ? .max : trainer.iteration + iterations
                while trainer.iteration < end, try trainer.step() != nil {}
                if index == pause && late { try save(&trainer) }
            }
            return try trainer.finish().bytes
        }
        let whole = try play()
        for pause in script.indices {
            for late in [false, true] {
                let isEqual = try play(pausingAt: pause, late: late) == whole
                #expect(isEqual, "\(late ? "some time " : "")after change \(pause)")
            }
        }
    }

    @Test("A run that has learned goes on from an early setup, and not anew; other labels are refused")
    func earlyCheckpoint() throws {
        var trainer = try Trainer(examples: examples, options: options(.plain, .f64))
        _ = try runToEnd(&trainer)
        try trainer.remove(at: 3)
        let checkpoint = try trainer.checkpoint()
        #expect(checkpoint.dataCRC == nil && checkpoint.iteration == 20)
        let resumed = try Trainer(resuming: checkpoint, examples: trainer.examples)
        #expect(resumed.iteration == 20)
        #expect(throws: NNError.otherImages) {
            let others = try trainer.examples.relabeling(at: 0, as: 1 - examples.labels[0])
            _ = try Trainer(resuming: checkpoint, examples: others)
        }
    }

    @Test("A checkpoint belongs to its room")
    func otherCapacity() throws {
        var trainer = try Trainer(examples: examples, options: options(.plain, .f64))
        _ = try runToEnd(&trainer)
        let checkpoint = try trainer.checkpoint()
        for capacity in [nil, 59, 61] {
            #expect(throws: NNError.otherRun(.capacity)) {
                var options = try options(.plain, .f64, capacity: capacity)
                (options.method, options.usesLeastMemory) = (.dual, true)
                _ = try Trainer(resuming: checkpoint, examples: examples, options: options)
            }
        }
    }

    // MARK: Models

    @Test("A model of bytes can be written at once", arguments: Method.allCases, Precision.allCases)
    func quantized(method: Method, precision: Precision) throws {
        for leastMemory in [true, false] {
            var options = try smallRun([144, 5, 3, 1], precision)
            (options.method, options.usesLeastMemory, options.centersImages) = (
                method, leastMemory, leastMemory
            )
            var trainer = try Trainer(examples: examples, options: options)
            _ = try runToEnd(&trainer)
            let network = try trainer.network()
            #expect(try trainer.network(quantized: true) == network.quantized())
            #expect(try trainer.network() == network)
            #expect(try trainer.finish(quantized: true) == network.quantized())
        }
    }

    // MARK: What is refused

    @Test("More examples than there is room for, and fewer than one")
    func bounds() throws {
        var trainer = try Trainer(examples: examples, options: options(.plain, .f64, capacity: 38))
        let (one, two) = (try more.part(0..<1), try more.part(0..<2))
        #expect(throws: NNError.invalidOption(name: .examples, value: 39, allowed: 1...38)) {
            try trainer.add(two)
        }
        try trainer.add(one)
        #expect(throws: NNError.invalidOption(name: .examples, value: 39, allowed: 1...38)) {
            try trainer.add(one)
        }
        for _ in 0..<37 { try trainer.remove(at: 0) }
        #expect(throws: NNError.wrongCount(of: .labels, expected: 1, found: 0)) { try trainer.remove(at: 0) }
        // What was refused has changed nothing.
        try trainer.restart()
        _ = try runToEnd(&trainer)
        #expect(try trainer.finish() == expected(one, .plain, .f64))
        #expect(throws: NNError.invalidOption(name: .examples, value: 37, allowed: 1...36)) {
            _ = try Trainer(examples: examples, options: options(.plain, .f64, capacity: 36))
        }
    }

    @Test("Other images, labels and numbers than there can be")
    func wrongValues() throws {
        var trainer = try Trainer(examples: examples, options: options(.plain, .f64))
        #expect(throws: NNError.wrongCount(of: .bytesOfImage, expected: 144, found: 12)) {
            try trainer.add(drawnExamples(3, inputs: 12))
        }
        #expect(throws: NNError.invalidLabel(2, example: 4)) { try trainer.relabel(at: 4, as: 2) }
        expectInvalid(.iterations) { try trainer.addIterations(-1) }
        expectInvalid(.iterations) { try trainer.addIterations(Int(UInt32.max)) }
        expectInvalid(.iterations) { try trainer.restart(iterations: -1) }
        expectInvalid(.learningRate) { try trainer.addIterations(1, learningRate: 0) }
        expectInvalid(.weightDecay) { try trainer.restart(weightDecay: -1) }
        #expect(trainer.options.iterations == 20)
        _ = try runToEnd(&trainer)
        #expect(try trainer.finish() == expected(examples, .plain, .f64))
    }

    @Test("The last example that teaches its class stays, if others of it are held out")
    func heldOutClass() throws {
        let labels: [UInt8] = [0, 1, 1, 0]
        let weighted = try Examples(
            images: Array(examples.images.prefix(4 * 144)), labels: labels, imageBytes: 144
        ).weighted(by: [1, 1, 0, 1])
        var trainer = try Trainer(examples: weighted, options: options(.plain, .f64))
        #expect(throws: NNError.heldOutClass(1)) { try trainer.remove(at: 1) }
        #expect(throws: NNError.heldOutClass(1)) { try trainer.relabel(at: 1, as: 0) }
        try trainer.remove(at: 2)
        try trainer.remove(at: 1)
        #expect(trainer.examples.labels == [0, 0])
    }

    @Test("Without room, nothing comes or goes", arguments: Method.allCases)
    func noCapacity(method: Method) throws {
        var options = try options(.plain, .f64, capacity: nil)
        options.method = method
        var trainer = try Trainer(examples: examples, options: options)
        expectInvalid(.capacity) { try trainer.add(more) }
        expectInvalid(.capacity) { try trainer.remove(at: 0) }
        expectInvalid(.capacity) { try trainer.relabel(at: 0, as: 1) }
        expectInvalid(.capacity) { try trainer.addIterations(1) }
        expectInvalid(.capacity) { try trainer.restart() }
        #expect(trainer.examples.count == 37)
    }

    @Test("What does not go together with room for others")
    func otherOptions() throws {
        func expect(_ option: NNError.Option, _ change: (inout TrainingOptions) throws -> Void) {
            #expect(throws: NNError.notWithCapacity(option)) {
                var options = try options(.plain, .f64)
                try change(&options)
                _ = try Trainer(examples: examples, options: options)
            }
        }
        expect(.method) { $0.method = .primal }
        expect(.mirror) { $0.mirror = .rgb(width: 4) }
        expect(.keepsBest) { $0.keepsBest = true }
        expect(.gram) { $0.gram = try GramMatrix(of: examples, options: $0) }
        expectInvalid(.capacity) { try Trainer.arenaBytes(options(.plain, .f64, capacity: 0), examples: 1) }
        expectInvalid(.layers) {
            var options = try smallRun([144, 1])
            options.capacity = 50
            _ = try Trainer.arenaBytes(options, examples: 1)
        }
    }

    @Test(
        "Room takes the memory of so many examples in the least memory", arguments: Kind.allCases,
        Precision.allCases)
    func arena(kind: Kind, precision: Precision) throws {
        let room = try options(kind, precision)
        var full = try options(kind, precision, capacity: nil)
        (full.method, full.usesLeastMemory) = (.dual, true)
        for count in [1, 37, 60] {
            #expect(try Trainer.arenaBytes(room, examples: count) == Trainer.arenaBytes(full, examples: 60))
        }
        #expect(room.chosenMethod(examples: 37) == .dual)
    }
}

extension Examples {
    /// Some of the examples.
    fileprivate func part(_ range: Range<Int>) throws -> Examples {
        let part = try Examples(
            images: Array(images[range.lowerBound * imageBytes..<range.upperBound * imageBytes]),
            labels: Array(labels[range]), imageBytes: imageBytes, classNames: classNames)
        guard let weights else { return part }
        return try part.weighted(by: Array(weights[range]))
    }
}
