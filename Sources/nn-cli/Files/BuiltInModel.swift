import CBuiltInModel
import SwiftNN

/// The model that ships with nn-cli: the deep network of the seed document, trained by this project on the seed
/// document's photos (seed 1, 2500 iterations, f64), with the first layer rounded to bytes.
///
/// Sources/CBuiltInModel/cat.nnk is what `train` and `export --format i8` make of that data, to the bit.
enum BuiltInModel {
    /// Used in place of a path wherever a model is read. A file of this name is ./built-in.
    static let path = "built-in"

    /// How many photos it classifies correctly: of those it was trained on, and of others.
    static let right = (training: (206, of: 209), test: (40, of: 50))

    static func load() -> Network {
        let bytes = UnsafeBufferPointer(start: nn_built_in_model_start(), count: Int(nn_built_in_model_bytes))
        guard let network = try? Network(bytes: Array(bytes)) else {
            preconditionFailure("the built-in model is damaged")
        }
        return network
    }
}
