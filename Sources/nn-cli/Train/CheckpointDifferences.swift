import SwiftNN

extension Checkpoint {
    /// In which options another run differs, named as on the command line: "--seed 2 (here 1)".
    func differences(to other: TrainingOptions, examples: Examples) -> [String] {
        let method = other.method ?? other.chosenMethod(examples: examples.count)
        var found: [String] = []
        func compare(_ name: String, _ theirs: String, _ ours: String) {
            if theirs != ours { found.append("\(name) \(theirs) (here \(ours))") }
        }
        compare("--topology", options.topology.text, other.topology.text)
        compare("--precision", options.precision.name, other.precision.name)
        compare("--method", (options.method ?? .dual).name, method.name)
        compare("--seed", "\(options.seed)", "\(other.seed)")
        compare("--iterations", "\(options.iterations)", "\(other.iterations)")
        compare("--learning-rate", "\(options.learningRate)", "\(other.learningRate)")
        compare("--log-every", "\(options.costEvery)", "\(other.costEvery)")
        let onOrOff = { (isOn: Bool) in isOn ? "on" : "off" }
        compare("--center", onOrOff(options.centersImages), onOrOff(other.centersImages))
        compare("--own-contrast", onOrOff(options.takesOwnContrastOff), onOrOff(other.takesOwnContrastOff))
        compare("--mirror", onOrOff(options.mirror != nil), onOrOff(other.mirror != nil))
        compare("--weight-decay", "\(options.weightDecay)", "\(other.weightDecay)")
        let none = "none"
        compare(
            "--virtual-shards", options.virtualShards.map(String.init) ?? none,
            other.virtualShards.map(String.init) ?? none)
        compare("--keep-best", onOrOff(options.keepsBest), onOrOff(other.keepsBest))
        if startCRC != other.start?.payloadCRC { found.append("another model in --from") }
        if weightsCRC != examples.weightsCRC {
            found.append("other weights of images (--hold-out, --balance)")
        }
        if self.examples != examples.count || dataCRC.map({ $0 != examples.crc }) ?? false {
            found.append("other training data")
        }
        return found
    }
}
