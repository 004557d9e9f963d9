import SwiftNN
import Testing

@Suite("Concurrency")
struct ConcurrencyTests {
    @Test("Trainers side by side give the same bytes as alone")
    func trainers() async throws {
        let examples = try drawnExamples(37, inputs: 400)
        let runs = try (0..<8).map { index in
            var options = try smallRun([400, 5, 1], index % 2 == 0 ? .f32 : .f64, iterations: 40)
            options.seed = UInt32(index / 2)
            return options
        }
        let alone = try runs.map { try SwiftNNTests.train($0, on: examples).network.bytes }
        #expect(Set(alone).count == runs.count)
        let together = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for (index, options) in runs.enumerated() {
                group.addTask { (index, try SwiftNNTests.train(options, on: examples).network.bytes) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for index in runs.indices { #expect(together[index] == alone[index], "run \(index)") }
    }

    @Test("One network predicts for many tasks at once")
    func predictions() async throws {
        let examples = try drawnExamples(37, inputs: 400)
        let network = try SwiftNNTests.train(smallRun([400, 5, 1], iterations: 3), on: examples).network
        let alone = try network.evaluate(examples)
        try await withThrowingTaskGroup(of: Evaluation.self) { group in
            for _ in 0..<8 { group.addTask { try network.evaluate(examples) } }
            for try await evaluation in group { #expect(evaluation == alone) }
        }
    }

    // MARK: The documentation's example (Concurrency.md)

    private func train(
        _ examples: Examples, _ options: TrainingOptions, costs: AsyncStream<Trainer.Cost>.Continuation
    ) -> Task<Network, any Error> {
        Task.detached {
            defer { costs.finish() }
            return try Network(training: examples, options: options) { progress in
                try Task.checkCancellation()
                if let cost = progress.cost { costs.yield(cost) }
            }
        }
    }

    @Test("Costs come as a stream from a task of its own")
    func stream() async throws {
        let examples = try drawnExamples(37, inputs: 400)
        let options = try smallRun([400, 5, 1], iterations: 40)
        let (costs, continuation) = AsyncStream.makeStream(of: Trainer.Cost.self)
        let training = train(examples, options, costs: continuation)
        var seen: [Cost] = []
        for await cost in costs { seen.append(Cost(iteration: cost.iteration, cost: cost.value)) }
        let expected = try SwiftNNTests.train(options, on: examples)
        #expect(seen == expected.costs)
        #expect(try await training.value.bytes == expected.network.bytes)
    }

    @Test("A task that is cancelled stops training", .timeLimit(.minutes(10)))
    func cancellation() async throws {
        let examples = try drawnExamples(37, inputs: 400)
        var options = try smallRun([400, 5, 1], iterations: Int(UInt32.max))  // days
        options.costEvery = 1000
        let (costs, continuation) = AsyncStream.makeStream(of: Trainer.Cost.self)
        let training = train(examples, options, costs: continuation)
        for await _ in costs { training.cancel() }
        await #expect(throws: CancellationError.self) { try await training.value }
    }

    @Test("A checkpoint goes on in another task")
    func sent() async throws {
        let examples = try drawnExamples(37, inputs: 400)
        let options = try smallRun([400, 5, 1], iterations: 40)
        var trainer = try Trainer(examples: examples, options: options)
        _ = try trainer.step()
        let checkpoint = try trainer.checkpoint()
        let bytes = try await Task.detached {
            var trainer = try Trainer(resuming: checkpoint, examples: examples)
            while try trainer.step() != nil {}
            return try trainer.finish().bytes
        }.value
        #expect(try bytes == SwiftNNTests.train(options, on: examples).network.bytes)
    }
}
