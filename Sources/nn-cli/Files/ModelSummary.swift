import NNData
import SwiftNN

/// A model as `--json` shows it.
struct ModelSummary: Encodable {
    private let network: Network
    private let path: String

    private enum CodingKeys: String, CodingKey { case path, sha256, layers, precision }

    init(_ network: Network, path: String) {
        self.network = network
        self.path = path
    }

    /// The checksum is computed here, and so only with --json: for a large model it takes longer than a prediction.
    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(path, forKey: .path)
        try object.encode(NNData.sha256(network.bytes), forKey: .sha256)
        try object.encode(network.topology.sizes, forKey: .layers)
        try object.encode(network.elementType.name, forKey: .precision)
    }
}
