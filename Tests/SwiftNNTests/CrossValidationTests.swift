import Testing

@testable import SwiftNN

@Suite("Cross-validation")
struct CrossValidationTests {
    /// 37 images of 12 rows of 12 bytes: 4 RGB pixels a row.
    private let examples: Examples

    init() throws { examples = try drawnExamples(37, inputs: 144) }

    private func run(_ precision: Precision = .f64, threads: Int = 1) throws -> TrainingOptions {
        var options = try smallRun([144, 5, 3, 1], precision, iterations: 40)
        options.costEvery = 20
        options.centersImages = true
        options.mirror = .rgb(width: 4)
        options.threads = threads
        return options
    }

    private let recipes = [
        Recipe(weightDecay: 0.03), Recipe(takesOwnContrastOff: true, weightDecay: 0.1, learningRate: 0.02),
        Recipe(mirrors: true), Recipe(mirrors: true, takesOwnContrastOff: true, weightDecay: 0.1),
    ]

    private func choices(_ validation: CrossValidation) -> [CrossValidation.Choice] {
        validation.recipes.indices.flatMap { recipe in
            (0..<validation.points).map { CrossValidation.Choice(recipe: recipe, point: $0) }
        }
    }

    // MARK: What it measures

    /// Other weights of the same network differ in their rounding alone, since 40 steps amplify it little.
    @Test(
        "Each logit is that of a network trained without the example", arguments: [Method.dual, .primal],
        [false, true])
    func handWritten(method: Method, balances: Bool) throws {
        var options = try run()
        options.method = method
        let validation = try CrossValidation(
            of: examples, recipes: recipes, options: options, folds: Folds(count: 3, block: 2, seed: 5),
            repeats: 2, balances: balances)
        #expect(validation.networks == 24)
        let heldOut = try validation.run()
        for choice in choices(validation) {
            let found = try #require(heldOut[choice]).probabilities
            let expected = try byTrainers(validation, choice)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "\(choice)")
        }
    }

    /// (repeats, examples)
    private func byTrainers(_ validation: CrossValidation, _ choice: CrossValidation.Choice) throws
        -> [Double]
    {
        var probabilities: [Double] = []
        for number in 0..<validation.repeats {
            var (folds, options) = (validation.folds, validation.options(of: choice))
            folds.seed += UInt32(number)
            options.seed += UInt32(number)
            options.gram = nil
            let fold = try folds.deal(examples)
            var row = [Double](repeating: .nan, count: examples.count)
            for held in 0..<folds.count {
                let network = try Network(
                    training: teaching(fold.map { $0 != held }, balances: validation.balances),
                    options: options)
                for example in row.indices where fold[example] == held {
                    row[example] = try network.probability(of: examples.image(example))
                }
            }
            probabilities += row
        }
        return probabilities
    }

    private func teaching(_ teaches: [Bool], balances: Bool) throws -> Examples {
        let taught = teaches.indices.filter { teaches[$0] }
        return try examples.weighted(
            by: teaches.indices.map { example in
                guard teaches[example] else { return 0 }
                let same = taught.count { examples.labels[$0] == examples.labels[example] }
                return balances ? Float(Double(taught.count) / Double(2 * same)) : 1
            })
    }

    @Test("Any number of threads gives the same bits", arguments: Precision.allCases)
    func threads(precision: Precision) throws {
        let logits = try [1, 2, 3].map { threads in
            let validation = try CrossValidation(
                of: examples, recipes: recipes, options: run(precision, threads: threads), repeats: 2)
            let heldOut = try validation.run()
            return choices(validation).map { heldOut[$0] }
        }
        #expect(logits[0].allSatisfy { $0 != nil })
        #expect(logits[0] == logits[1])
        #expect(logits[0] == logits[2])
    }

    @Test("Least memory gives the same bits")
    func leastMemory() throws {
        var options = try run()
        let wide = try CrossValidation(of: examples, recipes: recipes, options: options).run()
        options.usesLeastMemory = true
        let packed = try CrossValidation(of: examples, recipes: recipes, options: options).run()
        for choice in choices(wide.validation) { #expect(wide[choice] == packed[choice]) }
    }

    @Test("Leave one out trains a network for each example")
    func leaveOneOut() throws {
        let validation = try CrossValidation(
            of: examples, recipes: [Recipe()], options: run(), folds: .leaveOneOut(of: examples))
        #expect(validation.networks == 37)
        let heldOut = try validation.run()
        #expect(heldOut.curve(ofRecipe: 0).map(\.iterations) == [20, 40])
        let choice = try heldOut.choose()
        let expected = try byTrainers(validation, choice)
        let found = try #require(heldOut[choice]).probabilities
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test("What to expect is calibrated on the other folds")
    func expected() throws {
        var options = try run()
        options.costEvery = 40
        let heldOut = try CrossValidation(of: examples, recipes: [Recipe()], options: options).run()
        let logits = try #require(heldOut[.init(recipe: 0, point: 0)])
        let fold = try heldOut.validation.folds.deal(examples)
        let expected = try heldOut.expected()
        for held in 0..<5 {
            let others = fold.indices.filter { fold[$0] != held }
            let calibration = try #require(
                LabeledLogits(
                    others.map { logits.values[$0] }, labels: others.map { examples.labels[$0] })
            ).calibration
            for example in fold.indices where fold[example] == held {
                let z = calibration.scale * logits.values[example] + calibration.shift
                #expect(expected.values[example] == z)
            }
        }
    }

    @Test("Neighbours that are frames stay in one fold; copies in different folds are found")
    func neighbours() throws {
        let options = try run()
        let plain = try CrossValidation(of: examples, recipes: [Recipe()], options: options)
        #expect(!plain.likeness.isSequence && plain.alikeAcrossFolds.isEmpty)
        #expect(plain.keepingFramesTogether().folds == plain.folds)

        // Six frames of a class are one image.
        var images: [UInt8] = []
        for index in 0..<48 { images += examples.image(index / 12 * 2 + index % 2) }
        let frames = try Examples(
            images: images, labels: (0..<48).map { UInt8($0 % 2) }, imageBytes: 144)
        let apart = try CrossValidation(
            of: frames, recipes: [Recipe()], options: options, folds: Folds(count: 4))
        #expect(apart.likeness.isSequence)
        let together = apart.keepingFramesTogether()
        #expect(together.folds == Folds(count: 4, block: 6))
        #expect(together.alikeAcrossFolds.isEmpty)
        let fold = try apart.folds.deal(frames)
        let pairs = apart.alikeAcrossFolds
        #expect(!pairs.isEmpty)
        let all = (0..<48).flatMap { first in (first + 1..<48).map { (first, $0) } }
        #expect(
            pairs.count
                == all.count { first, second in
                    first / 12 == second / 12 && first % 2 == second % 2 && fold[first] != fold[second]
                })
        let each = try CrossValidation(
            of: frames, recipes: [Recipe()], options: options, folds: .leaveOneOut(of: frames))
        #expect(each.keepingFramesTogether().folds == each.folds)

        // The primal method compares no images.
        var primal = options
        primal.method = .primal
        let unknown = try CrossValidation(of: frames, recipes: [Recipe()], options: primal)
        #expect(unknown.likeness == Likeness())
    }

    // MARK: Progress and errors

    @Test("Progress goes from nothing to all", arguments: [1, 2])
    func progress(threads: Int) throws {
        var shares: [Double] = []
        let validation = try CrossValidation(
            of: examples, recipes: recipes, options: run(threads: threads))
        _ = try validation.run { progress in
            #expect(progress.networks == 20)
            shares.append(progress.share)
        }
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(0...1 ~= shares[0])
        #expect(0.5...1 ~= shares[shares.count - 1])
    }

    private struct Enough: Error {}

    @Test("What the closure throws ends the work of all threads", .timeLimit(.minutes(1)), arguments: [1, 2])
    func thrown(threads: Int) throws {
        var options = try run(threads: threads)
        options.iterations = Int(UInt32.max) - 1  // days
        options.costEvery = options.iterations
        let validation = try CrossValidation(of: examples, recipes: recipes, options: options)
        var calls = 0
        #expect(throws: Enough.self) {
            try validation.run { _ in
                calls += 1
                if calls == 3 { throw Enough() }
            }
        }
        #expect(calls == 3)
    }

    @Test("A task that is cancelled stops the work", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        var options = try run(threads: 2)
        options.iterations = Int(UInt32.max) - 1  // days
        options.costEvery = options.iterations
        let validation = try CrossValidation(of: examples, recipes: recipes, options: options)
        // It cancels itself: threads that wait for another test's endless task could not.
        let task = Task.detached {
            _ = try validation.run { _ in
                try Task.checkCancellation()
                withUnsafeCurrentTask { unsafe $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A recipe that diverges is left out")
    func diverged() throws {
        let wild = Recipe(learningRate: 1e300)
        let some = try CrossValidation(of: examples, recipes: [wild, Recipe()], options: run()).run()
        #expect(some[.init(recipe: 0, point: 1)] == nil)
        #expect(try some.choose().recipe == 1)
        #expect(some.curve(ofRecipe: 0).isEmpty)
        #expect(try some.expected().scores.logLoss.isFinite)
        let all = try CrossValidation(of: examples, recipes: [wild], options: run()).run()
        #expect(throws: NNError.diverged(iteration: 40)) { try all.choose() }
        #expect(throws: NNError.diverged(iteration: 40)) { try all.expected() }
    }

    private func validate(
        labels: [UInt8], recipes: [Recipe] = [Recipe()], folds: Folds = Folds(), repeats: Int = 1,
        _ change: (inout TrainingOptions) -> Void = { _ in }
    ) throws -> CrossValidation {
        var options = try run()
        change(&options)
        let images = [UInt8](repeating: 7, count: labels.count * 144)
        return try CrossValidation(
            of: Examples(images: images, labels: labels, imageBytes: 144), recipes: recipes, options: options,
            folds: folds, repeats: repeats)
    }

    @Test("Classes that cannot be judged are named")
    func classes() throws {
        #expect(throws: NNError.missingClass(1)) { try validate(labels: [0, 0, 0]) }
        #expect(throws: NNError.missingClass(0)) { try validate(labels: [1]) }
        #expect(throws: NNError.tooFewExamples(ofClass: 1, expected: 2, found: 1)) {
            try validate(labels: [0, 0, 0, 1])
        }
        #expect(throws: NNError.tooFewExamples(ofClass: 0, expected: 4, found: 3)) {
            try validate(labels: [0, 0, 0, 1, 1, 1, 1], folds: Folds(count: 2, block: 3))
        }
    }

    @Test("Options out of their range are named")
    func misuse() throws {
        let labels: [UInt8] = [0, 0, 0, 0, 1, 1, 1, 1]
        for count in [-1, 0, 1, 9, 65] {
            expectInvalid(.folds) { try validate(labels: labels, folds: Folds(count: count)) }
        }
        for block in [-1, 0] {
            expectInvalid(.block) { try validate(labels: labels, folds: Folds(count: 2, block: block)) }
        }
        expectInvalid(.block) { try validate(labels: labels, folds: Folds(count: 8, block: 2)) }
        for repeats in [-1, 0] { expectInvalid(.repeats) { try validate(labels: labels, repeats: repeats) } }
        expectInvalid(.costEvery) { try validate(labels: labels) { $0.costEvery = 0 } }
        expectInvalid(.costEvery) { try validate(labels: labels) { $0.costEvery = 41 } }
        expectInvalid(.iterations) { try validate(labels: labels) { $0.iterations = 0 } }
        expectInvalid(.iterations) { try validate(labels: labels) { $0.iterations = Int(UInt32.max) } }
        expectInvalid(.weightDecay) { try validate(labels: labels, recipes: [Recipe(weightDecay: -1)]) }
        expectInvalid(.learningRate) { try validate(labels: labels, recipes: [Recipe(learningRate: 0)]) }
        expectInvalid(.mirrorRow) {
            try validate(labels: labels, recipes: [Recipe(mirrors: true)]) { $0.mirror = nil }
        }
        #expect(throws: NNError.notAMultiple(name: .iterations, value: 40, of: 15)) {
            try validate(labels: labels) { $0.costEvery = 15 }
        }
        #expect(throws: NNError.wrongCount(of: .recipes, expected: 1, found: 0)) {
            try validate(labels: labels, recipes: [])
        }
        #expect(throws: NNError.wrongCount(of: .bytesOfImage, expected: 145, found: 144)) {
            try validate(labels: labels) { $0.topology = try! Topology([145, 3, 1]) }
        }
        expectInvalid(.threads) {
            try validate(labels: labels) { $0.threads = 0 }
        }
    }
}
