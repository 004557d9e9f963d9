import NNData
import SwiftNN

extension Examples {
    init(_ data: DataSet) throws {
        try self.init(images: data.images, labels: data.labels, classNames: data.classes)
    }
}
