import NNData
import SwiftNN

/// The page about a teaching: what to expect of the model, and what would help.
struct TeachPage {
    let report: TeachReport
    /// Of the model.
    let path: String
    /// The command that gives the same model.
    let command: String

    /// The largest number of pairs of photos shown. Each takes about 24 KB of the page.
    private static let pairs = 50

    private var lesson: Lesson { report.lesson }
    private var data: DataSet { report.data }

    var html: HTML {
        let judgement = Judgement(lesson.expected, classes: data.classes)
        return Page(
            title: "\(path): report", header: Page.header(lesson.network, path: path),
            sections: [
                verdict, costs, learningCurve, judgement.roc, judgement.calibration, doubtful, alike, recipes,
                times,
                Page.repetition(
                    "Teach the same model again", command,
                    note: "This command gives the same file, to the byte, on every processor."),
            ]
        ).html
    }

    // MARK: What to expect

    private var verdict: HTML {
        let scores = lesson.scores
        let sentences =
            [report.expectation, measure, report.comparison] + report.withoutSkill + [report.help]
            + report.validation.remarks
        return """
            <section>
            <h2>What to expect</h2>
            <p class="figure">\(percent(scores.accuracy))</p>
            \(Chart.interval(scores.accuracy, scores.interval, guessing: Guessing(data).accuracy))
            \(sentences.map { "<p>\($0)</p>" as HTML })
            <p class="note">The bar is the interval: the accuracy on many more photos of this kind lies in it in 95 of \
            100 cases. The tick marks guessing, which means to always give the same answer.</p>
            </section>
            """
    }

    private var measure: String {
        let folds = lesson.folds.count
        return
            "This was measured on all \(grouped(data.count)) photos: they were dealt into \(folds) parts, and each "
            + "part was answered by networks that had learned only from the others. The model learned from all photos; "
            + "what that adds, by the curve of accuracies below, is counted."
    }

    // MARK: Curves

    private var costs: HTML {
        let costs = lesson.costs.map { TrainingReport.Cost(iteration: $0.iteration, cost: $0.value) }
        let heldOut = lesson.heldOutCurve.map {
            TrainingReport.Cost(iteration: $0.iterations, cost: $0.logLoss)
        }
        return """
            <section>
            <h2>Learning and learning by heart</h2>
            \(Chart.costs(costs, heldOut: heldOut))
            <p>The solid line is the cost on the photos that the model learned from: how far its answers are from the \
            right ones. The dashed line is the same for photos that were held out. Where it rises while the solid line \
            falls, a network learns photos by heart, and claims to be surer than it may be: calibration takes this back. \
            The model was trained for \(counted(lesson.iterations, "iteration")).</p>
            <p class="note">The cost is the binary cross-entropy, also called log loss. Always answering the shares of \
            the classes has \(shortText(lesson.scores.guessingLogLoss)).</p>
            </section>
            """
    }

    private var learningCurve: HTML {
        let points = lesson.learningCurve.points
        let accuracies = points.map { (Double($0.examples), $0.scores.accuracy) }
        let guessing = Guessing(data).accuracy
        let lowest = points.map(\.scores.interval.lowerBound).min() ?? 0
        let most = points.last?.examples ?? 1
        let plot = Plot(
            id: "learning", title: "The accuracy by the number of photos",
            description: points.map {
                "Accuracy \(shareText($0.scores.accuracy)) with \(counted($0.examples, "photo"))."
            }.joined(separator: " "),
            x: .counts("photos that taught", to: most), y: .shares("accuracy", from: min(lowest, guessing)))
        return """
            <section>
            <h2>What more photos would bring</h2>
            <div class="pair">
            \(plot.html(
                [plot.line([(0, guessing), (Double(most), guessing)], "half")]
                    + points.map { plot.reach(Double($0.examples), $0.scores.interval) }
                    + [plot.line(accuracies)] + plot.dots(accuracies)))
            <div>
            <p>Each dot is the accuracy on photos not seen, of networks that learned from fewer photos or from as many as \
            here, but for the part that was held out. If the line still rises at its end, more photos of both classes \
            would help. \(halved ?? "") <b>\(report.help)</b></p>
            <p class="note">The bars are 95 % intervals; a difference smaller than they are may be chance. The dashed line \
            is guessing. The last dot may be above what to expect: this way of training was chosen because it did well \
            on these photos.</p>
            </div>
            </div>
            </section>
            """
    }

