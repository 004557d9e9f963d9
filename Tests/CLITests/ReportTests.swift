import Foundation
import NNData
import Testing

@testable import SwiftNN
@testable import nn_cli

@Suite("Reports")
struct ReportTests {
    private let folder = TemporaryFolder()

    /// What an element would be if names were markup.
    private static let classes = ["<i>A</i>", "B&'\""]

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        folder.write(Fixture.drawings, prefix: "train", as: "train.h5")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
    }

    private func page(_ name: String) throws -> String {
        String(decoding: try folder.bytes(of: name), as: UTF8.self)
    }

    /// The page of a short training on classes with hostile names.
    private func trainingPage(_ name: String = "run.html") async throws -> String {
        let drawings = Fixture.drawings
        let data = DataSet(images: drawings.images, labels: drawings.labels, classes: Self.classes)
        folder.write(data, prefix: "train", as: "it's <b>.h5")
        let outcome = try await nnCLI(
            "train", "--train", "it's <b>.h5", "--test", "test.h5", "--topology", "two-layer", "--precision",
            "f32", "--iterations", "3", "--log-every", "1", "-o", "cats.nnk", "--report", name, in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stderr.contains("\nwrote \(name)\n"))
        return try page(name)
    }

    @Test("the page of a model has its accuracies, its mislabeled pictures and its facts")
    func reportOfModel() async throws {
        let outcome = try await nnCLI(
            "report", "--data", "test.h5", "--train", "train.h5", "-o", "r.html", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stdout == "")
        let page = try page("r.html")
        #expect(outcome.stderr == "wrote r.html (\(page.utf8.count) bytes)\n")
        let data = Fixture.drawings
        let evaluation = try Fixture.network.evaluate(
            Examples(images: data.images, labels: data.labels, classNames: data.classes))
        let right = data.count - evaluation.mislabeled.count
        #expect(page.matches(of: /(\d+) of 20 correct/).map { $0.output.1 } == ["\(right)", "\(right)"])
        // Twice, as both sets are the same; 7 units, and what training added to each.
        let mislabeled = page.matches(of: /alt="image #(\d+),/).map { Int($0.output.1)! }
        #expect(mislabeled.count == 2 * evaluation.mislabeled.count)
        #expect(Set(mislabeled) == Set(evaluation.mislabeled))
        #expect(page.matches(of: /alt="weights of unit \d+"/).count == 7)
        #expect(page.matches(of: /alt="change of unit \d+"/).count == 7)
        #expect(page.contains(sha256(Fixture.model)))
        #expect(!page.contains("The cost over the iterations"))
        for index in evaluation.mislabeled {
            #expect(page.contains(String(format: "%.4f", evaluation.probabilities[index])))
            #expect(page.contains(Tile(data.image(index)).dataURI))
        }
    }

    @Test("the page of a training has a cost curve, memory, time, and the command that repeats it")
    func reportOfTraining() async throws {
        let page = try await trainingPage()
        #expect(page.contains("The cost over the iterations"))
        #expect(page.contains("bytes of memory in addition to the images"))
        #expect(
            page.matches(of: /<polyline class="line" points="([^"]*)"/).first!.output.1.split(separator: " ")
                .count == 3)
        #expect(
            page.contains(
                """
                nn-cli train \\
                  --train &#39;it&#39;\\&#39;&#39;s &lt;b&gt;.h5&#39; \\
                  --test test.h5 \\
                  --topology two-layer \\
                  --precision f32 \\
                  --method dual \\
                  --iterations 3 \\
                  --learning-rate 0.0075 \\
                  --seed 1 \\
                  --output cats.nnk</code>
                """))
    }

    @Test("a single cost is shown as a sentence, without a chart")
    func singleCost() async throws {
        let outcome = try await nnCLI(
            "train", "--topology", "two-layer", "--iterations", "3", "--report", "r.html", "-o", "x.nnk",
            in: folder)
        #expect(outcome.status == 0)
        let page = try page("r.html")
        #expect(!page.contains("The cost over the iterations"))
        #expect(page.contains(/before the gradient step of each iteration: [0-9.]+ at iteration 0\./))
    }

    @Test("the command repeats the model, to the byte")
    func commandRepeats() async throws {
        let page = try await trainingPage()
        let escaped = try #require(page.firstMatch(of: /<code>(nn-cli train[^<]*)<\/code>/)).output.1
        let command = [("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")]
            .reduce(String(escaped)) { $0.replacing($1.0, with: $1.1) }
        let model = try folder.bytes(of: "cats.nnk")
        try FileManager.default.removeItem(atPath: folder.path("cats.nnk"))
        var shell = CommandLineTool(
            ["-c", command.replacing("nn-cli train", with: "\"$0\" train --quiet"), CommandLineTool.path],
            in: folder)
        shell.program = "/bin/sh"
        #expect(try await shell.run().status == 0)
        #expect(try folder.bytes(of: "cats.nnk") == model)
    }

    @Test("a model of the drawings needs no data in its command, one of other data has none without it")
    func commandWithoutData() throws {
        #expect(Fixture.network.trainingCommand(data: nil, test: nil, output: "m.nnk") == nil)
        let command = Fixture.network.trainingCommand(data: "-a b", test: "c", output: "m.nnk")
        #expect(command?.hasPrefix("nn-cli train \\\n  --train '-a b' \\\n  --test c \\\n") == true)
    }

    @Test("every element is closed, and the page loads nothing")
    func pageIsWhole() async throws {
        for page in [try await trainingPage(), try await modelPage()] { Markup.expectWhole(page) }
    }

    private func modelPage() async throws -> String {
        let outcome = try await nnCLI("report", "--data", "test.h5", "-o", "-", in: folder)
        #expect(outcome.status == 0)
        return outcome.stdout
    }

    @Test("markup in names is escaped")
    func namesAreEscaped() async throws {
        let page = try await trainingPage()
        #expect(page.contains("&lt;i&gt;A&lt;/i&gt;"))
        #expect(page.contains("B&amp;&#39;&quot;"))
        #expect(!page.contains("<i>A"))
        #expect(!page.contains("<b>.h5"))
    }

    @Test("a page shows at most 200 mislabeled pictures")
    func picturesAreLimited() throws {
        let count = ReportPage.pictures + 7
        let data = DataSet(
            images: Array(repeating: 0, count: count * DataSet.imageBytes),
            labels: Array(repeating: 1, count: count),
            classes: ["a", "b"])
        // All are wrong; those at the end are the furthest off.
        let probabilities = (0..<count).map { 0.5 - Double($0) / 1000 }
        let results = ReportPage.Results(
            name: "Test", path: nil, data: data,
            evaluation: Evaluation(probabilities: probabilities, mislabeled: Array(0..<count)))
        let page = ReportPage(path: "m", network: Fixture.network, results: [results], run: nil, command: nil)
        let shown = page.html.text.matches(of: /alt="image #(\d+),/).map { Int($0.output.1)! }
        #expect(shown == Array((7..<count).reversed()))
        #expect(page.html.text.contains("the 200 largest errors of 207"))
    }

    @Test(
        "what can't be reported is refused, and nothing is written",
        arguments: [
            (
                "--data gone.h5 -o r.html", 66,
                "gone.h5: no such file; expected a folder of photos or a data set file"
            ),
            (
                "--data test.h5 -o no/r.html", 74,
                "no/r.html: no folder no; expected a file to write"
            ),
            ("--data test.h5 -o test.h5", 64, "--output: expected a file other than the inputs, got test.h5"),
            (
                "--data test.h5 -o ./model.nnk", 64,
                "--output: expected a file other than the inputs, got ./model.nnk"
            ),
            ("--data .", 65, ".: expected two folders of photos, one per class, got no folder"),
        ])
    func refusals(arguments: String, status: Int32, message: String) async throws {
        let before = try folder.names
        let words = ["report"] + arguments.split(separator: " ").map(String.init)
        let outcome = try await CommandLineTool(words, in: folder).run()
        #expect(outcome.status == status)
        #expect(outcome.complaint == "Error: \(message)")
        #expect(try folder.names == before)
    }

    @Test("a training set that the model was not trained on is refused")
    func otherTrainingSet() async throws {
        folder.write(DataSet.drawn(count: 20, seed: 6), prefix: "train", as: "other.h5")
        let outcome = try await nnCLI(
            "report", "--data", "test.h5", "--train", "other.h5", "-o", "r.html", in: folder)
        #expect(outcome.status == 65)
        #expect(
            outcome.stderr.hasPrefix(
                "Error: other.h5: expected the 20 images that model.nnk was trained on (CRC-32 "))
        #expect(try !folder.names.contains("r.html"))
    }

    @Test(
        "nothing runs over the edge of a phone or a desktop",
        .enabled(if: Chromium.path != nil, "needs chromium"), arguments: [390, 1200])
    func fitsTheWindow(width: Int) async throws {
        #expect(try await Chromium.width(of: try await trainingPage(), inWindowOf: width) <= width)
    }

    @Test("a browser keeps the page's policy", .enabled(if: Chromium.path != nil, "needs chromium"))
    func policy() async throws {
        let page = try await trainingPage()
        #expect(try await Chromium.violations(of: page) == [])
        for addition in [
            "<script>document.title = 1</script>", "<style>p { color: red }</style>",
            "<p style='color: red'>",
            "<img src='https://example.org/x.png'>", "<img src=x onerror='document.title = 1'>",
        ] {
            #expect(try await Chromium.violations(of: page + addition).count >= 1, "\(addition)")
        }
    }
}

