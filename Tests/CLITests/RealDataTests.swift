import Foundation
import NNData
import NNHDF5
import Testing

@Suite("Where the photos are")
struct PhotosTests {
    @Test(
        "the photos and their oracle are there when CI needs them",
        .enabled(if: isContinuousIntegration, "only where CI is set"))
    func photosArePresent() {
        #expect(Photos.missing.isEmpty, "\(Photos.advice)")
    }
}

@Suite("Training on the photos of cats", .enabled(if: Photos.missing.isEmpty, "\(Photos.advice)"))
struct RealDataTests {
    private static let deep = Training(isOnPhotos: true)
    private static let photos = try! DataSet(hdf5: Photos.test)

    private func expectOracle(_ training: Training) async throws {
        let answer = try await training.result().answer
        let oracle = try Oracle.load(training.topology)
        #expect(answer.costs.map(\.iteration) == Array(stride(from: 0, to: 2500, by: 100)))
        #expect(oracle.costs.count == 25)
        for (cost, expected) in zip(answer.costs, oracle.costs) {
            #expect(abs(cost.cost - expected.cost) <= 1e-10, "at iteration \(expected.iteration)")
        }
        #expect(answer.trainAccuracy == oracle.trainAccuracy)
        #expect(answer.testAccuracy == oracle.testAccuracy)
        #expect(answer.mislabeled == oracle.mislabeled)
    }

    @Test("the deep network agrees with numpy", arguments: ["dual", "primal"])
    func deepAgreesWithOracle(method: String) async throws {
        let training = Training(isOnPhotos: true, method: method)
        try await expectOracle(training)
        let answer = try await training.result().answer
        #expect(answer.method == method)
        #expect(abs(answer.trainAccuracy - 0.985645933014) <= 5e-13)
        #expect(answer.testAccuracy == 0.8)
        #expect(answer.model.layers == [12288, 20, 7, 5, 1])
    }

    @Test(
        "the two-layer network agrees with numpy and with the seed document", arguments: ["dual", "primal"])
    func twoLayerAgreesWithOracle(method: String) async throws {
        let training = Training(isOnPhotos: true, topology: "two-layer", method: method)
        try await expectOracle(training)
        let answer = try await training.result().answer
        #expect(answer.trainAccuracy == 1)
        #expect(answer.testAccuracy == 0.72)
        let last = try #require(answer.costs.last)
        #expect("\(last.cost)".hasPrefix("0.0485547856"))
    }

    @Test("float is nearly as accurate as double")
    func floatIsAccurate() async throws {
        let answer = try await Training(isOnPhotos: true, precision: "f32").result().answer
        #expect(answer.model.precision == "f32")
        #expect(answer.trainAccuracy >= 0.97)
        #expect(try #require(answer.testAccuracy) >= 0.76)
    }

    @Test("five seeds, double beside float, have finite costs")
    func seedsSideBySide() async throws {
        let runs = (1...5).flatMap { seed in
            ["f64", "f32"].map { Training(isOnPhotos: true, precision: $0, seed: seed) }
        }
        let answers = try await withThrowingTaskGroup { group in
            for run in runs { group.addTask { (run, try await run.result().answer) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for run in runs {
            let answer = try #require(answers[run])
            #expect(answer.costs.count == 25)
            #expect(answer.costs.allSatisfy { $0.cost.isFinite })
            let last = try #require(answer.costs.last)
            print(
                "seed \(run.seed) \(run.precision): cost \(last.cost) at \(last.iteration),",
                "train \(answer.trainAccuracy), test \(try #require(answer.testAccuracy))")
        }
    }

    @Test("without --json the lines are those of the seed document")
    func printsLinesOfSeedDocument() async throws {
        let folder = TemporaryFolder()
        let outcome = try await nnCLI(
            "train", "--train", Photos.train, "--test", Photos.test, "--iterations", "201", "-o", "m.nnk",
            in: folder)
        #expect(outcome.status == 0)
        let lines = outcome.stdout.split(separator: "\n")
        #expect(
            lines.prefix(3) == [
                "Cost after iteration 0: 0.771749", "Cost after iteration 100: 0.672053",
                "Cost after iteration 200: 0.648263",
            ])
        #expect(lines.count == 5)
        #expect(lines.suffix(2).map { $0.prefix(14) } == ["Train Accuracy", "Test Accuracy "])
    }

    /// A folder with the deep model as model.nnk and the test photos as 0.bin, 1.bin, ...
    private func folderOfPhotos() async throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        try folder.write(try await Self.deep.result().model, as: "model.nnk")
        for index in 0..<Self.photos.count {
            try folder.write(Self.photos.image(index), as: "\(index).bin")
        }
        return folder
    }

    private func predictions(
        _ inputs: [String], in folder: TemporaryFolder, input: CommandLineTool.Input = .bytes([])
    ) async throws -> [PredictionAnswer.Prediction] {
        var tool = CommandLineTool(["predict", "--json"] + inputs, in: folder)
        tool.input = input
        let outcome = try await tool.run()
        #expect(try outcome.mismatches("predict") == [])
        let predictions = try outcome.answer(PredictionAnswer.self).predictions
        #expect(predictions.map(\.input) == inputs)
        return predictions
    }

    @Test("fifty pictures in one call have the probabilities of numpy")
    func predictsAllPhotos() async throws {
        let folder = try await folderOfPhotos()
        let oracle = try Oracle.load("deep").testProbabilities
        #expect(oracle.count == 50)
        let predictions = try await predictions(oracle.indices.map { "\($0).bin" }, in: folder)
        for (prediction, expected) in zip(predictions, oracle) {
            #expect(abs(prediction.probability - expected) <= 1e-9, "\(prediction.input)")
            #expect(prediction.index == (expected > 0.5 ? 1 : 0))
            #expect(prediction.class == (expected > 0.5 ? "cat" : "non-cat"))
        }
    }

    @Test("one picture, as a file and on the standard input", arguments: [0, 14, 46])
    func predictsOnePhoto(_ index: Int) async throws {
        let folder = try await folderOfPhotos()
        let expected = try Oracle.load("deep").testProbabilities[index]
        let fromFile = try await predictions(["\(index).bin"], in: folder)
        let photo = CommandLineTool.Input.bytes(Array(Self.photos.image(index)))
        let fromStandardInput = try await predictions(["-"], in: folder, input: photo)
        #expect(abs(try #require(fromFile.first).probability - expected) <= 1e-9)
        #expect(fromFile.map(\.probability) == fromStandardInput.map(\.probability))
    }

    @Test("evaluate repeats what train found")
    func evaluatesPhotos() async throws {
        let folder = try await folderOfPhotos()
        let outcome = try await nnCLI("evaluate", "--data", Photos.test, "--json", in: folder)
        #expect(try outcome.mismatches("evaluate") == [])
        let evaluation = try outcome.answer(EvaluationAnswer.self)
        let training = try await Self.deep.result().answer
        #expect(evaluation.count == 50)
        #expect(evaluation.accuracy == training.testAccuracy)
        #expect(evaluation.mislabeled == training.mislabeled)
        let oracle = try Oracle.load("deep").testProbabilities
        for (probability, expected) in zip(evaluation.probabilities, oracle) {
            #expect(abs(probability - expected) <= 1e-9)
        }
        #expect(evaluation.probabilities.count == 50)
    }
}
