/// Binary cross-entropy: -1/m sum of y log(p) + (1 - y) log(1 - p), finite for p = 0 and p = 1 too.
public enum CrossEntropy {
    /// The cost of (1, examples) probabilities.
    /// - Precondition: there is one label (0 or 1) per probability.
    public static func cost<S: Scalar>(_ probabilities: Matrix<S>, labels: [UInt8]) -> Double {
        S.arithmetic.cost(probabilities, labels: labels)
    }

    /// dA = -(y / p - (1 - y) / (1 - p)), of the shape of `probabilities`: the gradient of m times the cost.
    /// - Precondition: there is one label (0 or 1) per probability.
    public static func gradient<S: Scalar>(_ probabilities: Matrix<S>, labels: [UInt8]) -> Matrix<S> {
        S.arithmetic.costBackward(probabilities, labels: labels)
    }
}
