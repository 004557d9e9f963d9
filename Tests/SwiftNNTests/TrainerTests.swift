import SwiftNN
import Testing

@Suite("Trainer")
struct TrainerTests {
    private let examples: Examples

    init() throws { examples = try drawnExamples(7, inputs: 12) }

    // MARK: Progress

    struct Schedule: Sendable, CustomTestStringConvertible {
        let iterations: Int, costEvery: Int, expected: [Int]
        var testDescription: String { "\(iterations) iterations, a cost every \(costEvery)" }
    }

    @Test(
        "Costs come at 0, costEvery, 2 costEvery, ...",
        arguments: [
            Schedule(iterations: 300, costEvery: 100, expected: [0, 100, 200]),
            Schedule(iterations: 301, costEvery: 100, expected: [0, 100, 200, 300]),
            Schedule(iterations: 10, costEvery: 3, expected: [0, 3, 6, 9]),
            Schedule(iterations: 4, costEvery: 1, expected: [0, 1, 2, 3]),
            Schedule(iterations: 5, costEvery: Int(UInt32.max), expected: [0]),
            Schedule(iterations: 5, costEvery: 0, expected: []),
            Schedule(iterations: 0, costEvery: 1, expected: []),
        ])
    func costs(schedule: Schedule) throws {
        var options = try smallRun(iterations: schedule.iterations)
        options.costEvery = schedule.costEvery
        #expect(try train(options, on: examples).costs.map(\.iteration) == schedule.expected)
    }

    @Test("How often costs are asked for changes neither costs nor weights")
    func costsDoNotDisturb() throws {
        var options = try smallRun()
        let often = try train(options, on: examples)
        options.costEvery = 7
        let seldom = try train(options, on: examples)
        #expect(seldom.costs == often.costs.filter { $0.iteration % 7 == 0 })
        #expect(seldom.network.bytes == often.network.bytes)
    }

    /// The trainer takes the cost from logits, the network gives probabilities: both logits are rounded, and
    /// the probability's cost by 16 u / min(p, 1 - p) more (see the gradient tests).
    @Test("A cost is that of the parameters before its iteration's step", arguments: [0, 1, 8, 19])
    func costBeforeStep(iteration: Int) throws {
        let cost = try train(smallRun(), on: examples).costs[iteration]
        let before = try train(smallRun(iterations: iteration), on: examples).network
        let p = try before.evaluate(examples).probabilities
        let expected = CrossEntropy.cost(
            Matrix(rows: 1, columns: p.count, elements: p), labels: examples.labels)
        let roundings =
            2 * logitRoundings(before.perceptron() as MultilayerPerceptron<Double>, examples.pixels())
        let margin = p.map { min($0, 1 - $0) }.min()!
        #expect(cost.iteration == iteration)
        #expect((cost.cost - expected).magnitude <= (roundings + 16 / margin) * unit(Double.self))
    }

    @Test("The cost falls")
    func learns() throws {
        let costs = try train(smallRun(iterations: 300), on: examples).costs.map(\.cost)
        // A rate this far below 2 / |Hessian| (see the perceptron's tests) makes every step a descent.
        #expect(zip(costs, costs.dropFirst()).prefix(20).allSatisfy { $0 > $1 })
        #expect(costs.last! < costs.first!)
    }

