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
        var trainer = try Trainer(examples: examples, options: options)
        for _ in 0..<steps { _ = try trainer.step() }
        return try trainer.checkpoint().bytes
    }

    private func defect(_ bytes: [UInt8], _ options: TrainingOptions) -> NNError? {
        do throws(NNError) {
            _ = try Trainer(resuming: Checkpoint(bytes: bytes), examples: examples, options: options)
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
        var trainer = try Trainer(examples: examples, options: options)
        var seen = 0
        var points = 0
        var isTrained = false
        while !isTrained {
            let checkpoint = try trainer.checkpoint()
            #expect(try checkpoint == trainer.checkpoint())
            #expect(checkpoint.iteration == trainer.iteration)
            options.threads = points % 3 + 1
            var resumed = try Trainer(
                resuming: checkpoint, examples: examples, options: points % 2 == 0 ? options : nil)
            #expect(resumed.iteration == trainer.iteration)
            #expect(resumed.isSettingUp == trainer.isSettingUp)
            #expect(try runToEnd(&resumed) == Array(costs[seen...]))
            #expect(try resumed.finish().bytes == network.bytes)
            points += 1
            let progress = try trainer.step()
            if progress?.cost != nil { seen += 1 }
            isTrained = progress == nil
        }
        #expect(points > 20)
        #expect(seen == 20)
        #expect(try trainer.finish().bytes == network.bytes)
    }

    @Test("A packed run goes on as one, and its checkpoint says so", arguments: Precision.allCases)
    func packed(precision: Precision) throws {
        var options = try run(.dual, precision)
        let (network, _) = try train(options, on: examples)
        options.usesLeastMemory = true
        let bytes = try checkpoint(options, after: 5)
        let checkpoint = try Checkpoint(bytes: bytes)
        #expect(checkpoint.options.usesLeastMemory)
        var resumed = try Trainer(resuming: checkpoint, examples: examples)
        _ = try runToEnd(&resumed)
        #expect(try resumed.finish().bytes == network.bytes)
        options.usesLeastMemory = false
        #expect(defect(bytes, options) == .otherRun(.usesLeastMemory))
    }

    @Test("A trained run can be kept, too", arguments: [Method.primal, .dual])
    func trained(method: Method) throws {
        let options = try run(method)
        var trainer = try Trainer(examples: examples, options: options)
        _ = try runToEnd(&trainer)
        var resumed = try Trainer(resuming: try trainer.checkpoint(), examples: examples, options: options)
        #expect(resumed.iteration == 20)
        #expect(try resumed.step() == nil)
        #expect(try resumed.finish().bytes == trainer.finish().bytes)
    }

    @Test("The names of the classes are those of the run that writes the model")
    func classNames() throws {
        let options = try run(.dual)
        let named = try Examples(
            images: examples.images, labels: examples.labels, imageBytes: 400, classNames: ["dog", "cat"])
        let checkpoint = try Checkpoint(bytes: checkpoint(options, after: 6))
        var resumed = try Trainer(resuming: checkpoint, examples: named, options: options)
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
        let changes: [(NNError.Option, (inout TrainingOptions) throws -> Void)] = [
            (.topology, { $0.topology = try Topology([400, 6, 3, 1]) }),
            (.topology, { $0.topology = try Topology([400, 5, 1]) }),
            (.precision, { $0.precision = .f32 }),
            (.method, { $0.method = .primal }),
            (.usesLeastMemory, { $0.usesLeastMemory = true }),
            (.initializer, { $0.initializer = .small }),
            (.seed, { $0.seed = 2 }),
            (.iterations, { $0.iterations = 21 }),
            (.learningRate, { $0.learningRate = (0.05).nextUp }),
            (.costEvery, { $0.costEvery = 2 }),
        ]
        for (option, change) in changes {
            var others = options
            try change(&others)
            #expect(defect(bytes, others) == .otherRun(option))
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
            #expect(throws: NNError.otherRun(.examples)) {
                _ = try Trainer(resuming: Checkpoint(bytes: bytes), examples: others, options: options)
            }
        }
    }

    @Test("Other images and other labels are refused", arguments: [Method.primal, .dual])
    func otherImages(method: Method) throws {
        let options = try run(method)
        let bytes = try checkpoint(options, after: 6)
        var images = examples.images
        images[images.count - 1] ^= 1
        var labels = examples.labels
        labels[0] ^= 1
        for others in [
            try Examples(images: images, labels: examples.labels, imageBytes: 400),
            try Examples(images: examples.images, labels: labels, imageBytes: 400),
        ] {
            #expect(throws: NNError.otherImages) {
                _ = try Trainer(resuming: Checkpoint(bytes: bytes), examples: others, options: options)
            }
        }
    }

    /// Its header has no checksum yet. What it keeps may have been computed from the other images.
    @Test(
        "With a checkpoint from before the images' checksum, no other images get in",
        arguments: [Method.primal, .dual], [true, false])
    func otherImagesEarly(method: Method, usesLeastMemory: Bool) throws {
        var options = try smallRun([12288, 40, 1], iterations: 1)
        options.method = method
        options.usesLeastMemory = usesLeastMemory
        let examples = try drawnExamples(37, inputs: 12288)
        let others = try Examples(
            images: examples.images.map { ~$0 }, labels: examples.labels, imageBytes: 12288)
        let expected = try train(options, on: others).network
        var trainer = try Trainer(examples: examples, options: options)
        var early = 0
        while early < 4 {
            let checkpoint = try trainer.checkpoint()
            guard checkpoint.dataCRC == nil else { break }
            early += 1
            do {
                var resumed = try Trainer(resuming: checkpoint, examples: others, options: options)
                _ = try runToEnd(&resumed)
                #expect(try resumed.finish().bytes == expected.bytes)
            } catch NNError.otherImages {
                // The checksum of some of them was there.
            }
            _ = try trainer.step()
        }
        #expect(early > 0)
    }

    @Test("Options that no run can have are refused as such")
    func invalidOptions() throws {
        let options = try run(.dual)
        let bytes = try checkpoint(options, after: 6)
        var others = options
        others.learningRate = 0
        expectInvalid(.learningRate) { if let error = defect(bytes, others) { throw error } }
        others = options
        others.threads = 0
        expectInvalid(.threads) { if let error = defect(bytes, others) { throw error } }
    }

    @Test("A checkpoint that is cut off", arguments: [Method.primal, .dual])
    func cutOff(method: Method) throws {
        let options = try run(method)
        let bytes = try checkpoint(options, after: 6)
        for count in [0, 1, 63, 64, 67, 68, 69, 99, 100, 101, 3136, bytes.count / 2, bytes.count - 1] {
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
            // The job's numbers behind the header are looked at before the checksum of the whole file.
            let expected: [ModelDefect] =
                switch offset {
                case ..<4: [.notAModel]
                case ..<64: [.damagedHeader]
                case ..<100: [.damagedHeader, .wrongSize, .damagedWeights]
                default: [.damagedWeights]
                }
            let found = defect(damaged, options)
            let isExpected = expected.contains { found == .invalidModel($0) }
            #expect(isExpected, "at \(offset): \(String(describing: found))")
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
            var trainer = try Trainer(examples: examples, options: options)
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

    @Test("It owns its bytes, and is the same again when made of them")
    func bytes() throws {
        let checkpoint = try Checkpoint(bytes: checkpoint(run(.dual), after: 6))
        #expect(try Checkpoint(bytes: checkpoint.bytes) == checkpoint)
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
