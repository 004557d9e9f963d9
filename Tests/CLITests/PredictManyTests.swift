import Foundation
import SwiftNN
import Testing

@testable import NNData

/// A model, and what a shell does with it.
private struct Darkroom {
    let folder = TemporaryFolder()

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        for index in 0..<4 { try write(index, as: "\(index).bin") }
        try folder.write(Fixture.image.dropLast(), as: "bad.bin")
    }

    /// Writes a raw image, whose answer is known.
    func write(_ index: Int, as name: String) throws {
        let path = URL(filePath: folder.path(name)).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        try folder.write(Fixture.drawings.image(index), as: name)
    }

    /// Runs a script with nn-cli on its path.
    func run(_ script: String, program: String = "/bin/sh") async throws -> Outcome {
        let tools = URL(filePath: CommandLineTool.path).deletingLastPathComponent().path
        var shell = CommandLineTool(["-c", "PATH='\(tools)':$PATH\n\(script)"], in: folder)
        shell.program = program
        return try await shell.run()
    }

    /// The line that answers an image under this name.
    func line(_ name: String, _ index: Int) throws -> String {
        let answer = try Fixture.network.classify(Fixture.drawings.image(index))
        let (names, probability) = (Fixture.network.classNames, answer.probability)
        return
            "\(name): \(names[answer.classIndex]) (probability of \(names[1]): \(String(format: "%.4f", probability)))\n"
    }

    func lines(_ indices: Int...) throws -> String {
        try indices.map { try line("\($0).bin", $0) }.joined()
    }

    static let photo = "12288 bytes (64x64 RGB) or a PNG, JPEG or WebP picture"
}

@Suite("One bad photo costs only its own answer")
struct BadPhotoAmongGoodTests {
    private let room: Darkroom
    private var folder: TemporaryFolder { room.folder }

    init() throws { room = try Darkroom() }

