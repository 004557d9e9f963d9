import ArgumentParser
import NNData
import SwiftNN

/// The option that says which model to use.
struct ModelOption: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: ArgumentHelp(
            "The model to use; - is the standard input, built-in the one that nn-cli has with it.",
            valueName: "file"),
        completion: .file())
    var model = ModelFile.defaultPath
}

enum ModelFile {
    static let defaultPath = "model.nnk"

    /// Far above the largest model there is, 2 MB.
    private static let limit = 1 << 26

    /// How models begin; one that is cut off is told from other files by it.
    static let magic: [UInt8] = [0x8e, 0x4e, 0x4e, 0x1a]

    static func load(_ path: String) throws(FileError) -> Network {
        guard path != BuiltInModel.path else { return BuiltInModel.load() }
        let bytes = try InputFile.read(path, expected: "a model file", limit: limit)
        guard bytes.starts(with: magic) else {
            throw self.error(.invalidModel(.notAModel), in: bytes, at: path)
        }
        do {
            return try Network(bytes: bytes)
        } catch {
            throw self.error(error, in: bytes, at: path)
        }
    }

    private static func error(_ error: NNError, in bytes: [UInt8], at path: String) -> FileError {
        let (expected, found) =
            switch error {
            case .invalidModel(.truncated): ("a whole model", "\(bytes.count) bytes of one: it is cut off")
            case .invalidModel(.notAModel): ("a SwiftNN model", "another kind of file")
            case .invalidModel(.damagedHeader): ("an intact model", "a damaged header (wrong checksum)")
            case .invalidModel(.laterVersion): ("a model of format version 1", "version \(bytes[4])")
            case .invalidModel(.otherKind) where bytes[7] == CheckpointFile.kind:
                ("a model", "a checkpoint: train --resume makes one of it")
            case .invalidModel(.otherKind):
                ("a model with f32, f64 or i8 weights and two class names", "something else")
            case .invalidModel(.otherTopology):
                ("a model of 12288-20-7-5-1 or 12288-7-1", "one of \(topologyText(ofHeader: bytes))")
            case .invalidModel(.wrongSize): ("a payload that fits the header", "\(bytes.count) bytes in all")
            case .invalidModel(.damagedWeights): ("an intact model", "damaged weights (wrong checksum)")
            default: ("a usable model", "\(error)")
            }
        return FileError(.badData, file: path, expected: expected, found: found)
    }

    /// The sizes in a header whose checksum is right, as in "12288-20-7-5-1" (docs/FORMAT.md).
    private static func topologyText(ofHeader bytes: [UInt8]) -> String {
        let layers = min(Int(bytes[8]), 7)
        return (0...layers).map { String(Int(bytes[12 + 2 * $0]) | Int(bytes[13 + 2 * $0]) << 8) }
            .joined(separator: "-")
    }
}

extension Network {
    /// The name of a class, or its number where the model has no names.
    func className(_ index: Int) -> String {
        classNames[index].isEmpty ? String(index) : classNames[index]
    }
}

extension Network.Origin {
    /// Eight hexadecimal digits.
    var dataCRCText: String { crcText(dataCRC) }
}

func crcText(_ crc: UInt32) -> String {
    let digits = String(crc, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}

/// A model, as `--json` shows it.
struct ModelSummary: Encodable {
    private let network: Network
    private let path: String

    private enum CodingKeys: String, CodingKey { case path, sha256, layers, precision }

    init(_ network: Network, path: String) {
        self.network = network
        self.path = path
    }

    /// The checksum is made here, where somebody reads it: of a large model it takes longer than a prediction.
    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(path, forKey: .path)
        try object.encode(NNData.sha256(network.bytes), forKey: .sha256)
        try object.encode(network.topology.sizes, forKey: .layers)
        try object.encode(network.elementType.name, forKey: .precision)
    }
}

extension Precision {
    var name: String {
        switch self {
        case .f32: "f32"
        case .f64: "f64"
        }
    }
}

extension ElementType {
    var name: String {
        switch self {
        case .f32: "f32"
        case .f64: "f64"
        case .i8: "i8"
        }
    }
}

extension Topology {
    var text: String { sizes.map(String.init).joined(separator: "-") }
}
