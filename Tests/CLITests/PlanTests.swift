import SwiftNN
import Testing

@Suite("Planning")
struct PlanTests {
    private let folder = TemporaryFolder()

    private struct Answer: Decodable, Equatable {
        struct Training: Decodable, Equatable {
            let topology, precision, method: String
            let packed, fits: Bool
            let arenaBytes, mostExamples: Int
        }
        struct Prediction: Decodable, Equatable {
            let topology, precision: String
            let predictorBytes, modelBytes: Int
            let fits: Bool
        }
        struct Board: Decodable, Equatable {
            let name, fpu: String
            let ramBytes, flashBytes: Int
            let trains, predicts: [String]
        }
        let examples, ramBytes, stackBytes, programBytes: Int
        let training: [Training]
        let prediction: [Prediction]
        let boards: [Board]
    }

    private func plan(_ arguments: String...) async throws -> Answer {
        let outcome = try await CommandLineTool(["plan", "--json"] + arguments, in: folder).run()
        #expect(try outcome.mismatches("plan") == [])
        return try outcome.answer(Answer.self)
    }

    /// NNK_DUAL_BYTES, NNK_DUAL_WIDE_BYTES and NNK_PRIMAL_BYTES of train.h for 209 images, as compilers for
    /// Cortex-M4 and x86-64 evaluate them.
    @Test("the arenas are those of the core's macros")
    func arenas() async throws {
        let answer = try await plan()
        #expect(answer.examples == 209)
        #expect(answer.ramBytes == 192 * 1024)
        #expect(
            answer.training.map {
                "\($0.topology) \($0.precision) \($0.method) \($0.packed) \($0.arenaBytes)"
            }
                == [
                    "deep f32 dual true 115360", "deep f32 dual false 1267136",
                    "deep f32 primal false 1034624",
                    "deep f64 dual true 184128", "deep f64 dual false 2513920",
                    "deep f64 primal false 2063424",
                    "two-layer f32 dual true 87456", "two-layer f32 dual false 573696",
                    "two-layer f32 primal false 369792",
                    "two-layer f64 dual true 121160", "two-layer f64 dual false 1137536",
                    "two-layer f64 primal false 733824",
                ])
    }

    /// NNK_PREDICT_BYTES and NNK_PREDICT_I8_BYTES of predict.h where addresses have 4 bytes, and docs/FORMAT.md.
    @Test("predictors and models are those of a board")
    func prediction() async throws {
        #expect(
            try await plan().prediction.map {
                "\($0.topology) \($0.precision) \($0.predictorBytes) \($0.modelBytes)"
            } == [
                "deep f32 296 984020", "deep f64 376 1967912", "deep i8 136 246820",
                "two-layer f32 248 344252", "two-layer f64 272 688376", "two-layer i8 64 86232",
            ])
    }

    @Test(
        "what fits, and the most images that do, leave the stack its bytes",
        arguments: [("1", "2048"), ("20", "64K"), ("209", "117408"), ("209", "117407"), ("4096", "32M")])
    func fits(examples: String, ram: String) async throws {
        let answer = try await plan("--examples", examples, "--ram", ram)
        for row in answer.training {
            var options = TrainingOptions()
            options.topology = row.topology == "deep" ? .deep : .twoLayer
            options.precision = row.precision == "f32" ? .f32 : .f64
            options.method = row.method == "dual" ? .dual : .primal
            options.usesLeastMemory = row.packed
            func fits(_ count: Int) throws -> Bool {
                try Trainer.arenaBytes(options, examples: count) + answer.stackBytes <= answer.ramBytes
            }
            #expect(try row.fits == fits(answer.examples))
            #expect(try row.mostExamples == 0 || fits(row.mostExamples))
            #expect(try !fits(row.mostExamples + 1))
            #expect(row.fits == (row.mostExamples >= answer.examples))
        }
        for row in answer.prediction {
            #expect(row.fits == (row.predictorBytes + answer.stackBytes <= answer.ramBytes))
        }
        // 115360 and 2048 bytes: a byte less is too little.
        if examples == "209" { #expect(answer.training[0].fits == (ram == "117408")) }
    }

    @Test(
        "boards take what their largest piece of RAM and their flash hold",
        arguments: [
            ("Arduino Zero (SAMD21G18)", [], ["two-layer i8"]),
            (
                "STM32F411CE", ["deep f32", "two-layer f32", "two-layer f64"],
                ["deep i8", "two-layer f32", "two-layer i8"]
            ),
            (
                "STM32F405RG", ["deep f32", "two-layer f32", "two-layer f64"],
                ["deep f32", "deep i8", "two-layer f32", "two-layer f64", "two-layer i8"]
            ),
            (
                "Raspberry Pi Pico 2 (RP2350)", ["deep f32", "deep f64", "two-layer f32", "two-layer f64"],
                ["deep f32", "deep f64", "deep i8", "two-layer f32", "two-layer f64", "two-layer i8"]
            ),
        ])
    func boards(name: String, trains: [String], predicts: [String]) async throws {
        let board = try #require(try await plan().boards.first { $0.name == name })
        #expect(board.trains == trains)
        #expect(board.predicts == predicts)
    }

    @Test("few images fit more boards")
    func fewImages() async throws {
        let board = try #require(
            try await plan("--examples", "20").boards.first { $0.name.contains("SAMD21") })
        #expect(board.trains == ["deep f32", "deep f64", "two-layer f32", "two-layer f64"])
    }

    @Test(
        "sizes in bytes, K and M", arguments: ["1048576", "1024K", "1024kb", "1024KiB", "1M", "1MB", "1MiB"])
    func sizes(text: String) async throws {
        #expect(try await plan("--ram", text).ramBytes == 1 << 20)
    }

    @Test("as text")
    func words() async throws {
        let outcome = try await nnCLI("plan", "--examples", "100", "--ram", "64K", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.stderr == "")
        let lines = outcome.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.count == 38)
        let expected = [
            (0, "100 images in 65536 bytes of RAM, 2048 of them for the stack and everything else"),
            (1, ""),
            (2, "training   type  method              arena (bytes)  fits  most images"),
            (3, "deep       f32   dual, least memory          41856  yes           139"),
            (8, "deep       f64   primal                    2033856  no              0"),
            (15, ""),
            (16, "prediction  type  RAM (bytes)  fits  model in flash (bytes)"),
            (17, "deep        f32           296  yes                   984020"),
            (23, ""),
            (
                24,
                "board                          RAM  flash  FPU     trains                           predicts"
            ),
            (
                28,
                "STM32F405RG                   128K  1024K  single  deep f32 f64, two-layer f32 f64  "
                    + "deep f32 i8, two-layer f32 f64 i8"
            ),
        ]
        for (index, line) in expected { #expect(lines[index] == line) }
    }
}
