import ArgumentParser
import SwiftNN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The options of `train` and `cross-validate` that say what kind of network a data set gives.
struct NetworkOptions: ParsableArguments {
    @Option(help: "Sizes of the layers. deep: 12288-20-7-5-1; two-layer: 12288-7-1.")
    var topology = Topology.deep

    @Option(help: "Number type of the weights. f64: double; f32: float.")
    var precision = Precision.f64

    @Option(
        help:
            "How to compute the first layer. auto: the method with fewer operations, if its memory is at most 1 GiB."
    )
    var method = MethodChoice.auto

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Seed of the initial weights and of the choice of held-out images, 0 to 4294967295.",
            valueName: "n"))
    var seed: UInt32 = 1

    /// How many processors this machine has.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The same as the library's options. Training takes as many threads as there are processors.
    var trainingOptions: TrainingOptions {
        var options = TrainingOptions()
        options.topology = topology
        options.precision = precision
        options.seed = seed
        options.method = method.method
        options.threads = Self.processors
        return options
    }
}

/// The options of `train` that decide which model a data set gives.
struct JobOptions: ParsableArguments {
    @OptionGroup var network: NetworkOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Number of gradient steps, 1 to 4294967295.", valueName: "n"))
    var iterations = 2500

    @Option(parsing: .unconditional, help: ArgumentHelp("Learning rate, above 0.", valueName: "rate"))
    var learningRate = 0.0075

    @Option(parsing: .unconditional, help: ArgumentHelp("Show the cost every n iterations.", valueName: "n"))
    var logEvery = 100

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Add the sums over images in so many parts, a power of two up to 32768. Use it with --method primal for the \
            model that nn-mpi train writes, which has 64.
            """, valueName: "n"))
    var virtualShards: Int?

    func validate() throws {
        try Self.check(iterations: iterations)
        try Self.check(learningRate: learningRate)
        guard 1...Int(UInt32.max) ~= logEvery else {
            throw ValidationError("--log-every: expected 1 to \(UInt32.max), got \(logEvery)")
        }
        try checkShards()
    }

    private func checkShards() throws {
        guard let virtualShards else { return }
        guard 1...32768 ~= virtualShards else {
            throw ValidationError("--virtual-shards: expected 1 to 32768, got \(virtualShards)")
        }
        guard virtualShards & (virtualShards - 1) == 0 else {
            throw ValidationError("--virtual-shards: expected a power of two, got \(virtualShards)")
        }
        guard network.method.method == .primal else {
            throw ValidationError("--virtual-shards needs --method primal: the dual method adds up no images")
        }
    }

    static func check(iterations: Int, most: UInt32 = .max) throws {
        guard 1...Int(most) ~= iterations else {
            throw ValidationError("--iterations: expected 1 to \(most), got \(iterations)")
        }
    }

    static func check(learningRate: Double) throws {
        guard learningRate > 0, learningRate.isFinite else {
            throw ValidationError("--learning-rate: expected a number above 0, got \(learningRate)")
        }
    }

    var trainingOptions: TrainingOptions {
        var options = network.trainingOptions
        options.iterations = iterations
        options.learningRate = learningRate
        options.costEvery = logEvery
        options.virtualShards = virtualShards
        return options
    }
}