    @Test("the others are answered, in their order; the bad one is named")
    func oneOfThree() async throws {
        let outcome = try await room.run("nn-cli predict 2.bin bad.bin 0.bin")
        #expect(outcome.status == 65)
        #expect(outcome.stdout == (try room.lines(2, 0)))
        #expect(
            outcome.stderr == """
                Error: bad.bin: expected \(Darkroom.photo), got 12287 bytes
                model: model.nnk
                no answer for 1 of 3 inputs

                """)
    }

    @Test(
        "the exit code is that of the gravest failure",
        arguments: [
            ("0.bin", 0), ("0.bin bad.bin", 65), ("0.bin gone.bin", 66), ("gone.bin bad.bin 0.bin", 66),
            ("--quiet bad.bin gone.bin", 66),
        ])
    func codes(inputs: String, status: Int32) async throws {
        #expect(try await room.run("nn-cli predict \(inputs)").status == status)
    }

    @Test("a photo that cannot be read to its end is the gravest", .enabled(if: isLinux, "needs /proc"))
    func unreadable() async throws {
        let outcome = try await room.run("nn-cli predict /proc/self/mem gone.bin bad.bin 1.bin")
        #expect(outcome.status == 74)
        #expect(outcome.stdout == (try room.lines(1)))
    }

    @Test("with --strict there is no answer then")
    func strict() async throws {
        for (inputs, status, message) in [
            (
                "0.bin bad.bin gone.bin 1.bin", Int32(65),
                "bad.bin: expected \(Darkroom.photo), got 12287 bytes"
            ),
            ("0.bin gone.bin", 66, "gone.bin: no such file; expected \(Darkroom.photo)"),
        ] {
            for form in ["", "--json", "--csv t.csv", "--sort-into sorted"] {
                let outcome = try await room.run("nn-cli predict --strict \(form) \(inputs)")
                #expect(outcome.status == status)
                #expect(outcome.stdout == "")
                #expect(outcome.stderr == "Error: \(message)\n")
                #expect(try !folder.names.contains { $0.contains("t.csv") })
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("sorted")) == [])
        let good = try await room.run("nn-cli predict --strict 3.bin 1.bin")
        #expect(good.status == 0)
        #expect(good.stdout == (try room.lines(3, 1)))
    }

    @Test("in JSON, a failed input has an error in place of a class")
    func json() async throws {
        let outcome = try await room.run("nn-cli predict 0.bin bad.bin gone.bin 1.bin --json")
        #expect(outcome.status == 66)
        #expect(try outcome.mismatches("predict") == [])
        let predictions = try outcome.answer(PredictionAnswer.self).predictions
        #expect(predictions.map(\.input) == ["0.bin", "bad.bin", "gone.bin", "1.bin"])
        #expect(
            predictions.map(\.error) == [
                nil, "expected \(Darkroom.photo), got 12287 bytes",
                "no such file; expected \(Darkroom.photo)", nil,
            ])
        #expect(predictions.map(\.probability.isNaN) == [false, true, true, false])
    }

    @Test("an answer appears when it is known, also in a pipe")
    func asTheyCome() async throws {
        for (form, lines) in [("", 1), ("--csv -", 2)] {
            let outcome = try await room.run(
                """
                rm -f names out; mkfifo names; nn-cli predict --files-from names \(form) | cat >out &
                exec 3>names; echo 0.bin >&3
                for i in $(seq 100); do test "$(grep -c . out)" = \(lines) && break; sleep 0.05; done
                grep -c . out; echo 1.bin >&3; exec 3>&-; wait; grep -c . out
                """)
            #expect(outcome.stdout == "\(lines)\n\(lines + 1)\n")
        }
    }

    @Test("Ctrl-C ends a run that waits, with the answers so far", arguments: ["", "--json", "--csv t.csv"])
    func interrupt(form: String) async throws {
        let outcome = try await room.run(
            """
            mkfifo names; nn-cli predict --files-from names \(form) >out 2>err &
            exec 3>names; echo 0.bin >&3; echo bad.bin >&3; echo 1.bin >&3
            for i in $(seq 100); do grep -q bad.bin err && break; sleep 0.05; done; sleep 0.3
            kill -INT $!; before=$(date +%s%N); wait $!; echo $?; test $(( $(date +%s%N) - before )) -lt 1000000000 || echo late
            ls -A | grep t.csv; cat out
            """)
        let error = String(decoding: try folder.bytes(of: "err"), as: UTF8.self)
        let lost = form.hasPrefix("--csv") ? "; t.csv was not written" : ""
        #expect(error.hasSuffix("Error: interrupted after 2 answers\(lost)\n"))
        switch form {
        case "": #expect(outcome.stdout == "130\n\(try room.lines(0, 1))")
        case "--json":
            let answer = try JSONDecoder().decode(
                PredictionAnswer.self, from: Data(outcome.stdout.dropFirst(4).utf8))
            #expect(answer.predictions.map(\.input) == ["0.bin", "bad.bin", "1.bin"])
        default: #expect(outcome.stdout == "130\n")
        }
    }

    @Test("a reader that has enough ends the run quietly")
    func closedPipe() async throws {
        let outcome = try await room.run(
            "{ yes 0.bin | head -n 100000 | nn-cli predict --files-from -; echo $? >code; } | head -n 1; cat code"
        )
        #expect(outcome.stdout == (try room.lines(0)) + "141\n")
        #expect(outcome.stderr == "")
    }

    @Test(
        "flags that contradict each other, or lack another",
        arguments: [
            ("", "Missing expected argument '<input> ...'"), ("-0 0.bin", "--null needs --files-from"),
            ("--link 0.bin", "--link needs --sort-into"),
            ("--json --csv t.csv 0.bin", "--json and --csv cannot be used together"),
            ("--sort-into d -", "--sort-into needs files; standard input is none"),
            ("--sort-into - 0.bin", "--sort-into: expected a folder, got - (standard output)"),
            (
                "--files-from - -",
                "standard input can be read only once: use - for one image, for the model or for --files-from"
            ),
        ])
    func usage(arguments: String, message: String) async throws {
        let outcome = try await room.run("nn-cli predict \(arguments)")
        #expect(outcome.status == 64)
        #expect(outcome.complaint == "Error: \(message)")
    }
}

