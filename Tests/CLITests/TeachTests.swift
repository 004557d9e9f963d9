import Foundation
import NNData
import NNHDF5
import SwiftNN
import Testing

@testable import nn_cli

/// Folders of drawings, as raw images: photos that are made fast.
enum Photos60 {
    static let data = DataSet.drawn(count: 60, seed: 4)

    /// Writes a folder per class; a photo is named after its place among all.
    ///
    /// - Parameter moved: these go to the folder of the other class.
    static func write(
        _ data: DataSet = data, to name: String, in folder: TemporaryFolder, moved: Set<Int> = []
    )
        throws
    {
        for (label, className) in data.classes.enumerated() {
            try FileManager.default.createDirectory(
                atPath: folder.path("\(name)/\(className)"), withIntermediateDirectories: true)
            for index in 0..<data.count where (Int(data.labels[index]) == label) != moved.contains(index) {
                try folder.write(data.image(index), as: "\(name)/\(className)/\(100 + index).bin")
            }
        }
    }
}

struct TeachAnswer: Decodable, Equatable {
    struct Expected: Decodable, Equatable {
        let accuracy: Double
        let interval: [Double]
        let logLoss: Double
        let auc: Double
        let guessing: Double
        let betterThanGuessing: Bool
    }

    struct Recipe: Decodable, Equatable {
        let center: Bool
        let mirror: Bool
        let ownContrast: Bool
        let weightDecay: Double
        let iterations: Int
        let seed: Int
        let precision: String
    }

    struct Doubtful: Decodable, Equatable {
        let name: String
        let `class`: String
        let probability: Double
    }

    struct Alike: Decodable, Equatable {
        let names: [String]
        let distance: Double
        let sameClass: Bool
    }

    let recipe: Recipe
    let expected: Expected
    let examples: Int
    let folds: Int
    let block: Int
    let doubtful: [Doubtful]
    let alike: [Alike]
    let advice: [String]
    let learningCurve: [[Double]]
    let alikeAcrossFolds: Int
}

private struct FoldsAnswer: Decodable {
    let block: Int
    let alikeAcrossFolds: Int
}

@Suite("Teaching")
struct TeachTests {
    private let folder = TemporaryFolder()

    private func teach(_ arguments: String...) async throws -> Outcome {
        try await CommandLineTool(["teach"] + arguments, in: folder).run()
    }

    @Test("from folders of photos to a detector, the same on 1 and 2 threads")
    func teaches() async throws {
        try Photos60.write(to: "photos", in: folder)
        let one = try await teach("photos", "--threads", "1", "--json", "--folds", "3")
        #expect(one.status == 0, "\(one.stderr)")
        #expect(try one.mismatches("teach") == [])
        let two = try await teach("photos", "--threads", "2", "--json", "--folds", "3", "-o", "two.nnk")
        let answer = try one.answer(TeachAnswer.self)
        #expect(try answer == two.answer(TeachAnswer.self))
        let bytes = try folder.bytes(of: "model.nnk")
        #expect(try bytes == folder.bytes(of: "two.nnk"))
        #expect(answer.examples == 60 && answer.folds == 3 && answer.block == 1)
        #expect(answer.recipe.center && answer.recipe.seed == 1 && answer.recipe.precision == "f64")
        #expect(answer.learningCurve.map(\.[0]) == [10, 20, 40])

        // What the library says of the same photos, in the order of the folders.
        let data = try PhotoFolder(folder.path("photos")).load().data
        var teacher = Teacher(try Examples(data))
        teacher.folds = 3
        let lesson = try teacher.teach()
        #expect(lesson.network.bytes == bytes)
        #expect(answer.expected.accuracy == lesson.scores.accuracy)
        #expect(answer.expected.interval[1] == lesson.scores.interval.upperBound)
        #expect(answer.expected.logLoss == lesson.scores.logLoss)
        #expect(answer.expected.betterThanGuessing == lesson.scores.isBetterThanGuessing)
        #expect(answer.recipe.iterations == lesson.iterations)
        #expect(answer.recipe.mirror == lesson.recipe.mirrors)

        let other = try await teach("photos", "--seed", "2", "--precision", "f32", "--folds", "3")
        #expect(other.status == 0)
        #expect(try folder.bytes(of: "model.nnk").count < bytes.count)
        let prediction = try await nnCLI("predict", "photos/cat/101.bin", in: folder)
        #expect(prediction.status == 0)
    }

