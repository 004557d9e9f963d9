import ArgumentParser
import Foundation
import NNData
import SwiftNN
import Testing

@testable import nn_cli

@Suite("Habits of a command line")
struct HabitsTests {
    private let folder = TemporaryFolder()

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
    }

    /// In the folder, with nn-cli on the path.
    private func shell(_ command: String, program: String = "/bin/sh") async throws -> Outcome {
        let tools = URL(filePath: CommandLineTool.path).deletingLastPathComponent().path
        var shell = CommandLineTool(["-c", "PATH='\(tools)':$PATH; \(command)"], in: folder)
        shell.program = program
        return try await shell.run()
    }

    /// model.nnk is the fixture's, which is of other images.
    private static let short =
        "train --force --topology two-layer --precision f32 --iterations 3 --log-every 1"

    @Test("the version is an answer")
    func version() async throws {
        let outcome = try await nnCLI("--version", in: folder)
        #expect(outcome.status == 0 && outcome.stderr == "")
        // A clone names no commit; a source archive names the commit that it was made of.
        let text = /nn-cli [0-9.]+ \((development version|commit [0-9a-f]{12}), (debug|release) build\)\n/
        #expect(try text.wholeMatch(in: outcome.stdout) != nil, "\(outcome.stdout)")
    }

    @Test("a wrong option is answered with the right one")
    func didYouMean() async throws {
        let outcome = try await nnCLI("train", "--topolgy", "deep", in: folder)
        #expect(outcome.complaint == "Error: Unknown option '--topolgy'. Did you mean '--topology'?")
    }

    @Test(
        "a wrong command is answered with the right one, whatever is behind it",
        arguments: [
            ("predikt --json x.png", "Unknown command 'predikt'. Did you mean 'predict'?"),
            ("dataset pakc photos", "Unknown command 'pakc'. Did you mean 'pack'?"),
            ("help trian", "Unknown command 'trian'. Did you mean 'train'?"),
            ("help dataset shwo", "Unknown command 'shwo'. Did you mean 'show'?"),
            ("pack photos", "Unknown command 'pack'. Did you mean 'dataset pack'?"),
            ("synht -o x", "Unknown command 'synht'. Did you mean 'dataset synth'?"),
            ("learn x y", "Unknown command 'learn'"),
        ])
    func wrongCommand(words: String, complaint: String) async throws {
        let outcome = try await shell("nn-cli \(words)")
        #expect(outcome.status == 64)
        #expect(outcome.complaint == "Error: \(complaint)")
    }

    @Test("each command's help has examples, which name the command")
    func examples() throws {
        func check(_ command: any ParsableCommand.Type, _ name: String) {
            let configuration = command.configuration
            guard configuration.subcommands.isEmpty else {
                for part in configuration.subcommands { check(part, "\(name) \(part._commandName)") }
                return
            }
            checkHelp(command, name)
        }
        func checkHelp(_ command: any ParsableCommand.Type, _ name: String) {
            // Else each call of nn-cli takes longer.
            #expect(command.configuration.commandName != nil)
            let help = NNCLI.helpMessage(for: command, columns: 80)
            #expect(help.contains("\nEXAMPLES\n") && help.contains("  \(name) "), "\(name)")
            // Up to an empty line; what a line has too much would begin at the next one's edge.
            let examples = help.components(separatedBy: "\nEXAMPLES\n").last!.components(
                separatedBy: "\n\n")[0]
            #expect(examples.split(separator: "\n").allSatisfy { $0.hasPrefix("  ") }, "broken: \(examples)")
        }
        checkHelp(NNCLI.self, "nn-cli")
        check(NNCLI.self, "nn-cli")
    }

    #if os(Linux)  // other systems take names in UTF-8 alone
        @Test("an argument that is not UTF-8 leads to the file of this name")
        func encoding() async throws {
            let outcome = try await shell(
                """
                name=$(printf 'a\\377') && nn-cli train --iterations 1 -o "$name.nnk" && head -c 12288 /dev/zero >"$name.bin" \\
                    && nn-cli predict -m "$name.nnk" "$name.bin" && rm "$name.bin" && ! nn-cli inspect "$name.bin"
                """)
            #expect(outcome.status == 0)
            #expect(outcome.stderr.contains("\nwrote a\\xFF.nnk ("))
            #expect(outcome.stdout.contains("\na\\xFF.bin: "))
            #expect(outcome.stderr.contains("Error: a\\xFF.bin: no such file"))
        }
    #endif

    @Test("what a terminal obeys does not reach it from a name, but JSON has it, escaped")
    func controlCharacters() async throws {
        let name = "a\u{1b}[31m\u{7f}\u{9b}\u{202e}\u{e0041}\n.bin"
        let shown = #"a\x1B[31m\x7F\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81\x0A.bin"#
        try folder.write(Fixture.image, as: name)
        let outcome = try await nnCLI("predict", name, in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stdout.hasPrefix("\(shown): "))
        let train = try await nnCLI("train", "--iterations", "1", "-o", name + "m", in: folder)
        #expect(train.stderr.contains("\nwrote \(shown)m ("))
        let json = try await nnCLI("predict", "--json", name, in: folder)
        #expect(try json.answer(PredictionAnswer.self).predictions.map(\.input) == [name])
        #expect(json.stdout.contains(#""a\u001b[31m\u007f\u009b\u202e\udb40\udc41\n.bin""#))
        let table = try await nnCLI("predict", "--csv", "-", name, in: folder)
        #expect(table.stdout.contains("\n\(shown),"))
        // ArgumentParser repeats what it does not know.
        for words in [["train", "--seed", name], ["train", "--\(name)"], [name]] {
            var tool = CommandLineTool(words, in: folder)
            tool.input = .bytes([])
            let refusal = try await tool.run()
            #expect(refusal.status == 64 && refusal.complaint.contains(shown), "\(refusal.stderr)")
            #expect(!refusal.stderr.unicodeScalars.contains { $0.isHidden && $0 != "\n" })
        }
    }

    // MARK: Colours, --quiet and --verbose

    @Test(
        "colours are used on terminals, or on request",
        arguments: [("", false), ("--color auto", false), ("--color always", true), ("--color never", false)])
    func colors(option: String, isColored: Bool) async throws {
        let outcome = try await shell("nn-cli evaluate --data gone.h5 \(option)")
        let error = isColored ? "\u{1b}[1;31mError:\u{1b}[0m" : "Error:"
        #expect(
            outcome.stderr
                == "\(error) gone.h5: no such file; expected a folder of photos or a data set file\n")
        let usage = try await shell("nn-cli train --iterations 0 \(option)")
        #expect(usage.stderr.hasPrefix("\(error) --iterations: expected "))
    }

    @Test(
        "on a terminal, NO_COLOR and TERM=dumb turn colours off",
        .enabled(if: isLinux, "needs Linux's script"),
        arguments: [
            ("TERM=xterm NO_COLOR=", true), ("TERM=xterm NO_COLOR=1", false), ("TERM=dumb NO_COLOR=", false),
        ])
    func terminal(environment: String, isColored: Bool) async throws {
        let output = try await onTerminal("\(environment) nn-cli evaluate --data gone.h5")
        #expect(output.contains("gone.h5: no such file; expected a folder of photos or a data set file"))
        #expect(output.contains("\u{1b}[1;31mError:") == isColored)
    }

    private func onTerminal(_ command: String) async throws -> String {
        try await shell("script -qec '\(command)' /dev/null").stdout.replacing("\r\n", with: "\n")
    }

    @Test(
        "a training on a terminal ends with its costs as a curve",
        .enabled(if: isLinux, "needs Linux's script"))
    func curveOnTerminal() async throws {
        let wide = try await onTerminal("stty cols 60; LC_ALL=C.UTF-8 nn-cli \(Self.short)")
        #expect(wide.contains("┤") && wide.contains("0 ┼────"))
        let widest = wide.split(separator: "\n").filter { $0.contains("┼") }.map(\.count)
        #expect(widest == [59])
        for quiet in [
            "stty cols 60; LC_ALL=C nn-cli \(Self.short)",
            "stty cols 12; LC_ALL=C.UTF-8 nn-cli \(Self.short)",
            "stty cols 60; LC_ALL=C.UTF-8 nn-cli \(Self.short) --quiet",
            "stty cols 60; LC_ALL=C.UTF-8 nn-cli \(Self.short) --json",
        ] {
            let output = try await onTerminal(quiet)
            #expect(output.contains("rain"), "\(quiet)")
            #expect(!output.contains("┼"), "\(quiet)")
        }
    }

    @Test(
        "a bar is no wider than the terminal", .enabled(if: isLinux, "needs Linux's script"),
        arguments: [8, 40, 60, 100])
    func bar(columns: Int) async throws {
        let output = try await onTerminal(
            "stty cols \(columns); nn-cli train --force --topology two-layer --precision f32 --method primal "
                + "--iterations 400 --log-every 400")
        let lines = output.split(separator: "\r").filter { $0.hasSuffix("\u{1b}[K") }.map { $0.dropLast(3) }
        #expect(lines.contains { !$0.isEmpty } && lines.allSatisfy { $0.count < columns })
        #expect(lines.contains { $0.hasPrefix("[=") } == (columns >= 60))
    }

    @Test("the time left counts only the work of this run")
    func timeLeft() async throws {
        let progress = ProgressReport(total: 30, begun: 10)
        #expect(progress.timeLeft(10) == "starting")
        try await Task.sleep(for: .seconds(1))
        let left = try #require(progress.timeLeft(20).wholeMatch(of: /([0-9.]+) s left/))
        #expect(Double(left.1)! >= 1)
    }

    @Test("--quiet keeps the answers, --verbose adds messages, and both together are refused")
    func levels() async throws {
        let normal = try await shell("nn-cli evaluate --data test.h5")
        let quiet = try await shell("nn-cli evaluate --data test.h5 --quiet")
        #expect(normal.stdout == quiet.stdout && !quiet.stdout.isEmpty)
        #expect(normal.stderr == "model: model.nnk\n" && quiet.stderr == "")
        let verbose = try await shell("nn-cli \(Self.short) -v")
        for work in [
            "reading 209 training images and 50 test images", "setting up", "3 iterations", "writing and",
        ] {
            #expect(verbose.stderr.contains("\n\(work)"))
        }
        let both = try await shell("nn-cli \(Self.short) -v --quiet")
        #expect(both.status == 64)
        #expect(both.complaint == "Error: --quiet and --verbose cannot be used together")
    }

    @Test("--quiet leaves standard error empty, whatever the command")
    func quietCommands() async throws {
        let photos = "mkdir -p photos/a photos/b && cp d/0*-cat.bin photos/a && cp d/0*-non* photos/b"
        #expect(try await shell("nn-cli dataset synth -o d --quiet && \(photos)").stderr == "")
        for command in [
            "dataset pack photos", "dataset pack photos --test-share 0",
            "dataset show photos.h5", "dataset show photos.h5 -o - >out",
            "dataset shard photos.h5 -o s --count 2",
            "teach photos --folds 2 -o t.nnk --report t.html",
            "train --train photos.h5 --iterations 5 -o q.nnk --report q.html --log-csv q.csv",
            "train --iterations 5 -o - >out",
            "cross-validate photos.h5 --folds 2 --iterations 5 --report c.html",
            "reproduce q.nnk --train photos.h5", "predict d/01-cat.bin", "evaluate photos.h5",
            "report photos.h5", "inspect q.nnk", "inspect photos.h5", "export q.nnk --format npz",
            "import q.npz -o i.nnk", "plan",
        ] {
            let outcome = try await shell("nn-cli \(command) --quiet")
            #expect(outcome.status == 0 && outcome.stderr == "", "\(command): \(outcome.stderr)")
        }
    }

    @Test("model.nnk is not replaced by a model of other images, unless the user says so")
    func otherModel() async throws {
        let train = "train --topology two-layer --precision f32 --iterations 3"
        func expectRefusal(_ found: String, _ command: String = train) async throws {
            let before = try folder.bytes(of: "model.nnk")
            let outcome = try await shell("nn-cli \(command)")
            #expect(outcome.status == 64)
            #expect(
                outcome.stderr.contains(
                    "Error: model.nnk is \(found), and would be replaced; write another file with --output, "
                        + "or replace it with --force\n"), "\(outcome.stderr)")
            let isSame = try folder.bytes(of: "model.nnk") == before
            #expect(isSame)
        }
        let origin = try #require(Fixture.network.origin)
        let other = "a model trained on other images (20 images, CRC-32 \(origin.dataCRCText))"
        try await expectRefusal(other)
        #expect(
            try await shell("nn-cli export --format npz && nn-cli import model.npz -o new.nnk").status == 0)
        for allowed in ["\(train) -o model.nnk", train, "\(train) --seed 2 --center"] {
            #expect(try await shell("nn-cli \(allowed)").status == 0, "\(allowed)")
        }
        try folder.write(Array("a letter".utf8), as: "model.nnk")
        try await expectRefusal("no usable model")
        let imported = try Network(
            topology: .twoLayer, parameters: Fixture.network.parameters(as: Float.self))
        try folder.write(imported.bytes, as: "model.nnk")
        try await expectRefusal("a model of imported weights")
        #expect(try await shell("nn-cli \(train) --force").status == 0)
    }

    @Test("the file that a command is about can stand alone, or be an option, but not both")
    func bareFiles() async throws {
        for (bare, option) in [
            ("evaluate test.h5 --json", "evaluate --data test.h5 --json"),
            ("report test.h5 -o -", "report --data test.h5 -o -"),
            ("export model.nnk --format npz -o -", "export -m model.nnk --format npz -o -"),
        ] {
            let outcomes = [
                try await shell("nn-cli \(bare) | cksum"), try await shell("nn-cli \(option) | cksum"),
            ]
            #expect(outcomes[0].stdout == outcomes[1].stdout && outcomes[0].stdout.count > 10)
        }
        for (words, complaint) in [
            ("evaluate", "expected a data set to test on, as in evaluate test.h5"),
            ("report x.h5 --data y.h5", "--data y.h5: expected one data set, got x.h5 as well"),
            ("export x.nnk -m y.nnk --format i8", "--model y.nnk: expected one model, got x.nnk as well"),
        ] {
            let outcome = try await shell("nn-cli \(words)")
            #expect(outcome.status == 64)
            #expect(outcome.complaint == "Error: \(complaint)")
        }
    }

    // MARK: Files and pipes

    @Test("the table has the costs of the answer, to the last digit")
    func logCSV() async throws {
        let outcome = try await shell("nn-cli \(Self.short) --json --quiet --log-csv costs.csv")
        let costs = try outcome.answer(TrainingAnswer.self).costs
        #expect(costs.map(\.iteration) == [0, 1, 2])
        let table = String(decoding: try folder.bytes(of: "costs.csv"), as: UTF8.self)
        #expect(table == "iteration,cost\n" + costs.map { "\($0.iteration),\($0.cost)\n" }.joined())
        #expect(try await shell("nn-cli \(Self.short) --quiet --log-csv -").stdout == table)
    }

    @Test("a model has the same bytes through pipes, and messages do not mix with it")
    func pipes() async throws {
        let outcome = try await shell(
            """
            nn-cli \(Self.short) -o file.nnk >words && nn-cli \(Self.short) -o - >pipe.nnk 2>notes &&
            cmp file.nnk pipe.nnk && grep -q 'Cost after iteration 2' notes && grep -q 'Test Accuracy' notes &&
            nn-cli inspect - <pipe.nnk >from-pipe && nn-cli inspect file.nnk >from-file &&
            test "$(grep sha from-pipe)" = "$(grep sha from-file)" &&
            nn-cli evaluate -m - --data test.h5 <file.nnk && nn-cli report -m - --data test.h5 -o - <file.nnk | wc -c
            """)
        #expect(outcome.status == 0, "\(outcome.stderr)")
        #expect(try #require(Int(outcome.stdout.split(separator: "\n").last ?? "")) > 100_000)
        #expect(try folder.bytes(of: "model.nnk") == Fixture.model)
    }

    @Test(
        "two outputs cannot be the same file",
        arguments: [
            ("-o - --json", "--json prints to standard output, so no other output can be - as well"),
            ("-o - --log-csv -", "--log-csv: expected a file other than --output, got -"),
            ("--report ./model.nnk", "--report: expected a file other than --output, got ./model.nnk"),
            ("--report r --log-csv r", "--log-csv: expected a file other than --report, got r"),
            (
                "--train test.h5 --report test.h5",
                "--report: expected a file other than the data set, got test.h5"
            ),
            ("--checkpoint -", "--checkpoint: expected a file, got - (standard output)"),
        ])
    func collisions(options: String, message: String) async throws {
        let before = try folder.names
        let outcome = try await shell("nn-cli \(Self.short) \(options)")
        #expect(outcome.status == 64)
        #expect(outcome.complaint == "Error: \(message)")
        #expect(outcome.stdout == "")
        #expect(try folder.names == before)
    }

    @Test(
        "an output that cannot be written is an error before the training",
        arguments: ["--report", "--log-csv"])
    func unwritable(option: String) async throws {
        let outcome = try await shell("nn-cli \(Self.short) -o new.nnk \(option) no/file")
        #expect(outcome.status == 74)
        #expect(outcome.stderr == "Error: no/file: no folder no; expected a file to write\n")
        #expect(try !folder.names.contains("new.nnk"))
    }

    // MARK: Completions

    @Test(
        "bash completes commands, options and files",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"), "needs bash"),
        arguments: [
            (["repo"], "report"), (["train", "--repo"], "--report"),
            (["train", "--topology", "two"], "two-layer"), (["import", "--topology", "de"], "deep"),
            (["train", "--method", "pri"], "primal"), (["train", "--precision", "f3"], "f32"),
        ])
    func completions(words: [String], expected: String) async throws {
        let outcome = try await complete(words)
        let replies = outcome.stdout.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(replies == [expected], "\(outcome.stderr)")
    }

    @Test(
        "bash completes a file wherever one is read or written",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"), "needs bash"),
        arguments: [
            "train --train", "train --test", "train -o", "train --output", "train --checkpoint",
            "train --report", "train --log-csv", "train --from", "reproduce", "reproduce --train",
            "reproduce --from", "teach", "teach -o", "teach --output", "teach --report", "cross-validate",
            "cross-validate --report", "predict",
            "predict -m", "predict --model", "predict --files-from", "predict --csv",
            "evaluate", "evaluate --data", "evaluate -m", "evaluate --model", "report", "report --data",
            "report --train",
            "report -m", "report --model", "report -o", "report --output", "inspect", "export", "export -m",
            "export --model", "export -o", "export --output", "import", "import -o", "import --output",
            "dataset pack -o", "dataset pack --output", "dataset show", "dataset show -o",
            "dataset show --output", "dataset shard",
        ])
    func fileCompletions(words: String) async throws {
        let outcome = try await complete(words.split(separator: " ").map(String.init) + ["mod"])
        #expect(outcome.stdout.contains("model.nnk"), "\(outcome.stdout) \(outcome.stderr)")
    }

    @Test(
        "bash completes folders where a folder is expected",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"), "needs bash"),
        arguments: [
            "dataset pack", "dataset synth -o", "dataset synth --output", "dataset shard -o",
            "dataset shard --output", "predict --sort-into",
            "predict --watch",
        ])
    func folderCompletions(words: String) async throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("models"), withIntermediateDirectories: false)
        let outcome = try await complete(words.split(separator: " ").map(String.init) + ["mod"])
        #expect(outcome.stdout.split(separator: "\n") == ["models"], "\(outcome.stderr)")
    }

    /// What bash offers for the last of the words.
    private func complete(_ words: [String]) async throws -> Outcome {
        let line = (["nn-cli"] + words).joined(separator: " ")
        return try await shell(
            """
            eval "$(nn-cli --generate-completion-script bash)"
            COMP_WORDS=(\(line)) COMP_CWORD=\(words.count) COMP_LINE='\(line)' COMP_POINT=\(line.count)
            function=$(complete -p nn-cli | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
            "$function" nn-cli '\(words.last!)' '\(words.dropLast().last ?? "nn-cli")'
            printf '%s\\n' "${COMPREPLY[@]}"
            """, program: "/bin/bash")
    }

    // MARK: README.md and docs/CLI.md

    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    private func commands(of page: String) throws -> [String] {
        let text = try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
    }

    /// Drawings in two folders, each pixel as a square of two by two or more.
    private func writePhotos() throws {
        let data = DataSet.drawn(count: 60, seed: 3)
        for (label, name) in ["other", "cats"].enumerated() {
            try FileManager.default.createDirectory(
                atPath: folder.path("photos/\(name)"), withIntermediateDirectories: true)
            let indices = (0..<data.count).filter { data.labels[$0] == label }
            for (number, index) in indices.enumerated() {
                let (image, scale) = (Array(data.image(index)), 2 + number % 4)
                let side = DataSet.side * scale
                let pixels = (0..<side * side).flatMap { at in
                    let pixel = at / side / scale * DataSet.side + at % side / scale
                    return image[3 * pixel..<3 * pixel + 3]
                }
                try folder.write(
                    png(width: side, height: side, rgb: pixels), as: "photos/\(name)/\(number).jpg")
            }
        }
    }

    @Test("the README's three commands go from two folders of photos to a model and a C header")
    func readme() async throws {
        try FileManager.default.removeItem(atPath: folder.path("model.nnk"))
        try writePhotos()
        let commands = try commands(of: "README.md")
        #expect(commands.count == 3)
        var answers: [String] = []
        for command in commands {
            let outcome = try await shell(command)
            #expect(outcome.status == 0, "\(command): \(outcome.stderr)")
            answers.append(outcome.stdout)
        }
        #expect(answers[0].contains("\nExpected accuracy on photos not seen: "))
        #expect(answers[1].contains(": cats (probability of cats: "))
        #expect(try Set(folder.names).isSuperset(of: ["model.h", "model.nnk"]))
        let header = String(decoding: try folder.bytes(of: "model.h"), as: UTF8.self)
        #expect(header.contains("class 0 is \"other\", class 1 \"cats\""))
        #expect(header.contains("\nextern const uint8_t model_nnk["))
    }

    @Test("the documented commands work, in their order")
    func documentedCommands() async throws {
        try FileManager.default.removeItem(atPath: folder.path("model.nnk"))
        try writePhotos()
        let commands = try commands(of: "docs/CLI.md")
        #expect(commands.count > 10)
        for command in commands {
            let outcome = try await shell(command)
            #expect(outcome.status == 0 && !outcome.wasKilled, "\(command): \(outcome.stderr)")
        }
        let made = ["report.html", "costs.csv", "_nn-cli", "photos-test.h5", "photos.png", "model.onnx"]
        #expect(try Set(folder.names).isSuperset(of: made))
    }

    @Test("real answers fit the schemas, and no others do", .enabled(if: Peers.areThere, "\(Peers.advice)"))
    func schemas() async throws {
        let outcome = try await shell(
            """
            nn-cli \(Self.short) --json >train.1.json && nn-cli \(Self.short) --train test.h5 --json >train.2.json &&
            nn-cli dataset synth -o d && nn-cli predict d/00-non-cat.bin d/01-cat.bin --json >predict.1.json &&
            nn-cli export --format i8 -o small.nnk && nn-cli predict -m small.nnk d/01-cat.bin --json >predict.2.json &&
            nn-cli evaluate --data test.h5 --json >evaluate.1.json && nn-cli inspect model.nnk --json >inspect.1.json &&
            nn-cli inspect test.h5 --json >inspect.2.json && nn-cli inspect small.nnk --json >inspect.3.json &&
            nn-cli export --format npz -o w.npz && nn-cli import w.npz -o in.nnk && nn-cli inspect in.nnk --json >inspect.4.json
            nn-cli train --force --iterations 4000000000 --checkpoint run.ckpt --quiet >/dev/null 2>&1 & sleep 2; kill -INT $!; wait $!
            nn-cli inspect run.ckpt --json >inspect.5.json && nn-cli inspect built-in --json >inspect.6.json &&
            nn-cli reproduce model.nnk --train test.h5 --json >reproduce.1.json &&
            nn-cli teach test.h5 -o taught.nnk --json >teach.1.json &&
            nn-cli cross-validate test.h5 --iterations 10 --json >cross-validate.1.json &&
            nn-cli predict d/01-cat.bin --min-confidence 0.9999 --json >predict.3.json &&
            nn-cli plan --json >plan.1.json && nn-cli plan --examples 9 --ram 2K --json >plan.2.json
            """)
        #expect(outcome.status == 0, "\(outcome.stderr)")
        let checked = try await Peers.run(
            """
            import glob, json
            from jsonschema import Draft202012Validator as Validator
            for path in sorted(glob.glob("*.[0-9].json")):
                schema = json.load(open(f"\(Schema.folder.path)/{path.split('.')[0]}.json"))
                Validator.check_schema(schema)
                validator, answer = Validator(schema), json.load(open(path))
                validator.validate(answer)
                assert not validator.is_valid(answer | {"more": 1}), path
                for key in answer.keys() & schema.get("required", ["kind", "path"]):
                    assert not validator.is_valid({k: v for k, v in answer.items() if k != key}), (path, key)
                    assert not validator.is_valid(answer | {key: {"of": "another type"}}), (path, key)
                print(path)
            """, in: folder)
        #expect(checked.split(separator: "\n").count == 17)
    }
}

