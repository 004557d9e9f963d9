import Foundation
import SwiftNN
import Testing

@testable import NNData
@testable import nn_cli

@Suite("Names of any bytes")
struct HostileNamesTests {
    private let folder = TemporaryFolder()

    private func shell(_ script: String, _ words: String...) async throws -> Outcome {
        var shell = CommandLineTool(["-euc", script, CommandLineTool.path] + words, in: folder)
        shell.program = "/bin/bash"
        return try await shell.run()
    }

    /// A sound model whose names have these bytes.
    private func model(_ names: [[UInt8]]) -> [UInt8] {
        var bytes = Fixture.model
        let fields = names.flatMap { $0 + [UInt8](repeating: 0, count: 32 - $0.count) }
        bytes.replaceSubrange(bytes.count - 64..<bytes.count, with: fields)
        Fixture.seal(&bytes)
        return bytes
    }

    @Test("no command prints what a terminal would obey, whatever a model calls its classes")
    func hostileModel() async throws {
        let names = [Array("\u{1b}]0;x\u{7}\u{202e}\n".utf8) + [0xe9], Array("<b>\u{9b}2J\u{200b}".utf8)]
        let bytes = model(names)
        let shown = [#"\x1B]0;x\x07\xE2\x80\xAE\x0A\xE9"#, #"<b>\xC2\x9B2J\xE2\x80\x8B"#]
        #expect(try Network(bytes: bytes).classNames == shown)
        try folder.write(bytes, as: "model.nnk")
        try folder.write(Fixture.image, as: "0.bin")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
        for command in [
            "predict 0.bin", "predict --json 0.bin", "predict --csv - 0.bin", "inspect model.nnk",
            "inspect --json model.nnk", "evaluate --data test.h5", "report --data test.h5 -o -",
            "export --format c-header -o -", "predict --sort-into sorted 0.bin", "reproduce model.nnk",
        ] {
            let words = command.split(separator: " ").map(String.init)
            let outcome = try await CommandLineTool(words, in: folder).run()
            #expect(
                !outcome.wasKilled && ![70, 134].contains(outcome.status), "\(command): \(outcome.stderr)")
            for text in [outcome.stdout, outcome.stderr] {
                let hidden = text.unicodeScalars.filter { ($0.isHidden && $0 != "\n") || $0 == "\u{fffd}" }
                #expect(hidden.isEmpty, "\(command): \(hidden)")
            }
            if words.contains("--json") {
                _ = try outcome.answer(JSON.self)
            }
        }
        #expect(try await nnCLI("inspect", "model.nnk", in: folder).stdout.contains(shown[0]))
    }

    @Test("classes of one name are called by their numbers")
    func equalNames() async throws {
        try folder.write(model([Array("cat".utf8), Array("cat".utf8)]), as: "model.nnk")
        try folder.write(Fixture.image, as: "0.bin")
        let outcome = try await nnCLI("predict", "0.bin", in: folder)
        #expect(outcome.stdout.contains(#/0\.bin: [01] \(probability of 1: /#))
    }