    @Test("in words: what was chosen, what to expect, what would help")
    func words() async throws {
        try Photos60.write(to: "photos", in: folder)
        let outcome = try await teach("photos", "--folds", "2", "--quiet")
        #expect(outcome.status == 0 && outcome.stderr == "")
        let lines = outcome.stdout.split(separator: "\n").map(String.init)
        let patterns: [Regex<Substring>] = [
            /Chosen: photos .*, weight decay [0-9.]+, [123]000 iterations\./,
            /Expected accuracy on photos not seen: [01]\.\d\d \(95 % interval: [01]\.\d\d to [01]\.\d\d\)\./,
            /Always answering (?:non-)?cat gets 0\.\d\d: the detector is (?:not )?better,? beyond chance\./,
            /More photos of (?:cat|non-cat|both classes|this kind) would help (?:most|little)\./,
        ]
        try #require(lines.count >= patterns.count)
        for (line, pattern) in zip(lines, patterns) {
            #expect(line.wholeMatch(of: pattern) != nil, "\(line)")
        }
        try folder.write([], as: "piped.nnk")
        var piped = CommandLineTool(["teach", "photos", "--folds", "2", "-o", "-"], in: folder)
        piped.outputFile = folder.path("piped.nnk")
        #expect(try await piped.run().stderr.contains("\nExpected accuracy on photos not seen: "))
        #expect(try folder.bytes(of: "piped.nnk") == folder.bytes(of: "model.nnk"))
    }

