import NNData
import SwiftNN
import Testing

@Suite("Evaluating")
struct EvaluateTests {
    private let folder = TemporaryFolder()
    private let expected: Evaluation

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
        let examples = try Examples(images: Fixture.drawings.images, labels: Fixture.drawings.labels)
        expected = try Fixture.network.evaluate(examples)
        try #require(!expected.mislabeled.isEmpty && expected.mislabeled.count < Fixture.drawings.count)
    }

    @Test("the answer is that of the library")
    func answers() async throws {
        let outcome = try await nnCLI("evaluate", "--data", "test.h5", "--json", in: folder)
        #expect(try outcome.mismatches("evaluate") == [])
        let answer = EvaluationAnswer(
            accuracy: expected.accuracy, count: Fixture.drawings.count, mislabeled: expected.mislabeled,
            probabilities: expected.probabilities)
        #expect(try outcome.answer(EvaluationAnswer.self) == answer)
        #expect(outcome.stderr == "")
    }

    @Test("in words")
    func answersInWords() async throws {
        let outcome = try await nnCLI("evaluate", "--data", "test.h5", "-m", "model.nnk", in: folder)
        let right = Fixture.drawings.count - expected.mislabeled.count
        let indices = expected.mislabeled.map(String.init).joined(separator: " ")
        #expect(
            outcome.stdout
                == "Accuracy \(expected.accuracy)\n\(right) of \(Fixture.drawings.count) right; "
                + "mislabeled: \(indices)\n")
        #expect(outcome.stderr == "model: model.nnk\n")
    }

    @Test("an accuracy that is reached, to the last image", arguments: [true, false])
    func reached(_ isEqual: Bool) async throws {
        let least = isEqual ? expected.accuracy : expected.accuracy / 2
        let outcome = try await nnCLI(
            "evaluate", "--data", "test.h5", "--min-accuracy", "\(least)", in: folder)
        #expect(outcome.status == 0)
    }

    @Test("an accuracy that is missed is answered, and ends with 1", arguments: [[], ["--json"]])
    func missed(_ options: [String]) async throws {
        let least = expected.accuracy.nextUp
        let arguments = ["evaluate", "--data", "test.h5", "--min-accuracy", "\(least)"] + options
        let outcome = try await CommandLineTool(arguments, in: folder).run()
        #expect(outcome.status == 1)
        #expect(outcome.stderr.hasSuffix("Error: accuracy \(expected.accuracy) is below \(least)\n"))
        #expect(!outcome.stdout.isEmpty)
    }
}
