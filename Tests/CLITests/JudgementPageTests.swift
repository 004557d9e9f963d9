import Foundation
import NNData
import NNHDF5
import SwiftNN
import Testing

@testable import nn_cli

/// A page, as a reader sees its text.
private struct PageText {
    let html: String

    init(_ folder: TemporaryFolder, _ name: String) throws {
        html = String(decoding: try folder.bytes(of: name), as: UTF8.self)
    }

    /// The titles of the sections, in their order.
    var sections: [String] { html.matches(of: /<h2>([^<]+)<\/h2>/).map { String($0.output.1) } }

    /// The names of charts.
    var charts: [String] { html.matches(of: /<title id="([a-z]+)-title">/).map { String($0.output.1) } }

    /// What is left without tags.
    var text: String { Self.text(html) }

    /// The command that the page ends with.
    var command: String { Self.text(String(html.firstMatch(of: /<code>([^<]*)<\/code>/)!.output.1)) }

    /// The points of a line of a chart, from the lower left corner of the grid.
    func points(ofChart id: String, lines: Int) -> [[(Double, Double)]] {
        let start = html.range(of: "<title id=\"\(id)-title\">")!.lowerBound
        let chart = html[start...].prefix(upTo: html[start...].range(of: "</svg>")!.lowerBound)
        return chart.matches(of: /points="([^"]*)"/).prefix(lines).map { match in
            match.output.1.split(separator: " ").map { point in
                let parts = point.split(separator: ",").map { Double($0)! }
                return (parts[0], parts[1])
            }
        }
    }

    static func text(_ html: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
            .reduce(html.replacing(/<[^>]*>/, with: "")) { $0.replacing($1.0, with: $1.1) }
    }
}

@Suite("The page of a teaching")
struct TeachPageTests {
    private let folder = TemporaryFolder()

    /// 60 photos, three of them in the wrong folder, one of them in both.
    private func writePhotos() throws {
        try Photos60.write(to: "it's", in: folder, moved: [10, 25, 40])
        let copy = (0..<60).first { Photos60.data.labels[$0] == 1 && $0 != 10 }!
        try folder.write(Photos60.data.image(copy), as: "it's/non-cat/<b>.bin")
    }

    private func teach(_ words: String...) async throws -> Outcome {
        try await CommandLineTool(["teach", "it's"] + words, in: folder).run()
    }

