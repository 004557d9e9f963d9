import NNData
import NNHDF5
import SwiftNN
import Testing

@testable import nn_cli

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

    @Test("a network whose units are at zero for all images is explained")
    func silence() async throws {
        var parameters = Fixture.network.parameters(as: Float.self)
        for unit in 0..<7 { parameters[7 * 12288 + unit] = -1000 }
        let silent = try Network(topology: .twoLayer, parameters: parameters)
        try folder.write(silent.bytes, as: "silent.nnk")
        let text =
            "all units of layer 1 are at zero for all \(Fixture.drawings.count) images, so each gets the probability"
        let outcome = try await nnCLI("evaluate", "test.h5", "-m", "silent.nnk", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stderr.contains("warning: \(text)"))
        #expect(try await nnCLI("report", "test.h5", "-m", "silent.nnk", in: folder).status == 0)
        #expect(
            String(decoding: try folder.bytes(of: "report.html"), as: UTF8.self).contains("Warning: \(text)"))
        for index in 0..<2 { try folder.write(Array(Fixture.drawings.image(index)), as: "\(index).bin") }
        let predicted = try await nnCLI("predict", "0.bin", "1.bin", "-m", "silent.nnk", in: folder)
        #expect(
            predicted.stderr.contains(
                "\nwarning: all units of layer 1 are at zero for all 2 images, so each "))
        let single = try await nnCLI("predict", "0.bin", "-m", "silent.nnk", in: folder)
        #expect(single.stderr == "model: silent.nnk\n")
    }

    @Test("the answer is that of the library")
    func answers() async throws {
        let outcome = try await nnCLI("evaluate", "--data", "test.h5", "--json", in: folder)
        #expect(try outcome.mismatches("evaluate") == [])
        let answer = try outcome.answer(EvaluationAnswer.self)
        #expect(answer.accuracy == expected.accuracy && answer.count == Fixture.drawings.count)
        #expect(answer.mislabeled == expected.mislabeled)
        #expect(answer.probabilities == expected.probabilities)
        // Wilson's interval is the range of the shares p with |p - accuracy| <= z sqrt(p (1 - p) / count).
        try #require(answer.interval.count == 2)
        let n = Double(answer.count)
        for p in answer.interval {
            #expect(
                abs(abs(p - answer.accuracy) - 1.959963984540054 * (p * (1 - p) / n).squareRoot()) < 1e-14)
        }
        #expect(answer.interval[0] < answer.accuracy && answer.accuracy < answer.interval[1])
        let ones = Double(Fixture.drawings.labels.count { $0 == 1 })
        #expect(answer.guessing == max(ones, n - ones) / n)
        #expect(outcome.stderr == "")
    }

    @Test("as text")
    func answersInWords() async throws {
        let outcome = try await nnCLI("evaluate", "--data", "test.h5", "-m", "model.nnk", in: folder)
        let right = Fixture.drawings.count - expected.mislabeled.count
        let indices = expected.mislabeled.map(String.init).joined(separator: " ")
        let guessing = Guessing(Fixture.drawings)
        let expectation =
            "The model was trained on these images: on others, expect less; "
            + "always answering \(guessing.answer): \(shareText(guessing.accuracy))\n"
        #expect(
            outcome.stdout
                == "Accuracy \(expected.accuracy)\n\(right) of \(Fixture.drawings.count) right; "
                + "mislabeled: \(indices)\n" + expectation)
        #expect(outcome.stderr == "model: model.nnk\n")
        #expect(try await nnCLI("report", "test.h5", in: folder).status == 0)
        let page = String(decoding: try folder.bytes(of: "report.html"), as: UTF8.self)
        #expect(page.contains("<p>\(Network.trainingImagesText).</p>"))
    }

    @Test("on images that taught nothing, the accuracy has an interval")
    func otherImages() async throws {
        let others = DataSet.drawn(count: 20, seed: 6)
        folder.write(others, prefix: "test", as: "others.h5")
        let accuracy = try Fixture.network.evaluate(Examples(others)).accuracy
        let interval = shareText(Scores.interval(of: accuracy, among: others.count))
        let outcome = try await nnCLI("evaluate", "others.h5", in: folder)
        #expect(
            outcome.stdout.contains(
                "\nOn many more such images: \(interval) (95 % interval); always answering "))
        #expect(!outcome.stdout.contains(Network.trainingImagesText))
        #expect(try await nnCLI("report", "others.h5", in: folder).status == 0)
        let page = String(decoding: try folder.bytes(of: "report.html"), as: UTF8.self)
        #expect(!page.contains(Network.trainingImagesText))
    }

    private func write(classes: [String], as name: String, prefix: String = "test") {
        let drawings = Fixture.drawings
        let data = DataSet(images: drawings.images, labels: drawings.labels, classes: classes)
        folder.write(data, prefix: prefix, as: name)
    }

    @Test("a data set with the model's classes in reverse order is refused")
    func exchangedClasses() async throws {
        write(classes: ["cat", "non-cat"], as: "other.h5")
        folder.write(Fixture.drawings, prefix: "train", as: "train.h5")
        let complaint =
            "Error: other.h5: expected class 0 non-cat, class 1 cat, as in %, got class 0 cat, class 1 non-cat"
        for (arguments, of) in [
            (["evaluate", "--data", "other.h5"], "model.nnk"),
            (["report", "--data", "other.h5", "-o", "r.html"], "model.nnk"),
            (["train", "--train", "train.h5", "--test", "other.h5", "-o", "new.nnk"], "train.h5"),
        ] {
            let outcome = try await CommandLineTool(arguments, in: folder).run()
            #expect(outcome.status == 65)
            #expect(outcome.complaint == complaint.replacing("%", with: of))
            #expect(outcome.stdout == "")
        }
        #expect(try folder.names == ["model.nnk", "other.h5", "test.h5", "train.h5"])
    }

    @Test("other class names give a warning, names cut to the model's length do not")
    func otherClasses() async throws {
        write(classes: ["dogs", "cats"], as: "other.h5")
        let outcome = try await nnCLI("evaluate", "--data", "other.h5", in: folder)
        #expect(outcome.status == 0)
        #expect(
            outcome.complaint
                == "warning: other.h5 has class 0 dogs, class 1 cats, but model.nnk has class 0 non-cat, "
                + "class 1 cat; they count as the same classes")
        let examples = try Examples(
            images: Fixture.drawings.images, labels: Fixture.drawings.labels,
            classNames: [String(repeating: "ä", count: 20), "b"])
        let network = try Network(
            topology: .twoLayer, parameters: [Float](repeating: 0, count: Topology.twoLayer.parameterCount),
            classNames: examples.classNames)
        try folder.write(network.bytes, as: "long.nnk")
        let data = DataSet(
            images: Fixture.drawings.images, labels: Fixture.drawings.labels, classes: examples.classNames)
        try folder.write(data.hdf5(role: .test), as: "long.h5")
        let long = try await nnCLI("evaluate", "--data", "long.h5", "-m", "long.nnk", in: folder)
        #expect(long.stderr == "model: long.nnk\n")
        try folder.write(data.hdf5(role: .train), as: "long-train.h5")
        let training = try await nnCLI(
            "train", "--train", "long-train.h5", "--iterations", "1", "-o", "x.nnk", in: folder)
        #expect(
            training.complaint
                == "long-train.h5: the model keeps only \(examples.classNames[0].prefix(15)) of the class name "
                + examples.classNames[0]
        )
    }

    @Test("a data set cannot be read from standard input")
    func fromStandardInput() async throws {
        let outcome = try await nnCLI("evaluate", "--data", "-", in: folder)
        #expect(outcome.status == 66)
        #expect(
            outcome.stderr
                == "Error: -: libhdf5 cannot read standard input; expected a folder of photos or a data set file\n"
        )
    }

    @Test("an accuracy that is reached, to the last image", arguments: [true, false])
    func reached(_ isEqual: Bool) async throws {
        let least = isEqual ? expected.accuracy : expected.accuracy / 2
        let outcome = try await nnCLI(
            "evaluate", "--data", "test.h5", "--min-accuracy", "\(least)", in: folder)
        #expect(outcome.status == 0)
    }

    @Test("an accuracy below --min-accuracy is printed, and the exit code is 1", arguments: [[], ["--json"]])
    func missed(_ options: [String]) async throws {
        let least = expected.accuracy.nextUp
        let arguments = ["evaluate", "--data", "test.h5", "--min-accuracy", "\(least)"] + options
        let outcome = try await CommandLineTool(arguments, in: folder).run()
        #expect(outcome.status == 1)
        #expect(
            outcome.stderr.hasSuffix(
                "Error: accuracy \(expected.accuracy) is below --min-accuracy \(least)\n"))
        #expect(!outcome.stdout.isEmpty)
    }
}