enum Chromium {
    static let path = ["chromium", "chromium-browser", "google-chrome"].map { "/usr/bin/\($0)" }
        .first(where: FileManager.default.isExecutableFile)

    /// How wide a page becomes in a window.
    static func width(of page: String, inWindowOf width: Int) async throws -> Int {
        // Windows of Chromium can't be as narrow as phones; frames can.
        let folder = TemporaryFolder()
        let script = "<script>parent.postMessage(document.documentElement.scrollWidth, '*')</script>"
        let policy = "default-src 'none'"
        let open = page.replacing(policy, with: "\(policy); script-src 'unsafe-inline'")
        try folder.write((open + script).utf8, as: "page.html")
        let frame = """
            <script>onmessage = event => document.title = event.data</script>
            <iframe src="page.html" width="\(width)" height="800" style="border: 0"></iframe>
            """
        try folder.write(frame.utf8, as: "frame.html")
        var browser = CommandLineTool(
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom",
                "file://\(folder.path("frame.html"))",
            ], in: folder)
        browser.program = path!
        let title = try #require(try await browser.run().stdout.firstMatch(of: /<title>(\d+)<\/title>/))
        return Int(title.output.1)!
    }

    /// What the browser's console says about a page's policy.
    static func violations(of page: String) async throws -> [Substring] {
        let folder = TemporaryFolder()
        try folder.write(page.utf8, as: "page.html")
        var browser = CommandLineTool(
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom",
                "--enable-logging=stderr", "file://\(folder.path("page.html"))",
            ], in: folder)
        browser.program = path!
        return try await browser.run().stderr.split(separator: "\n")
            .filter { $0.contains("CONSOLE") && $0.contains("Content Security Policy") }
    }
}

