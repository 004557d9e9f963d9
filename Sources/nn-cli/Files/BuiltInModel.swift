import CBuiltInModel
import SwiftNN

/// The model that ships with nn-cli: what `teach` makes of the seed document's 209 training photos, with the first layer
/// rounded to bytes.
///
/// Sources/CBuiltInModel/cat.nnk is the file of `teach` and `export --format i8`, to the bit.
enum BuiltInModel {
    /// Used in place of a path wherever a model is read. A file of this name is ./built-in.
    static let path = "built-in"

    /// How many photos it classifies correctly: of those it was trained on, of which a third are cats, and of others, of
    /// which two thirds are.
    static let right = (training: (201, of: 209), test: (32, of: 50))

    static func load() -> Network {
        let bytes = UnsafeBufferPointer(start: nn_built_in_model_start(), count: Int(nn_built_in_model_bytes))
        guard let network = try? Network(bytes: Array(bytes)) else {
            preconditionFailure("the built-in model is damaged")
        }
        return network
    }
}
