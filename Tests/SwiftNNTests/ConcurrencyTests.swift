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
        let alone = try runs.map { try train($0, on: examples).network.bytes }
        #expect(Set(alone).count == runs.count)
        let together = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for (index, options) in runs.enumerated() {
                group.addTask { (index, try train(options, on: examples).network.bytes) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for index in runs.indices { #expect(together[index] == alone[index], "run \(index)") }
    }

    @Test("One network predicts for many tasks at once")
    func predictions() async throws {
        let examples = try drawnExamples(37, inputs: 400)
        let network = try train(smallRun([400, 5, 1], iterations: 3), on: examples).network
        let alone = try network.evaluate(examples)
        try await withThrowingTaskGroup(of: Evaluation.self) { group in
            for _ in 0..<8 { group.addTask { try network.evaluate(examples) } }
            for try await evaluation in group { #expect(evaluation == alone) }
        }
    }
}
