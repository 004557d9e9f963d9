// The first program in Swift: it learns to tell dark images from bright ones.
//
//     swift run -c release First
import SwiftNN

@main struct First {
    static func main() throws {
        let count = 20
        let pixels = Topology.deep.inputs  // 64 x 64, R G B
        let labels = (0..<count).map { UInt8($0 % 2) }  // class 0: dark; class 1: bright
        let shades = (0..<count).map { UInt8(5 * $0) + 150 * labels[$0] }
        let images = shades.flatMap { [UInt8](repeating: $0, count: pixels) }

        var options = TrainingOptions()
        options.precision = .f32
        let network = try Network(training: Examples(images: images, labels: labels), options: options)
        for index in 0..<4 {
            let probability = try network.probability(of: images[index * pixels..<(index + 1) * pixels])
            print("image \(index): bright with probability \((probability * 10_000).rounded() / 10_000)")
        }
    }
}
