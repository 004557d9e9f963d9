import Foundation
import Testing

/// The programs that models travel to, in Python: scripts/test.sh installs them. Where they are missing, only CI
/// insists on them.
enum Peers {
    static let python =
        ProcessInfo.processInfo.environment["NN_PYTHON"]
        ?? URL(filePath: #filePath).appending(path: "../../../.venv/bin/python").standardized.path

    static let areThere: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", "import cv2, jsonschema, numpy, safetensors, onnx, onnxruntime"]
        process.standardError = FileHandle.nullDevice
        do {
            try CommandLineTool.launching.withLock { _ in try process.run() }
            process.waitUntilExit()
            return process.terminationStatus == 0
        } catch {
            return false
        }
    }()
    static let advice =
        "\(python) has no cv2, jsonschema, numpy, safetensors, onnx and onnxruntime; scripts/test.sh installs them"

    /// Runs a script that fails with an assertion.
    static func run(
        _ script: String, in folder: TemporaryFolder, at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        var tool = CommandLineTool(["-c", script], in: folder)
        tool.program = python
        let outcome = try await tool.run()
        #expect(outcome.status == 0, "\(outcome.stderr)", sourceLocation: location)
        return outcome.stdout
    }
}

@Suite("Where the peers are")
struct PeersTests {
    @Test(
        "numpy and the others are there when CI needs them",
        .enabled(if: isContinuousIntegration, "only where CI is set"))
    func peersArePresent() { #expect(Peers.areThere, "\(Peers.advice)") }
}