    @Test("it says what teach says, and shows the charts, the photos, the recipes, and the command")
    func page() async throws {
        try writePhotos()
        let outcome = try await teach("--folds", "3", "--report", "<i>.html")
        #expect(outcome.status == 0, "\(outcome.stderr)")
        let bytes = try folder.bytes(of: "model.nnk").count
        #expect(outcome.stderr.hasSuffix("wrote model.nnk (\(bytes) bytes)\nwrote <i>.html\n"))
        let page = try PageText(folder, "<i>.html")
        Markup.expectWhole(page.html)
        #expect(
            page.sections == [
                "What to expect", "Learning and learning by heart", "What more photos would bring",
                "How well it tells them apart", "How honest its probabilities are",
                "Photos that may be of the other class", "Photos that are nearly alike", "What was tried",
                "Time", "Teach the same model again",
            ])
        #expect(page.charts == ["cost", "learning", "roc", "calibration"])
        let lines = outcome.stdout.split(separator: "\n").map(String.init)
        for line in lines where !line.hasPrefix(" ") && line.hasSuffix(".") {
            #expect(page.text.contains(line), "\(line)")
        }
        #expect(page.text.contains("measured on all 61 photos: they were dealt into 3 parts"))
        // Names that are markup stay names.
        #expect(!page.html.contains("<b>.bin") && page.html.contains("non-cat/&lt;b&gt;.bin"))
        // Each photo that teach names is shown.
        let named = lines.filter { $0.hasPrefix("  ") && $0.contains(": probability") }
        let pictures = page.html.matches(of: /alt="([^"]*)"><figcaption>/).map {
            PageText.text(String($0.output.1))
        }
        #expect(!named.isEmpty)
        let names = named.map { String($0.dropFirst(2).prefix { $0 != ":" }) }
        #expect(Array(pictures.prefix(names.count)) == names)
        #expect(page.html.contains(Tile(Photos60.data.image(10)).dataURI))
        #expect(page.html.matches(of: /<tr class="chosen">/).count == 1)
        #expect(
            page.html.matches(of: /<td>(yes|no)<\/td>/).count == Recipe.standard.count)
    }

    @Test("the charts show the lesson")
    func charts() async throws {
        try writePhotos()
        #expect(try await teach("--folds", "3", "--report", "r.html", "--quiet").status == 0)
        let page = try PageText(folder, "r.html")
        var teacher = Teacher(try Examples(PhotoFolder(folder.path("it's")).load().data))
        teacher.folds = 3
        let lesson = try teacher.teach()
        let costs = page.points(ofChart: "cost", lines: 2)
        #expect(costs.map(\.count) == [lesson.heldOutCurve.count, lesson.costs.count])
        #expect(
            page.points(ofChart: "learning", lines: 2).last?.count == lesson.learningCurve.points.count)

        // The area under the drawn curve is the score: trapezoids between its points, each known to 0.05 of 216 pixels.
        let roc = page.points(ofChart: "roc", lines: 2)
        let (diagonal, curve) = (roc[0], roc[1])
        let (origin, end) = (diagonal[0], diagonal[1])
        let scaled = curve.map {
            (($0.0 - origin.0) / (end.0 - origin.0), ($0.1 - origin.1) / (end.1 - origin.1))
        }
        #expect(scaled.first! == (0, 0) && scaled.last! == (1, 1))
        let area = zip(scaled, scaled.dropFirst()).reduce(0) {
            $0 + ($1.1.0 - $1.0.0) * ($1.0.1 + $1.1.1) / 2
        }
        #expect(abs(area - lesson.scores.areaUnderCurve) < 0.002)
        #expect(page.text.contains("area under the curve is \(shareText(lesson.scores.areaUnderCurve)):"))

        let confusion = lesson.expected.confusion()
        let named = Double(confusion.truePositives + confusion.falsePositives) / 61
        #expect(
            page.text.contains(
                "0.5\(percent(named))\(percent(confusion.precision))\(percent(confusion.recall))"))
        let stated = lesson.expected.calibrationBins(6).map {
            "Stated \(shareText($0.probability)), true \(shareText($0.share))."
        }
        #expect(page.text.contains(stated.joined(separator: " ")))
    }

    @Test("its command teaches the same model, to the byte")
    func command() async throws {
        try writePhotos()
        let first = try await teach(
            "--folds", "2", "--blocks", "2", "--positive", "non-cat", "--seed", "3", "--precision", "f32",
            "--report", "r.html")
        #expect(first.status == 0, "\(first.stderr)")
        let model = try folder.bytes(of: "model.nnk")
        try FileManager.default.removeItem(atPath: folder.path("model.nnk"))
        let command = try PageText(folder, "r.html").command
        var shell = CommandLineTool(
            ["-c", command.replacing("nn-cli teach", with: "\"$0\" teach --quiet"), CommandLineTool.path],
            in: folder)
        shell.program = "/bin/sh"
        #expect(try await shell.run().status == 0)
        #expect(try folder.bytes(of: "model.nnk") == model)
    }

    @Test("the page can go to standard output, but not with --json; other files stay")
    func outputs() async throws {
        try writePhotos()
        let names = try folder.names
        for (words, complaint) in [
            (["--json", "--report", "-"], "--json prints to standard output"),
            (["--report", "./model.nnk"], "--report: expected a file other than --output, got ./model.nnk"),
            (
                ["--report", "it's/cat/101.bin"],
                "--report: expected a file other than the photos, got it's/cat/101.bin"
            ),
        ] {
            let outcome = try await CommandLineTool(["teach", "it's"] + words, in: folder).run()
            #expect(outcome.status == 64 && outcome.stdout == "")
            #expect(outcome.stderr.contains("Error: \(complaint)"), "\(outcome.stderr)")
        }
        #expect(try folder.names == names)
        let piped = try await teach("--folds", "2", "--report", "-")
        #expect(piped.status == 0 && piped.stdout.hasPrefix("<!DOCTYPE html>"))
        #expect(piped.stdout.hasSuffix("</html>\n"))
        #expect(piped.stderr.contains("\nExpected accuracy on photos not seen: "))
    }

    @Test(
        "if the page cannot be written, model and answer are still there",
        .enabled(if: isLinux, "needs Linux's /dev/full"))
    func fullDisk() async throws {
        try writePhotos()
        let outcome = try await teach("--folds", "2", "--report", "/dev/full")
        #expect(outcome.status == 74)
        #expect(outcome.stdout.contains("Expected accuracy on photos not seen: "))
        #expect(outcome.stderr.contains("\nError: /dev/full: No space left on device"))
        #expect(try folder.names.contains("model.nnk"))
    }

    @Test(
        "nothing runs over the edge of a phone or a desktop",
        .enabled(if: Chromium.path != nil, "needs chromium"), arguments: [360, 1200])
    func fitsTheWindow(width: Int) async throws {
        try writePhotos()
        #expect(try await teach("--folds", "2", "--report", "r.html").status == 0)
        let page = try PageText(folder, "r.html").html
        #expect(try await Chromium.width(of: page, inWindowOf: width) <= width)
    }
}

