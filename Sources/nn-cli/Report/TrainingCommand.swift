import NNData
import SwiftNN

extension Network {
    /// The nn-cli command that trains this network again; nil if no command does.
    ///
    /// - Parameters:
    ///   - data: the path of the training set; nil: the built-in drawings, or not known.
    ///   - start: the path of the model that the training started from.
    ///   - logEvery: how often costs were computed; nil: not known.
    func trainingCommand(
        data: String?, test: String?, options dataOptions: DataOptions? = nil, output: String,
        start: String? = nil,
        logEvery: Int? = nil
    ) -> String? {
        guard let origin, let precision = elementType.precision,
            let learning = origin.learningOptions(takesOwnContrastOff, start: start, logEvery: logEvery),
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
            ("--learning-rate", "\(origin.learningRate)"), ("--seed", "\(origin.seed)"),
        ]
        options += learning + [("--output", output)]
        return commandText(
            "nn-cli train",
            (dataOptions?.options ?? []) + options.map { ($0, $1.map { $0.isEmpty ? [] : [$0] }) })
    }
}

extension Network.Origin {
    /// The options of train that change how a network learns, with an empty value for a flag and nil for one that is not
    /// there. nil if train cannot learn like this.
    fileprivate func learningOptions(
        _ takesOwnContrastOff: Bool, start: String?, logEvery: Int?
    ) -> [(name: String, value: String?)]? {
        guard mirror == nil || mirror == ImageOptions.mirror, startCRC == nil || start != nil,
            keptIteration == nil || logEvery != nil
        else { return nil }
        let rule = exampleWeights.flatMap { WeightRule(code: $0.rule) }
        guard exampleWeights == nil || rule != nil else { return nil }
        let flag = { (isThere: Bool) in isThere ? "" : nil as String? }
        return [
            ("--center", flag(isCentered)), ("--own-contrast", flag(takesOwnContrastOff)),
            ("--mirror", flag(mirror != nil)), ("--weight-decay", weightDecay.map { "\($0)" }),
            ("--virtual-shards", virtualShards.map(String.init)),
            ("--balance", flag(rule?.balances ?? false)),
            ("--keep-best", flag(keptIteration != nil)),
            ("--log-every", keptIteration.flatMap { _ in logEvery.map(String.init) }),
            ("--from", startCRC.flatMap { _ in start }),
            ("--hold-out", rule.flatMap { $0.heldOut == 0 ? nil : "\(Double($0.heldOut) / 10_000)" }),
        ]
    }
}

/// A command with its options, each on a line of its own. A flag has an empty list of values; nil leaves an option out.
func commandText(_ command: String, _ options: [(name: String, values: [String]?)]) -> String {
    let words = options.compactMap { name, values in
        values.map { ([name] + $0.map(shellQuoted)).joined(separator: " ") }
    }
    return ([command] + words).joined(separator: " \\\n  ")
}

/// `word` as a shell takes it for one word. One with what a terminal must not get is written as bash, zsh and ksh read it.
func shellQuoted(_ word: String) -> String {
    guard !word.unicodeScalars.contains(where: \.isHidden) else {
        let escaped = word.replacing("\\", with: #"\\"#).replacing("'", with: #"\'"#)
        return "$'\(PathText.shown(escaped))'"
    }
    let plain = word.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "+")...UInt8(ascii: "9") ~= byte || "_=@%".utf8.contains(byte)
    }
    return plain && !word.isEmpty
        ? word
        : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
}
