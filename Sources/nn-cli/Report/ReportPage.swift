import NNData
import SwiftNN

/// The page about a model and how well it does.
struct ReportPage {
    /// A data set and what the model says about it.
    struct Results {
        /// "Test", "Held out" or "Training": part of headings and of the names of elements.
        let name: String
        let path: String?
        let data: DataSet
        let evaluation: Evaluation

        var id: String { name.lowercased().split(separator: " ").joined(separator: "-") }
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

    var classes: [String] { [network.className(0), network.className(1)] }

    var html: HTML {
        Page(
            title: "\(path): report", header: Page.header(network, path: path),
            sections: [accuracies, run.flatMap(costs)] + results.map(section) + [
                firstLayer, run.map(effort), facts,
                command.map {
                    Page.repetition(
                        "Train the same model again", $0,
                        note: "This command gives the same file, to the byte, on every processor.")
                },
            ]
        ).html
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
        let interval = Scores.interval(of: results.evaluation.accuracy, among: confusion.count)
        let guessing = Guessing(results.data).accuracy
        return """
            <div>
            <h3>\(results.name)</h3>
            <p class="figure">\(percent(results.evaluation.accuracy))</p>
            \(Chart.interval(results.evaluation.accuracy, interval, guessing: guessing))
            <p>\(grouped(confusion.right)) of \(grouped(confusion.count)) correct. 95\u{a0}% confidence interval: \
            \(percent(interval.lowerBound)) to \(percent(interval.upperBound)). Guessing: \(percent(guessing)).</p>
            \(wasTrained(on: results.data) ? "<p>\(Network.trainingImagesText).</p>" as HTML : nil)
            \(network.silenceText(results.evaluation).map { "<p>Warning: \($0).</p>" as HTML })
            </div>
            """
    }

    private func wasTrained(on data: DataSet) -> Bool {
        (try? Examples(data)).map { network.wasTrained(on: $0) } ?? false
    }

    private func costs(_ run: TrainingReport) -> HTML? {
        guard let first = run.costs.first, let last = run.costs.last else { return nil }
        let (chart, end): (HTML, HTML) =
            run.costs.count > 1
            ? (
                Chart.costs(run.costs, heldOut: run.heldOutCosts ?? []),
                ", \(shortText(last.cost)) at iteration \(grouped(last.iteration))"
            )
            : ("", "")
        return """
            <section>
            <h2>Cost</h2>
            \(chart)
            <p class="note">Binary cross-entropy on the training images, before the gradient step of each iteration: \
            \(shortText(first.cost)) at iteration \(grouped(first.iteration))\(end).\(heldOut(run))</p>
            </section>
            """
    }

    private func heldOut(_ run: TrainingReport) -> String {
        guard let last = run.heldOutCosts?.last else { return "" }
        return " The dashed curve is the cost on the \(grouped(run.heldOut ?? 0)) images that were held out: "
            + "\(shortText(last.cost)) at iteration \(grouped(last.iteration))."
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
            \(Page.times(phases, total: run.seconds.total))
            </section>
            """
    }
}
