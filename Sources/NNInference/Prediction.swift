/// What a network says about one image.
public struct Prediction: Equatable, Sendable {
    /// The network's output: the probability of class 1.
    public let probability: Double

    /// The prediction that an output stands for.
    @inline(__always)
    public init(probability: Double) { self.probability = probability }

    /// The predicted class: 1 if the probability is above one half, else 0.
    @inline(__always)
    public var classIndex: Int { probability > 0.5 ? 1 : 0 }
}
