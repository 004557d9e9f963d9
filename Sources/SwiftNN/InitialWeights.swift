import CNNKernel

/// How initial weights are drawn. Biases start at zero.
public enum Initializer: String, CaseIterable, Sendable {
    /// normal / sqrt(inputs of the layer)
    case deep = "deep"
    /// normal x 0.01
    case small = "small"
}

extension Initializer: Coded {
    /// The number that stands for it in a header (docs/FORMAT.md).
    var code: Int32 {
        switch self {
        case .deep: NNK_INIT_DEEP
        case .small: NNK_INIT_SMALL
        }
    }
}

/// numpy's legacy random numbers, to the bit: `np.random.seed(seed)`, then `randn()` (random.h).
public struct NumpyRandom: Sendable {
    var state = nnk_random()

    /// `np.random.seed(seed)`
    public init(seed: UInt32) { unsafe nnk_random_seed(&state, seed) }

    /// A number of the standard normal distribution: `np.random.randn()`.
    public mutating func normal() -> Double { unsafe nnk_random_normal(&state) }

    /// A number of the uniform distribution on [0, 1): `np.random.random_sample()`.
    public mutating func uniform() -> Double { unsafe nnk_random_uniform(&state) }
}
