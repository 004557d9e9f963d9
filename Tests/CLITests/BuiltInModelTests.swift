import Foundation
import NNData
import NNHDF5
import SwiftNN
import Testing

@testable import nn_cli

@Suite("The built-in model")
struct BuiltInModelTests {
    @Test("predict falls back on it, and says so")
    func fallback() async throws {
        let folder = TemporaryFolder()
        try folder.write(Fixture.image, as: "image.bin")
        let outcome = try await nnCLI("predict", "image.bin", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stderr == "model: built-in\n")
        let named = try await nnCLI("predict", "image.bin", "-m", "built-in", in: folder)
        #expect(named.stdout == outcome.stdout)
        try folder.write(Fixture.model, as: "model.nnk")
        #expect(try await nnCLI("predict", "image.bin", in: folder).stderr == "model: model.nnk\n")
    }

    @Test("inspect shows its origin, its accuracy, and what to expect")
    func facts() async throws {
        let outcome = try await nnCLI("inspect", "built-in", in: TemporaryFolder())
        #expect(outcome.status == 0)
        #expect(outcome.stdout.contains("201 of the 209 photos it was trained on, 32 of 50 others"))
        #expect(outcome.stdout.contains("dual gradient descent, 3000 iterations, learning rate 0.0075"))
        #expect(
            outcome.stdout.contains(
                "expected       accuracy 0.67 (0.57 to 0.77) on images not seen; guessing 0.66\n"))
    }

    @Test(
        "it is what teach makes of the photos, and as accurate as it says",
        .enabled(if: Photos.missing.isEmpty, "\(Photos.advice)"))
    func origin() async throws {
        let folder = TemporaryFolder()
        #expect(try await nnCLI("teach", Photos.train, in: folder).status == 0)
        #expect(try await nnCLI("export", "--format", "i8", "-o", "i8.nnk", in: folder).status == 0)
        let network = BuiltInModel.load()
        #expect(try folder.bytes(of: "i8.nnk") == network.bytes)
        let (training, test) = BuiltInModel.right
        try expect(network, Photos.train, right: training.0, of: training.of)
        try expect(network, Photos.test, right: test.0, of: test.of)
    }

    private func expect(_ network: Network, _ path: String, right: Int, of count: Int) throws {
        let result = try network.evaluate(Examples(DataSet(hdf5: path)))
        #expect(result.probabilities.count == count)
        #expect(count - result.mislabeled.count == right)
    }
}
