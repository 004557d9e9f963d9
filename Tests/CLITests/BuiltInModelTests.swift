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

    @Test("inspect shows its origin and accuracy")
    func facts() async throws {
        let outcome = try await nnCLI("inspect", "built-in", in: TemporaryFolder())
        #expect(outcome.status == 0)
        #expect(outcome.stdout.contains("206 of the 209 photos it was trained on, 40 of 50 others"))
        #expect(outcome.stdout.contains("dual gradient descent, 2500 iterations, learning rate 0.0075"))
    }

    @Test(
        "it is what training on the photos makes, and as accurate as it says",
        .enabled(if: Photos.missing.isEmpty, "\(Photos.advice)"))
    func origin() async throws {
        let folder = TemporaryFolder()
        try folder.write(try await Training(isOnPhotos: true).result().model, as: "model.nnk")
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
