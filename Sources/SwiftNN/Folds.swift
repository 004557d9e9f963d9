import CNNKernel

/// How examples are dealt into folds at random: each class by itself, so that all folds have nearly as many of it.
public struct Folds: Equatable, Sendable {
    /// How many: 2...64, and fewer than examples; or as many as examples.
    public var count: Int
    /// So many examples of a class that follow each other in the data stay in one fold, 1 or more. Use it for frames taken
    /// one after another: they are nearly alike, and in two folds one would give away the other.
    public var block: Int
    /// Seed of the random numbers.
    public var seed: UInt32

    /// Folds of blocks of examples.
    public init(count: Int = 5, block: Int = 1, seed: UInt32 = 1) {
        self.count = count
        self.block = block
        self.seed = seed
    }

    /// Each example is a fold.
    public static func leaveOneOut(of examples: Examples) -> Folds { Folds(count: examples.count) }

    /// The fold of each example, 0..<``count``.
    /// - Throws: ``NNError/missingClass(_:)``; ``NNError/tooFewExamples(ofClass:expected:found:)`` if a class has no second
    ///   block; ``NNError/invalidOption(name:value:allowed:)``.
    public func deal(_ examples: Examples) throws(NNError) -> [Int] {
        try check(examples)
        return dealChecked(examples)
    }

    /// - Precondition: the folds are checked.
    func dealChecked(_ examples: Examples) -> [Int] {
        var fold = [UInt32](repeating: 0, count: examples.count)
        let status = unsafe withUnsafePointer(to: core) {
            unsafe nnk_deal_folds($0, examples.labels, UInt32(examples.count), &fold)
        }
        precondition(status == NNK_OK, "folds are checked")
        return fold.map(Int.init)
    }

    /// The same, but not more folds than the smaller class has blocks.
    func fitting(_ examples: Examples) -> Folds {
        guard block > 0 else { return self }
        let blocks = (examples.countOfClasses.min()! - 1) / block + 1
        return Folds(count: min(count, blocks), block: block, seed: seed)
    }

    /// - Throws: what ``deal(_:)`` throws.
    func check(_ examples: Examples) throws(NNError) {
        let leavesOneOut = count == examples.count
        try NNError.check(block, .block, 1...(leavesOneOut ? 1 : Int(UInt32.max)))
        let counts = examples.countOfClasses
        if let label = counts.firstIndex(of: 0) { throw .missingClass(label) }
        if let label = counts.firstIndex(where: { $0 <= block }) {
            throw .tooFewExamples(ofClass: label, expected: block + 1, found: counts[label])
        }
        if !leavesOneOut { try NNError.check(count, .folds, 2...min(Int(NNK_MAX_FOLDS), examples.count - 1)) }
    }

    /// - Precondition: the folds are checked.
    var core: nnk_folds { nnk_folds(count: UInt32(count), block: UInt32(block), seed: seed) }
}

extension Examples {
    /// How many are of class 0, and of class 1.
    var countOfClasses: [Int] {
        let ones = labels.count { $0 == 1 }
        return [count - ones, ones]
    }
}