@Suite("Lists of photos")
struct PhotoListTests {
    private let room: Darkroom

    init() throws { room = try Darkroom() }

    @Test(
        "lines end in any way; empty ones are no names",
        arguments: [
            #"0.bin\n1.bin\n"#, #"0.bin\n1.bin"#, #"0.bin\r\n\r\n1.bin\r\n"#,
            #"\357\273\2770.bin\n\n\n1.bin"#,
        ])
    func lines(text: String) async throws {
        let outcome = try await room.run("printf '\(text)' | nn-cli predict --files-from -")
        #expect(outcome.status == 0)
        #expect(outcome.stdout == (try room.lines(0, 1)))
    }

    @Test("NULs leave newlines to the names")
    func nuls() async throws {
        try room.write(2, as: "two\nlines.bin")
        let outcome = try await room.run(
            "printf '0.bin\\0two\\nlines.bin\\0' >list; nn-cli predict -0 --files-from list")
        #expect(outcome.stdout == (try room.lines(0)) + (try room.line("two\\x0Alines.bin", 2)))
        let lines = try await room.run("nn-cli predict --files-from list")
        #expect(lines.status == 65)
        #expect(lines.stderr.contains("Error: list: expected a list of files, got a NUL in a line"))
    }

    @Test("a name that is not UTF-8 leads to its file", .enabled(if: isLinux, "APFS has no such names"))
    func otherEncodings() async throws {
        let outcome = try await room.run(
            """
            cp 1.bin "$(printf 'caf\\351.bin')"; ls caf* | nn-cli predict --files-from - --csv t.csv --sort-into s &&
            cat t.csv && ls s/*/ | od -An -c
            mv model.nnk "$(printf 'mod\\351.nnk')"; nn-cli predict --json -m mod*.nnk caf*.bin
            """)
        #expect(outcome.status == 0, "\(outcome.stderr)")
        #expect(outcome.stdout.contains("\ncaf\\xE9.bin,"))
        #expect(outcome.stdout.contains("351"))
        #expect(outcome.stdout.contains(#""path":"mod\\xE9.nnk""#))
        #expect(outcome.stdout.contains(#""input":"caf\\xE9.bin""#))
    }

