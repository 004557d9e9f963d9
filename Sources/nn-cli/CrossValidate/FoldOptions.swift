import ArgumentParser
import NNData
import SwiftNN

/// The options that say how photos are dealt into folds.
struct FoldOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Number of folds, 2 to 64. Use 10 for few photos: more of them teach, and it takes longer. (default: 5)",
            valueName: "n"))
    var folds: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Keep n photos of a class that follow each other in one fold, 1 or more. Use it for frames taken one after \
            another; 1 keeps none together. (default: found out by how much neighbours are alike)
            """, valueName: "n"))
    var blocks: Int?

    static let defaultCount = 5

    var count: Int { folds ?? Self.defaultCount }

    func validate() throws {
        guard 2...64 ~= count else { throw ValidationError("--folds: expected 2 to 64, got \(count)") }
        if let blocks, !(1...1_000_000 ~= blocks) {
            throw ValidationError("--blocks: expected 1 to 1000000, got \(blocks)")
        }
    }

    /// Each class needs photos that are held out and others that teach.
    func check(_ data: DataSet, of path: String) throws(FileError) {
        for (label, name) in data.classes.enumerated() {
            let found = data.labels.count { Int($0) == label }
            let least = max(blocks ?? 1, 1) + 1
            guard found < least else { continue }
            let reason = blocks.map { $0 > 1 ? " for --blocks \($0)" : "" } ?? ""
            throw FileError(
                .badData, file: path, expected: "\(least) photos or more of each class\(reason)",
                found: "\(found) of \(name)")
        }
    }
}

/// How many threads share the work.
struct ThreadOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Number of threads, 1 to 4096. The result is the same. (default: one per processor)",
            valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...4096 ~= threads) {
            throw ValidationError("--threads: expected 1 to 4096, got \(threads)")
        }
    }

    var count: Int { threads ?? NetworkOptions.processors }
}
