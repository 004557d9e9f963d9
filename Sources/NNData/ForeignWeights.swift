/// A file of weights that is not read here, and how to make one of it that is.
enum ForeignWeights {
    case torchZip, pickle, keras, hdf5, tflite

    /// nil for other files.
    init?(_ bytes: [UInt8]) {
        let name = ZipArchive.firstName(in: bytes)
        if let name, name.hasSuffix("/data.pkl") || name.hasSuffix("/.format_version") {
            self = .torchZip
        } else if let name, ["metadata.json", "config.json", "model.weights.h5"].contains(name) {
            self = .keras
        } else if bytes.starts(with: [0x80]), bytes.count > 1, 2...5 ~= bytes[1] {
            self = .pickle
        } else if bytes.starts(with: FileKind.hdf5Signature) {
            self = .hdf5
        } else if bytes.dropFirst(4).starts(with: Array("TFL3".utf8)) {
            self = .tflite
        } else {
            return nil
        }
    }

    /// What the file is, and a line that converts it.
    var advice: String {
        switch self {
        case .torchZip, .pickle:
            """
            a PyTorch file or another pickle; in Python: import torch, safetensors.torch; \
            safetensors.torch.save_file(torch.load("model.pt", weights_only=True), "model.safetensors") \
            (a whole model, not a state_dict: model.state_dict() in place of torch.load)
            """
        case .keras, .hdf5:
            """
            a \(self == .keras ? "Keras" : "Keras or other HDF5") file; in Python: import keras, numpy; \
            m = keras.saving.load_model("model.keras"); numpy.savez("model.npz", *m.get_weights())
            """
        case .tflite:
            """
            a TensorFlow Lite file, which has lost the names of its weights; export the model that it was made from: \
            numpy.savez("model.npz", *m.get_weights()) in Keras
            """
        }
    }
}
