import SwiftNN
import Testing

@Suite("Method")
struct MethodTests {
    private let examples: Examples

    init() throws { examples = try drawnExamples(37, inputs: 400) }

    // MARK: The choice

    @Test("The seed document's data sets are trained in the dual", arguments: [Topology.deep, .twoLayer])
    func seedData(topology: Topology) {
        for precision in Precision.allCases {
            var options = TrainingOptions()
            options.topology = topology
            options.precision = precision
            #expect(options.chosenMethod(examples: 209) == .dual)
            #expect(options.chosenMethod(examples: 1) == .dual)
        }
    }

    @Test("Too few iterations to make up for the Gram matrix are done on the weights", arguments: [0, 1])
    func fewIterations(iterations: Int) {
        var options = TrainingOptions()
        options.iterations = iterations
        #expect(options.chosenMethod(examples: 209) == .primal)
    }

    /// The costs of both methods cross where u n (2 t - 2) = u t m + n m / 2, with t iterations.
    @Test("The method with fewer multiply-adds is chosen", arguments: [2, 3, 10, 100])
    func crossing(iterations: Int) throws {
        var options = try smallRun([100, 4, 1], iterations: iterations)
        options.method = .primal  // what is chosen does not depend on what is asked for
        let (t, n, u) = (Double(iterations), 100.0, 4.0)
        let crossing = u * n * (2 * t - 2) / (u * t + n / 2)
        #expect(crossing > 2)
        #expect(options.chosenMethod(examples: Int(crossing.rounded(.up)) - 1) == .dual)
        #expect(options.chosenMethod(examples: Int(crossing.rounded(.down)) + 1) == .primal)
    }

    @Test("Multiply-adds are counted")
    func multiplyAdds() throws {
        let options = try smallRun([100, 4, 3, 1], iterations: 7)
        let (t, n, u, m) = (7.0, 100.0, 4.0, 10.0)
        let (loop, around, gram) = (t * u * m * m, 2 * u * n * m, n * m * m / 2)
        #expect(options.multiplyAdds(.primal, examples: 10) == t * 2 * u * n * m)
        #expect(options.multiplyAdds(.dual, examples: 10) == loop + around + gram)
    }

