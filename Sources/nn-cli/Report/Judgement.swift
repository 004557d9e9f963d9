import NNData
import SwiftNN

/// Sections about the answers to photos that were held out: how well they tell the classes apart, and how honest they are.
struct Judgement {
    private let classes: [String]
    /// All answers to all photos: with several repeats, each photo counts once per repeat.
    private let answers: LabeledLogits
    private let repeats: Int

    init(_ answers: LabeledLogits, classes: [String]) {
        self.classes = classes
        repeats = answers.repeats
        self.answers = LabeledLogits(
            answers.values, labels: (0..<answers.repeats).flatMap { _ in answers.labels })!
    }

    private var zero: HTML { "<b class=\"class-0\">\(classes[0])</b>" }
    private var one: HTML { "<b class=\"class-1\">\(classes[1])</b>" }

    // MARK: ROC

    /// What the model does if class 1 is named above this logit.
    private func point(above threshold: Double) -> (falseAlarms: Double, found: Double) {
        let confusion = answers.confusion(above: threshold)
        let zeros = confusion.falsePositives + confusion.trueNegatives
        return (Double(confusion.falsePositives) / Double(max(1, zeros)), confusion.recall)
    }

    /// From the strictest threshold to the one below all logits. A chart cannot show more than 200 points.
    private var curve: [(Double, Double)] {
        let logits = Set(answers.values).sorted(by: >)
        let step = max(1, logits.count / 200)
        let thresholds = stride(from: 0, to: logits.count, by: step).map { logits[$0] } + [-.infinity]
        return thresholds.map { point(above: $0) }
    }

    var roc: HTML {
        let area = shareText(answers.scores.areaUnderCurve)
        let plot = Plot(
            id: "roc", title: "Photos found by false alarms",
            description: "The area under the ROC curve is \(area); 0.5 is guessing, and 1 is perfect.",
            x: .shares("false alarms"), y: .shares("found"))
        return """
            <section>
            <h2>How well it tells them apart</h2>
            <div class="pair">
            \(plot.html([plot.line([(0, 0), (1, 1)], "half"), plot.line(curve)] + plot.dots([point(above: 0)])))
            <div>
            <p>A model can be strict or generous in saying \(one). The more photos of \(one) it finds, the more photos of \
            \(zero) it takes for \(one): these are false alarms. The curve shows all it can do; the dot is where it \
            says \(one) above a probability of 0.5. The further the curve is above the dashed line of guessing, the \
            better.</p>
            <p>The area under the curve is <b>\(area)</b>: of a photo of \(one) and one of \(zero), the one of \
            \(one) gets the higher probability in \(rounded(100 * answers.scores.areaUnderCurve, places: 0)) of 100 cases. \
            Guessing has 0.5. The curve is called the ROC curve.</p>
            </div>
            </div>
            \(thresholds)
            </section>
            """
    }

    // MARK: Thresholds

    private var thresholds: HTML {
        """
        <h3>If the model says \(classes[1]) only above another probability</h3>
        <div class="scroll">
        <table>
        <thead><tr><th scope="col" class="first">above</th><th scope="col">photos named<br>\(one)</th>\
        <th scope="col">of these,<br>really \(one)</th><th scope="col">of all \(one),<br>found</th></tr></thead>
        <tbody>
        \([0.1, 0.3, 0.5, 0.7, 0.9].map(row))
        </tbody>
        </table>
        </div>
        <p class="note">The two shares are called precision and recall. The less often a wrong \(classes[1]) may happen, the \
        higher the probability to ask for.</p>
        """
    }

    private func row(above probability: Double) -> HTML {
        let below = zip(answers.values, answers.probabilities).filter { $1 <= probability }.map(\.0)
        let confusion = answers.confusion(above: below.max() ?? -.infinity)
        let named = confusion.truePositives + confusion.falsePositives
        let share = Double(named) / Double(answers.labels.count)
        return """
            <tr><th scope="row">\(rounded(probability, places: 1))</th><td>\(percent(share))</td>\
            <td>\(named > 0 ? percent(confusion.precision) : "-")</td><td>\(percent(confusion.recall))</td></tr>
            """
    }

    // MARK: Calibration

    var calibration: HTML {
        let photos = answers.labels.count / repeats
        // About ten photos per point, or more.
        let bins = answers.calibrationBins(min(10, max(2, photos / 10), photos))
        let points = bins.map { ($0.probability, $0.share) }
        let reaches = bins.map { bin in
            (bin.probability, Scores.interval(of: bin.share, among: max(1, bin.examples / repeats)))
        }
        let plot = Plot(
            id: "calibration", title: "The share of \(classes[1]) by stated probability",
            description: bins.map {
                "Stated \(shareText($0.probability)), true \(shareText($0.share))."
            }.joined(separator: " "),
            x: .shares("stated probability"), y: .shares("true share"))
        return """
            <section>
            <h2>How honest its probabilities are</h2>
            <div class="pair">
            \(plot.html([plot.line([(0, 0), (1, 1)], "half")] + reaches.map(plot.reach) + plot.dots(points)))
            <div>
            <p>Each dot stands for about \(counted(photos / bins.count, "photo")) with similar probabilities of \
            \(one). Its height is how many of them really are \(one). Where the dots lie near the dashed line, a \
            probability means what it says: of the photos that get 70 %, about 70 % are \(one).</p>
            <p class="note">The bars are 95 % confidence intervals: so few photos make the dots scatter.</p>
            </div>
            </div>
            </section>
            """
    }
}
