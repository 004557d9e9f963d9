import Foundation
import Synchronization

/// What one call of the tool left behind.
struct Outcome: Sendable {
    /// The exit code, or the signal's number where `wasKilled`.
    let status: Int32
    let wasKilled: Bool
    let stdout: String
    let stderr: String

    /// The first line on the standard error: below it, ArgumentParser explains the usage.
    var complaint: String { String(stderr.prefix { $0 != "\n" }) }
}

struct TimedOut: Error, CustomStringConvertible {
    let command: [String]
    var description: String { "timed out: \(command.joined(separator: " "))" }
}

/// One call of the nn-cli that was built with these tests.
struct CommandLineTool: Sendable {
    enum Input: Sendable {
        /// Through a pipe, which holds no more than 16 KB before somebody reads.
        case bytes([UInt8])
        case file(String)
    }

    var arguments: [String]
    var folder: TemporaryFolder
    var input = Input.bytes([])
    /// Where the standard output goes instead of into the outcome.
    var outputFile: String?
    /// A command, with its arguments, that runs the tool.
    var wrapper: [String] = []
    /// Another program in the tool's place.
    var program = CommandLineTool.path
    var timeout: TimeInterval = 120
    /// Called with all of the standard output so far, each time there is more, and with the process.
    var watch: (@Sendable (String, pid_t) -> Void)?

    init(_ arguments: [String], in folder: TemporaryFolder) {
        self.arguments = arguments
        self.folder = folder
    }

    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["NN_CLI"] { return path }
        #if os(macOS)
            let testBinary = Bundle(for: TemporaryFolder.self).bundleURL
        #else
            let testBinary = URL(filePath: CommandLine.arguments[0])
        #endif
        return testBinary.deletingLastPathComponent().appending(path: "nn-cli").path
    }()

    /// Two at a time: a training run keeps a processor busy.
    private static let gate = Gate(places: 2)

    /// Held while any child starts: a pipe that another child inherits would never come to its end.
    static let launching = Mutex(())

    func run() async throws -> Outcome {
        await Self.gate.enter()
        do {
            let outcome = try await runAlone()
            await Self.gate.leave()
            return outcome
        } catch {
            await Self.gate.leave()
            throw error
        }
    }

    private func runAlone() async throws -> Outcome {
        let command = wrapper + [program] + arguments
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(filePath: folder.root)

        let everythingEnded = DispatchGroup()
        everythingEnded.enter()
        process.terminationHandler = { _ in everythingEnded.leave() }
        let (stdout, stderr) = try Self.launching.withLock { _ in
            let pipes = (Pipe(), Pipe())
            process.standardInput = try openInput()
            process.standardOutput = try outputFile.map(openOutput) ?? pipes.0
            process.standardError = pipes.1
            try withoutBlockedSignals { try process.run() }
            if outputFile != nil { try pipes.0.fileHandleForWriting.close() }
            return pipes
        }
        let pid = process.processIdentifier
        var progress: (@Sendable (String) -> Void)?
        if let watch { progress = { watch($0, pid) } }
        let output = Collector(stdout, everythingEnded, progress)
        let errors = Collector(stderr, everythingEnded, nil)
        let deadline = Deadline(after: timeout) { kill(pid, SIGKILL) }
        await withCheckedContinuation { continuation in
            everythingEnded.notify(queue: .global()) { continuation.resume() }
        }
        guard deadline.cancel() else { throw TimedOut(command: command) }
        return Outcome(
            status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
            stdout: output.text, stderr: errors.text)
    }

    private func openInput() throws -> Any {
        switch input {
        case .file(let path):
            return try FileHandle(forReadingFrom: URL(filePath: path))
        case .bytes(let bytes):
            precondition(bytes.count <= 1 << 14, "more than a pipe holds")
            let pipe = Pipe()
            try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
            try pipe.fileHandleForWriting.close()
            return pipe
        }
    }

    private func openOutput(_ path: String) throws -> Any {
        try FileHandle(forWritingTo: URL(filePath: path))
    }
}

/// Calls nn-cli with nothing out of the ordinary.
func nnCLI(
    _ arguments: String..., in folder: TemporaryFolder, input: CommandLineTool.Input = .bytes([])
) async throws -> Outcome {
    var tool = CommandLineTool(arguments, in: folder)
    tool.input = input
    return try await tool.run()
}

/// Children inherit what a thread of the pool blocks, which is most signals.
private func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
}

/// Reads a pipe to its end in a thread of its own.
private final class Collector: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    init(_ pipe: Pipe, _ group: DispatchGroup, _ progress: (@Sendable (String) -> Void)?) {
        group.enter()
        let reader = pipe.fileHandleForReading
        Thread.detachNewThread { [self] in
            // Not read(upToCount:), which waits until there is so much.
            while case let part = reader.availableData, !part.isEmpty {
                bytes.withLock { $0 += part }
                // A model on standard output is text that takes minutes to decode after each part.
                progress?(text)
            }
            group.leave()
        }
    }
}

/// Ends a process that takes too long.
private final class Deadline: Sendable {
    private enum State { case waiting, cancelled, passed }
    private let state = Mutex(State.waiting)

    init(after seconds: TimeInterval, _ end: @escaping @Sendable () -> Void) {
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
            self?.state.withLock { state in
                guard state == .waiting else { return }
                state = .passed
                end()
            }
        }
    }

    /// Whether it has not passed yet.
    func cancel() -> Bool {
        state.withLock { state in
            guard state == .waiting else { return false }
            state = .cancelled
            return true
        }
    }
}

private actor Gate {
    private var places: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { self.places = places }

    func enter() async {
        guard places == 0 else {
            places -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        places += 1
    }
}