@Suite("Costs as a curve of characters")
struct CostCurveTests {
    private func cost(_ iteration: Int, _ cost: Double) -> TrainingReport.Cost {
        TrainingReport.Cost(iteration: iteration, cost: cost)
    }

    @Test("down and up again")
    func valley() {
        let lines = CostCurve.lines([cost(0, 1), cost(50, 0), cost(100, 1)], columns: 20)
        #expect(
            lines?.joined(separator: "\n") == """
                1 ┤⠱⡀            ⢀⠜
                  │ ⠘⡄          ⢀⠎
                  │  ⠘⢄        ⢠⠊
                  │   ⠈⢆      ⢠⠃
                  │    ⠈⢢    ⡰⠁
                  │      ⢣  ⡰⠁
                  │       ⠱⠜
                0 ┼────────────────
                   0            100
                """)
    }

    @Test("a single cost or a narrow terminal gives no curve")
    func noCurve() {
        #expect(CostCurve.lines([cost(0, 1)], columns: 80) == nil)
        #expect(CostCurve.lines([], columns: 80) == nil)
        #expect(CostCurve.lines([cost(0, 1), cost(1, 0)], columns: 19) == nil)
    }

    @Test("any costs fit the terminal", arguments: [0.0, 1e-300, 0.03, 1e7, 1e300])
    func extremes(top: Double) throws {
        for columns in [30, 80, 300] {
            let costs = (0..<1000).map { cost($0, $0 % 7 == 0 ? 0 : top) }
            let lines = try #require(CostCurve.lines(costs, columns: columns))
            #expect(lines.count == 9)
            #expect(lines.allSatisfy { $0.count < columns && $0.count <= 80 })
        }
    }
}
