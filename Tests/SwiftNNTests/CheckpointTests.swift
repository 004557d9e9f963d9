import SwiftNN
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    /// More than one block of images, more than one step of setting up.
    private let examples: Examples

    init() throws { examples = try drawnExamples(37, inputs: 400) }

    private func run(_ method: Method, _ precision: Precision = .f64) throws -> TrainingOptions {
        var options = try smallRun([400, 5, 3, 1], precision, iterations: 20)
        options.method = method
        return options
    }

    /// The state after so many steps.
    private func checkpoint(_ options: TrainingOptions, after steps: Int) throws -> [UInt8] {
        var trainer = try Trainer(options, examples: examples)
        for _ in 0..<steps { _ = try trainer.step() }
        return try trainer.checkpoint()
    }

    private func defect(_ bytes: [UInt8], _ options: TrainingOptions) -> NNError? {
        do throws(NNError) {
            _ = try Trainer.resume(options, examples: examples, checkpoint: bytes)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Going on

    @Test(
        "A run that goes on from any step ends with the bytes and costs of the whole run",
        arguments: [Method.primal, .dual], Precision.allCases)
    func resumes(method: Method, precision: Precision) throws {
        var options = try run(method, precision)
        let (network, costs) = try train(options, on: examples)
        var trainer = try Trainer(options, examples: examples)
        var seen = 0
        var points = 0
        var isTrained = false
        while !isTrained {
            let bytes = try trainer.checkpoint()
            #expect(try bytes == trainer.checkpoint())
            options.threads = points % 3 + 1
            var resumed = try Trainer.resume(options, examples: examples, checkpoint: bytes)
            #expect(resumed.iteration == trainer.iteration)
            #expect(resumed.isSettingUp == trainer.isSettingUp)
            #expect(try runToEnd(&resumed) == Array(costs[seen...]))
            #expect(try resumed.finish().bytes == network.bytes)
            points += 1
            switch try trainer.step() {
            case .working: break
            case .cost: seen += 1
            case .trained: isTrained = true
            }
        }
        #expect(points > 20)
        #expect(seen == 20)
        #expect(try trainer.finish().bytes == network.bytes)
    }

    @Test("A packed run goes on as one, and its checkpoint says so", arguments: Precision.allCases)
    func packed(precision: Precision) throws {
        var options = try run(.dual, precision)
        let (network, _) = try train(options, on: examples)
        options.packed = true
        let bytes = try checkpoint(options, after: 5)
        #expect(try Checkpoint(bytes: bytes).options.packed)
        var resumed = try Trainer.resume(options, examples: examples, checkpoint: bytes)
        _ = try runToEnd(&resumed)
        #expect(try resumed.finish().bytes == network.bytes)
        options.packed = false
        #expect(defect(bytes, options) == .outOfOrder)
    }

    @Test("A trained run can be kept, too", arguments: [Method.primal, .dual])
    func trained(method: Method) throws {
        let options = try run(method)
        var trainer = try Trainer(options, examples: examples)
        _ = try runToEnd(&trainer)
        var resumed = try Trainer.resume(options, examples: examples, checkpoint: try trainer.checkpoint())
        #expect(resumed.iteration == 20)
        #expect(try resumed.step() == .trained)
        #expect(try resumed.finish().bytes == trainer.finish().bytes)
    }

    @Test("The names of the classes are those of the run that writes the model")
    func classNames() throws {
        let options = try run(.dual)
        let named = try Examples(
            images: examples.images, labels: examples.labels, imageBytes: 400, classNames: ["dog", "cat"])
        var resumed = try Trainer.resume(
            options, examples: named, checkpoint: try checkpoint(options, after: 6))
        _ = try runToEnd(&resumed)
        let network = try resumed.finish()
        #expect(network.classNames == ["dog", "cat"])
        #expect(try network.bytes == train(options, on: named).network.bytes)
    }

    // MARK: What is refused

    @Test("Each option makes another run of it, but the number of threads")
    func otherOptions() throws {
        let options = try run(.dual)
        let bytes = try checkpoint(options, after: 6)
        let changes: [(inout TrainingOptions) throws -> Void] = [
            { $0.topology = try Topology([400, 6, 3, 1]) },
            { $0.topology = try Topology([400, 5, 1]) },
            { $0.precision = .f32 },
            { $0.method = .primal },
            { $0.initializer = .small },
            { $0.seed = 2 },
            { $0.iterations = 21 },
            { $0.learningRate = (0.05).nextUp },
            { $0.costEvery = 2 },
        ]
        for (index, change) in changes.enumerated() {
            var others = options
            try change(&others)
            #expect(defect(bytes, others) == .outOfOrder, "change \(index)")
        }
        var same = options
        same.threads = 3
        same.initializer = .deep  // what nil stands for
        #expect(defect(bytes, same) == nil)
    }

    @Test("Other numbers of examples are another run")
    func otherExamples() throws {
        let options = try run(.dual)
        let bytes = try checkpoint(options, after: 6)
        for count in [36, 38] {
            let others = try drawnExamples(count, inputs: 400)
            #expect(throws: NNError.outOfOrder) {
                _ = try Trainer.resume(options, examples: others, checkpoint: bytes)
            }
        }
    }

    @Test("Options that no run can have are refused as such")
    func invalidOptions() throws {
        let options = try run(.dual)
        let bytes = try checkpoint(options, after: 6)
        var others = options
        others.learningRate = 0
        #expect(defect(bytes, others) == .invalidArgument)
        others = options
        others.threads = 0
        #expect(defect(bytes, others) == .invalidArgument)
    }

    @Test("A checkpoint that is cut off", arguments: [Method.primal, .dual])
    func cutOff(method: Method) throws {
        let options = try run(method)
        let bytes = try checkpoint(options, after: 6)
        for count in [0, 1, 63, 64, 67, 68, 69, 3136, bytes.count / 2, bytes.count - 1] {
            #expect(
                defect(Array(bytes.prefix(count)), options) == .invalidModel(.truncated), "\(count) bytes")
        }
        #expect(defect(bytes, options) == nil)
    }

    @Test("A damaged checkpoint", arguments: [Method.primal, .dual])
    func damaged(method: Method) throws {
        let options = try run(method)
        let bytes = try checkpoint(options, after: 6)
        for offset in Array(0..<110) + Array(stride(from: 110, to: bytes.count, by: 997)) {
            var damaged = bytes
            damaged[offset] ^= 0x10
            let expected: NNError =
                switch offset {
                case ..<4: .invalidModel(.notAModel)
                case ..<64: .invalidModel(.damagedHeader)
                case ..<68: .outOfOrder  // another interval of the costs
                default: .invalidModel(.damagedWeights)
                }
            #expect(defect(damaged, options) == expected, "at \(offset)")
        }
    }

    @Test("A model is no checkpoint, and a checkpoint no model")
    func otherKind() throws {
        let options = try run(.dual)
        let model = try train(options, on: examples).network.bytes
        let bytes = try checkpoint(options, after: 6)
        #expect(defect(model, options) == .invalidModel(.otherKind))
        #expect(throws: NNError.invalidModel(.otherKind)) { try Checkpoint(bytes: model) }
        #expect(throws: NNError.invalidModel(.otherKind)) {
            try Network(bytes: bytes, topologies: [options.topology])
        }
    }

    @Test("A run that diverged is not kept")
    func diverged() throws {
        var options = try run(.dual)
        options.learningRate = 1e200
        #expect(throws: NNError.diverged(iteration: 1)) {
            var trainer = try Trainer(options, examples: examples)
            do { _ = try runToEnd(&trainer) } catch {}
            _ = try trainer.checkpoint()
        }
    }

    // MARK: What it says

    @Test("A checkpoint says which run it is of", arguments: [Method.primal, .dual], Precision.allCases)
    func contents(method: Method, precision: Precision) throws {
        var options = try run(method, precision)
        options.seed = 0xfedc_ba98
        options.iterations = 4_000_000_000
        options.learningRate = 0.1
        options.costEvery = 3_000_000_000
        options.threads = 2
        let early = try Checkpoint(bytes: checkpoint(options, after: 0))
        let late = try Checkpoint(bytes: checkpoint(options, after: 20))
        options.initializer = .deep
        options.threads = 1
        #expect(early.options == options)
        #expect(late.options == options)
        #expect(early.examples == 37)
        #expect(late.examples == 37)
        #expect(early.dataCRC == nil)
        #expect(late.dataCRC == crc32(examples.labels + examples.images))
        options.initializer = .small
        #expect(try Checkpoint(bytes: checkpoint(options, after: 0)).options == options)
    }

    @Test("Its first 68 bytes are enough")
    func start() throws {
        let bytes = try checkpoint(try run(.dual), after: 6)
        #expect(try Checkpoint(bytes: Array(bytes.prefix(68))) == Checkpoint(bytes: bytes))
        for count in [0, 4, 64, 67] {
            #expect(throws: NNError.invalidModel(.truncated)) {
                try Checkpoint(bytes: Array(bytes.prefix(count)))
            }
        }
        for (offset, expected) in [(0, ModelDefect.notAModel), (4, .damagedHeader), (63, .damagedHeader)] {
            var damaged = bytes
            damaged[offset] ^= 1
            #expect(throws: NNError.invalidModel(expected)) { try Checkpoint(bytes: damaged) }
        }
    }

    /// By zlib: `crc32(bytes([0, 1, 1]) + b"123456789")`.
    @Test("The data's checksum is that of zlib")
    func checksum() throws {
        let few = try Examples(images: Array("123456789".utf8), labels: [0, 1, 1], imageBytes: 3)
        #expect(few.crc == 0x7864_5f19)
        #expect(examples.crc == crc32(examples.labels + examples.images))
        #expect(try train(run(.dual), on: examples).network.origin?.dataCRC == examples.crc)
    }
}
