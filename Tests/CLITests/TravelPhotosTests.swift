import Foundation
import NNData
import NNHDF5
import SwiftNN
import Testing

/// onnxruntime's probabilities of images.bin beside ours; the model is checked, and is deterministic.
private func expectONNX(_ network: Network, _ images: DataSet, at location: SourceLocation = #_sourceLocation)
    async throws
{
    let folder = TemporaryFolder()
    try folder.write(network.bytes, as: "model.nnk")
    for name in ["model.onnx", "again.onnx"] {
        let outcome = try await nnCLI("export", "--format", "onnx", "-o", name, in: folder)
        #expect(outcome.status == 0, sourceLocation: location)
    }
    #expect(try folder.bytes(of: "model.onnx") == folder.bytes(of: "again.onnx"), sourceLocation: location)
    try folder.write(images.images, as: "images.bin")
    let expected = try network.evaluate(Examples(images: images.images, labels: images.labels)).probabilities
    #expect(expected.max()! - expected.min()! > 0.01, sourceLocation: location)
    let answer = try await Peers.run(
        """
        import numpy as np, onnx, onnxruntime
        onnx.checker.check_model(onnx.load("model.onnx"), full_check=True)
        session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
        assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [("image", "tensor(uint8)", ["N", 64, 64, 3])]
        assert [o.name for o in session.get_outputs()] == ["probability"]
        images = np.fromfile("images.bin", "u1").reshape(-1, 64, 64, 3)
        (together,) = session.run(None, {"image": images})
        assert together.shape == (len(images), 1)
        assert together.dtype == np.\(network.elementType == .f64 ? "float64" : "float32")
        (alone,) = session.run(None, {"image": images[:1]})
        assert abs(alone[0, 0] - together[0, 0]) <= 1e-5
        for probability in together[:, 0]:
            print(repr(float(probability)))
        metadata = session.get_modelmeta().custom_metadata_map
        assert [metadata["class_0"], metadata["class_1"]] == \(network.classNames)
        """, in: folder, at: location)
    let found = answer.split(separator: "\n").compactMap { Double($0) }
    #expect(found.count == expected.count, sourceLocation: location)
    for (found, expected) in zip(found, expected) {
        #expect((found - expected).magnitude <= 1e-5, sourceLocation: location)
    }
}

@Suite("ONNX", .enabled(if: Peers.areThere, "\(Peers.advice)"))
struct ONNXTests {
    @Test("onnxruntime agrees on drawings", arguments: ElementType.allCases)
    func drawings(type: ElementType) async throws {
        let training = try await Training(precision: type == .f64 ? "f64" : "f32", iterations: 300).result()
        let network = try Network(bytes: training.model)
        try await expectONNX(type == .i8 ? network.quantized() : network, Fixture.drawings)
        let contrast = try takingOwnContrastOff(network)
        try await expectONNX(type == .i8 ? contrast.quantized() : contrast, Fixture.drawings)
    }
}

@Suite("Models of photos that travel", .enabled(if: Photos.missing.isEmpty, "\(Photos.advice)"))
struct TravelPhotosTests {
    private static let photos = try! DataSet(hdf5: Photos.test)

    @Test(
        "onnxruntime agrees on all photos", .enabled(if: Peers.areThere, "\(Peers.advice)"),
        arguments: ["deep", "two-layer"], ElementType.allCases)
    func onnx(topology: String, type: ElementType) async throws {
        let precision = type == .f32 ? "f32" : "f64"
        let training = Training(isOnPhotos: true, topology: topology, precision: precision)
        let network = try await Network(bytes: training.result().model)
        try await expectONNX(type == .i8 ? network.quantized() : network, Self.photos)
    }

    @Test("bytes are as accurate as doubles, within two photos", arguments: ["deep", "two-layer"])
    func bytes(topology: String) async throws {
        let network = try await Network(bytes: Training(isOnPhotos: true, topology: topology).result().model)
        let examples = try Examples(images: Self.photos.images, labels: Self.photos.labels)
        let (doubles, bytes) = (try network.evaluate(examples), try network.quantized().evaluate(examples))
        #expect(abs(bytes.mislabeled.count - doubles.mislabeled.count) <= 2)
        let changes = zip(bytes.probabilities, doubles.probabilities).map { ($0 - $1).magnitude }
        print("\(topology) in i8: \(50 - bytes.mislabeled.count) of 50, \(changes.max()!) off at most")
        #expect(changes.max()! < 0.02)
    }
}
