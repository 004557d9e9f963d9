import NNData
import SwiftNN

extension ReportPage {
    /// The weights of the first layer as images, and what training added to them.
    var firstLayer: HTML {
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

    /// What the model's file says of it.
    var facts: HTML {
        let facts =
            [
                ("File", "\(path), \(grouped(network.bytes.count)) bytes"),
                ("SHA-256", sha256(network.bytes)),
                ("Layers", network.topology.text),
                ("Parameters", "\(grouped(network.topology.parameterCount)) of \(network.elementType.name)"),
                ("Classes", "0: \(classes[0]), 1: \(classes[1])"),
            ] + (network.origin.map(facts) ?? [("Training", "unknown (imported weights)")])
            + (network.expectation.map { [("Expected", $0.text)] } ?? [])
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
            + (origin.optionsText.map { [("Options", $0)] } ?? [])
            + (network.takesOwnContrastOff ? [("Contrast", ModelFacts.contrastText)] : [])
    }
}