    @Test(
        "a new model gets no such names",
        arguments: [
            (["\u{1b}[31m", "b"], #"printable class names, got "\x1B[31m""#),
            (["a", "b\u{200b}"], #"printable class names, got "b\xE2\x80\x8B""#),
            (["a", ""], #"printable class names, got """#),
            (["a", "  "], #"printable class names, got "  ""#),
            (
                ["e\u{301}", "\u{e9}"],
                "class names that differ in their first 31 bytes, got e\u{301}, \u{e9}"
            ),
            (["cat", "cat "], "class names that differ in their first 31 bytes, got cat, cat "),
        ])
    func newNames(names: [String], complaint: String) async throws {
        let option = try await nnCLI(
            "import", "w", "-o", "m.nnk", "--class-names", names[0], names[1], in: folder)
        #expect(option.status == 64)
        #expect(option.complaint == "Error: --class-names: expected \(complaint)")
        let file = TensorFile(
            tensors: TensorFile(Fixture.network).tensors,
            metadata: ["class_0": names[0], "class_1": names[1]])
        try folder.write(file.safetensors(), as: "w")
        let weights = try await nnCLI("import", "w", "-o", "m.nnk", in: folder)
        #expect(weights.status == 65)
        #expect(weights.complaint == "Error: w: expected \(complaint)")
        #expect(try folder.names == ["w"])
    }

    @Test("a model has room for the names that are compared")
    func room() {
        #expect(ClassName.longest == Network.longestClassName)
        #expect(ClassName.kept(String(repeating: "ä", count: 100)) == String(repeating: "ä", count: 15))
    }

    #if os(Linux)  // other systems take names in UTF-8 alone
        @Test("each command reads and writes the file of this very name")
        func roundTrip() async throws {
            try Photos60.write(Photos60.data, to: "photos", in: folder)
            folder.write(Fixture.drawings, prefix: "train", as: "train.h5")
            folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
            try folder.write(Fixture.image, as: "0.bin")
            // A name of Latin-1 with a line break, one that looks like what is shown of it, and one of the code points
            // that stand for bytes.
            let names = ["caf\\xe9\\n", "\\\\xE9", "\\xf4\\x8f\\xbf\\xa9"]
            for name in names {
                let outcome = try await shell(
                    """
                    n=$'\(name)'; mkdir work; cd work; cp -r ../photos ../*.h5 .
                    mv photos "$n.photos"; mv train.h5 "$n.train"; mv test.h5 "$n.test"; cp ../0.bin "$n.bin"
                    "$0" train --train "$n.train" --test "$n.test" --topology two-layer --precision f32 --iterations 3 \\
                        -o "$n.nnk" --report "$n.html" --log-csv "$n.csv" --checkpoint "$n.checkpoint"
                    "$0" reproduce "$n.nnk" --train "$n.train"
                    "$0" evaluate --data "$n.test" -m "$n.nnk"
                    "$0" report --data "$n.test" -m "$n.nnk" -o "$n.report"
                    "$0" inspect "$n.nnk"; "$0" inspect "$n.train"
                    "$0" export -m "$n.nnk" --format safetensors -o "$n.weights"
                    "$0" import "$n.weights" -o "$n.imported"; cmp "$n.nnk" "$n.imported"
                    "$0" export "$n.nnk" --format c-header; "$0" export "$n.nnk" --format onnx -o "$n.onnx"
                    "$0" dataset pack "$n.photos" -o "$n.pack.h5"; "$0" dataset show "$n.pack.h5" -o "$n.png"
                    "$0" dataset pack "$n.photos" --test-share 0
                    "$0" dataset synth -o "$n.synth"; "$0" dataset shard "$n.pack.h5" -o "$n.shards" --count 2
                    "$0" teach "$n.photos" -o "$n.taught" --report "$n.page" --folds 2
                    "$0" cross-validate "$n.photos" --folds 2 --iterations 3 --report "$n.folds"
                    printf '%s\\0' "$n.bin" >"$n.list"
                    "$0" predict -m "$n.nnk" "$n.bin" --csv "$n.table" --sort-into "$n.sorted"
                    "$0" predict -m "$n.nnk" -0 --files-from "$n.list" --json >json
                    cmp "$n.bin" "$n".sorted/*/"$n.bin"
                    rm json
                    for file in *; do echo "${file#"$n"}"; done
                    cd ..; rm -r work
                    """)
                #expect(outcome.status == 0, "\(outcome.stderr)")
                let endings = outcome.stdout.split(separator: "\n").suffix(Self.endings.count).map(
                    String.init)
                #expect(endings.sorted() == Self.endings, "\(name)")
                #expect(
                    !(outcome.stdout + outcome.stderr).unicodeScalars.contains { $0.isHidden && $0 != "\n" })
            }
        }

        /// What follows the name in the names of all files.
        private static let endings = [
            ".bin", ".csv", ".folds", ".h", ".html", ".imported", ".list", ".nnk", ".onnx", ".pack-test.h5",
            ".pack.h5", ".page", ".photos", ".photos.h5", ".png", ".report", ".shards", ".sorted", ".synth",
            ".table",
            ".taught",
            ".test", ".train", ".weights",
        ].sorted()

        @Test("JSON leads back to the bytes of a name")
        func jsonNames() async throws {
            let long = String(repeating: "ab\u{1b}/", count: 1_023)
            let names: [[UInt8]] = [
                Array("\u{1b}\"\\\n\r\t\u{7f}\u{2028}".utf8), [0x63, 0xe9, 0x5c, 0x78, 0x45, 0x39],
                [0xed, 0xa0, 0x80], [0xf4, 0x8f, 0xbf, 0xa9], Array(long.utf8),
            ]
            try folder.write(names.joined(separator: [0]), as: "list")
            let outcome = try await nnCLI("predict", "--json", "-0", "--files-from", "list", in: folder)
            #expect(outcome.status == 66)
            #expect(try outcome.mismatches("predict") == [])
            let inputs = try outcome.answer(PredictionAnswer.self).predictions.map(\.input)
            let bytes = inputs.map { input in
                var rest = Array(input.utf8)[...]
                var bytes: [UInt8] = []
                while let byte = rest.first {
                    let digits = String(decoding: rest.dropFirst(2).prefix(2), as: UTF8.self)
                    if rest.starts(with: #"\x"#.utf8), let escaped = UInt8(digits, radix: 16) {
                        bytes.append(escaped)
                        rest = rest.dropFirst(4)
                    } else {
                        bytes.append(byte)
                        rest = rest.dropFirst()
                    }
                }
                return bytes
            }
            #expect(bytes == names)
        }
    #endif

    @Test(
        "a browser finds no element and no attribute in a name",
        .enabled(if: Python.isUsable, "\(Python.advice)"))
    func pages() async throws {
        let name = #""><script>x<"#
        let classes = [#"<script>a"#, #"b" onload='x"#]
        let data = DataSet(
            images: Photos60.data.images, labels: Photos60.data.labels, classes: classes,
            names: Photos60.data.labels.indices.map { "\($0)<img src=x onerror=y>" })
        folder.write(data, prefix: "train", as: name)
        try Photos60.write(
            DataSet(images: data.images, labels: data.labels, classes: ["\"><script>a", "b' onload='x"]),
            to: "<svg>", in: folder)
        let outcome = try await shell(
            """
            "$0" train --train "$1" --topology two-layer --iterations 3 -o "$1.nnk" --report train.html
            "$0" report --data "$1" -m "$1.nnk" -o report.html
            "$0" cross-validate "$1" --folds 2 --iterations 3 --report folds.html
            "$0" teach "<svg>" --folds 2 -o "$1.taught" --report teach.html
            """, name)
        #expect(outcome.status == 0, "\(outcome.stderr)")
        for page in ["train", "report", "folds", "teach"] {
            try Python.run("pages/page.py", folder.path("\(page).html"))
        }
    }
}