@Suite("The page of a cross-validation")
struct CrossValidationPageTests {
    private let folder = TemporaryFolder()

    init() throws {
        let drawings = Fixture.drawings
        let data = DataSet(images: drawings.images, labels: drawings.labels, classes: ["<i>A</i>", "B&'\""])
        try folder.write(data.hdf5(role: .train), as: "<b>.h5")
    }

    private func validate(_ words: String) async throws -> Outcome {
        try await CommandLineTool(
            ["cross-validate", "<b>.h5", "--topology", "two-layer", "--folds", "3"]
                + words.split(separator: " ").map(String.init),
            in: folder
        ).run()
    }

    @Test("it has the results, the best marked, and charts of the best")
    func page() async throws {
        let outcome = try await validate("--weight-decay 0 1 --iterations 60 20 --repeats 2 --report r.html")
        #expect(outcome.status == 0 && outcome.stderr.hasSuffix("wrote r.html\n"), "\(outcome.stderr)")
        let page = try PageText(folder, "r.html")
        Markup.expectWhole(page.html)
        #expect(page.charts == ["cost", "roc", "calibration"])
        #expect(page.points(ofChart: "cost", lines: 1)[0].count == 2)
        let rows = page.html.matches(of: /<tr( class="chosen")?>(?:<td>[^<]*<\/td>\s*)+<\/tr>/).map {
            $0.output
        }
        let lines = outcome.stdout.split(separator: "\n")
        try #require(rows.count == 4)
        for (row, line) in zip(rows, lines.dropFirst()) {
            #expect((row.1 != nil) == line.hasPrefix("*"))
            let cells = row.0.matches(of: /<td>([^<]*)<\/td>/).map { String($0.output.1) }
            let words = line.split(separator: " ").map(String.init)
            #expect(cells.joined(separator: " ").split(separator: " ").map(String.init) == words.suffix(9))
        }
        #expect(page.text.contains(lines.last!))
        #expect(page.html.contains("&lt;i&gt;A&lt;/i&gt;") && page.html.contains("B&amp;&#39;&quot;"))
        #expect(!page.html.contains("<i>A") && !page.html.contains("<b>.h5"))
        #expect(
            page.command.hasSuffix(
                """
                --seed 1 \\
                  --weight-decay 0.0 1.0 \\
                  --learning-rate 0.0075 \\
                  --iterations 60 20
                """))
    }

    @Test("its command measures the same again")
    func command() async throws {
        let words = "--center --own-contrast --balance --blocks 2 --iterations 20 --seed 3 --precision f32"
        let outcome = try await validate(words + " --report r.html")
        #expect(outcome.status == 0, "\(outcome.stderr)")
        let page = try PageText(folder, "r.html")
        #expect(page.charts == ["roc", "calibration"])
        var shell = CommandLineTool(
            ["-c", page.command.replacing("nn-cli cross", with: "\"$0\" cross"), CommandLineTool.path],
            in: folder)
        shell.program = "/bin/sh"
        #expect(try await shell.run().stdout == outcome.stdout)
    }

    @Test("where all diverged there are no charts; the page can go to standard output, but not with --json")
    func outputs() async throws {
        let diverged = try await validate("--iterations 60 --learning-rate 1e300 --report -")
        #expect(diverged.status == 0, "\(diverged.stderr)")
        #expect(diverged.stdout.hasPrefix("<!DOCTYPE html>") && diverged.stdout.contains("<td>diverged</td>"))
        #expect(!diverged.stdout.contains("<svg"))
        #expect(diverged.stderr.contains("diverged"))
        for (words, complaint) in [
            ("--json --report -", "--json prints to standard output"),
            ("--report ./<b>.h5", "--report: expected a file other than the data set, got ./<b>.h5"),
        ] {
            let outcome = try await validate(words)
            #expect(outcome.status == 64 && outcome.stdout == "")
            #expect(outcome.stderr.contains("Error: \(complaint)"), "\(outcome.stderr)")
        }
        #expect(try folder.names == ["<b>.h5"])
    }

    @Test(
        "nothing runs over the edge of a phone or a desktop",
        .enabled(if: Chromium.path != nil, "needs chromium"), arguments: [360, 1200])
    func fitsTheWindow(width: Int) async throws {
        #expect(try await validate("--iterations 20 60 --report r.html").status == 0)
        let page = try PageText(folder, "r.html").html
        #expect(try await Chromium.width(of: page, inWindowOf: width) <= width)
    }
}