    @Test("arguments come first; folders are gone through; - is a file's name")
    func mixture() async throws {
        try room.write(2, as: "deep/er/2.bin")
        let outcome = try await room.run(
            "cp 1.bin ./-; printf 'deep\\n-\\n' | nn-cli predict 0.bin --files-from -")
        #expect(
            outcome.stdout
                == (try room.lines(0) + room.line("deep/er/2.bin", 2) + room.line("./-", 1)))
    }

    @Test("an empty list has no answers")
    func empty() async throws {
        for form in ["", "--json", "--csv -"] {
            let outcome = try await room.run("nn-cli predict --files-from - \(form) </dev/null")
            #expect(outcome.status == 0)
            if form == "--csv -" { #expect(outcome.stdout == "input,class,probability,error\n") }
            if form == "--json" { #expect(try outcome.mismatches("predict") == []) }
        }
    }

    @Test(
        "what is no list is said",
        arguments: [
            ("gone", 66, "gone: no such file; expected a list of files"),
            (".", 66, ".: a folder; expected a list of files"),
            ("model.nnk", 65, "model.nnk: expected a list of files, got a NUL in a line"),
        ])
    func noList(path: String, status: Int32, message: String) async throws {
        let outcome = try await room.run("nn-cli predict --files-from \(path)")
        #expect(outcome.status == status)
        #expect(outcome.complaint.hasPrefix("Error: \(message)"))
        #expect(outcome.stdout == "")
    }

    /// A WebP that is cut off in the middle of 10,000 photos.
    @Test("10,000 photos in the memory of 100", .enabled(if: Python.isUsable, "\(Python.advice)"))
    func tenThousand() async throws {
        let report = try await Peers.run(
            """
            import csv, io, resource, subprocess
            from PIL import Image
            for i in range(5):
                picture = Image.effect_noise((96 + 7 * i, 80), 60).convert("RGB")
                for end in "jpg", "png": picture.save(f"p{i}.{end}")
            whole = io.BytesIO()
            Image.effect_noise((90, 80), 60).convert("RGB").save(whole, "WEBP")
            open("cut.webp", "wb").write(whole.getvalue()[:-500])
            names = [f"p{i % 5}.{'jpg' if i % 2 else 'png'}" for i in range(10_000)]
            def run(names, status):
                table = subprocess.run(
                    ["\(CommandLineTool.path)", "predict", "--files-from", "-", "--csv", "-"],
                    input="\\n".join(names).encode(), capture_output=True)
                assert table.returncode == status, table.stderr
                rows = list(csv.reader(io.StringIO(table.stdout.decode(), newline="")))
                assert rows[0] == ["input", "class", "probability", "error"]
                assert [row[0] for row in rows[1:]] == names
                return rows[1:], table.stderr.decode(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            few, _, small = run(names[:100], 0)
            names.insert(5_000, "cut.webp")
            many, errors, large = run(names, 65)
            assert many[5_000][1:3] == ["", ""] and "WebP" in many[5_000][3]
            assert errors.startswith("Error: cut.webp: ") and errors.count("Error") == 1
            del many[5_000]
            assert many == few * 100
            print(large - small)
            """, in: room.folder)
        // KB (bytes on macOS): the results of 256 photos may wait.
        #expect(try #require(Int(report.trimmingCharacters(in: .newlines))) < (isLinux ? 8 << 10 : 8 << 20))
    }
}

@Suite("Folders of photos")
struct PhotoFolderPredictionTests {
    private let room: Darkroom

    init() throws { room = try Darkroom() }

    @Test("all photos in it are answered, in the order of their paths; what else is there is skipped")
    func order() async throws {
        for (index, name) in ["b/2.bin", "a/10.bin", "a/9.bin", "B.bin"].enumerated() {
            try room.write(index, as: "in/\(name)")
        }
        let outcome = try await room.run(
            """
            mkdir in/.hidden in/@eaDir; cp 0.bin in/.hidden; cp 0.bin in/@eaDir; touch in/.DS_Store in/Thumbs.db
            ln -s .. in/a/loop; mkfifo in/pipe; echo text >in/notes.txt; nn-cli predict in
            """)
        let answers = try [("B.bin", 3), ("a/10.bin", 1), ("a/9.bin", 2), ("b/2.bin", 0)]
            .map { try room.line("in/\($0.0)", $0.1) }.joined()
        #expect(outcome.stdout == answers)
        #expect(outcome.stderr.contains("\nskipped in/notes.txt: expected \(Darkroom.photo), got 5 bytes\n"))
        #expect(
            outcome.stderr.contains("\nskipped in/pipe: expected \(Darkroom.photo), got a pipe or a device\n")
        )
        #expect(outcome.stderr.contains("\nskipped folders of the system: in/.hidden and 1 more\n"))
        // The link leads to the folder that it is in.
        #expect(outcome.status == 65)
        #expect(
            outcome.complaint
                == "Error: in/a/loop: expected a folder of photos, got a link to a folder that it is in")
    }

    @Test(
        "what is named as a picture, or is one, is missed if it cannot be read; other files are not",
        arguments: [
            ("x.txt", [0x74], 0), ("x", [1, 2], 0), ("x.mov", [0, 0, 0, 1], 0), ("x.jpg", [], 65),
            ("x.HEIC", [1], 65),
            ("x", [0xff, 0xd8, 0xff, 0xe0, 0, 0], 65),
        ])
    func strays(name: String, content: [UInt8], status: Int32) async throws {
        try room.write(1, as: "in/1.bin")
        try room.folder.write(content, as: "in/\(name)")
        let outcome = try await room.run("nn-cli predict in --json")
        #expect(outcome.status == status, "\(outcome.stderr)")
        let predictions = try outcome.answer(PredictionAnswer.self).predictions
        #expect(predictions.map(\.input) == ["in/1.bin"] + (status == 0 ? [] : ["in/\(name)"]))
        #expect(outcome.stderr.contains("\(status == 0 ? "skipped" : "Error:") in/\(name): "))
    }

    @Test("a folder without photos is bad data")
    func empty() async throws {
        let empty = try await room.run("mkdir in; nn-cli predict in")
        #expect(empty.status == 65)
        #expect(empty.stderr == "Error: in: expected a folder of photos, got no file in it\n")
        let other = try await room.run("echo text >in/text; nn-cli predict in")
        #expect(other.status == 65)
        #expect(other.stderr.hasSuffix("Error: expected photos, got 1 other file\n"))
    }
}

