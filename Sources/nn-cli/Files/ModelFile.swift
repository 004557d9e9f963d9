import ArgumentParser
import NNData
import SwiftNN

enum ModelFile {
    static let defaultPath = "model.nnk"

    /// Far above the size of the largest model, 2 MB.
    private static let limit = 1 << 26

    static func load(_ path: String) throws(FileError) -> Network {
        guard path != BuiltInModel.path else { return BuiltInModel.load() }
        let bytes = try InputFile.read(
            path, expected: "a model file", startBytes: Network.headerBytes, length: length)
        // Else a short file of any kind would count as a model that is cut off.
        guard bytes.starts(with: FileKind.modelMagic) else {
            throw self.error(.invalidModel(.notAModel), in: bytes, at: path)
        }
        do {
            return try Network(bytes: bytes)
        } catch {
            throw self.error(error, in: bytes, at: path)
        }
    }

    /// Predictions with the model of a file: that they overflow is an error of the file.
    static func blaming<Result>(_ path: String, for predictions: () throws -> Result) throws -> Result {
        do {
            return try predictions()
        } catch NNError.invalidModel(.unusableWeights) {
            throw overflow(path)
        }
    }

    /// The error of a model whose weights are finite, and whose predictions are not.
    static func overflow(_ path: String) -> FileError {
        FileError(
            .badData, file: path, expected: "usable weights", found: "some with which predictions overflow")
    }

    /// How many bytes a file that begins with these has, or of another kind of file may have.
    private static func length(_ start: [UInt8]) -> Int {
        let isModel = start.starts(with: FileKind.modelMagic) && start.count >= Network.headerBytes
        return isModel ? min(Network.byteCount(header: start), limit) : limit
    }

    private static func kindText(of bytes: [UInt8]) -> String {
        TensorFile.isSafetensors(bytes) || TensorFile.isONNX(bytes)
            ? "weights of another program (nn-cli import makes a model of them)" : FileKind.text(of: bytes)
    }

    private static func error(_ error: NNError, in bytes: [UInt8], at path: String) -> FileError {
        let (expected, found) =
            switch error {
            case .invalidModel(.truncated): ("a complete model", "only its first \(bytes.count) bytes")
            case .invalidModel(.notAModel): ("a SwiftNN model", kindText(of: bytes))
            case .invalidModel(.damagedHeader): ("an intact model", "a damaged header (wrong checksum)")
            case .invalidModel(.laterVersion) where bytes[4] <= 3:
                ("a model with known options", "options \(bytes[11]) in version \(bytes[4])")
            case .invalidModel(.laterVersion): ("a model of format version 1 to 3", "version \(bytes[4])")
            case .invalidModel(.otherKind) where bytes[7] == CheckpointFile.kind:
                ("a model", "a checkpoint (train --resume makes a model from it)")
            case .invalidModel(.otherKind):
                ("a model with f32, f64 or i8 weights and two class names", "another kind of model")
            case .invalidModel(.otherTopology):
                ("a 12288-20-7-5-1 or 12288-7-1 network", "a \(topologyText(ofHeader: bytes)) network")
            case .invalidModel(.wrongSize) where bytes.count > Network.byteCount(header: bytes):
                ("a file as long as its header says", "a longer one")
            case .invalidModel(.wrongSize): ("a file as long as its header says", "\(bytes.count) bytes")
            case .invalidModel(.damagedWeights): ("an intact model", "damaged weights (wrong checksum)")
            case .invalidModel(.unusableWeights):
                ("finite weights, and no scale below 0", "an infinity, a NaN or a negative scale")
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
