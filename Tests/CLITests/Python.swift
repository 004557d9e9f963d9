import Foundation

/// The Python of scripts/test.sh, with numpy, Pillow and h5py: the peers that files are checked against.
enum Python {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized
    static let path =
        ProcessInfo.processInfo.environment["NN_PYTHON"]
        ?? root.appending(path: ".venv/bin/python").path
    /// Whether to run the tests that need it: where CI is set they fail without it.
    static let isUsable = isContinuousIntegration || FileManager.default.isExecutableFile(atPath: path)
    static let advice = "no \(path): scripts/test.sh makes it"

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program of the folder Tests.
    ///
    /// - Returns: what it printed.
    @discardableResult
    static func run(_ arguments: String...) throws -> String { try run(arguments) }

    /// The same for a program that takes long: a thread of its own waits for it, as those of tests are few.
    @discardableResult
    static func runLong(_ arguments: String...) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try run(arguments) }) }
        }
    }

    private static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = root.appending(path: "Tests")
        let output = try CommandLineTool.launching.withLock { _ in
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            return output
        }
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: text) }
        return text
    }
}