@Suite("Answers as a table")
struct AnswerTableTests {
    private let room: Darkroom

    init() throws { room = try Darkroom() }

    @Test("Python's csv module reads it", .enabled(if: Python.isUsable, "\(Python.advice)"))
    func csv() async throws {
        let names = ["0.bin", "a,b.bin", "quo\"te.bin", "new\nline.bin", " space.bin"]
        for (index, name) in names.enumerated().dropFirst() { try room.write(index % 4, as: name) }
        let rows = try await Peers.run(
            """
            import csv, subprocess
            names = ["0.bin", "a,b.bin", 'quo"te.bin', "new\\nline.bin", " space.bin", "bad.bin"]
            run = subprocess.run(["\(CommandLineTool.path)", "predict", *names, "--csv", "t.csv"], capture_output=True)
            assert run.returncode == 65 and run.stdout == b"", run
            rows = list(csv.reader(open("t.csv", newline="")))
            assert rows.pop(0) == ["input", "class", "probability", "error"]
            assert [row[0] for row in rows] == [name.replace("\\n", "\\\\x0A") for name in names]
            assert rows[-1][1:3] == ["", ""] and rows[-1][3].endswith("got 12287 bytes")
            for row in rows[:-1]: print(row[2])
            """, in: room.folder)
        let expected = try (0..<5).map { try Fixture.network.probability(of: Fixture.drawings.image($0 % 4)) }
        #expect(rows.split(separator: "\n").map { Double($0) } == expected)
    }

    @Test("a table does not replace what is read", arguments: ["0.bin", "./0.bin", "list", "model.nnk"])
    func collision(path: String) async throws {
        let outcome = try await room.run(
            "echo 1.bin >list; nn-cli predict 0.bin --files-from list --csv \(path)")
        #expect(outcome.status == 64)
        #expect(outcome.stderr == "Error: --csv: expected a file other than the inputs, got \(path)\n")
    }

    @Test("a table replaces no other file, and is not among the inputs itself")
    func ownTable() async throws {
        let outcome = try await room.run(
            """
            mkdir p && cp 0.bin 1.bin p && nn-cli predict p --csv p/1.bin
            for i in 1 2; do nn-cli predict p --csv p/t.csv && cat p/t.csv; done; cmp 1.bin p/1.bin && ls p
            """)
        #expect(outcome.status == 0)
        #expect(
            outcome.stderr.hasPrefix(
                "Error: --csv: p/1.bin exists and is no table of predict; write another file, or remove it\n")
        )
        #expect(!outcome.stderr.contains("skipped"))
        let lines = outcome.stdout.split(separator: "\n")
        #expect(lines.count == 9 && lines[0] == lines[3] && lines[3...5].allSatisfy(lines[0...2].contains))
        #expect(lines[6...] == ["0.bin", "1.bin", "t.csv"])
    }

    @Test("not sure is an empty class with a probability")
    func notSure() async throws {
        let outcome = try await room.run("nn-cli predict 0.bin --min-confidence 0.9999 --csv -")
        let probability = try Fixture.network.probability(of: Fixture.drawings.image(0))
        #expect(outcome.stdout == "input,class,probability,error\n0.bin,,\(probability),\n")
    }

    @Test("a table that cannot be written leaves what was there", .enabled(if: isLinux, "needs /dev/full"))
    func unwritable() async throws {
        let outcome = try await room.run(
            "nn-cli predict 0.bin --csv gone/t.csv; nn-cli predict 0.bin --csv /dev/full")
        #expect(outcome.status == 74)
        #expect(
            outcome.stderr == """
                Error: gone/t.csv: no folder gone; expected a file to write
                Error: /dev/full: No space left on device; expected a file to write

                """)
        let full = try await room.run(
            """
            echo input,class,probability,error >t.csv; yes 0.bin | head -n 20000 >list
            (ulimit -f 100; trap '' XFSZ; nn-cli predict --files-from list --csv t.csv); echo $?; ls -A | grep t.csv; cat t.csv
            """)
        #expect(full.stdout == "74\nt.csv\ninput,class,probability,error\n")
    }
}

