import SwiftNN
import Testing

/// Calls that C would answer by reading or writing memory that is not the caller's. scripts/check-swift.sh runs them with the
/// address sanitizer too.
@Suite("Misuse of the judgement")
struct JudgementMisuseTests {
    private let examples: Examples

    init() throws { examples = try drawnExamples(20, inputs: 12) }

    private static let wild = [0, -1, .min, .max, 1 << 32]

    private func validation(
        _ recipes: [Recipe] = [Recipe()], _ folds: Folds = Folds(count: 2), repeats: Int = 1,
        _ change: (inout TrainingOptions) -> Void = { _ in }
    ) throws -> CrossValidation {
        var options = try smallRun(iterations: 4)
        options.costEvery = 2
        change(&options)
        return try CrossValidation(
            of: examples, recipes: recipes, options: options, folds: folds, repeats: repeats)
    }

    // MARK: Folds and networks

    @Test("Numbers of folds, blocks and repeats that there are not", arguments: wild)
    func counts(number: Int) throws {
        expectInvalid(.folds) { try Folds(count: number).deal(examples) }
        expectInvalid(.folds) { try validation([Recipe()], Folds(count: number)) }
        expectInvalid(.block) { try Folds(count: 2, block: number).deal(examples) }
        expectInvalid(.block) { try Folds(count: examples.count, block: number).deal(examples) }
        expectInvalid(.repeats) { try validation(repeats: number) }
        var teacher = Teacher(examples, options: try smallRun(iterations: 2))
        teacher.recipes = [Recipe()]
        teacher.block = number
        expectInvalid(.block) { try teacher.teach() }
        expectInvalid(.block) { try teacher.byteCount }
        teacher.block = nil
        teacher.folds = number
        if number < 2 { expectInvalid(.folds) { try teacher.byteCount } }
    }

    @Test("More networks than can be counted, and than there is memory for")
    func networks() throws {
        let most = try validation(repeats: Int(UInt32.max))
        #expect(throws: NNError.outOfMemory(bytes: .max)) { try most.run() }
    }

    @Test("Images of another size than the network's, and none to compare")
    func examplesOfOtherSizes() throws {
        let options = try smallRun([13, 4, 1], iterations: 2)
        let refusal = NNError.wrongCount(of: .bytesOfImage, expected: 13, found: 12)
        #expect(throws: refusal) { try CrossValidation(of: examples, recipes: [Recipe()], options: options) }
        #expect(throws: refusal) { try GramMatrix(of: examples, options: options) }
        var teacher = Teacher(examples, options: options)
        #expect(throws: refusal) { try teacher.teach() }
        #expect(throws: refusal) { try teacher.byteCount }
        teacher.recipes = []
        #expect(throws: NNError.wrongCount(of: .recipes, expected: 1, found: 0)) { try teacher.teach() }
        teacher.examples = try Examples(images: Array(examples.image(0)), labels: [1], imageBytes: 12)
        #expect(throws: NNError.missingClass(0)) { try teacher.teach() }
        #expect(throws: NNError.missingClass(0)) { try Folds().deal(teacher.examples) }
    }

    @Test("Mirror images of rows that are not the images'")
    func mirrored() throws {
        for mirror in [Network.Origin.Mirror.rgb(width: 5), .rgb(width: 8)] {
            #expect(throws: NNError.self) {
                try validation([Recipe(mirrors: true)]) { $0.mirror = mirror }
            }
        }
    }

    @Test("A recipe, a point or a repeat that is not there")
    func choices() async {
        for number in [1, -1, Int.max] {
            await #expect(processExitsWith: trap) { [number = number as Int] in
                let heldOut = try JudgementMisuseTests().validation().run()
                _ = heldOut[.init(recipe: number, point: 0)]
            }
            await #expect(processExitsWith: trap) { [number = number as Int] in
                let heldOut = try JudgementMisuseTests().validation().run()
                _ = heldOut[.init(recipe: 0, point: 2 * number)]
            }
            await #expect(processExitsWith: trap) { [number = number as Int] in
                _ = try JudgementMisuseTests().validation().options(of: .init(recipe: number, point: 0))
            }
            await #expect(processExitsWith: trap) { [number = number as Int] in
                _ = LabeledLogits([1, -1], labels: [1, 0])![repeat: number]
            }
            await #expect(processExitsWith: trap) { [number = number as Int] in
                _ = LabeledLogits([1, -1], labels: [1, 0])!.confusion(repeat: number)
            }
        }
    }

    // MARK: Logits

    @Test("Logits and labels of numbers that do not fit")
    func logits() {
        for (logits, labels) in [(0, 1), (1, 0), (3, 2), (1, 2), (0, 0)] {
            let labels = [UInt8](repeating: 1, count: labels)
            #expect(LabeledLogits(Array(repeating: 1, count: logits), labels: labels) == nil)
        }
        // Of one class, and one of each: what there is to compute has one example or none.
        for labels: [UInt8] in [[0], [1], [0, 1]] {
            let few = LabeledLogits(labels.map { Double($0) - 0.5 }, labels: labels)!
            #expect(few.scores.accuracy == 1)
            #expect(few.calibration.scale > 0)
            #expect(few.calibrationBins(labels.count).count == labels.count)
            #expect(few.confusion(above: .nan).truePositives == 0)
        }
    }

    @Test("Bins that are none, or more than examples; a share of nothing")
    func bins() async {
        for count in [0, -1, 3, Int.max] {
            await #expect(processExitsWith: trap) { [count = count as Int] in
                _ = LabeledLogits([1, -1], labels: [1, 0])!.calibrationBins(count)
            }
        }
        await #expect(processExitsWith: trap) { _ = Scores.interval(of: 0.5, among: 0) }
        await #expect(processExitsWith: trap) { _ = Scores.interval(of: .nan, among: 1) }
    }

    // MARK: What to expect

    @Test("Expectations that no model can hold")
    func expectations() throws {
        let network = try train(smallRun(iterations: 0), on: examples).network
        func calibrated(
            accuracy: Double = 0.8, interval: ClosedRange<Double> = 0.7...0.9, logLoss: Double = 0.5,
            examples: Int = 20, folds: Int = 2, scale: Double = 1, shift: Double = 0
        ) throws -> Network {
            try network.calibrated(
                Network.Expectation(
                    accuracy: accuracy, interval: interval, logLoss: logLoss, areaUnderCurve: 0.9,
                    guessing: 0.5, examples: examples, folds: folds,
                    calibration: Calibration(scale: scale, shift: shift)))
        }
        for number in [-1, .min, .max, 1 << 32] {
            expectInvalid(.examples) { try calibrated(examples: number) }
            expectInvalid(.folds) { try calibrated(folds: number) }
        }
        for value: Double in [.nan, .infinity, -.infinity, -1] {
            expectInvalid(.expectation) { try calibrated(accuracy: value) }
            expectInvalid(.expectation) { try calibrated(logLoss: value) }
            expectInvalid(.expectation) { try calibrated(scale: value) }
        }
        expectInvalid(.expectation) { try calibrated(interval: -1...2) }
        expectInvalid(.expectation) { try calibrated(shift: .nan) }
        let once = try calibrated()
        #expect(throws: NNError.alreadyJudged) { try once.calibrated(once.expectation!) }
    }
}
