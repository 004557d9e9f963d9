import Foundation
import NNData
import NNHDF5
import Testing

@Suite("Packing and showing photos")
struct PackTests {
    private let folder = TemporaryFolder()

    /// Writes flat pictures of other sizes than 64 x 64; the shade tells them apart.
    private func write(_ count: Int, to folderName: String, from shade: Int = 0) throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder.path(folderName), withIntermediateDirectories: true)
        for index in 0..<count {
            let pixels = [UInt8](repeating: UInt8(shade + index), count: 3 * 70 * 50)
            try folder.write(png(width: 70, height: 50, rgb: pixels), as: "\(folderName)/\(index).png")
        }
    }

    private func shades(_ name: String) throws -> [(shade: Int, label: Int)] {
        let data = try DataSet(hdf5: folder.path(name))
        return (0..<data.count).map { (Int(data.image($0).first!), Int(data.labels[$0])) }
    }

    @Test("two folders become two sets, each photo in one of them")
    func packs() async throws {
        try write(10, to: "photos/cat", from: 100)
        try write(5, to: "photos/non-cat")
        try folder.write([1], as: "photos/cat/notes.txt")
        let outcome = try await nnCLI("dataset", "pack", "photos/", "-o", "cats.h5", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stdout == "")
        #expect(
            outcome.stderr == """
                skipped photos/cat/notes.txt: expected \(Picture.expected), got 1 byte
                wrote cats.h5: 12 images; class 0, non-cat: 4; class 1, cat: 8
                wrote cats-test.h5: 3 images; class 0, non-cat: 1; class 1, cat: 2
                next: nn-cli train --train cats.h5 --test cats-test.h5

                """)
        let all = try shades("cats.h5") + shades("cats-test.h5")
        #expect(all.map(\.shade).sorted() == Array(0..<5) + Array(100..<110))
        #expect(all.allSatisfy { ($0.shade >= 100) == ($0.label == 1) })
        #expect(try folder.names == ["cats-test.h5", "cats.h5", "photos"])
    }

    @Test("without --output, files are named after what they are made of, and lie here")
    func defaultNames() async throws {
        for name in ["cats", "other"] { try write(5, to: "my pets.2/photos.v1/\(name)") }
        let pack = try await nnCLI("dataset", "pack", "my pets.2/photos.v1/", in: folder)
        #expect(pack.status == 0)
        #expect(
            pack.stderr.hasSuffix("\nnext: nn-cli train --train photos.v1.h5 --test photos.v1-test.h5\n"))
        #expect(try await nnCLI("dataset", "pack", "my pets.2/photos.v1", in: folder).status == 0)
        #expect(try await nnCLI("dataset", "show", "./photos.v1.h5", in: folder).status == 0)
        let all = ["my pets.2", "photos.v1-test.h5", "photos.v1.h5", "photos.v1.png"]
        #expect(try folder.names == all)
        for nameless in [".", "..", "my pets.2/photos.v1/.."] {
            let outcome = try await nnCLI("dataset", "pack", nameless, in: folder)
            #expect(outcome.status == 64)
            #expect(
                outcome.complaint == "Error: --output is needed: \(nameless) gives no name for the file")
        }
        #expect(try folder.names == all)
    }

    @Test("the same photos and seed give the same bytes, another seed others")
    func repeats() async throws {
        try write(10, to: "photos/a")
        try write(10, to: "photos/b", from: 50)
        for (name, seed) in [("one", "1"), ("two", "1"), ("three", "2")] {
            let outcome = try await nnCLI(
                "dataset", "pack", "photos", "-o", "\(name).h5", "--seed", seed, in: folder)
            #expect(outcome.status == 0)
        }
        for suffix in [".h5", "-test.h5"] {
            #expect(try folder.bytes(of: "one\(suffix)") == folder.bytes(of: "two\(suffix)"))
            #expect(try folder.bytes(of: "one\(suffix)") != folder.bytes(of: "three\(suffix)"))
        }
    }

    @Test("folders train and test are taken as they are")
    func takesSplit() async throws {
        for (index, name) in ["train/a", "train/b", "test/a", "test/b"].enumerated() {
            try write(2 + index, to: "photos/\(name)", from: 50 * index)
        }
        let arguments = ["dataset", "pack", "photos", "-o", "x.y/set", "--positive", "a"]
        try FileManager.default.createDirectory(
            atPath: folder.path("x.y"), withIntermediateDirectories: false)
        #expect(try await CommandLineTool(arguments, in: folder).run().status == 0)
        #expect(try shades("x.y/set").map(\.shade).sorted() == [0, 1, 50, 51, 52])
        #expect(try shades("x.y/set-test").map(\.label).sorted() == [0, 0, 0, 0, 0, 1, 1, 1, 1])
        let outcome = try await CommandLineTool(arguments + ["--test-share", "0.5"], in: folder).run()
        #expect(outcome.status == 64)
        #expect(
            outcome.complaint
                == "Error: --test-share cannot be used: photos already has the folders train and test")
    }

    @Test("folders as archives, phones and network drives make them; what is left out is said")
    func foldersOfSystems() async throws {
        try write(5, to: "download/photos/cat/2024/05", from: 100)
        try write(5, to: "download/photos/other/DCIM/100APPLE")
        try write(5, to: "download/__MACOSX/photos/cat")
        try write(1, to: "download/photos/cat/2024/@eaDir/IMG 1.jpg")
        try folder.write([1], as: "download/photos/cat/Thumbs.db")
        try folder.write([1], as: "download/photos/notes.txt")
        let outcome = try await nnCLI("dataset", "pack", "download", "-o", "cats.h5", in: folder)
        #expect(outcome.status == 0)
        #expect(
            outcome.stderr == """
                skipped download/photos/notes.txt: expected folders of photos, got a file
                skipped folders of the system: download/__MACOSX and 1 more
                wrote cats.h5: 8 images; class 0, other: 4; class 1, cat: 4
                wrote cats-test.h5: 2 images; class 0, other: 1; class 1, cat: 1
                next: nn-cli train --train cats.h5 --test cats-test.h5

                """)
        #expect(try DataSet(hdf5: folder.path("cats-test.h5")).count == 2)
    }

    @Test("of three folders, --positive names class 1, and the others together are class 0")
    func joinsClasses() async throws {
        for (index, name) in ["bird", "cat", "dog"].enumerated() {
            try write(5, to: "pets/\(name)", from: 50 * index)
        }
        let unclear = try await nnCLI("dataset", "pack", "pets", in: folder)
        #expect(unclear.status == 65)
        #expect(
            unclear.complaint
                == "Error: pets: expected two folders of photos, one per class (or --positive NAME; "
                + "the others together are class 0 then), got bird, cat, dog")
        let outcome = try await nnCLI("dataset", "pack", "pets", "--positive", "cat", in: folder)
        #expect(outcome.status == 0)
        #expect(
            outcome.stderr.hasPrefix(
                """
                class 0, other: bird, dog
                wrote pets.h5: 12 images; class 0, other: 8; class 1, cat: 4

                """))
        #expect(try shades("pets.h5").allSatisfy { ($0.shade / 50 == 1) == ($0.label == 1) })
    }

    @Test("train, evaluate and the others read the folder itself, and name its photos")
    func folderAsData() async throws {
        for set in ["train", "val"] {
            try write(5, to: "pets/\(set)/cat", from: 100)
            try write(5, to: "pets/\(set)/dog")
            try write(5, to: "pets/\(set)/bird", from: 50)
        }
        let teaching = ["--positive", "cat", "--iterations", "5", "-o", "cats.nnk"]
        let alone = try await CommandLineTool(["train", "--train", "pets"] + teaching, in: folder).run()
        #expect(alone.status == 0)
        #expect(
            alone.stderr.hasPrefix(
                "class 0, other: bird, dog\npets/val is left for testing; only pets/train is read\n"))
        let both = try await CommandLineTool(
            ["train", "--train", "pets", "--test", "pets", "--json"] + teaching, in: folder
        ).run()
        #expect(both.status == 0 && !both.stderr.contains("is left for"))
        #expect(try both.mismatches("train") == [])
        #expect(both.stdout.contains("\"mislabeled_names\":[\"val/"))
        // The model says which folder is class 1.
        let evaluation = try await nnCLI("evaluate", "--data", "pets", "-m", "cats.nnk", in: folder)
        #expect(evaluation.status == 0)
        #expect(evaluation.stderr.contains("\npets/train is left for training; only pets/val is read\n"))
        #expect(evaluation.stdout.contains("; mislabeled:\n  val/"))
        let json = try await nnCLI("evaluate", "--data", "pets", "-m", "cats.nnk", "--json", in: folder)
        #expect(try json.mismatches("evaluate") == [])
        #expect(json.stdout.contains("\"names\":[\"val/bird/0.png\","))
        for arguments in [
            ["report", "--data", "pets", "--train", "pets", "-m", "cats.nnk", "-o", "r.html"],
            ["reproduce", "cats.nnk", "--train", "pets"],
            ["dataset", "show", "pets", "--positive", "cat"], ["inspect", "pets", "--positive", "cat"],
            ["cross-validate", "pets", "--positive", "cat", "--folds", "2", "--iterations", "5"],
        ] {
            let outcome = try await CommandLineTool(arguments, in: folder).run()
            #expect(outcome.status == 0, "\(arguments): \(outcome.stderr)")
        }
        #expect(
            try String(decoding: folder.bytes(of: "r.html"), as: UTF8.self).contains(
                "<span class=\"note\">val/"))
    }

    @Test("outputs replace no photo of a folder that is read", arguments: ["train", "report", "show"])
    func keepsPhotos(command: String) async throws {
        for name in ["a", "b"] { try write(2, to: "photos/\(name)") }
        try folder.write(Fixture.model, as: "model.nnk")
        let before = try folder.bytes(of: "photos/a/1.png")
        let arguments = [
            "train": ["train", "--train", "photos", "--iterations", "1"],
            "report": ["report", "--data", "photos"], "show": ["dataset", "show", "photos"],
        ][command]!
        let outcome = try await CommandLineTool(arguments + ["-o", "photos/a/1.png"], in: folder).run()
        #expect(outcome.status == 64)
        #expect(
            outcome.complaint == "Error: --output: expected a file other than the photos, got photos/a/1.png")
        #expect(try folder.bytes(of: "photos/a/1.png") == before)
    }

    @Test("class names that a model cuts to the same name are refused, others are cut with a note")
    func longClassNames() async throws {
        let long = String(repeating: "x", count: 31)
        for name in [long + "1", long + "2", "y"] { try write(3, to: "same/\(name)") }
        let same = try await nnCLI("teach", "same", "--positive", long + "1", in: folder)
        #expect(same.status == 0)
        #expect(
            same.stderr.contains(
                "\nsame: the model keeps only \(long) of the class name \(long)1\n"))
        try FileManager.default.removeItem(atPath: folder.path("same/y"))
        let clash = try await nnCLI("train", "--train", "same", in: folder)
        #expect(clash.status == 65)
        #expect(
            clash.complaint
                == "Error: same: expected class names that differ in their first 31 bytes, got \(long)1, \(long)2"
        )
    }

    @Test("a share of 0 writes no test set")
    func noTestSet() async throws {
        for name in ["a", "b"] { try write(3, to: "photos/\(name)") }
        let outcome = try await nnCLI(
            "dataset", "pack", "photos", "-o", "all.h5", "--test-share", "0", in: folder)
        #expect(outcome.status == 0)
        #expect(try shades("all.h5").count == 6)
        #expect(try folder.names == ["all.h5", "photos"])
        #expect(outcome.stderr.contains("\nall-test.h5 was not written: no photos for testing\n"))
        #expect(!outcome.stderr.contains("warning"))
    }

    @Test("a test set of an earlier run stays, with a warning")
    func oldTestSet() async throws {
        for name in ["a", "b"] { try write(3, to: "photos/\(name)") }
        let first = try await nnCLI("dataset", "pack", "photos", in: folder)
        #expect(first.status == 0 && !first.stderr.contains("warning"))
        let before = try folder.bytes(of: "photos-test.h5")
        let outcome = try await nnCLI("dataset", "pack", "photos", "--test-share", "0", in: folder)
        #expect(outcome.status == 0)
        #expect(
            outcome.stderr.contains(
                "\nwarning: photos-test.h5 is of an earlier run; its photos may now be in photos.h5\n"))
        #expect(try folder.bytes(of: "photos-test.h5") == before)
    }

    @Test("what can't be packed leaves no file")
    func refusals() async throws {
        try write(2, to: "photos/a")
        let missing = try await nnCLI("dataset", "pack", "gone", "-o", "x.h5", in: folder)
        #expect(missing.status == 66)
        #expect(
            missing.complaint
                == "Error: gone: no such folder; expected a folder with one folder per class")
        let single = try await nnCLI("dataset", "pack", "photos", "-o", "x.h5", in: folder)
        #expect(single.status == 65)
        #expect(
            single.complaint == "Error: photos: expected two folders of photos, one per class, got only a")
        try write(0, to: "photos/b")
        let empty = try await nnCLI("dataset", "pack", "photos", "-o", "x.h5", in: folder)
        #expect(empty.status == 65)
        #expect(empty.complaint == "Error: photos/b: expected at least one photo, got none")
        let output = try await nnCLI("dataset", "pack", "photos", "-o", "gone/x.h5", in: folder)
        #expect(output.status == 74)
        for share in ["1", "-0.1", "nan"] {
            let outcome = try await nnCLI(
                "dataset", "pack", "photos", "-o", "x.h5", "--test-share", share, in: folder)
            #expect(outcome.status == 64)
            #expect(outcome.complaint.hasPrefix("Error: --test-share: expected 0 or more and below 1"))
        }
        #expect(try folder.names == ["photos"])
    }

    @Test("no photo is overwritten, and both sets have a file")
    func badOutputs() async throws {
        try write(3, to: "photos/a")
        try write(3, to: "photos/b-test", from: 50)
        let before = try folder.bytes(of: "photos/a/1.png")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link.h5"), withDestinationPath: folder.path("photos/a/1.png"))
        try folder.write(before, as: "photos/a/x-test.png")
        for (output, message) in [
            ("photos/a/1.png", "--output: expected a file other than the photos, got photos/a/1.png"),
            ("link.h5", "--output: expected a file other than the photos, got link.h5"),
            ("photos/a/x.png", "--output: expected a file other than the photos, got photos/a/x-test.png"),
            ("-", "--output: expected a file, got -; the test set is written to a second file beside it"),
            (
                "/dev/null",
                "--output: expected a file, got /dev/null; the test set is written to a second file beside it"
            ),
        ] {
            let outcome = try await nnCLI("dataset", "pack", "photos", "-o", output, in: folder)
            #expect(outcome.status == 64)
            #expect(outcome.complaint == "Error: \(message)")
        }
        #expect(try folder.bytes(of: "photos/a/1.png") == before)
        #expect(try folder.names == ["link.h5", "photos"])
    }

    @Test("with -o -, standard output contains only the picture")
    func showsToStandardOutput() async throws {
        folder.write(Fixture.drawings, prefix: "test", as: "data.h5")
        try folder.write([], as: "out.png")
        var tool = CommandLineTool(["dataset", "show", "data.h5", "-o", "-"], in: folder)
        tool.outputFile = folder.path("out.png")
        let outcome = try await tool.run()
        #expect(outcome.status == 0 && outcome.stderr.contains("\nblue frames: "))
        #expect(try folder.bytes(of: "out.png") == ContactSheet.png(Fixture.drawings, 0..<20))
    }

    @Test("h5py opens what is written", .enabled(if: Python.isUsable, "\(Python.advice)"))
    func h5pyOpens() async throws {
        try write(3, to: "photos/cat", from: 100)
        try write(3, to: "photos/non-cat")
        #expect(try await nnCLI("dataset", "pack", "photos", "-o", "cats.h5", in: folder).status == 0)
        let report = try Python.run(
            "pictures/datasets.py", folder.path("cats.h5"), folder.path("cats-test.h5"))
        let lines = report.split(separator: "\n")
        #expect(lines.count == 2)
        for (line, (role, name)) in zip(lines, [("train", "cats.h5"), ("test", "cats-test.h5")]) {
            let data = try DataSet(hdf5: folder.path(name))
            let hashes = (0..<data.count).map { "'\(sha256(Array(data.image($0))).prefix(8))'" }
            let names = try #require(data.names).map { "'\($0)'" }
            #expect(
                line == """
                    \(role)_set_x (\(data.count), 64, 64, 3) uint8 \(role)_set_y \(data.labels) \
                    ['non-cat', 'cat'] [\(hashes.joined(separator: ", "))] [\(names.joined(separator: ", "))]
                    """)
        }
    }

    @Test("a contact sheet shows each image in a frame of its class")
    func shows() async throws {
        folder.write(Fixture.drawings, prefix: "test", as: "data.h5")
        let outcome = try await nnCLI(
            "dataset", "show", "data.h5", "-o", "sheet.png", "--from", "3", "--limit", "1", in: folder)
        #expect(outcome.status == 0)
        let label = Int(Fixture.drawings.labels[3])
        #expect(
            outcome.stdout == """
                images 3 to 3 of 20
                blue frames: class 0, non-cat (\(1 - label))
                orange frames: class 1, cat (\(label))

                """)
        #expect(outcome.stderr == "wrote sheet.png; --from and --limit show others\n")
        #expect(
            try folder.bytes(of: "sheet.png") == ContactSheet.png(Fixture.drawings, 3..<4))
    }

    @Test("what can't be shown leaves no file")
    func showRefusals() async throws {
        folder.write(Fixture.drawings, prefix: "test", as: "data.h5")
        for (options, message) in [
            (["--from", "20"], "--from: expected a number below 20, as data.h5 has 20 images, got 20"),
            (["--from", "-1"], "--from: expected 0 or more, got -1"),
            (["--limit", "0"], "--limit: expected 1 to 10000, got 0"),
        ] {
            let arguments = ["dataset", "show", "data.h5", "-o", "sheet.png"] + options
            let outcome = try await CommandLineTool(arguments, in: folder).run()
            #expect(outcome.status == 64)
            #expect(outcome.complaint == "Error: \(message)")
        }
        let itself = try await nnCLI("dataset", "show", "data.h5", "-o", "./data.h5", in: folder)
        #expect(itself.status == 64)
        #expect(try folder.names == ["data.h5"])
    }
}