    @Test("The dual takes no more than 1 GiB", arguments: Precision.allCases)
    func memory(precision: Precision) throws {
        var options = TrainingOptions()
        options.precision = precision
        #expect(TrainingOptions.memoryForDual == 1 << 30)
        var dual = options
        dual.method = .dual
        // The most examples that fit, by halving.
        var (fits, exceeds) = (1, 1 << 20)
        while exceeds - fits > 1 {
            let middle = (fits + exceeds) / 2
            if try Trainer.arenaBytes(dual, examples: middle) <= 1 << 30 {
                fits = middle
            } else {
                exceeds = middle
            }
        }
        #expect(fits > 10_000)
        for examples in [fits, exceeds] {
            // Else it would not be the memory that decides.
            #expect(
                options.multiplyAdds(.dual, examples: examples)
                    < options.multiplyAdds(.primal, examples: examples))
        }
        #expect(options.chosenMethod(examples: fits) == .dual)
        #expect(options.chosenMethod(examples: exceeds) == .primal)
        #expect(options.chosenMethod(examples: 1 << 20) == .primal)
    }

    @Test(
        "Networks that the dual can't train are trained on their weights",
        arguments: [[400, 1], [16513, 4, 1]])
    func noDual(sizes: [Int]) throws {
        var options = try smallRun(sizes, iterations: 1000)
        #expect(options.multiplyAdds(.dual, examples: 37) < options.multiplyAdds(.primal, examples: 37))
        #expect(options.chosenMethod(examples: 37) == .primal)
        #expect(try Trainer.arenaBytes(options, examples: 37) > 0)
        options.method = .dual
        expectInvalid(sizes.count == 2 ? .layers : .inputs) {
            try Trainer.arenaBytes(options, examples: 37)
        }
    }

    @Test(
        "No number of examples, however odd, is trained in the dual", arguments: [0, -1, .min, 1 << 32, .max])
    func oddCounts(count: Int) {
        #expect(TrainingOptions().chosenMethod(examples: count) == .primal)
    }

    @Test("A run without a method is done by the chosen one", arguments: [1, 50])
    func unset(iterations: Int) throws {
        var options = try smallRun([400, 5, 3, 1], iterations: iterations)
        let network = try train(options, on: examples).network
        options.method = options.chosenMethod(examples: examples.count)
        #expect(options.method == (iterations == 1 ? .primal : .dual))
        #expect(network.origin?.method == options.method)
        #expect(try train(options, on: examples).network.bytes == network.bytes)
    }

    // MARK: Results

    /// float rounds at 6e-8, some ten times in an iteration, and steps are small: 1e-4 is granted.
    @Test("Both methods give one network, but for rounding", arguments: [[400, 5, 3, 1], [400, 7, 1]])
    func agreement(sizes: [Int]) throws {
        for (precision, tolerance) in [(Precision.f64, 1e-6), (.f32, 1e-4)] {
            var options = try smallRun(sizes, precision, iterations: 50)
            options.initializer = .deep
            options.method = .primal
            let primal = try train(options, on: examples)
            options.method = .dual
            let dual = try train(options, on: examples)
            #expect(primal.network.origin?.method == .primal)
            #expect(dual.network.origin?.method == .dual)
            let (p, q) = try (primal.network.evaluate(examples), dual.network.evaluate(examples))
            for (p, q) in zip(p.probabilities, q.probabilities) { #expect((p - q).magnitude <= tolerance) }
            for (a, b) in zip(primal.costs, dual.costs) {
                #expect(a.iteration == b.iteration)
                #expect((a.cost - b.cost).magnitude <= tolerance)
            }
            // It was not for want of learning.
            #expect(primal.costs.count == 50 && dual.costs.count == 50)
            #expect(primal.costs[49].cost < primal.costs[0].cost - 100 * tolerance)
        }
    }

    @Test("The packed dual gives the bits of the wide one in less memory", arguments: Precision.allCases)
    func packed(precision: Precision) throws {
        for sizes in [[400, 5, 3, 1], [400, 7, 1]] {
            var options = try smallRun(sizes, precision)
            options.method = .dual
            let wide = try train(options, on: examples)
            let wideBytes = try Trainer.arenaBytes(options, examples: examples.count)
            options.usesLeastMemory = true
            let packed = try train(options, on: examples)
            #expect(packed.network.bytes == wide.network.bytes)
            #expect(packed.costs == wide.costs)
            #expect(try Trainer.arenaBytes(options, examples: examples.count) < wideBytes)
        }
    }

    // MARK: Threads

    @Test(
        "The number of threads changes no byte and no cost", arguments: [Method.primal, .dual],
        Precision.allCases)
    func threads(method: Method, precision: Precision) throws {
        for sizes in [[400, 5, 1], [400, 6, 4, 1]] {
            var options = try smallRun(sizes, precision, iterations: 10)
            options.method = method
            let alone = try train(options, on: examples)
            for threads in [2, 3, 50] {
                options.threads = threads
                let together = try train(options, on: examples)
                #expect(together.network.bytes == alone.network.bytes, "\(threads) threads")
                #expect(together.costs == alone.costs, "\(threads) threads")
            }
        }
    }

    @Test("There must be a thread", arguments: [0, -1, .min])
    func noThread(threads: Int) throws {
        for method in [Method.primal, .dual] {
            var options = try smallRun([400, 5, 1])
            options.method = method
            options.threads = threads
            expectInvalid(.threads) { _ = try Trainer(examples: examples, options: options) }
            expectInvalid(.threads) {
                _ = try Trainer(examples: examples, options: options, arena: Arena(byteCount: 1 << 20))
            }
        }
    }
}