@Suite("Photos sorted by their classes")
struct SortedPhotoTests {
    private let room: Darkroom
    private var folder: TemporaryFolder { room.folder }

    init() throws { room = try Darkroom() }

    private func className(_ index: Int) throws -> String {
        Fixture.network.classNames[try Fixture.network.classify(Fixture.drawings.image(index)).classIndex]
    }

    /// Paths of all files in the folder.
    private func files(_ name: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path(name)).filter {
            !OutputFile.isFolder(folder.path("\(name)/\($0)"))
        }.sorted()
    }

    @Test("copies keep their time; nothing is overwritten, and equal content is there once")
    func copies() async throws {
        for index in 0..<4 { try room.write(index, as: "in/\(index)/photo.bin") }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_234_567_890)],
            ofItemAtPath: folder.path("in/0/photo.bin"))
        let name = try className(0)
        try FileManager.default.createDirectory(
            atPath: folder.path("out/\(name)"), withIntermediateDirectories: true)
        try folder.write("mine".utf8, as: "out/\(name)/photo.bin")
        var expected: [String: Int] = [name: 1]
        for index in 0..<4 { expected[try className(index), default: 0] += 1 }
        let paths = expected.flatMap { name, count in
            (1...count).map { "\(name)/photo\($0 == 1 ? "" : "-\($0)").bin" }
        }.sorted()
        for _ in 0..<2 {
            let outcome = try await room.run("nn-cli predict in --sort-into out")
            #expect(outcome.status == 0, "\(outcome.stderr)")
            #expect(try files("out") == paths)
        }
        #expect(try folder.bytes(of: "out/\(name)/photo.bin") == Array("mine".utf8))
        #expect(try folder.bytes(of: "out/\(name)/photo-2.bin") == Array(Fixture.drawings.image(0)))
        let date =
            try FileManager.default.attributesOfItem(atPath: folder.path("out/\(name)/photo-2.bin"))[
                .modificationDate] as? Date
        #expect(date == Date(timeIntervalSince1970: 1_234_567_890))
    }

    @Test("a photo below --min-confidence goes into: not sure; one without an answer nowhere")
    func notSure() async throws {
        let outcome = try await room.run(
            "nn-cli predict 0.bin bad.bin --min-confidence 0.9999 --sort-into out")
        #expect(outcome.status == 65)
        #expect(try files("out") == ["not sure/0.bin"])
    }

    @Test(
        "a name as long as the system allows; where a number makes it longer, the others are sorted",
        arguments: ["", "--link"])
    func longNames(link: String) async throws {
        let name = String(repeating: "n", count: 251) + ".bin"
        try room.write(0, as: "a/\(name)")
        let sorted = try await room.run("nn-cli predict a --sort-into out --min-confidence 0.9999 \(link)")
        #expect(sorted.status == 0, "\(sorted.stderr)")
        #expect(try files("out") == ["not sure/\(name)"])
        try room.write(1, as: "c/\(name)")
        try room.write(2, as: "b/2.bin")
        let outcome = try await room.run(
            "nn-cli predict c//\(name) b --sort-into out --min-confidence 0.9999 \(link)")
        #expect(outcome.status == 74)
        #expect(
            outcome.stderr.hasPrefix(
                "Error: c//\(name): a name too long for out/not sure; expected a file to sort\n"))
        #expect(try files("out") == ["not sure/2.bin", "not sure/\(name)"])
    }

    @Test("--link makes hard links, also of what a symbolic link leads to")
    func links() async throws {
        let outcome = try await room.run(
            "ln -s 0.bin link.bin; nn-cli predict 0.bin link.bin --sort-into out --link && ls -Li out/*/* 0.bin | cut -d ' ' -f 1 | sort -u | wc -l"
        )
        #expect(outcome.status == 0, "\(outcome.stderr)")
        #expect(outcome.stdout.hasSuffix("\n1\n"))
        let name = try className(0)
        #expect(try files("out") == ["\(name)/0.bin", "\(name)/link.bin"])
    }

    @Test("the folder may lie among the photos: what is in it is not sorted again")
    func inside() async throws {
        try room.write(0, as: "in/0.bin")
        let name = try className(0)
        for _ in 0..<2 {
            let outcome = try await room.run("cd in && nn-cli predict -m ../model.nnk . --sort-into ./sorted")
            #expect(outcome.stdout == (try room.line("./0.bin", 0)))
        }
        #expect(try files("in") == ["0.bin", "sorted/\(name)/0.bin"])
        let named = try await room.run("nn-cli predict in/sorted/*/0.bin --sort-into in/sorted")
        #expect(named.status == 0)
        #expect(try files("in") == ["0.bin", "sorted/\(name)/0.bin"])
    }

    @Test("photos are sorted within their own folder")
    func ownFolder() async throws {
        try room.write(0, as: "in/0.bin")
        let name = try className(0)
        for _ in 0..<2 {
            let outcome = try await room.run("cd in && nn-cli predict -m ../model.nnk . --sort-into .")
            #expect(outcome.stdout == (try room.line("./0.bin", 0)))
            #expect(try files("in") == ["0.bin", "\(name)/0.bin"])
        }
    }

    @Test("a folder that cannot be made or filled ends the run", .enabled(if: isLinux, "needs /dev/full"))
    func unwritable() async throws {
        let outcome = try await room.run(
            """
            nn-cli predict 0.bin --sort-into 1.bin; mkdir out; echo file >'out/\(try className(0))'
            nn-cli predict 0.bin --sort-into out; mkdir full
            (ulimit -f 8; trap '' XFSZ; nn-cli predict 0.bin --sort-into full --quiet); echo $?; find full -type f
            """)
        #expect(
            outcome.stderr.contains("Error: 1.bin: a file; expected a folder\n"))
        #expect(outcome.stderr.contains("Error: out/\(try className(0)): a file; expected a folder\n"))
        #expect(outcome.stdout.hasSuffix("\n74\n"))
        let json = try await room.run("nn-cli predict 0.bin 1.bin --json --sort-into out")
        #expect(json.status == 74)
        // The run ends at 0.bin, which has its answer; so does the object.
        #expect(try json.mismatches("predict") == [])
        #expect(try json.answer(PredictionAnswer.self).predictions.map(\.input) == ["0.bin"])
    }

    @Test("classes that cannot name folders are refused", arguments: ["a/b", "..", ".x", "not sure", "CAT"])
    func classNames(name: String) async throws {
        let network = try Network(
            topology: Fixture.network.topology,
            parameters: [Float](repeating: 0, count: Fixture.network.topology.parameterCount),
            classNames: [name, "cat"])
        try folder.write(network.bytes, as: "odd.nnk")
        let outcome = try await room.run("nn-cli predict -m odd.nnk 0.bin --sort-into out")
        #expect(outcome.status == 65)
        #expect(outcome.complaint.hasPrefix("Error: odd.nnk: expected classes whose names "))
        #expect(outcome.stdout == "")
        #expect(try !folder.names.contains("out"))
    }
}
