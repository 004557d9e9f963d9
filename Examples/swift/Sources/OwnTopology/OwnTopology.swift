// A network with layers of its own sizes, 768-12-4-1, on images of 16 x 16 RGB pixels: it learns on which side of an
// image the light comes from.
//
//     swift run -c release OwnTopology
import SwiftNN

@main struct OwnTopology {
    static let side = 16

    /// An image that grows brighter from left to right (class 1) or from right to left (class 0), with some noise.
    static func image(label: UInt8, _ random: inout NumpyRandom) -> [UInt8] {
        (0..<side * side * 3).map { byte in
            let column = byte / 3 % side
            let light = label == 1 ? column : side - 1 - column
            return UInt8(Double(light) * 8 + random.uniform() * 128)
        }
    }

    static func examples(_ count: Int, seed: UInt32, _ topology: Topology) throws -> Examples {
        var random = NumpyRandom(seed: seed)
        let labels = (0..<count).map { UInt8($0 % 2) }
        let images = labels.flatMap { image(label: $0, &random) }
        return try Examples(
            images: images, labels: labels, imageBytes: topology.inputs, classNames: ["left", "right"])
    }

    static func main() throws {
        var options = TrainingOptions()
        options.topology = try Topology([768, 12, 4, 1])
        options.precision = .f32
        options.iterations = 500
        options.learningRate = 0.05
        let training = try examples(60, seed: 1, options.topology)
        let network = try Network(training: training, options: options) { progress in
            if let cost = progress.cost { print("cost after \(cost.iteration) steps: \(cost.value)") }
        }

        // A program that opens the file says which topologies it knows.
        let opened = try Network(bytes: network.bytes, topologies: [options.topology])
        let test = try examples(20, seed: 2, options.topology)
        print("\(opened.bytes.count) bytes, accuracy on 20 new images: \(try opened.evaluate(test).accuracy)")
        let small = try opened.quantized()
        print("\(small.bytes.count) bytes, accuracy on 20 new images: \(try small.evaluate(test).accuracy)")

        // As a board does it: the model where it lies, the image in pieces, the memory given.
        let words = Predictor.words(topology: options.topology, elementType: .i8)
        var memory = [UInt64](repeating: 0, count: words)
        var predictor = try Predictor(small.view, memory: memory.mutableSpan)
        for start in stride(from: 0, to: opened.inputs, by: 48) {
            try predictor.feed(Array(test.images[start..<start + 48]).span)
        }
        let prediction = try predictor.finish()
        print("in \(8 * words) bytes: the light comes from the \(small.classNames[prediction.classIndex])")
    }
}
