// Prediction, as boards have it: NetworkView, Predictor, Topology, errors. Who imports SwiftNN need not import it too.
@_exported import NNInference
