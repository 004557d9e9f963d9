import SwiftNN
import Testing

@Suite("Teacher")
struct TeacherTests {
    /// Images of 12 x 4 RGB pixels: noise, and for class 1 brighter above than below. Some labels are wrong.
    private func photos(
        _ count: Int, seed: UInt32 = 1, wrong: Set<Int> = [], _ change: (inout [[UInt8]]) -> Void = { _ in }
    ) throws -> Examples {
        var random = NumpyRandom(seed: seed)
        var images = (0..<count).map { index in
            (0..<144).map { byte -> UInt8 in
                let signal = (byte < 72) == (index % 2 == 1) ? 15.0 : -15
                return UInt8(min(max(128 + signal + 40 * random.normal(), 0), 255))
            }
        }
        change(&images)
        let labels = (0..<count).map { UInt8(wrong.contains($0) ? 1 - $0 % 2 : $0 % 2) }
        return try Examples(
            images: images.flatMap(\.self), labels: labels, imageBytes: 144, classNames: ["below", "above"])
    }

    private func teacher(_ examples: Examples, threads: Int = 2, seed: UInt32 = 1) throws -> Teacher {
        var options = Teacher.options
        options.topology = try Topology([144, 5, 1])
        options.mirror = .rgb(width: 4)
        options.learningRate = 0.05
        (options.iterations, options.costEvery) = (300, 100)
        (options.threads, options.seed) = (threads, seed)
        return Teacher(examples, options: options)
    }

    @Test("A lesson is the same for any number of threads", arguments: Precision.allCases)
    func deterministic(precision: Precision) throws {
        let lessons = try [1, 2].map { threads in
            var teacher = try teacher(photos(40), threads: threads)
            teacher.options.precision = precision
            return try teacher.teach()
        }
        let (a, b) = (lessons[0], lessons[1])
        #expect(a.network == b.network)
        #expect(a.choice == b.choice)
        #expect(a.expected == b.expected)
        #expect(a.costs == b.costs)
        #expect(a.learningCurve == b.learningCurve)
        #expect(a.doubtful == b.doubtful)
        #expect(a.likeness == b.likeness)
        let other = try teacher(photos(40), seed: 2).teach()
        #expect(other.network != a.network)
        #expect(other.expected != a.expected)
    }

