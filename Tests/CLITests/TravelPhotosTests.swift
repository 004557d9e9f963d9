import Foundation
import NNData
import NNHDF5
import SwiftNN
import Testing

/// The answers of onnxruntime, and for f32 of OpenCV, beside ours; the model is checked, and is deterministic.
private func expectONNX(
    _ network: Network, _ images: DataSet, precision: String? = nil,
    at location: SourceLocation = #_sourceLocation
) async throws {
    let folder = TemporaryFolder()
    try folder.write(network.bytes, as: "model.nnk")
    let options = precision.map { ["--precision", $0] } ?? []
    for (format, name) in [("onnx", "model.onnx"), ("onnx", "again.onnx"), ("npz", "weights.npz")] {
        let outcome = try await CommandLineTool(
            ["export", "--format", format, "-o", name] + (format == "onnx" ? options : []), in: folder
        ).run()
        #expect(outcome.status == 0, sourceLocation: location)
    }
    let isSame = try folder.bytes(of: "model.onnx") == folder.bytes(of: "again.onnx")
    #expect(isSame, sourceLocation: location)
    try folder.write(images.images, as: "images.bin")
    let expected = try network.evaluate(Examples(images: images.images, labels: images.labels)).probabilities
    #expect(expected.max()! - expected.min()! > 0.01, sourceLocation: location)
    try folder.write(expected.flatMap { $0.bitPattern.littleEndian.bytes }, as: "expected.bin")
    print(try Python.run("models/answers.py", folder.path("."), precision ?? "f32"), terminator: "")
}

extension UInt64 {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self, Array.init) }
}

@Suite("ONNX", .enabled(if: Peers.areThere, "\(Peers.advice)"))
struct ONNXTests {
    @Test("onnxruntime and OpenCV agree on drawings", arguments: ElementType.allCases)
    func drawings(type: ElementType) async throws {
        let training = try await Training(precision: type == .f64 ? "f64" : "f32", iterations: 300).result()
        let network = try Network(bytes: training.model)
        try await expectONNX(type == .i8 ? network.quantized() : network, Fixture.drawings)
        let contrast = try takingOwnContrastOff(network)
        try await expectONNX(type == .i8 ? contrast.quantized() : contrast, Fixture.drawings)
        guard type == .f64 else { return }
        try await expectONNX(network, Fixture.drawings, precision: "f64")
        try await expectONNX(contrast, Fixture.drawings, precision: "f64")
    }
}

@Suite("Models of photos that travel", .enabled(if: Photos.missing.isEmpty, "\(Photos.advice)"))
struct TravelPhotosTests {
    private static let photos = try! DataSet(hdf5: Photos.test)

    @Test(
        "onnxruntime and OpenCV agree on all photos", .enabled(if: Peers.areThere, "\(Peers.advice)"),
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
