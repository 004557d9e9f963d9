import NNData
import Testing

@Suite("Training on drawings")
struct DrawnDataTests {
    private static let training = Training(topology: "two-layer", precision: "f32", iterations: 400)
    private static let short = Training(topology: "two-layer", precision: "f32", iterations: 20)

    @Test("a short training tells cats from the rest")
    func learnsDrawings() async throws {
        let answer = try await Self.training.result().answer
        #expect(try #require(answer.testAccuracy) > 0.9)
        #expect(answer.trainAccuracy > 0.9)
        #expect(answer.costs.map(\.iteration) == [0, 100, 200, 300])
        #expect(answer.costs.map(\.cost) == answer.costs.map(\.cost).sorted(by: >))
    }

    @Test("the answer has the documented keys, and repeats the options")
    func answersAsDocumented() async throws {
        let run = try await Self.training.result()
        #expect(try run.outcome.mismatches("train") == [])
        let answer = try run.answer
        #expect(answer.model.path == "model.nnk")
        #expect(answer.model.layers == [12288, 7, 1])
        #expect(answer.model.precision == "f32")
        #expect(answer.seed == 1)
        #expect(answer.iterations == 400)
        #expect(answer.learningRate == 0.0075)
    }

    @Test("costs are the shortest texts of their doubles")
    func costsAreShortest() async throws {
        let text = try await Self.training.result().outcome.stdout
        let costs = text.matches(of: /\[\d+,(-?[0-9.e+-]+)\]/).map { String($0.output.1) }
        #expect(costs.count == 4)
        for cost in costs {
            let value = try #require(Double(cost))
            #expect(cost == "\(value)")
        }
    }

    @Test("train says that it uses drawings")
    func saysThatItDraws() async throws {
        let note =
            "no --train: training on 209 built-in drawings of cats and other things, testing on 50 others\n"
        #expect(try await Self.training.result().outcome.stderr.hasPrefix(note))
    }

    @Test("the model's checksum is that of the file")
    func checksumIsThatOfFile() async throws {
        let run = try await Self.training.result()
        #expect(try run.answer.model.sha256 == sha256(run.model))
    }

    @Test("the same seed gives the same file, another seed another one")
    func seedsDecide() async throws {
        let first = try await Self.short.result().model
        let second = try await Self.short.run().model
        var other = Self.short
        other.seed = 2
        #expect(first == second)
        #expect(try await other.result().model != first)
    }

    @Test("drawings read from files give the same model")
    func filesGiveSameModel() async throws {
        let folder = TemporaryFolder()
        folder.write(DataSet.drawn(count: 209, seed: 1), prefix: "train", as: "train.h5")
        folder.write(DataSet.drawn(count: 50, seed: 2), prefix: "test", as: "test.h5")
        let outcome = try await nnCLI(
            "train", "--train", "train.h5", "--test", "test.h5", "--topology", "two-layer", "--precision",
            "f32", "--iterations", "20", "--json", "--quiet", "-o", "cats.nnk", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stderr == "")
        let run = try await Self.short.result()
        #expect(try folder.bytes(of: "cats.nnk") == run.model)
        #expect(try outcome.answer(TrainingAnswer.self).mislabeled == run.answer.mislabeled)
    }

    @Test("without a test set the answer has no test accuracy")
    func testSetIsOptional() async throws {
        let folder = TemporaryFolder()
        folder.write(Fixture.drawings, prefix: "train", as: "train.h5")
        let outcome = try await nnCLI(
            "train", "--train", "train.h5", "--iterations", "1", "--json", in: folder)
        #expect(try outcome.mismatches("train") == [])
        let answer = try outcome.answer(TrainingAnswer.self)
        #expect(answer.testAccuracy == nil)
        #expect(answer.mislabeled == [])
    }

    @Test("--quiet leaves answers alone")
    func quietLeavesAnswers() async throws {
        let folder = TemporaryFolder()
        let outcome = try await nnCLI(
            "train", "--quiet", "--iterations", "3", "--log-every", "2", "--topology", "two-layer", in: folder
        )
        #expect(outcome.stderr == "")
        let lines = outcome.stdout.split(separator: "\n")
        #expect(
            lines.map { $0.prefix { $0 != ":" && !$0.isNumber } } == [
                "Cost after iteration ", "Cost after iteration ", "Train Accuracy ", "Test Accuracy ",
            ])
        #expect(lines[0].hasPrefix("Cost after iteration 0: 0.69"))
        #expect(lines[1].hasPrefix("Cost after iteration 2: "))
    }
}
