import CNNKernel

/// How the weights of the first layer are computed. Both are the same gradient descent (train.h); they round differently.
public enum Method: String, CaseIterable, Sendable {
    /// On the weights themselves: an iteration goes through all images twice.
    case primal = "primal"
    /// By the Gram matrix of the images: an iteration touches neither an image nor a weight of layer 1.
    case dual = "dual"
}

extension Method: Coded {
    /// The number that stands for it in a model's header (docs/FORMAT.md).
    var code: Int32 {
        switch self {
        case .primal: NNK_PRIMAL
        case .dual: NNK_DUAL
        }
    }
}

extension TrainingOptions {
    /// Multiply-adds of a whole run in its first layer; the other layers take the same by both methods.
    ///
    /// With m images of n bytes and u units: primal 2 u n m per iteration; dual at most u m^2 per iteration, and
    /// 2 u n m + n m^2 / 2 before and after. Mirrored images count as images, but half of the products of their pairs
    /// are known from the others.
    public func multiplyAdds(_ method: Method, examples: Int) -> Double {
        let m = Double(columns(examples: examples))
        let (n, u) = (Double(topology.inputs), Double(topology.firstUnits))
        let steps = Double(iterations)
        return switch method {
        case .primal: steps * 2 * u * n * m
        case .dual: steps * u * m * m + 2 * u * n * m + n * m * m / (mirror == nil ? 2 : 4)
        }
    }

    /// The most memory that ``chosenMethod(examples:)`` lets the dual method take: 1 GiB.
    public static var memoryForDual: Int { 1 << 30 }

    /// The method that nil stands for: the dual where it has less to compute and enough memory, else the primal.
    public func chosenMethod(examples: Int) -> Method {
        guard gram == nil, capacity == nil else { return .dual }
        guard virtualShards == nil else { return .primal }
        var options = self
        options.method = .dual
        guard multiplyAdds(.dual, examples: examples) < multiplyAdds(.primal, examples: examples),
            let bytes = try? Trainer.arenaBytes(options, examples: examples), bytes <= Self.memoryForDual
        else { return .primal }
        return .dual
    }
}
