import NNData
import SwiftNN

extension Examples {
    init(_ data: DataSet) throws {
        try self.init(images: data.images, labels: data.labels, classNames: data.classes)
    }
}

extension Network {
    /// What can be said about the accuracy on images that the network was trained on.
    static let trainingImagesText = "The model was trained on these images: on others, expect less"

    /// Whether a training made the network of these images and labels.
    func wasTrained(on examples: Examples) -> Bool { origin?.dataCRC == examples.crc }
}
