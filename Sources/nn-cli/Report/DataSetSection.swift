import NNData
import SwiftNN

extension ReportPage {
    /// What the model says about a data set: a table, a histogram, and the mislabeled images.
    func section(_ results: Results) -> HTML {
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
            <p class="note">Below each image: its true class, its predicted probability of \(classes[1]), and its name, or \
            its number in the data set.</p>
            <div class="pictures\(results.data.names == nil ? "" : " photos")">
            \(shown.map { figure(results, $0) })
            </div>
            """
    }

    private func figure(_ results: Results, _ index: Int) -> HTML {
        let label = Int(results.data.labels[index])
        let probability = rounded(results.evaluation.probabilities[index], places: 4)
        let tile = Tile(results.data.image(index))
        return """
            <figure><img src="\(tile.dataURI)" width="64" height="64" alt="image \(results.data.name(index)), \(classes[label])">\
            <figcaption><b class="class-\(label)">\(classes[label])</b><br>\(probability)<br>\
            <span class="note">\(results.data.name(index))</span></figcaption></figure>
            """
    }
}