    /// What half of the photos of a class cost.
    private var halved: String? {
        let halves = lesson.learningCurve.halved.compactMap { $0 }
        guard halves.count == 2, let all = lesson.learningCurve.points.last else { return nil }
        let losses = halves.map { rounded($0.logLoss, places: 3) }
        return
            "After calibration the log loss is \(rounded(all.scores.logLoss, places: 3)) with all photos, \(losses[0]) without half of those "
            + "of \(data.classes[0]), and \(losses[1]) without half of those of \(data.classes[1])."
    }

    // MARK: Photos

    private var doubtful: HTML? {
        guard !report.doubtful.isEmpty else { return nil }
        return """
            <section>
            <h2>Photos that may be of the other class</h2>
            <p>Networks that had not seen these photos give their class a probability below \
            \(shareText(TeachReport.doubtful)). Look at each: if its label is wrong, correct it and teach \
            again. If it is right, more photos like it would help.</p>
            <div class="pictures photos">
            \(report.doubtful.map { figure($0.example, "probability \(shareText($0.probability))") })
            </div>
            </section>
            """
    }

    private var alike: HTML? {
        let pairs = report.alike.prefix(Self.pairs)
        guard !pairs.isEmpty else { return nil }
        let count = report.alike.count
        let limit = pairs.count < count ? " The \(pairs.count) most alike are shown." : ""
        return """
            <section>
            <h2>Photos that are nearly alike</h2>
            <p>\(counted(count, "pair")).\(limit) Photos of one class teach little more than one of them would, and if they \
            are in different parts they make the accuracy look too good. Of two in both classes, one has a wrong label.</p>
            <div class="twins">
            \(pairs.map { pair -> HTML in
                "<div class=\"pictures photos\">\([figure(pair.first), figure(pair.second)])</div>"
            })
            </div>
            </section>
            """
    }

    private func figure(_ index: Int, _ note: String? = nil) -> HTML {
        let (label, name) = (Int(data.labels[index]), data.name(index))
        let note: HTML? = note.map { "<br>\($0)" }
        return """
            <figure><img src="\(Tile(data.image(index)).dataURI)" width="64" height="64" alt="\(name)">\
            <figcaption><b class="class-\(label)">\(data.classes[label])</b>\(note)<br>\
            <span class="note">\(name)</span></figcaption></figure>
            """
    }

    // MARK: How it was made

    private var recipes: HTML {
        """
        <section>
        <h2>What was tried</h2>
        <p>\(report.chosen)</p>
        <div class="scroll">
        <table>
        <thead><tr><th scope="col">mirrored</th><th scope="col">own contrast</th><th scope="col">weight decay</th>\
        <th scope="col">iterations</th><th scope="col">log loss</th><th scope="col">accuracy</th></tr></thead>
        <tbody>
        \(lesson.heldOut.validation.recipes.indices.map(row))
        </tbody>
        </table>
        </div>
        <p class="note">Each way of training on photos that were held out: the chosen one, in bold, at its number of \
        iterations, the others at their best one, before calibration. The chosen one is the first of those that are \
        about as good as the best once they are calibrated. Its accuracy here may be higher than what to expect: it was chosen because it did well on these photos.</p>
        </section>
        """
    }

    private func row(_ recipe: Int) -> HTML {
        let (recipes, isChosen) = (lesson.heldOut.validation.recipes, recipe == lesson.choice.recipe)
        let best =
            isChosen
            ? lesson.heldOut[lesson.choice].map { (iterations: lesson.iterations, scores: $0.scores) }
            : lesson.heldOut.best(ofRecipe: recipe)
        let cells =
            [
                recipes[recipe].mirrors ? "yes" : "no",
                recipes[recipe].takesOwnContrastOff ? "taken off" : "kept",
                shortText(recipes[recipe].weightDecay),
            ]
            + (best.map {
                ["\($0.iterations)", rounded($0.scores.logLoss, places: 3), percent($0.scores.accuracy)]
            } ?? ["diverged", "", ""])
        return """
            <tr\(isChosen ? " class=\"chosen\"" as HTML : "")>\(cells.map { "<td>\($0)</td>" as HTML })</tr>
            """
    }

    private var times: HTML {
        """
        <section>
        <h2>Time</h2>
        \(Page.times(report.phases.map { ($0.name, $0.seconds) }, total: report.total))
        <p>All of it took \(rounded(report.total, places: 3)) s.</p>
        </section>
        """
    }
}

extension HeldOutLogits {
    /// The scores of a recipe at its lowest log loss; nil: it diverged.
    fileprivate func best(ofRecipe recipe: Int) -> (iterations: Int, scores: Scores)? {
        (0..<validation.points).compactMap { point in
            let choice = CrossValidation.Choice(recipe: recipe, point: point)
            return self[choice].map { (validation.iterations(of: choice), $0.scores) }
        }.min { $0.scores.logLoss < $1.scores.logLoss }
    }
}
