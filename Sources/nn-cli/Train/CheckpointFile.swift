import NNData
import SwiftNN

/// The file of `train --checkpoint`.
///
/// From its beginning the run has a lock on the file that it wrote, or continues from. Only this file is replaced, and
/// removed in the end: what somebody else puts in its place stays.
struct CheckpointFile {
    private let file: OutputFile
    private var path: String { file.path }
    private static let expected = "a checkpoint"
    /// How often a run is saved while it goes on.
    private static let interval = Duration.seconds(30)
    private var saved = ContinuousClock.now
    /// Why the run could not be saved the last time.
    private var failure: FileError?
    /// Whether there is more in the file than the beginning of the run.
    private var hasProgress = false
    /// As long as this run goes on, no other one may use the file.
    private var lock: FileLock?

    /// - Parameter resuming: whether the run continues from the file, which is locked then.
    /// - Throws: if it can't be written, or another run uses it.
    init(_ path: String, resuming: Bool = false) throws {
        file = try OutputFile(path)
        guard resuming else { return }
        lock = try file.lock(expected: Self.expected)
        guard lock != nil else { throw inUse }
    }

    /// Whether a run uses the file.
    static func isInUse(_ path: String) -> Bool {
        do {
            return try OutputFile(path).lock(expected: expected) == nil
        } catch {
            return false
        }
    }

    private var inUse: Failure {
        .usage("--checkpoint: expected a file of this run alone, got \(path), which another run uses")
    }

    /// Saves a run that begins, so that its file is there, and locked, from now on.
    mutating func begin(_ trainer: inout Trainer) throws {
        guard lock == nil else { return }
        guard try file.writeLocked(try trainer.checkpoint().bytes, replacing: &lock) else { throw inUse }
        saved = .now
    }

    /// Saves a run that goes on, from time to time. That this fails, as on a full disk, does not end the run: it is tried
    /// again after the next interval.
    ///
    /// - Returns: why it failed, unless it failed for the same reason the last time.
    mutating func saveIfDue(
        _ trainer: inout Trainer, interval: Duration = Self.interval
    ) throws -> FileError? {
        guard ContinuousClock.now - saved > interval else { return nil }
        do {
            try save(&trainer)
            failure = nil
            return nil
        } catch let error as FileError {
            saved = .now
            defer { failure = error }
            return error == failure ? nil : error
        }
    }

    mutating func save(_ trainer: inout Trainer) throws {
        guard try file.writeLocked(try trainer.checkpoint().bytes, replacing: &lock) else {
            throw FileError(
                .io, file: path, expected: "the checkpoint of this run", found: "another file in its place")
        }
        (saved, hasProgress) = (.now, true)
    }

    /// Removes the file: once the model is written, it is of no use.
    func remove() throws { if let lock { try file.remove(lock) } }

    /// Removes the file of a run that failed, unless there is something to continue from.
    func removeIfOfNoUse() { if !hasProgress { try? remove() } }

    /// The trainer that continues from the file, if the file is of the same run.
    mutating func trainer(_ options: TrainingOptions, examples: Examples) throws -> Trainer {
        let bytes = try lock!.read(
            named: path, expected: Self.expected, startBytes: Checkpoint.startBytes, length: Self.length)
        do {
            let checkpoint = try Checkpoint(bytes: bytes)
            let differences = checkpoint.differences(to: options, examples: examples)
            guard differences.isEmpty else {
                throw FileError(
                    .badData, file: path, expected: "a checkpoint of this run",
                    found: "one with \(differences.joined(separator: ", "))")
            }
            var options = options
            // A board's checkpoint continues in its own memory layout.
            options.usesLeastMemory = checkpoint.options.usesLeastMemory
            options.capacity = checkpoint.options.capacity
            let trainer = try Trainer(resuming: checkpoint, examples: examples, options: options)
            hasProgress = true
            return trainer
        } catch NNError.invalidModel(let defect) {
            throw Self.error(defect, in: bytes, at: path)
        }
    }

    /// The byte of the header that tells checkpoints from models (docs/FORMAT.md).
    static let kind: UInt8 = 1

    static func load(_ path: String) throws -> Checkpoint {
        let bytes = try InputFile.read(
            path, expected: expected, startBytes: Checkpoint.startBytes, length: length)
        do {
            return try Checkpoint(bytes: bytes)
        } catch NNError.invalidModel(let defect) {
            throw error(defect, in: bytes, at: path)
        }
    }

    /// How many bytes there are in a file that begins with these; of none that is a checkpoint, as many as show its kind.
    private static func length(_ start: [UInt8]) -> Int {
        (try? Checkpoint.byteCount(start: start)) ?? FileKind.startBytes
    }

    private static func error(_ defect: ModelDefect, in bytes: [UInt8], at path: String) -> FileError {
        let (expected, found) =
            switch defect {
            case .truncated where !bytes.starts(with: FileKind.modelMagic), .notAModel:
                ("a checkpoint", FileKind.text(of: bytes))
            case .truncated: ("a complete checkpoint", "only its first \(bytes.count) bytes")
            case .otherKind: ("a checkpoint", "a model")
            case .laterVersion: ("a checkpoint of format version 3", "version \(bytes[4])")
            default: ("an intact checkpoint", "a damaged one")
            }
        return FileError(.badData, file: path, expected: expected, found: found)
    }
}
