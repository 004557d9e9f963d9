import NNData
import SwiftNN

extension Network {
    /// The nn-cli command that trains this network again; nil if no command does.
    ///
    /// - Parameter data: the path of the training set; nil: the built-in drawings, or not known.
    func trainingCommand(data: String?, test: String?, output: String) -> String? {
        guard let origin, let precision = elementType.precision,
            // nn-cli has no option for the initializer: it is small for up to two layers, else deep.
            origin.initializer == (topology.sizes.count <= 3 ? .small : .deep)
        else { return nil }
        var options: [(name: String, value: String?)] = [("--train", data)]
        if data != nil {
            options.append(("--test", test))
        } else if (try? Examples(DrawnData.training).crc) != origin.dataCRC {
            return nil
        }
        options += [
            ("--topology", topology.name), ("--precision", precision.name),
            ("--method", origin.method.name), ("--iterations", "\(origin.iterations)"),
            ("--learning-rate", "\(origin.learningRate)"), ("--seed", "\(origin.seed)"), ("--output", output),
        ]
        let words = options.compactMap { name, value in value.map { "\(name) \(shellQuoted($0))" } }
        return (["nn-cli train"] + words).joined(separator: " \\\n  ")
    }
}

/// `word` as a shell takes it for one word.
func shellQuoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "+")...UInt8(ascii: "9") ~= byte || "_=@%".utf8.contains(byte)
    }
    return plain && !word.isEmpty
        ? word
        : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
}
