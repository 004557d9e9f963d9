import NNData
import SwiftNN

/// One HTML page about a model and how well it does. It needs no other file.
struct ReportPage {
    /// A data set and what the model says about it.
    struct Results {
        /// "Test" or "Training": part of headings and of the names of elements.
        let name: String
        let path: String?
        let data: DataSet
        let evaluation: Evaluation

        var id: String { name.lowercased() }
        var confusion: ConfusionMatrix { ConfusionMatrix(evaluation, labels: data.labels) }
    }

    let path: String
    let network: Network
    /// The test set comes before the training set, as it tells more.
    let results: [Results]
    /// What only the training itself knows; nil if the page is made later.
    let run: TrainingReport?
    /// The command that trains the same model again, if there is one.
    let command: String?

    /// The largest number of images shown per data set. Each takes about 12 KB of the page.
    static let pictures = 200

    private var classes: [String] { [network.className(0), network.className(1)] }

    var html: HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(path): report</title>
        <style>
        \(ReportStyle.css)
        </style>
        </head>
        <body>
        <header>
        <h1>\(path)</h1>
        <p>This model distinguishes <b class="class-1">\(classes[1])</b> from \
        <b class="class-0">\(classes[0])</b>. It is a <span class="whole">\(network.topology.text)</span> network \
        in \(network.elementType.name), \
        \(network.origin.map { "trained on \(grouped($0.examples)) images" } ?? "with imported weights").</p>
        </header>
        <main>
        \(accuracies)
        \(run.flatMap(costs))
        \(results.map(section))
        \(firstLayer)
        \(run.map(effort))
        \(facts)
        \(command.map(repetition))
        </main>
        <footer><p>Written by nn-cli \(NNCLI.configuration.version).</p></footer>
        </body>
        </html>