    @Test("Once trained, step keeps returning nil")
    func trainedStays() throws {
        var trainer = try Trainer(examples: examples, options: smallRun(iterations: 2))
        _ = try runToEnd(&trainer)
        for _ in 0..<3 { #expect(try trainer.step() == nil) }
        #expect(trainer.iteration == 2)
        let network = try trainer.finish()
        #expect(try network.bytes == train(smallRun(iterations: 2), on: examples).network.bytes)
    }

    @Test("iteration counts the steps done, and setting up comes before the first")
    func iteration() throws {
        var trainer = try Trainer(examples: examples, options: smallRun(iterations: 3))
        #expect(trainer.iteration == 0)
        #expect(trainer.isSettingUp == true)
        var seen: [Int] = []
        while let progress = try trainer.step() {
            #expect(progress.iteration == trainer.iteration)
            guard let cost = progress.cost else { continue }
            seen.append(cost.iteration)
            #expect(trainer.iteration == cost.iteration)
            #expect(trainer.isSettingUp == false)
        }
        #expect(seen == [0, 1, 2])
        #expect(trainer.iteration == 3)
        #expect(trainer.isSettingUp == false)
    }

    // MARK: Results

    @Test("The same seed gives the same bytes, another seed others", arguments: Precision.allCases)
    func seeds(precision: Precision) throws {
        var options = try smallRun([12, 4, 3, 1], precision)
        let first = try train(options, on: examples)
        let again = try train(options, on: examples)
        #expect(first.network.bytes == again.network.bytes)
        #expect(first.costs == again.costs)
        options.seed = 2
        let other = try train(options, on: examples)
        #expect(other.network.bytes != first.network.bytes)
        #expect(other.costs[0] != first.costs[0])
    }

    @Test("No iterations leave the initial weights", arguments: [UInt32(1), 12345])
    func noIterations(seed: UInt32) throws {
        try noIterations(Double.self, seed)
        try noIterations(Float.self, seed)
    }

    private func noIterations<S: Scalar>(_: S.Type, _ seed: UInt32) throws {
        let sizes = [12, 4, 3, 1]
        for initializer in [Initializer.deep, .small] {
            var options = try smallRun(sizes, S.precision, iterations: 0)
            options.seed = seed
            options.initializer = initializer
            let network = try train(options, on: examples).network
            let expected = MultilayerPerceptron<S>(sizes: sizes, initializer: initializer, seed: seed)
            #expect(network.perceptron() == expected)
        }
    }

    @Test("Up to two layers start small, more start deep")
    func defaultInitializer() throws {
        for (sizes, expected) in [
            ([12, 1], Initializer.small), ([12, 4, 1], .small), ([12, 4, 3, 1], .deep),
        ] {
            let network = try train(smallRun(sizes, iterations: 0), on: examples).network
            #expect(network.origin?.initializer == expected)
            #expect(
                network.perceptron()
                    == MultilayerPerceptron<Double>(sizes: sizes, initializer: expected, seed: 1))
        }
    }

    @Test("The defaults are the seed document's")
    func defaults() {
        let options = TrainingOptions()
        #expect(options.topology == .deep)
        #expect(options.precision == .f64)
        #expect(options.initializer == nil)
        #expect(options.seed == 1)
        #expect(options.iterations == 2500)
        #expect(options.learningRate == 0.0075)
        #expect(options.costEvery == 100)
    }

    // MARK: Errors

