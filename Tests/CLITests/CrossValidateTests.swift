import Foundation
import NNData
import NNHDF5
import SwiftNN
import Testing

@testable import nn_cli

private struct ValidationAnswer: Decodable, Equatable {
    struct Result: Decodable, Equatable {
        struct Options: Decodable, Equatable {
            let topology: String
            let center: Bool
            let weightDecay: Double
            let learningRate: Double
            let iterations: Int
        }

        let options: Options
        let accuracy: Double?
        let interval: [Double]?
        let logLoss: Double?
        let auc: Double?
        let guessing: Double
        let betterThanGuessing: Bool
        let probabilities: [Double]?
    }

    let results: [Result]
    let best: Int?
    let networks: Int
    let folds: Int
    let block: Int
    let arenaBytes: Int
}

@Suite("Cross-validating")
struct CrossValidateTests {
    private let folder = TemporaryFolder()
    private let data = Fixture.drawings

    init() throws { try folder.write(data.hdf5(role: .train), as: "d.h5") }

    private func validate(_ words: String) async throws -> Outcome {
        try await CommandLineTool(
            ["cross-validate", "d.h5", "--topology", "two-layer"]
                + words.split(separator: " ").map(String.init),
            in: folder
        ).run()
    }

    @Test("the answers are those of networks that have not seen the photo")
    func heldOut() async throws {
        let outcome = try await validate("--folds 4 --iterations 60 --center --json")
        #expect(outcome.status == 0, "\(outcome.stderr)")
        #expect(try outcome.mismatches("cross-validate") == [])
        let answer = try outcome.answer(ValidationAnswer.self)
        #expect(answer.networks == 4 && answer.folds == 4 && answer.block == 1 && answer.best == 0)
        let result = try #require(answer.results.first)
        let probabilities = try #require(result.probabilities)
        try #require(probabilities.count == data.count)

        var options = TrainingOptions()
        (options.topology, options.iterations, options.centersImages) = (.twoLayer, 60, true)
        let examples = try Examples(data)
        let fold = try Folds(count: 4).deal(examples)
        for number in 0..<4 {
            let network = try Network(
                training: examples.weighted(by: fold.map { $0 == number ? 0 : 1 }), options: options)
            for index in 0..<data.count where fold[index] == number {
                #expect(try abs(network.probability(of: data.image(index)) - probabilities[index]) < 1e-9)
            }
        }
        let right = zip(probabilities, data.labels).count { ($0 > 0.5) == ($1 == 1) }
        #expect(result.accuracy == Double(right) / Double(data.count))
        #expect(result.guessing == Guessing(data).accuracy)
        let losses = zip(probabilities, data.labels).map { -log($1 == 1 ? $0 : 1 - $0) }
        #expect(abs(result.logLoss! - losses.reduce(0, +) / Double(data.count)) < 1e-12)
    }

    @Test("several values give a table of all combinations, in their order, the best one marked")
    func grid() async throws {
        let words = "--folds 3 --weight-decay 0 1 --learning-rate 0.0075 0.03 --iterations 20 60"
        let json = try await validate(words + " --json")
        #expect(try json.mismatches("cross-validate") == [])
        let answer = try json.answer(ValidationAnswer.self)
        #expect(answer.networks == 12)
        #expect(answer.results.map(\.options.weightDecay) == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(
            answer.results.map(\.options.learningRate)
                == [0.0075, 0.0075, 0.03, 0.03, 0.0075, 0.0075, 0.03, 0.03])
        #expect(answer.results.map(\.options.iterations) == [20, 60, 20, 60, 20, 60, 20, 60])
        let losses = answer.results.map { $0.logLoss! }
        #expect(answer.best == losses.firstIndex(of: losses.min()!))
        // A point of a longer training is the shorter training.
        let short = try await validate(
            "--folds 3 --weight-decay 1 --learning-rate 0.03 --iterations 20 --json")
        #expect(try short.answer(ValidationAnswer.self).results == [answer.results[6]])

        let text = try await validate(words)
        let lines = text.stdout.split(separator: "\n").map(String.init)
        try #require(lines.count == 10)
        #expect(
            lines[0].hasSuffix(
                "weight decay  learning rate  iterations  accuracy  95 % interval  log loss    AUC"))
        #expect(lines[1...8].filter { $0.hasPrefix("*") } == [lines[1 + answer.best!]])
        #expect(Set(lines[..<9].map(\.count)).count == 1)
        #expect(
            lines[9]
                == "20 photos held out in turn, 12 networks. Always answering \(Guessing(data).answer) gets "
                + "\(shareText(Guessing(data).accuracy)).")
    }

    @Test("the same on 1 and 2 threads; repeats take other folds; leave-one-out")
    func repeats() async throws {
        let one = try await validate("--iterations 20 --repeats 3 --threads 1 --json")
        let two = try await validate("--iterations 20 --repeats 3 --threads 2 --json")
        let answer = try one.answer(ValidationAnswer.self)
        let shared = try two.answer(ValidationAnswer.self)
        #expect(answer.results == shared.results)
        #expect(answer.arenaBytes < shared.arenaBytes, "each thread has memory of its own")
        #expect(answer.networks == 15)
        let single = try await validate("--iterations 20 --json").answer(ValidationAnswer.self)
        #expect(single.results[0].probabilities != answer.results[0].probabilities)
        let each = try await validate("--iterations 20 --leave-one-out --json").answer(ValidationAnswer.self)
        #expect(each.networks == data.count && each.folds == data.count)
        let blocks = try await validate("--iterations 20 --folds 2 --blocks 3 --json")
        #expect(try blocks.answer(ValidationAnswer.self).block == 3)
    }

    @Test("a training that diverges has no scores, and the others have")
    func diverged() async throws {
        let words = "--folds 2 --iterations 60 --learning-rate 1e300 0.0075"
        let json = try await validate(words + " --json")
        #expect(json.status == 0, "\(json.stderr)")
        #expect(try json.mismatches("cross-validate") == [])
        let answer = try json.answer(ValidationAnswer.self)
        #expect(answer.results[0].probabilities == nil && answer.results[0].accuracy == nil)
        #expect(answer.results[1].probabilities != nil && answer.best == 1)
        let text = try await validate(words)
        #expect(text.stdout.contains("diverged"))
    }

    @Test(
        "options that make no sense are refused",
        arguments: [
            ("--weight-decay -1", 64), ("--weight-decay 200", 64),
            ("--weight-decay 20 --learning-rate 0.01 0.05", 64),
            ("--iterations 0", 64), ("--iterations 1 4000000000", 64), ("--iterations 4294967295", 64),
            ("--learning-rate 0", 64),
            ("--learning-rate nan", 64), ("--repeats 0", 64), ("--repeats 1001", 64), ("--folds 1", 64),
            ("--leave-one-out --folds 5", 64), ("--leave-one-out --blocks 2", 64), ("--blocks 0", 64),
            ("--threads 0", 64), ("--hold-out 0.2", 64), ("--folds 30", 65), ("--blocks 15", 65),
        ])
    func refusals(words: String, status: Int32) async throws {
        let outcome = try await validate(words)
        #expect(outcome.status == status, "\(outcome.stderr)")
        #expect(outcome.stderr.hasPrefix("Error: "))
        #expect(outcome.stdout == "")
        #expect(try folder.names == ["d.h5"])
    }
}