        """
    }

    private var accuracies: HTML {
        """
        <section>
        <h2>Accuracy</h2>
        <div class="pair">
        \(results.map(accuracy))
        </div>
        <p class="note">The bar is the confidence interval (Wilson's score interval): the accuracy on many more \
        images of this kind is likely to lie in it. The accuracy on training images says nothing about other images. \
        The tick marks guessing, which means to always answer the more frequent class.</p>
        </section>
        """
    }

    private func accuracy(_ results: Results) -> HTML {
        let confusion = results.confusion
        let interval = WilsonInterval(hits: confusion.right, count: confusion.count)
        let guessing = Double(confusion.sizes.max()!) / Double(confusion.count)
        return """
            <div>
            <h3>\(results.name)</h3>
            <p class="figure">\(percent(results.evaluation.accuracy))</p>
            \(Chart.interval(results.evaluation.accuracy, interval, guessing: guessing))
            <p>\(grouped(confusion.right)) of \(grouped(confusion.count)) correct. 95\u{a0}% confidence interval: \
            \(percent(interval.lower)) to \(percent(interval.upper)). Guessing: \(percent(guessing)).</p>
            </div>
            """
    }

    private func costs(_ run: TrainingReport) -> HTML? {
        guard let first = run.costs.first, let last = run.costs.last else { return nil }
        let (chart, end): (HTML, HTML) =
            run.costs.count > 1
            ? (Chart.costs(run.costs), ", \(shortText(last.cost)) at iteration \(grouped(last.iteration))")
            : ("", "")
        return """
            <section>
            <h2>Cost</h2>
            \(chart)
            <p class="note">Binary cross-entropy on the training images, before the gradient step of each iteration: \
            \(shortText(first.cost)) at iteration \(grouped(first.iteration))\(end).</p>
            </section>
            """
    }

    // MARK: A data set

    private func section(_ results: Results) -> HTML {
        """
        <section>
        <h2>\(results.name) images</h2>
        \(results.path.map { "<p><code>\($0)</code></p>" })
        <div class="pair">
        <div>
        <h3>True and predicted class</h3>
        \(table(results.confusion))
        </div>
        <div>
        <h3>Probability of \(classes[1])</h3>
        \(Chart.probabilities(
            ProbabilityHistogram(results.evaluation, labels: results.data.labels), classes: classes,
            id: results.id))
        </div>
        </div>
        \(mislabeled(results))
        </section>
        """
    }

    private func table(_ confusion: ConfusionMatrix) -> HTML {
        """
        <table class="confusion">
        <thead><tr><td></td><th scope="col">predicted<br><b class="class-0">\(classes[0])</b></th>\
        <th scope="col">predicted<br><b class="class-1">\(classes[1])</b></th><th scope="col">correct</th></tr></thead>
        <tbody>
        \((0...1).map { row(confusion, label: $0) })
        </tbody>
        </table>
        """
    }

    private func row(_ confusion: ConfusionMatrix, label: Int) -> HTML {
        let counts = confusion.counts[label]
        let size = confusion.sizes[label]
        let cells = (0...1).map { predicted -> HTML in
            let kind = predicted == label ? "right" : "wrong"
            return "<td class=\"\(kind)\">\(grouped(counts[predicted]))</td>"
        }
        return """
            <tr><th scope="row"><b class="class-\(label)">\(classes[label])</b></th>\(cells)\
            <td>\(size > 0 ? percent(Double(counts[label]) / Double(size)) : "-")</td></tr>
            """
    }

    /// As print_mislabeled_images in the seed document, the largest errors first.
    private func mislabeled(_ results: Results) -> HTML {
        let all = results.evaluation.mislabeled
        guard !all.isEmpty else { return "<p>All images are labeled correctly.</p>" }
        let distance = { (index: Int) in abs(results.evaluation.probabilities[index] - 0.5) }
        let shown = all.sorted { distance($0) > distance($1) }.prefix(Self.pictures)
        let count: HTML =
            shown.count < all.count
            ? "the \(shown.count) largest errors of \(grouped(all.count))"
            : all.count > 1 ? "\(all.count), the largest errors first" : "1"
        return """
            <h3>Mislabeled images: \(count)</h3>
            <p class="note">Below each image: its true class, its predicted probability of \(classes[1]), and its number in \
            the data set.</p>
            <div class="pictures">
            \(shown.map { figure(results, $0) })
            </div>
            """
    }

    private func figure(_ results: Results, _ index: Int) -> HTML {
        let label = Int(results.data.labels[index])
        let probability = rounded(results.evaluation.probabilities[index], places: 4)
        let tile = Tile(results.data.image(index))
        return """
            <figure><img src="\(tile.dataURI)" width="64" height="64" alt="image \(index), \(classes[label])">\
            <figcaption><b class="class-\(label)">\(classes[label])</b><br>\(probability)<br>\
            <span class="note">\(index)</span></figcaption></figure>
            """
    }

    // MARK: The model

    private var firstLayer: HTML {
        let weights = network.firstLayer
        return """
            <section>
            <h2>The first layer</h2>
            <p>The weights of its \(weights.count) units, shown as images. Grey is zero. Where a colour is brighter \
            than grey, that colour in a photo raises the unit's output; where it is darker, it lowers the output. Each \
            image is scaled to its largest weight, given below it.</p>
            <div class="pictures weights">
            \(weights.enumerated().map { unit($0 + 1, $1, "weights") })
            </div>
            \(network.initialFirstLayer.map { change(from: $0, to: weights) })
            </section>
            """
    }

    private func change(from initial: [ArraySlice<Double>], to weights: [ArraySlice<Double>]) -> HTML {
        let changes = zip(weights, initial).map { weights, initial in zip(weights, initial).map(-) }
        return """
            <h3>What training added</h3>
            <p class="note">The weights minus the random initial weights.</p>
            <div class="pictures weights">
            \(changes.enumerated().map { unit($0 + 1, $1[...], "change") })
            </div>
            """
    }

    private func unit(_ number: Int, _ weights: ArraySlice<Double>, _ what: String) -> HTML {
        let largest = weights.reduce(0) { max($0, abs($1)) }
        let tile = Tile(weights: weights)
        return """
            <figure><img src="\(tile.dataURI)" width="64" height="64" alt="\(what) of unit \(number)">\
            <figcaption>\(number) <span class="note">±\(shortText(largest, digits: 2))</span></figcaption></figure>
            """
    }

    private func effort(_ run: TrainingReport) -> HTML {
        let phases = [
            ("reading the data", run.seconds.load), ("before the first iteration", run.seconds.setup),
            ("iterations", run.seconds.loop), ("writing and evaluating the model", run.seconds.finish),
        ]
        return """
            <section>
            <h2>Memory and time</h2>
            <p>Training used \(grouped(run.arenaBytes)) bytes of memory in addition to the images. The run took \
            \(rounded(run.seconds.total, places: 3)) s\
            \(run.begun > 0 ? ", counted from iteration \(grouped(run.begun)), where it was resumed" : "").</p>
            <table class="phases">
            <tbody>
            \(phases.map { phase($0, $1, total: run.seconds.total) })
            </tbody>
            </table>
            </section>
            """
    }

    private func phase(_ name: String, _ seconds: Double, total: Double) -> HTML {
        let share = total > 0 ? min(100, 100 * seconds / total) : 0
        return """
            <tr><th scope="row">\(name)</th><td>\(rounded(seconds, places: 3)) s</td>\
            <td><i style="width: \(share)%"></i></td></tr>
            """
    }

    private var facts: HTML {
        let facts =
            [
                ("File", "\(path), \(grouped(network.bytes.count)) bytes"),
                ("SHA-256", sha256(network.bytes)),
                ("Layers", network.topology.text),
                ("Parameters", "\(grouped(network.topology.parameterCount)) of \(network.elementType.name)"),
                ("Classes", "0: \(classes[0]), 1: \(classes[1])"),
            ] + (network.origin.map(facts) ?? [("Training", "unknown (imported weights)")])
        return """
            <section>
            <h2>The model</h2>
            <dl>
            \(facts.map { "<dt>\($0)</dt><dd>\($1)</dd>" as HTML })
            </dl>
            </section>
            """
    }

    private func facts(of origin: Network.Origin) -> [(String, String)] {
        [
            ("Training", "\(origin.method.name) gradient descent, \(grouped(origin.iterations)) iterations"),
            ("Learning rate", "\(origin.learningRate)"),
            ("Initial weights", "\(origin.initializer.name), seed \(origin.seed)"),
            ("Training data", "\(grouped(origin.examples)) images, CRC-32 \(origin.dataCRCText)"),
        ]
    }

    private func repetition(_ command: String) -> HTML {
        """
        <section>
        <h2>Train the same model again</h2>
        <pre><code>\(command)</code></pre>
        <p class="note">This command gives the same file, to the byte, on every processor.</p>
        </section>
        """
    }
}

/// "98.6 %", on one line
private func percent(_ share: Double) -> String { "\(rounded(100 * share, places: 1))\u{a0}%" }

/// "1,967,912"
private func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.indices.reduce(into: "") { text, index in
        if index > 0, (digits.count - index) % 3 == 0 { text += "," }
        text.append(digits[index])
    }
}