    @Test("finish throws .untrained before the run has ended")
    func finishTooEarly() throws {
        let options = try smallRun(iterations: 1)
        var steps = 0
        var trainer = try Trainer(examples: examples, options: options)
        while try trainer.step() != nil { steps += 1 }
        for early in 0..<steps {
            #expect(throws: NNError.untrained, "after \(early) of \(steps) steps") {
                var trainer = try Trainer(examples: examples, options: options)
                for _ in 0..<early { _ = try trainer.step() }
                _ = try trainer.finish()
            }
        }
    }

    @Test("An arena takes arenaBytes and no less", arguments: Precision.allCases)
    func arena(precision: Precision) throws {
        let options = try smallRun([12, 4, 3, 1], precision, iterations: 2)
        let bytes = try Trainer.arenaBytes(options, examples: examples.count)
        let expected = try train(options, on: examples).network.bytes
        for enough in [bytes, bytes + 1, 2 * bytes] {
            var trainer = try Trainer(examples: examples, options: options, arena: Arena(byteCount: enough))
            #expect(trainer.arenaBytes == enough)
            _ = try runToEnd(&trainer)
            #expect(try trainer.finish().bytes == expected)
        }
        for tooSmall in [0, 8, bytes / 2, bytes - 1] {
            #expect(throws: NNError.insufficientMemory(expected: bytes, found: tooSmall)) {
                _ = try Trainer(examples: examples, options: options, arena: Arena(byteCount: tooSmall))
            }
        }
    }

    /// A data set from outside can be too large for this machine: that must not end the program.
    @Test("More memory than there is")
    func tooMuchMemory() throws {
        #expect(throws: NNError.outOfMemory(bytes: .max)) { _ = try Arena(byteCount: .max) }
        let count = 1_000_000
        let options = {
            var options = TrainingOptions()
            options.topology = $0
            options.method = .dual
            return options
        }(try Topology([1, 1, 1]))
        let many = try Examples(
            images: Array(repeating: 1, count: count), labels: Array(repeating: 1, count: count),
            imageBytes: 1)
        let bytes = try Trainer.arenaBytes(options, examples: count)
        #expect(bytes > 1 << 42)
        #expect(throws: NNError.outOfMemory(bytes: bytes)) {
            _ = try Trainer(examples: many, options: options)
        }
    }

    @Test("Images of another size than the topology's are refused", arguments: [11, 13, 24])
    func imageSize(inputs: Int) throws {
        let options = try smallRun()
        let others = try drawnExamples(7, inputs: inputs)
        let refusal = NNError.wrongCount(of: .bytesOfImage, expected: 12, found: inputs)
        #expect(throws: refusal) { _ = try Trainer(examples: others, options: options) }
        #expect(throws: refusal) {
            _ = try Trainer(examples: others, options: options, arena: Arena(byteCount: 1 << 16))
        }
    }

    @Test(
        "A learning rate must be finite and above 0",
        arguments: [0, -0.0, -1, -Double.leastNonzeroMagnitude, .nan, .infinity, -.infinity])
    func learningRate(rate: Double) throws {
        var options = try smallRun()
        options.learningRate = rate
        expectInvalid(.learningRate, options)
        options.learningRate = .leastNonzeroMagnitude
        #expect(try Trainer.arenaBytes(options, examples: 7) > 0)
    }

    @Test("iterations and costEvery must fit 32 bits", arguments: [-1, .min, Int(UInt32.max) + 1, .max])
    func counts(count: Int) throws {
        var options = try smallRun()
        options.iterations = count
        expectInvalid(.iterations, options)
        options = try smallRun()
        options.costEvery = count
        expectInvalid(.costEvery, options)
        options.iterations = Int(UInt32.max)
        options.costEvery = Int(UInt32.max)
        #expect(try Trainer.arenaBytes(options, examples: 7) > 0)
    }

    @Test(
        "Examples are limited to 1...1,000,000",
        arguments: [0, -1, .min, 1_000_001, 1 << 32, 1 << 32 + 1, .max])
    func exampleCount(count: Int) throws {
        let options = try smallRun()
        SwiftNNTests.expectInvalid(.examples) { try Trainer.arenaBytes(options, examples: count) }
        #expect(
            try Trainer.arenaBytes(options, examples: 1_000_000) > Trainer.arenaBytes(options, examples: 1))
    }

    private func expectInvalid(
        _ name: NNError.Option, _ options: TrainingOptions, _ location: SourceLocation = #_sourceLocation
    ) {
        SwiftNNTests.expectInvalid(name, location) {
            try Trainer.arenaBytes(options, examples: examples.count)
        }
        SwiftNNTests.expectInvalid(name, location) {
            _ = try Trainer(examples: examples, options: options)
        }
        SwiftNNTests.expectInvalid(name, location) {
            _ = try Trainer(examples: examples, options: options, arena: Arena(byteCount: 1 << 16))
        }
    }

    // MARK: Divergence

    /// The initial weights are finite, so iteration 0 is. Its step leaves weights of about the rate in all
    /// three layers; the next logit is a product of three, beyond the range. (At rates like 1e6 the ReLUs of
    /// this problem just die, and the cost stays finite.)
    @Test(
        "A learning rate far too high diverges at iteration 1",
        arguments: [(Precision.f64, 1e200), (.f32, 1e20), (.f32, 1e300)])
    func divergence(precision: Precision, rate: Double) throws {
        var options = try smallRun([12, 4, 3, 1], precision)
        options.learningRate = rate
        var trainer = try Trainer(examples: examples, options: options)
        var costs: [Cost] = []
        let diverged = NNError.diverged(iteration: 1)
        let first = error { () throws(NNError) in costs = try runToEnd(&trainer) }
        #expect(first == diverged)
        #expect(costs.isEmpty)
        // It stays so.
        let second = error { () throws(NNError) in _ = try trainer.step() }
        #expect(second == diverged)
        do throws(NNError) {
            _ = try trainer.finish()
            Issue.record("a diverged run gave a network")
        } catch {
            #expect(error == diverged)
        }
    }

    /// All images are white and of class 1: the step adds rate (1 - p) to each weight, beyond Float's range.
    /// No forward pass follows that could see it.
    @Test("Weights that overflow in the last step never become a network")
    func divergenceInLastStep() throws {
        let white = try Examples(images: [255, 255, 255, 255], labels: [1, 1, 1, 1], imageBytes: 1)
        var options = try smallRun([1, 1], .f32, iterations: 1)
        options.learningRate = 1e39
        #expect(throws: NNError.diverged(iteration: 1)) {
            var trainer = try Trainer(examples: white, options: options)
            #expect(try runToEnd(&trainer).count == 1)
            _ = try trainer.finish()
        }
    }

    private func error(_ body: () throws(NNError) -> Void) -> NNError? {
        do throws(NNError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
