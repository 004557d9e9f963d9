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
        struct Room: Decodable, Equatable {
            let network: String
            let mostExamples: Int
        }
        struct Board: Decodable, Equatable {
            let name, fpu: String
            let ramBytes, flashBytes: Int
            let room: [Room]
            let trains, predicts: [String]
        }
        let kind: String
        let options: [String]
        let examples, ramBytes, stackBytes, variablesBytes, programBytes, trainingProgramBytes: Int
        let training: [Training]
        let prediction: [Prediction]
        let boards: [Board]
    }

    /// Arguments may hold several words.
    private func plan(_ arguments: String...) async throws -> Answer {
        let words = arguments.flatMap { $0.split(separator: " ").map(String.init) }
        let outcome = try await CommandLineTool(["plan", "--json"] + words, in: folder).run()
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
                    "deep f32 dual true 115424", "deep f32 dual false 1267200",
                    "deep f32 primal false 1034688",
                    "deep f64 dual true 184192", "deep f64 dual false 2513984",
                    "deep f64 primal false 2063488",
                    "two-layer f32 dual true 87520", "two-layer f32 dual false 573760",
                    "two-layer f32 primal false 369856",
                    "two-layer f64 dual true 121224", "two-layer f64 dual false 1137600",
                    "two-layer f64 primal false 733888",
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
        "what fits, and the most images that do, leave the stack and the variables their bytes",
        arguments: [
            ("--examples 1", "2524"), ("--examples 20", "64K"), ("--examples 209", "117940"),
            ("--examples 209", "117939"), ("--examples 4096", "32M"),
            ("--examples 209 --center --own-contrast --keep-best --mirror", "1M"),
            ("--personalize 32", "19988"), ("--personalize 32", "19987"),
            ("--personalize 32 --center", "24K"),
            ("--capacity 60", "64K"), ("--capacity 60 --center --own-contrast", "64K"),
        ])
    func fits(arguments: String, ram: String) async throws {
        let answer = try await plan(arguments, "--ram", ram)
        #expect(answer.stackBytes == 1024)
        #expect(answer.variablesBytes == 1492)
        for row in answer.training {
            var options = TrainingOptions()
            options.topology = row.topology == "deep" ? .deep : .twoLayer
            options.precision = row.precision == "f32" ? .f32 : .f64
            options.method = row.method == "dual" ? .dual : .primal
            options.usesLeastMemory = row.packed
            options.centersImages = arguments.contains("center")
            options.takesOwnContrastOff = arguments.contains("own-contrast")
            options.mirror = arguments.contains("mirror") ? .rgb(width: 64) : nil
            options.keepsBest = arguments.contains("keep-best")
            if arguments.contains("personalize") {
                options.start = try emptyNetwork(options.topology, takesOwnContrastOff: false)
            }
            func bytes(_ count: Int) throws -> Int {
                if arguments.contains("capacity") { options.capacity = count }
                return try Trainer.arenaBytes(options, examples: count)
            }
            func fits(_ count: Int) throws -> Bool {
                try bytes(count) + answer.stackBytes + answer.variablesBytes <= answer.ramBytes
            }
            #expect(try row.arenaBytes == bytes(answer.examples))
            #expect(try row.fits == fits(answer.examples))
            #expect(try row.mostExamples == 0 || fits(row.mostExamples))
            #expect(try !fits(row.mostExamples + 1))
            #expect(row.fits == (row.mostExamples >= answer.examples))
        }
        for row in answer.prediction {
            #expect(row.fits == (row.predictorBytes + answer.stackBytes <= answer.ramBytes))
        }
        // A byte less is too little: 115424 and 17472 are what NNK_DUAL_BYTES takes for 209 and 32 images.
        let exact = ["117940": true, "117939": false, "19988": true, "19987": false]
        if let fits = exact[ram] { #expect(answer.training[0].fits == fits) }
    }

    /// As a model to start from, whose weights do not matter.
    private func emptyNetwork(_ topology: Topology, takesOwnContrastOff: Bool) throws -> Network {
        let count = zip(topology.sizes, topology.sizes.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
        return try Network(
            topology: topology, parameters: [Float](repeating: 0, count: count),
            takesOwnContrastOff: takesOwnContrastOff)
    }

    @Test("a board that learns from a model, or images that come and go, trains in the least memory")
    func kinds() async throws {
        let train = try await plan("--examples", "32", "--center")
        let personalize = try await plan("--personalize", "32", "--center")
        let capacity = try await plan("--capacity", "32", "--center")
        #expect(train.kind == "train" && personalize.kind == "personalize" && capacity.kind == "capacity")
        #expect(train.options == ["center"] && personalize.options == ["center"])
        #expect(personalize.training == train.training.filter { $0.packed && $0.method == "dual" })
        #expect(capacity.training == personalize.training)
        // docs/BOARDS.md
        #expect(personalize.training[0].arenaBytes == 18240)
    }

    @Test("a board that starts from a model has it in its flash")
    func flash() async throws {
        for board in try await plan("--personalize", "20").boards {
            let isSmall = board.flashBytes < 246_820 + 65_536  // the deep model in i8, and the program
            #expect(isSmall == (board.name == "Arduino Zero (SAMD21G18)"))
            #expect(
                board.trains == (isSmall ? [] : ["deep f32", "deep f64"]) + [
                    "two-layer f32", "two-layer f64",
                ])
        }
    }

    @Test(
        "what does not go together",
        arguments: [
            ("--examples 3 --personalize 4", "--examples and --personalize cannot be used together"),
            ("--personalize 4 --capacity 4", "--personalize and --capacity cannot be used together"),
            ("--capacity 4 --mirror", "--capacity and --mirror cannot be used together"),
            ("--capacity 4 --keep-best", "--capacity and --keep-best cannot be used together"),
            ("--personalize 0", "--personalize: expected 1 to 1000000, got 0"),
            ("--capacity 500001 --center", ""),
            ("--examples 500001 --mirror", "--examples: expected 1 to 500000, got 500001"),
        ])
    func refusals(arguments: String, complaint: String) async throws {
        let words = ["plan"] + arguments.split(separator: " ").map(String.init)
        let outcome = try await CommandLineTool(words, in: folder).run()
        #expect(outcome.status == (complaint.isEmpty ? 0 : 64))
        #expect(outcome.complaint == (complaint.isEmpty ? outcome.complaint : "Error: " + complaint))
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
        #expect(trains == board.room.filter { $0.mostExamples >= 209 }.map(\.network))
    }

    /// As the link of Examples/firmware with so many images shows: one more does not fit.
    @Test("how many images fit a board")
    func room() async throws {
        let boards = try await plan("--center").boards
        let board = try #require(boards.first { $0.name == "STM32F405RG" })
        #expect(board.room.map(\.network) == ["deep f32", "deep f64", "two-layer f32", "two-layer f64"])
        #expect(board.room[0].mostExamples == 219)
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
        #expect(lines.count == 40)
        let expected = [
            (
                0,
                "100 images in 65536 bytes of RAM; 1024 of them are for the stack, "
                    + "and 1492 for the variables of a training firmware"
            ),
            (1, ""),
            (2, "training   type  method              arena (bytes)  fits  most images"),
            (3, "deep       f32   dual, least memory          41920  yes           138"),
            (8, "deep       f64   primal                    2033920  no              0"),
            (15, ""),
            (16, "prediction  type  RAM (bytes)  fits  model in flash (bytes)"),
            (17, "deep        f32           296  yes                   984020"),
            (23, ""),
            (
                24,
                "The most images that each network trains on, and the models that can predict, on these boards:"
            ),
            (
                26,
                "board                          RAM  flash  FPU     deep f32  deep f64  two-layer f32  "
                    + "two-layer f64  predicts"
            ),
            (
                30,
                "STM32F405RG                   128K  1024K  single       224       162            262  "
                    + "          216  deep f32 i8, two-layer f32 f64 i8"
            ),
        ]
        for (index, line) in expected { #expect(lines[index] == line) }
    }

    @Test("as text, what is learned comes first")
    func title() async throws {
        func title(_ arguments: String...) async throws -> Substring {
            try await CommandLineTool(["plan"] + arguments, in: folder).run().stdout.prefix { $0 != ";" }
        }
        #expect(
            try await title("--personalize", "32", "--center", "--own-contrast")
                == "32 images with center, own-contrast, learned by a model in flash, in 196608 bytes of RAM")
        #expect(try await title("--capacity", "60") == "60 images that come and go, in 196608 bytes of RAM")
        #expect(try await title("--capacity", "1") == "1 image that comes and goes, in 196608 bytes of RAM")
    }
}
