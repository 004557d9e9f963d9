import NNData
import SwiftNN

/// The file of `train --checkpoint`.
struct CheckpointFile {
    private let file: OutputFile
    private var path: String { file.path }
    /// How often a run is saved while it goes on.
    private static let interval = Duration.seconds(30)
    private var saved = ContinuousClock.now
    /// Whether this run wrote the file, or continues from it.
    private var isOwn = false
    /// Whether there is more in the file than the beginning of the run.
    private var hasProgress = false
    /// As long as this run goes on, no other one may use the file.
    private var lock: FileLock?

    /// - Parameter resuming: whether the run continues from the file, which is locked then.
    /// - Throws: if it can't be written, or another run uses it.
    init(_ path: String, resuming: Bool = false) throws {
        file = try OutputFile(path)
        guard resuming else { return }
        lock = try FileLock(path, expected: "a checkpoint")
        guard lock != nil else { throw Self.inUse(path) }
    }

    /// Whether a run uses the file.
    static func isInUse(_ path: String) -> Bool {
        do {
            return try FileLock(path, expected: "a checkpoint") == nil
        } catch {
            return false
        }
    }

    private static func inUse(_ path: String) -> Failure {
        .usage("--checkpoint: expected a file of this run alone, got \(path), which another run uses")
    }

    /// Saves a run that begins, so that its file is there, and locked, from now on.
    mutating func begin(_ trainer: inout Trainer) throws {
        guard lock == nil else { return }
        lock = try file.createLocked()
        guard lock != nil else { throw Self.inUse(path) }
        isOwn = true
        try write(&trainer)
    }

    mutating func saveIfDue(_ trainer: inout Trainer) throws {
        if ContinuousClock.now - saved > Self.interval { try save(&trainer) }
    }

    mutating func save(_ trainer: inout Trainer) throws {
        try write(&trainer)
        hasProgress = true
    }

    private mutating func write(_ trainer: inout Trainer) throws {
        lock = try file.writeLocked(try trainer.checkpoint().bytes)
        (saved, isOwn) = (ContinuousClock.now, true)
    }

    /// Removes the file: once the model is written, it is of no use. A file that another run wrote meanwhile stays.
    func remove() throws { if isOwn { try file.remove() } }

    /// Removes the file of a run that failed, unless there is something to continue from.
    func removeIfOfNoUse() { if !hasProgress { try? remove() } }

    /// The trainer that continues from the file, if the file is of the same run.
    mutating func trainer(_ options: TrainingOptions, examples: Examples) throws -> Trainer {
        let bytes = try Self.read(path)
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
            (isOwn, hasProgress) = (true, true)
            return trainer
        } catch NNError.invalidModel(let defect) {
            throw Self.error(defect, in: bytes, at: path)
        }
    }

    /// The byte of the header that tells checkpoints from models (docs/FORMAT.md).
    static let kind: UInt8 = 1

    static func load(_ path: String) throws -> Checkpoint {
        let bytes = try read(path)
        do {
            return try Checkpoint(bytes: bytes)
        } catch NNError.invalidModel(let defect) {
            throw error(defect, in: bytes, at: path)
        }
    }

    private static func read(_ path: String) throws(FileError) -> [UInt8] {
        try InputFile.read(path, expected: "a checkpoint", limit: 1 << 31)
    }

    private static func error(_ defect: ModelDefect, in bytes: [UInt8], at path: String) -> FileError {
        let (expected, found) =
            switch defect {
            case .truncated where !bytes.starts(with: FileKind.modelMagic), .notAModel:
                ("a checkpoint", FileKind.text(of: bytes))
            case .truncated: ("a complete checkpoint", "only its first \(bytes.count) bytes")
            case .otherKind: ("a checkpoint", "a model")
            case .laterVersion: ("a checkpoint of format version 1", "version \(bytes[4])")
            default: ("an intact checkpoint", "a damaged one")
            }
        return FileError(.badData, file: path, expected: expected, found: found)
    }
}
