import Foundation
import SwiftNN

func bytes(of file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file))) }

let network = try Network(bytes: bytes(of: "model.nnk"))
print("tells \(network.classNames[1]) from \(network.classNames[0])")

let images = try bytes(of: "image.bin")
for start in stride(from: 0, to: images.count, by: network.inputs) {
    let prediction = try network.classify(images[start..<start + network.inputs])
    let name = network.classNames[prediction.classIndex]
    print("\(name) (probability of \(network.classNames[1]): \(prediction.probability))")
}