    @Test("photos in the wrong folder are named, and so are photos in both")
    func wrongLabels() async throws {
        let wrong: Set = [10, 25, 40]
        try Photos60.write(to: "photos", in: folder, moved: wrong)
        let copy = (0..<60).first { Photos60.data.labels[$0] == 1 && !wrong.contains($0) }!
        try folder.write(Photos60.data.image(copy), as: "photos/non-cat/copy.bin")
        let outcome = try await teach("photos", "--json")
        #expect(try outcome.mismatches("teach") == [])
        let answer = try outcome.answer(TeachAnswer.self)
        let names = wrong.map { index in
            "\(Photos60.data.labels[index] == 1 ? "non-cat" : "cat")/\(100 + index).bin"
        }
        let doubtful = answer.doubtful.map(\.name)
        #expect(doubtful.count <= 10 && Set(names).subtracting(doubtful).count <= 1, "\(doubtful)")
        #expect(answer.doubtful.allSatisfy { $0.name.hasPrefix($0.class + "/") && $0.probability < 0.5 })
        #expect(answer.advice.contains("check_labels") && answer.advice.contains("check_copies"))
        let pair = try #require(answer.alike.first)
        #expect(pair.names == ["non-cat/copy.bin", "cat/\(100 + copy).bin"])
        #expect(pair.distance == 0 && !pair.sameClass)
        let text = try await teach("photos", "--quiet")
        #expect(text.stdout.contains("  \(doubtful[0]): probability of "))
        #expect(
            text.stdout.contains(
                /photos nearly alike, \d+ of them in both classes:\n  non-cat\/copy.bin and cat/))
    }

    @Test("neighbours of a sequence stay in one fold; --blocks decides")
    func sequence() async throws {
        // Frames: three scenes for each class, ten frames of each.
        let scenes = DataSet.drawn(count: 12, seed: 9)
        var (images, labels) = ([UInt8](), [UInt8]())
        for label in 0...1 {
            for scene in (0..<scenes.count).filter({ scenes.labels[$0] == label }).prefix(3) {
                for frame in 0..<10 {
                    images += scenes.image(scene).map { UInt8(clamping: Int($0) + 2 * frame) }
                    labels.append(UInt8(label))
                }
            }
        }
        let data = DataSet(images: images, labels: labels, classes: scenes.classes)
        try Photos60.write(data, to: "photos", in: folder)
        let reason = "The photos look like frames taken one after another"
        let found = try await teach("photos", "--quiet")
        #expect(
            found.stdout.hasPrefix("\(reason): 6 neighbours stay in one fold (--blocks decides).\n"))
        let off = try await teach("photos", "--quiet", "--blocks", "1")
        #expect(
            off.stdout.contains(
                /^[^\n]*, but no neighbours are kept together: the figures may be too good\.\n\d+ pairs of photos nearly alike lie in different folds: the figures may be too good\.\nChosen/
            ))
        let ten = try await teach("photos", "--json", "--blocks", "10")
        #expect(try ten.answer(TeachAnswer.self).block == 10)
        #expect(try ten.answer(TeachAnswer.self).folds == 3)
        #expect(try ten.answer(TeachAnswer.self).alikeAcrossFolds == 0)

        // cross-validate has the same rule.
        let measured = try await nnCLI("cross-validate", "photos", "--iterations", "20", in: folder)
        #expect(
            measured.stdout.hasPrefix("\(reason): 6 neighbours stay in one fold (--blocks decides).\n"))
        for (words, block) in [
            (["--blocks", "1"], 1), (["--blocks", "10"], 10), ([], 6), (["--leave-one-out"], 1),
        ] {
            let outcome = try await CommandLineTool(
                ["cross-validate", "photos", "--iterations", "20", "--json"] + words, in: folder
            ).run()
            #expect(try outcome.mismatches("cross-validate") == [])
            let answer = try outcome.answer(FoldsAnswer.self)
            #expect(answer.block == block)
            #expect((answer.alikeAcrossFolds == 0) == (block == 10), "\(words): \(answer.alikeAcrossFolds)")
        }
    }

    @Test("of very few photos it says that they say nothing, and that more would help")
    func few() async throws {
        try Photos60.write(Photos60.data.examples(Array(0..<10)), to: "photos", in: folder)
        let outcome = try await teach("photos")
        #expect(outcome.status == 0)
        #expect(
            outcome.stdout.contains(
                "With so few photos nothing can be said about photos not seen: take 30 or more of each class.\n"
            ))
        #expect(outcome.stdout.contains("More photos of both classes would help most.\n"))
        let memory = try #require(
            outcome.stderr.firstMatch(
                of:
                    /^teaching a 12288-20-7-5-1 network in f64 on 10 photos with (\d+) bytes of memory; it will detect cat\n/
            ))
        let json = try await teach("photos", "--json")
        #expect(json.stdout.contains("\"arena_bytes\":\(memory.1),"))
    }

    @Test("a data set file; its images have numbers")
    func fromFile() async throws {
        let data = Photos60.data
        var labels = data.labels
        labels[7] = 1 - labels[7]
        try folder.write(
            DataSet(images: data.images, labels: labels, classes: data.classes).hdf5(role: .train), as: "d.h5"
        )
        let outcome = try await teach("d.h5", "--json")
        #expect(try outcome.mismatches("teach") == [])
        #expect(try outcome.answer(TeachAnswer.self).doubtful.map(\.name).contains("#7"))
        let origin = try #require(try Network(bytes: folder.bytes(of: "model.nnk")).origin)
        #expect(origin.examples == 60 && origin.isCentered)
    }

    @Test("photos that cannot be used are named and left out, as dataset pack does it")
    func skips() async throws {
        try Photos60.write(to: "photos", in: folder)
        try folder.write([1], as: "photos/cat/notes.txt")
        try folder.write([1], as: "photos/readme")
        let outcome = try await teach("photos", "--json", "--folds", "2")
        #expect(outcome.status == 0)
        #expect(outcome.stderr.contains("skipped photos/readme: expected folders of photos, got a file\n"))
        #expect(
            outcome.stderr.contains(
                "skipped photos/cat/notes.txt: expected \(Picture.expected), got 1 byte\n"
            ))
        #expect(try outcome.answer(TeachAnswer.self).examples == 60)
    }

    @Test("of folders train and test, train is taught")
    func split() async throws {
        try Photos60.write(to: "photos/train", in: folder)
        try Photos60.write(DataSet.drawn(count: 6, seed: 8), to: "photos/test", in: folder)
        let outcome = try await teach("photos", "--json", "--folds", "2")
        #expect(outcome.stderr.hasPrefix("photos/test is left for testing; only photos/train is read\n"))
        #expect(try outcome.answer(TeachAnswer.self).examples == 60)
    }

    @Test("--positive names class 1; reproduce reads the folder, too")
    func positive() async throws {
        try Photos60.write(to: "photos", in: folder)
        let outcome = try await teach("photos", "--positive", "non-cat", "--folds", "2")
        #expect(outcome.status == 0)
        #expect(try Network(bytes: folder.bytes(of: "model.nnk")).classNames == ["cat", "non-cat"])
        let again = try await nnCLI("reproduce", "model.nnk", "--train", "photos", in: folder)
        #expect(again.status == 0, "\(again.stderr)")
    }

    @Test("what cannot be taught is refused before any work, and an old model stays")
    func refusals() async throws {
        try Photos60.write(to: "photos", in: folder)
        try folder.write(Fixture.drawings.hdf5(role: .train), as: "d.h5")
        let ones = Fixture.drawings.labels.indices.filter { Fixture.drawings.labels[$0] == 1 }
        try folder.write(Fixture.drawings.examples(ones).hdf5(role: .train), as: "one.h5")
        let manager = FileManager.default
        for name in ["single/a", "few/a", "few/b", "empty/a", "empty/b"] {
            try manager.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        for name in ["single/a/1", "few/a/1", "few/a/2", "few/b/1"] {
            try folder.write(Fixture.image, as: name)
        }
        try folder.write("an older model".utf8, as: "model.nnk")
        try folder.write("This is a text.".utf8, as: "text")
        let names = try folder.names
        let cases: [(String, Int32, String)] = [
            ("gone", 66, "gone: no such file; expected a folder of photos or a data set file"),
            ("single", 65, "single: expected two folders of photos, one per class, got only a"),
            ("empty", 65, "empty/a: expected at least one photo, got none"),
            ("few", 65, "few: expected 2 photos or more of each class, got 1 of b"),
            ("one.h5", 65, "one.h5: expected 2 photos or more of each class, got 0 of non-cat"),
            ("text", 65, "text: expected an HDF5 file, got another kind of file"),
            (
                "photos --blocks 40", 65,
                "photos: expected 41 photos or more of each class for --blocks 40, got "
            ),
            ("photos --positive dog", 65, "photos: expected a folder dog, got cat, non-cat"),
            ("d.h5 --positive cat", 64, "--positive works only with a folder of photos; d.h5 is none"),
            ("photos --folds 1", 64, "--folds: expected 2 to 64, got 1"),
            ("photos --folds 65", 64, "--folds: expected 2 to 64, got 65"),
            ("photos --blocks 0", 64, "--blocks: expected 1 to 1000000, got 0"),
            ("photos --threads 0", 64, "--threads: expected 1 to 4096, got 0"),
            ("photos --seed -1", 64, "The value '-1' is invalid for '--seed <n>'"),
            ("photos --precision i8", 64, "The value 'i8' is invalid for '--precision <precision>'"),
            (
                "photos --json -o -", 64,
                "--json prints to standard output, so no other output can be - as well"
            ),
            ("photos -o photos/cat/101.bin", 64, "--output: expected a file other than the photos, got "),
            ("d.h5 -o d.h5", 64, "--output: expected a file other than the data set, got d.h5"),
            ("photos -o no/file", 74, "no/file: no folder no; expected a file to write"),
        ]
        for (words, status, complaint) in cases {
            let outcome = try await CommandLineTool(
                ["teach"] + words.split(separator: " ").map(String.init), in: folder
            ).run()
            #expect(outcome.status == status, "\(words): \(outcome.stderr)")
            let error = outcome.stderr.split(separator: "\n").first { $0.hasPrefix("Error: ") } ?? ""
            #expect(error.hasPrefix("Error: \(complaint)"), "\(words): \(outcome.stderr)")
            #expect(outcome.stdout == "")
        }
        #expect(try folder.names == names)
        #expect(try folder.bytes(of: "model.nnk") == Array("an older model".utf8))
    }

    /// The exit code of the last command in the background, or 99 if it went on for long.
    private static let interrupt =
        "kill -INT $!; start=$(date +%s); wait $!; code=$?; [ $(($(date +%s) - start)) -lt 5 ] || code=99; exit $code"

    @Test("Ctrl-C ends it soon, and leaves what was there")
    func interrupted() async throws {
        try folder.write(DataSet.drawn(count: 400, seed: 1).hdf5(role: .train), as: "d.h5")
        try folder.write("an older model".utf8, as: "model.nnk")
        for command in ["teach d.h5 --folds 64 --force", "cross-validate d.h5 --repeats 1000"] {
            var shell = CommandLineTool(
                ["-c", "'\(CommandLineTool.path)' \(command) & sleep 1; \(Self.interrupt)"], in: folder)
            shell.program = "/bin/sh"
            let outcome = try await shell.run()
            #expect(outcome.status == 130, "\(outcome.stderr)")
            #expect(outcome.stderr.contains("Error: interrupted"))
            #expect(outcome.stdout == "")
            #expect(try folder.names == ["d.h5", "model.nnk"])
            #expect(try folder.bytes(of: "model.nnk") == Array("an older model".utf8))
        }
    }
}