/// HTML as far as reports use it.
enum Markup {
    private static let void: Set<Substring> = ["meta", "img", "br"]

    /// Every element is closed, names are unique and there, and nothing is loaded.
    static func expectWhole(_ page: String) {
        #expect(defects(page) == [])
        #expect(!page.contains(/(src|href)="(?!data:image)/))
        #expect(!page.contains(/url\(|@import|<script|<link|<[^>]*\sstyle=|<[^>]*\son[a-z]+=/))
        #expect(
            page.matches(of: /<meta http-equiv="Content-Security-Policy" content="default-src 'none';/).count
                == 1)
        let ids = page.matches(of: /\sid="([^"]+)"/).map { $0.output.1 }
        #expect(Set(ids).count == ids.count)
        for names in page.matches(of: /aria-labelledby="([^"]+)"/) {
            #expect(Set(names.output.1.split(separator: " ")).isSubset(of: ids))
        }
    }

    /// Elements that do not end where they should.
    private static func defects(_ page: String) -> [String] {
        var open: [Substring] = []
        var defects: [String] = []
        for tag in page.matches(of: /<(\/?)([a-zA-Z0-9]+)([^>]*)>/) {
            let (slash, name, rest) = (tag.output.1, tag.output.2, tag.output.3)
            if slash.isEmpty {
                if !void.contains(name) && !rest.hasSuffix("/") { open.append(name) }
            } else if open.popLast() != name {
                defects.append("</\(name)> ends another element")
            }
        }
        return defects + open.map { "<\($0)> does not end" }
    }
}

@Suite("What reports are made of")
struct ReportPartsTests {
    @Test("text in markup is escaped, markup in markup is not")
    func markup() {
        let inner: HTML = "<b>\("<&>\"'")</b>"
        let outer: HTML = "<p>\(inner)\([inner, inner])\(7)\(1.26)\(nil as HTML?)\("\u{1b}[31m\n")</p>"
        let path: HTML = "\(PathText.text([0x63, 0xE9]))"
        #expect(path.text == "c\\xE9")
        #expect(inner.text == "<b>&lt;&amp;&gt;&quot;&#39;</b>")
        #expect(outer.text == "<p>\(inner.text)\(inner.text)\n\(inner.text)71.3\\x1B[31m\n</p>")
    }

    @Test("each example is in one cell and one bin")
    func counts() {
        let evaluation = Evaluation(probabilities: [0, 0.05, 0.051, 0.5, 0.501, 1], mislabeled: [])
        let labels: [UInt8] = [0, 1, 0, 1, 0, 1]
        let confusion = ConfusionMatrix(evaluation, labels: labels)
        #expect(confusion.counts == [[2, 1], [2, 1]])
        #expect(confusion.right == 3 && confusion.count == 6 && confusion.sizes == [3, 3])
        let histogram = ProbabilityHistogram(evaluation, labels: labels)
        let filled = histogram.counts.map { bins in bins.indices.filter { bins[$0] > 0 } }
        #expect(filled == [[0, 1, 10], [0, 9, 19]])
        #expect(histogram.counts.joined().reduce(0, +) == 6)
    }

