import NNData
import SwiftNN

/// The page about a cross-validation: all results, and what is behind the best one.
struct CrossValidationPage {
    let report: CrossValidationReport
    /// Of the data.
    let path: String
    let command: String

    var html: HTML {
        let best = report.best.flatMap { report.results[$0].answers }
        let judgement = best.map { Judgement($0, classes: report.data.classes) }
        return Page(
            title: "\(path): cross-validation", header: header,
            sections: [
                results, curve, judgement?.roc, judgement?.calibration,
                Page.repetition(
                    "Measure the same again", command,
                    note: "This command gives the same figures on every processor."),
            ]
        ).html
    }

    private var header: HTML {
        let classes = report.data.classes
        return """
            <h1>\(path)</h1>
            <p>How well networks that are trained on these photos distinguish <b class="class-1">\(classes[1])</b> from \
            <b class="class-0">\(classes[0])</b>. \(report.summary)</p>
            \(report.validation.remarks.map { "<p>\($0)</p>" as HTML })
            """
    }

    private var results: HTML {
        """
        <section>
        <h2>Results</h2>
        <div class="scroll">
        <table>
        <thead><tr>\(CrossValidationReport.heads.dropFirst().map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
        <tbody>
        \(report.results.indices.map(row))
        </tbody>
        </table>
        </div>
        <p class="note">The accuracy is the share of photos that are answered rightly by networks that have not seen them. \
        On many more photos of this kind it is likely to lie in the interval. The lower the log loss, the better the \
        probabilities; the best one is in bold. AUC is the area under the ROC curve. Of several results, the best one \
        looks a little better than it is: it was chosen because it did well on these photos.</p>
        </section>
        """
    }

    private func row(_ index: Int) -> HTML {
        let cells = report.row(index).dropFirst().map { "<td>\($0)</td>" as HTML }
        return "<tr\(index == report.best ? " class=\"chosen\"" as HTML : "")>\(cells)</tr>"
    }

    /// The log loss of the best result by iterations, if there are several.
    private var curve: HTML? {
        let costs = report.best.map(report.curve) ?? []
        guard costs.count > 1 else { return nil }
        return """
            <section>
            <h2>How long to train</h2>
            \(Chart.costs(costs, title: "The held-out log loss over the iterations", name: "log loss"))
            <p class="note">The log loss on photos that were held out, with the other options of the best result. Where it \
            rises, the networks learn photos by heart.</p>
            </section>
            """
    }
}