    @Test("The network has the recipe that was chosen, and learns all examples")
    func network() throws {
        let examples = try photos(60)
        let lesson = try teacher(examples).teach()
        #expect(Recipe.standard.contains(lesson.recipe))
        #expect([100, 200, 300].contains(lesson.iterations))
        let origin = try #require(lesson.network.origin)
        #expect(origin.iterations == lesson.iterations)
        #expect(origin.isCentered)
        #expect(origin.exampleWeights == nil)
        #expect(lesson.costs.last?.iteration == lesson.iterations - 100)
        #expect(lesson.heldOutCurve.map(\.iterations) == [100, 200, 300])
        #expect(lesson.folds == Folds(count: 5, block: 1, seed: 1))
        let judged = lesson.expected.scores
        #expect(lesson.scores.logLoss == judged.logLoss)
        #expect(lesson.scores.accuracy >= judged.accuracy)
        #expect(
            lesson.scores.interval.lowerBound
                == Scores.interval(of: judged.accuracy, among: 30).lowerBound)
        #expect(lesson.scores.isBetterThanGuessing)
        #expect(
            lesson.network.expectation
                == Network.Expectation(lesson.scores, lesson.calibration, folds: 5))
        #expect(lesson.calibration == lesson.heldOut[lesson.choice]?.calibration)
        #expect(try lesson.network.evaluate(photos(200, seed: 9)).accuracy > 0.8)
        #expect(lesson.learningCurve.points.map(\.examples) == [12, 24, 48])
        #expect(lesson.learningCurve.halved.allSatisfy { $0 != nil })
        #expect(!lesson.likeness.isSequence)
        #expect(lesson.likeness.alike.isEmpty)
    }

    @Test("Wrong labels are the most doubtful")
    func wrongLabels() throws {
        let wrong: Set = [3, 10, 31, 44, 57, 68, 83, 99]
        let lesson = try teacher(photos(100, wrong: wrong)).teach()
        let doubtful = Set(lesson.doubtful.prefix(wrong.count).map(\.example))
        #expect(doubtful.intersection(wrong).count >= 7)
        #expect(
            zip(lesson.doubtful, lesson.doubtful.dropFirst()).allSatisfy { $0.probability <= $1.probability })
    }

    @Test("Images that are nearly alike are named")
    func alike() throws {
        let examples = try photos(40) { images in
            images[21] = images[4]
            images[21][0] ^= 1
            images[30] = images[12]
        }
        let lesson = try teacher(examples).teach()
        #expect(lesson.likeness.alike.map(\.first) == [12, 4])
        #expect(lesson.likeness.alike.map(\.second) == [30, 21])
        #expect(lesson.likeness.alike[0].distance == 0)
        #expect(abs(lesson.likeness.alike[1].distance - 1.0 / 12) < 1e-6)
    }

    @Test("Frames taken one after another stay in one fold")
    func sequence() throws {
        /// Four frames of a class are one photo, and some noise.
        let examples = try photos(40) { images in
            var random = NumpyRandom(seed: 3)
            for index in images.indices {
                images[index] = images[index / 8 * 8 + index % 2].map {
                    UInt8(min(max(Double($0) + 12 * random.normal(), 0), 255))
                }
            }
        }
        var teacher = try teacher(examples)
        let lesson = try teacher.teach()
        #expect(lesson.likeness.isSequence)
        #expect(lesson.folds == Folds(count: 5, block: 4, seed: 1))
        teacher.block = 1
        let rosy = try teacher.teach()
        #expect(rosy.likeness.isSequence)
        #expect(rosy.folds.block == 1)
        #expect(rosy.scores.logLoss < lesson.scores.logLoss)
        // Frames of a scene give each other away.
        #expect(lesson.heldOut.validation.alikeAcrossFolds.isEmpty)
    }

    @Test("Few examples make few folds; too few are an error")
    func few() throws {
        for (count, folds) in [(4, 2), (6, 3), (20, 5)] {
            let lesson = try teacher(photos(count)).teach()
            #expect(lesson.folds.count == folds)
            #expect(lesson.learningCurve.points.last?.examples == count * (folds - 1) / folds)
        }
        #expect(throws: NNError.tooFewExamples(ofClass: 1, expected: 2, found: 1)) {
            try teacher(photos(3)).teach()
        }
        #expect(throws: NNError.missingClass(1)) { try teacher(photos(1)).teach() }
        var blocks = try teacher(photos(20))
        blocks.block = 10
        #expect(throws: NNError.tooFewExamples(ofClass: 0, expected: 11, found: 10)) { try blocks.teach() }
        blocks.block = 0
        expectInvalid(.block) { try blocks.teach() }
        blocks.block = 5
        #expect(try blocks.teach().folds.count == 2)
        var single = try teacher(photos(20))
        single.folds = 1
        expectInvalid(.folds) { try single.teach() }
    }

    @Test("Frames of so few that a fold would hold one out stay together, two by two")
    func fewFrames() throws {
        let examples = try photos(10) { images in
            for index in images.indices { images[index] = images[index / 4 * 4 + index % 2] }
        }
        let lesson = try teacher(examples).teach()
        #expect(lesson.likeness.isSequence)
        #expect(lesson.folds == Folds(count: 3, block: 2, seed: 1))
    }

    @Test("The memory is known before")
    func memory() throws {
        let teacher = try teacher(photos(40))
        #expect(try teacher.byteCount == teacher.teach().heldOut.validation.byteCount)
        var single = teacher
        single.options.threads = 1
        #expect(try single.byteCount < teacher.byteCount)
    }

    @Test("Images that are not mirrored leave recipes out")
    func withoutMirror() throws {
        var teacher = try teacher(photos(20))
        teacher.options.mirror = nil
        #expect(try teacher.teach().heldOut.validation.recipes == Recipe.standard.filter { !$0.mirrors })
    }

    private struct Enough: Error {}

    @Test(
        "Progress grows, part by part, and what the closure throws ends the lesson", .timeLimit(.minutes(1)))
    func progress() throws {
        let teacher = try teacher(photos(40))
        var seen: [Teacher.Progress] = []
        _ = try teacher.teach { seen.append($0) }
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.share <= $1.share })
        #expect(seen[0].part == .gramMatrices && seen[0].share == 0)
        #expect(seen.last!.share > 0.9)
        for part in Teacher.Part.allCases {
            #expect(seen.contains { $0.part == part })
            #expect(throws: Enough.self) { try teacher.teach { if $0.part == part { throw Enough() } } }
        }
    }
}
