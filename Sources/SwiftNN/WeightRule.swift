/// How the weights of examples are made from their labels: some of them are held out, and classes count alike.
///
/// A model keeps the rule as a number (``Network/Origin/ExampleWeights/rule``), so its training can be repeated.
///
///     let watched = try WeightRule(heldOut: 2000).weighted(examples, seed: options.seed)
public struct WeightRule: Equatable, Sendable {
    /// The share of each class that is held out, in units of 1/10000: 0...9999. 0: none is.
    public let heldOut: Int
    /// Whether both classes count alike, however many examples they have.
    public let balances: Bool

    /// A rule.
    /// - Precondition: `heldOut` is 0...9999.
    public init(heldOut: Int = 0, balances: Bool = false) {
        precondition(0...9999 ~= heldOut, "a share is 0...9999 of 10000")
        self.heldOut = heldOut
        self.balances = balances
    }

    /// The weights of examples with these labels.
    ///
    /// Held out: for each class, 0 before 1, its examples in their order are shuffled by one generator of this seed, and
    /// the first `heldOut` of 10000 of them, rounded to nearest, are taken; one at least, and not the last. The shuffle
    /// goes from the last place i to the second: it swaps i and the integer part of u (i + 1), where u is the next of
    /// `np.random.random_sample()`.
    ///
    /// Balanced: each of m examples that are not held out, m_c of them of its class, weighs m / (2 m_c).
    ///
    /// - Throws: ``NNError/heldOutClass(_:)`` for a class of one example, if some are to be held out.
    public func weights(for labels: [UInt8], seed: UInt32) throws(NNError) -> [Float] {
        var weights = [Float](repeating: 1, count: labels.count)
        for example in try heldOutExamples(labels, seed) { weights[example] = 0 }
        guard balances else { return weights }
        let taught = labels.indices.filter { weights[$0] > 0 }
        let ones = taught.count { labels[$0] == 1 }
        let sizes = [taught.count - ones, ones]
        for example in taught {
            weights[example] = Float(Double(taught.count) / Double(2 * sizes[Int(labels[example])]))
        }
        return weights
    }

    /// The examples with the weights of this rule.
    /// - Throws: what ``weights(for:seed:)`` throws.
    public func weighted(_ examples: Examples, seed: UInt32) throws(NNError) -> Examples {
        try examples.weighted(by: weights(for: examples.labels, seed: seed), rule: code)
    }

    private func heldOutExamples(_ labels: [UInt8], _ seed: UInt32) throws(NNError) -> [Int] {
        guard heldOut > 0 else { return [] }
        var random = NumpyRandom(seed: seed)
        var examples: [Int] = []
        for label in UInt8(0)...1 {
            var members = labels.indices.filter { labels[$0] == label }
            guard !members.isEmpty else { continue }
            guard members.count > 1 else { throw .heldOutClass(Int(label)) }
            for last in (1..<members.count).reversed() {
                members.swapAt(last, Int(random.uniform() * Double(last + 1)))
            }
            let share = (members.count * heldOut + 5000) / 10_000
            examples += members.prefix(min(max(share, 1), members.count - 1))
        }
        return examples
    }
}

extension WeightRule {
    /// The number that stands for this rule in a model (docs/FORMAT.md), not 0: the share, 0x10000 if it balances, and
    /// 0x1000000, the version.
    public var code: UInt32 { Self.version | (balances ? Self.balanced : 0) | UInt32(heldOut) }

    /// The rule of that number; nil if it stands for none, or for one that is not known here.
    public init?(code: UInt32) {
        let share = code & 0xffff
        guard code & ~(Self.balanced | 0xffff) == Self.version, share <= 9999 else { return nil }
        self.init(heldOut: Int(share), balances: code & Self.balanced != 0)
    }

    private static let version: UInt32 = 1 << 24
    private static let balanced: UInt32 = 1 << 16
}