    @Test(
        "ticks are round, and hold the values",
        arguments: [(0, 0.7717), (0, 0.04), (0, 2400), (0, 1), (0, 1e-300), (0, 1e300), (0, 0), (0, 6.5)])
    func ticks(lower: Double, upper: Double) {
        let ticks = Ticks(lower, upper, count: 4)
        #expect(ticks.lower <= lower && ticks.upper >= upper * (1 - 1e-8))
        #expect((2...6).contains(ticks.values.count))
        let steps = zip(ticks.values.dropFirst(), ticks.values).map(-)
        #expect(steps.allSatisfy { $0 > 0 && abs($0 / steps[0] - 1) < 1e-6 })
    }

    @Test("ticks of counts are whole numbers", arguments: [1.0, 2, 3, 4, 9])
    func wholeTicks(upper: Double) {
        let ticks = Ticks(0, upper, count: 5, least: 1)
        #expect(ticks.values.allSatisfy { $0 == $0.rounded() } && ticks.upper >= upper)
    }

    @Test("a weight of zero is grey, and larger weights are further from grey")
    func weightTile() {
        let zeros = [Double](repeating: 0, count: DataSet.imageBytes)
        let weights = [0, 2, -2, 1, -1] + zeros.dropFirst(5)
        #expect(Tile(weights: weights[...]).rgb.prefix(6) == [127, 255, 0, 191, 63, 127])
        #expect(Tile(weights: zeros[...]).rgb.allSatisfy { $0 == 127 })
    }

    @Test(
        "the first layer is what the seed gave, and what training added is not nothing",
        arguments: [Precision.f32, .f64])
    func firstLayer(precision: Precision) throws {
        var options = TrainingOptions()
        options.topology = .twoLayer
        options.precision = precision
        options.iterations = 0
        options.seed = 3
        let data = Fixture.drawings
        let examples = try Examples(images: data.images, labels: data.labels)
        func train() throws -> Network {
            var trainer = try Trainer(examples: examples, options: options)
            while try trainer.step() != nil {}
            return try trainer.finish()
        }
        let untrained = try train()
        #expect(untrained.firstLayer.count == 7)
        for (weights, initial) in zip(untrained.firstLayer, try #require(untrained.initialFirstLayer)) {
            let expected = precision == .f32 ? initial.map { Double(Float($0)) } : Array(initial)
            #expect(zip(weights, expected).allSatisfy { abs($0 - $1) <= 1e-8 * abs($1) + 1e-12 })
        }
        options.iterations = 2
        let trained = try train()
        let initial = try #require(trained.initialFirstLayer)
        // A unit that no image excites stays as it is.
        #expect(zip(trained.firstLayer, initial).contains { zip($0, $1).contains { abs($0 - $1) > 1e-6 } })
    }

    @Test("a long run is drawn with its peaks, in order")
    func thinning() {
        var costs = (0..<100_000).map { TrainingReport.Cost(iteration: $0, cost: 1) }
        costs[54321] = TrainingReport.Cost(iteration: 54321, cost: 9)
        costs[54322] = TrainingReport.Cost(iteration: 54322, cost: 0)
        let thinned = Chart.thinned(costs, columns: 500)
        #expect(thinned.count <= 1002)
        #expect(thinned.contains { $0.cost == 9 } && thinned.contains { $0.cost == 0 })
        #expect(thinned.map(\.iteration) == thinned.map(\.iteration).sorted())
        #expect(thinned.first?.iteration == 0 && thinned.last?.iteration == 99_999)
    }

    @Test(
        "the shell reads a quoted word as one word",
        arguments: ["a.h5", "a b", "it's", "", "$(x)", "~", "ä"])
    func quoting(word: String) async throws {
        var shell = CommandLineTool(["-c", "printf %s \(shellQuoted(word))"], in: TemporaryFolder())
        shell.program = "/bin/sh"
        #expect(try await shell.run().stdout == word)
    }

    @Test(
        "bash reads a word that terminals must not get",
        arguments: ["a\nb", "it's \u{1b}[31m\\", #"\x41"#, "\u{202e}"].map { Array($0.utf8) } + [
            [0x63, 0xe9, 0x39, 0x27]
        ])
    func quotingHidden(word: [UInt8]) async throws {
        let quoted = shellQuoted(PathText.text(word))
        #expect(!quoted.unicodeScalars.contains { $0.isHidden })
        var shell = CommandLineTool(["-c", "printf %s \(quoted) | od -An -v -tu1"], in: TemporaryFolder())
        shell.program = "/bin/bash"
        let bytes = try await shell.run().stdout.split(whereSeparator: \.isWhitespace).map { UInt8($0)! }
        #expect(bytes == word)
    }
}
