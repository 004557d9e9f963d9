import CHDF5Reader
import NNData

/// What a file holds that is not a data set under the usual names: for messages.
struct HDF5Contents {
    private let isMATLAB: Bool
    private let names: [String]
    private let arrays: [HDF5Array]

    private static let mostArrays = 50
    private static let mostShown = 8
    private static let deepestGroup = 4

    init(_ reader: HDF5Reader) throws(FileError) {
        isMATLAB = FileKind.name(of: reader.source.start) == FileKind.matlab
        names = try reader.names(in: "")
        var arrays: [HDF5Array] = []
        try Self.collect(names, in: "", depth: 1, reader, &arrays)
        self.arrays = arrays
    }

    /// Arrays of a group and of the groups in it, as far as they can be read.
    private static func collect(
        _ names: [String], in group: String, depth: Int, _ reader: HDF5Reader, _ arrays: inout [HDF5Array]
    ) throws(FileError) {
        for name in names where arrays.count < mostArrays {
            let path = group + name
            let status = try reader.describe(path).status
            if status == NN_READER_OK.code, let array = try? HDF5Array(path, in: reader) {
                arrays.append(array)
            }
            if status == NN_READER_NOT_ARRAY.code, depth < deepestGroup {
                try collect(
                    try reader.names(in: path), in: "\(path)/", depth: depth + 1, reader, &arrays)
            }
        }
    }

    /// What is found in place of what is expected.
    ///
    /// - Parameter lack: "neither", for instance.
    func text(without lack: String) -> String {
        if names.contains("model_weights") { return "a Keras model" }
        if names.contains("_layer_checkpoint_dependencies") || Set(names).isSuperset(of: ["layers", "vars"]) {
            return "the weights of a Keras model"
        }
        let lack = isMATLAB ? "\(lack), as \(FileKind.matlab)" : lack
        guard !arrays.isEmpty else { return "\(lack), and no other array" }
        let shown = arrays.prefix(Self.mostShown).map { "\($0.name) \($0.shapeText)" }.joined(separator: ", ")
        let more = arrays.count > Self.mostShown ? " and others" : ""
        return "\(lack); it has \(shown)\(more); \(advice)"
    }

    /// The options for the first images of the right shape, those for training before others, and for labels as many, from
    /// the same group if it has such.
    private var advice: String {
        let arrays = self.arrays.filter { Self.isPlain($0.name) }
        let sorted =
            arrays.filter { $0.name.contains("train") } + arrays.filter { !$0.name.contains("train") }
        for images in sorted where images.shape.count == 4 && images.shape.dropFirst() == [64, 64, 3] {
            let fitting = sorted.filter { $0.numberType != nil && $0.isList(of: images.shape[0]) }
            if let labels = fitting.first(where: { Self.group($0) == Self.group(images) }) ?? fitting.first {
                return "--images \(images.name) --labels \(labels.name) reads a set of them"
            }
        }
        return "--images and --labels name the arrays to read"
    }

    /// The groups that an array is in.
    private static func group(_ array: HDF5Array) -> [Substring] {
        array.name.split(separator: "/").dropLast()
    }

    /// Whether a shell takes the name as it is: what a message offers to paste may come from anyone.
    private static func isPlain(_ name: String) -> Bool {
        !name.hasPrefix("-")
            && name.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || "0123456789_/.-".unicodeScalars.contains($0)
            }
    }
}
