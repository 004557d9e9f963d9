import Foundation
import NNData
import SwiftNN
import Testing

/// A folder with the fixture's model, which is of f32, as model.nnk.
private struct Workshop {
    let folder = TemporaryFolder()

    init() throws { try folder.write(Fixture.model, as: "model.nnk") }

    func export(_ arguments: String..., to output: String? = nil) async throws -> Outcome {
        var tool = CommandLineTool(["export"] + arguments, in: folder)
        tool.outputFile = output
        return try await tool.run()
    }
}

@Suite("Exporting bytes")
struct ExportBytesTests {
    private let workshop: Workshop
    private let bytes: Network
    private var folder: TemporaryFolder { workshop.folder }

    init() throws {
        workshop = try Workshop()
        bytes = try Fixture.network.quantized()
    }

    @Test("the file has the library's bytes")
    func isTheLibrarys() async throws {
        let outcome = try await workshop.export("--format", "i8", "-o", "small.nnk")
        #expect(outcome.status == 0)
        #expect(outcome.stdout == "")
        #expect(outcome.stderr == "wrote small.nnk (86232 bytes)\n")
        #expect(try folder.bytes(of: "small.nnk") == bytes.bytes)
        #expect(try folder.names == ["model.nnk", "small.nnk"])
    }

    @Test("to the standard output, nothing but the file")
    func toStandardOutput() async throws {
        try folder.write([], as: "out")
        let outcome = try await workshop.export("--format", "i8", "-o", "-", to: folder.path("out"))
        #expect(outcome.status == 0)
        #expect(outcome.stderr == "")
        #expect(try folder.bytes(of: "out") == bytes.bytes)
    }

    @Test("an i8 model works like any other model")
    func isAModel() async throws {
        try folder.write(bytes.bytes, as: "small.nnk")
        try folder.write(Fixture.image, as: "image.bin")
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
        let prediction = try await nnCLI("predict", "-m", "small.nnk", "image.bin", "--json", in: folder)
        #expect(try prediction.mismatches("predict") == [])
        let predicted = try prediction.answer(PredictionAnswer.self)
        #expect(predicted.model.precision == "i8")
        #expect(predicted.predictions.map(\.probability) == [try bytes.probability(of: Fixture.image)])
        let evaluation = try await nnCLI(
            "evaluate", "-m", "small.nnk", "--data", "test.h5", "--json", in: folder)
        let examples = try Examples(images: Fixture.drawings.images, labels: Fixture.drawings.labels)
        let probabilities = try evaluation.answer(EvaluationAnswer.self).probabilities
        #expect(probabilities == (try bytes.evaluate(examples)).probabilities)
        let facts = try await nnCLI("inspect", "small.nnk", "--json", in: folder)
        #expect(try facts.mismatches("inspect") == [])
        #expect(facts.stdout.contains("\"precision\":\"i8\""))
        let words = try await nnCLI("inspect", "small.nnk", in: folder)
        #expect(words.stdout.contains("\nsize           86232 bytes\n"))
        #expect(words.stdout.contains("\nparameters     86031 of i8\n"))
    }

    @Test("a model that cannot be quantized is refused, and no file is left")
    func refusals() async throws {
        try folder.write(bytes.bytes, as: "small.nnk")
        let names = try folder.names
        for (arguments, status, message) in [
            (["-m", "small.nnk", "-o", "x"], 65, "small.nnk: expected an f32 or f64 model, got an i8 model"),
            (
                ["-m", "gone.nnk", "-o", "x"], 66,
                "gone.nnk: no such file; expected a model file"
            ),
            (["-o", "model.nnk"], 64, "--output: expected a file other than the model, got model.nnk"),
            (["-o", "./model.nnk"], 64, "--output: expected a file other than the model, got ./model.nnk"),
            (["-o", "no/x"], 74, "no/x: no folder no; expected a file to write"),
            (["-o", "x", "--name", "cat"], 64, "--name works only with --format c-header"),
            (["-o", "x", "--i8"], 64, "--i8 works only with --format c-header"),
            (["-o", "x", "--precision", "f64"], 64, "--precision works only with --format onnx"),
        ] {
            let outcome = try await CommandLineTool(
                ["export", "--format", "i8"] + arguments, in: folder
            ).run()
            #expect(outcome.status == Int32(status))
            #expect(outcome.complaint == "Error: \(message)")
            #expect(outcome.stdout == "")
            #expect(try folder.names == names)
        }
        #expect(try folder.bytes(of: "model.nnk") == Fixture.model)
    }

    @Test("a full device", .enabled(if: isLinux, "needs Linux's /dev/full"))
    func fullDevice() async throws {
        let outcome = try await workshop.export("--format", "i8", "-o", "-", to: "/dev/full")
        #expect(outcome.status == 74)
        #expect(
            outcome.complaint == "Error: stdout: No space left on device; expected an output to write")
    }
}

/// What compiles the headers; where it is missing, only CI insists on it.
enum Compilers {
    static let c = path("cc")
    static let cxx = path("c++")
    static let missing = [("cc", c), ("c++", cxx)].filter { $1 == nil }.map(\.0)

    /// For a big-endian processor, and what runs its programs.
    static let s390x = path("s390x-linux-gnu-gcc")
    static let emulator = path("qemu-s390x-static") ?? path("qemu-s390x")

    private static func path(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

@Suite("Exporting C headers")
struct ExportCHeaderTests {
    private let workshop: Workshop
    private var folder: TemporaryFolder { workshop.folder }

    init() throws { workshop = try Workshop() }

    @Test(
        "the compilers are there when CI needs them",
        .enabled(if: isContinuousIntegration, "only where CI is set"))
    func compilersArePresent() { #expect(Compilers.missing == []) }

    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized.path

    /// Asks the model in a header, small_cat_nnk, about the image on its standard input. The model is used where it
    /// lies, or READS it as big-endian processors must.
    private static func program(_ type: ElementType) -> String {
        """
        #include <nnkernel/nnkernel.h>
        #include <stdio.h>
        #include <string.h>
        #include "model.h"
        #include "model.h"
        static nnk_status copy(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
            (void)context;
            memcpy(out, small_cat_nnk + offset, count);
            return NNK_OK;
        }
        int main(void) {
            static uint8_t image[NNK_INPUTS(TWO_LAYER)];
            static double memory[1024];
            const nnk_reader reader = {copy, NULL};
            nnk_steps steps = {0, 0, 0, 0, 0, 0};
            nnk_model model;
            double probability;
            char name[NNK_CLASS_NAME_BYTES];
            if (fread(image, 1, sizeof image, stdin) != sizeof image) return 1;
        #ifdef READS
            while (nnk_model_read_step(&model, reader, &nnk_two_layer, &steps) > 0) {
            }
            if (nnk_model_read_step(&model, reader, &nnk_two_layer, &steps) != NNK_OK) return 2;
        #else
            (void)reader, (void)steps;
            if (nnk_model_open(&model, small_cat_nnk, sizeof small_cat_nnk, &nnk_two_layer) != NNK_OK) return 2;
            if (model.parameters != small_cat_nnk + NNK_HEADER_BYTES) return 3;
        #endif
            if (nnk_predict_begin(memory, sizeof memory, &model, &nnk_\(type)_inference) != NNK_OK) return 4;
            if (nnk_predict_feed(memory, image, sizeof image) != NNK_OK) return 5;
            if (nnk_predict_finish(memory, &probability) != NNK_OK) return 6;
            if (nnk_model_class_name(&model, 1, name) != NNK_OK) return 7;
            printf("%.17g %s\\n", probability, name);
            return 0;
        }
        """
    }

    /// The file that defines the array.
    private static let definition =
        "#define SMALL_CAT_NNK_IMPLEMENTATION\n#include \"model.h\"\n#include \"model.h\"\n"

    /// What predicting needs of the core.
    private static func core(for type: ElementType) -> [String] {
        [
            "predict", "predict_reading", "read", "model", "header", "topology", "crc32", "crc32_x86", "x86",
            "math_f32", "math_f64", "sums", "contrast", "\(type)_inference",
        ]
    }

    private static func sources(_ core: [String]) -> [String] {
        core.map { "\(root)/Sources/CNNKernel/\($0).c" }
    }

    private func compile(_ compiler: String, _ arguments: [String]) async throws -> Outcome {
        var tool = CommandLineTool(
            ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I\(Self.root)/include"] + arguments, in: folder)
        tool.program = compiler
        return try await tool.run()
    }

    private func expectCompiled(_ compiler: String, _ arguments: [String]) async throws {
        let outcome = try await compile(compiler, arguments)
        #expect(outcome.status == 0, "\(outcome.stderr)")
    }

    /// Exports a model of this type as model.h, and writes the sources of a program that uses it.
    private func prepare(_ type: ElementType) async throws -> Network {
        let network =
            switch type {
            case .f32: Fixture.network
            case .i8: try Fixture.network.quantized()
            case .f64:
                try Network(
                    topology: .twoLayer, parameters: Fixture.network.parameters(as: Double.self),
                    classNames: Fixture.network.classNames)
            }
        try folder.write(network.bytes, as: "other.nnk")
        let outcome = try await workshop.export(
            "-m", "other.nnk", "--format", "c-header", "-o", "model.h", "--name", "small_cat")
        #expect(outcome.status == 0)
        for suffix in ["c", "cpp"] {
            try folder.write(Self.program(type).utf8, as: "main.\(suffix)")
            try folder.write(Self.definition.utf8, as: "array.\(suffix)")
        }
        return network
    }

    private func expectAnswer(of network: Network, from program: [String]) async throws {
        var tool = CommandLineTool(Array(program.dropFirst()), in: folder)
        tool.program = program[0]
        tool.input = .bytes(Fixture.image)
        let answer = try await tool.run()
        #expect(answer.status == 0)
        let words = answer.stdout.split(separator: " ")
        #expect(words.first.flatMap { Double($0) } == (try network.probability(of: Fixture.image)))
        #expect(words.last == "\(network.classNames[1])\n")
    }

    @Test(
        "a program of two files, in C11 and C++17, contains the model once and answers as the library does",
        .enabled(if: Compilers.missing.isEmpty, "needs \(Compilers.missing)"), arguments: ElementType.allCases
    )
    func compiles(type: ElementType) async throws {
        let network = try await prepare(type)
        let (c, cxx) = (Compilers.c!, Compilers.cxx!)
        let core = Self.core(for: type)
        try await expectCompiled(c, ["-std=gnu11", "-O1", "-c"] + Self.sources(core))
        let objects = core.map { "\($0).o" }
        try await expectCompiled(c, ["-std=c11", "-c", "main.c", "-o", "main-c.o"])
        try await expectCompiled(c, ["-std=c11", "-DREADS", "-c", "main.c", "-o", "main-reads.o"])
        try await expectCompiled(cxx, ["-std=c++17", "-c", "main.cpp", "-o", "main-cxx.o"])
        try await expectCompiled(c, ["-std=c11", "-c", "array.c", "-o", "array-c.o"])
        try await expectCompiled(cxx, ["-std=c++17", "-c", "array.cpp", "-o", "array-cxx.o"])
        for (main, array) in [("c", "cxx"), ("cxx", "c"), ("reads", "c")] {
            try await expectCompiled(cxx, ["main-\(main).o", "array-\(array).o", "-o", main] + objects)
            try await expectAnswer(of: network, from: [folder.path(main)])
            let program = Data(try folder.bytes(of: main))
            let model = Data(network.bytes)
            let first = try #require(program.range(of: model))
            #expect(program.range(of: model.prefix(64), in: first.upperBound..<program.endIndex) == nil)
        }
        for arrays in [[], ["array-c.o", "array-cxx.o"]] {
            let outcome = try await compile(cxx, ["main-c.o", "-o", "wrong"] + arrays + objects)
            #expect(outcome.status != 0)
            #expect(outcome.stderr.contains("small_cat_nnk"))
        }
    }

    @Test(
        "a big-endian processor reads the array, and answers as the library does",
        .enabled(
            if: Compilers.s390x != nil && Compilers.emulator != nil,
            "needs s390x-linux-gnu-gcc and qemu-s390x"), arguments: ElementType.allCases)
    func bigEndian(type: ElementType) async throws {
        let network = try await prepare(type)
        try await expectCompiled(
            Compilers.s390x!,
            ["-std=gnu11", "-O1", "-static", "-DREADS", "main.c", "array.c", "-o", "big"]
                + Self.sources(Self.core(for: type)))
        try await expectAnswer(of: network, from: [Compilers.emulator!, folder.path("big")])
    }

    @Test(
        "the array is named after the file, or as asked",
        arguments: [
            ("cats.h", nil, "cats_nnk", "CATS_NNK_H"), ("my cat-2.h", nil, "my_cat_2_nnk", "MY_CAT_2_NNK_H"),
            ("7.h", nil, "_7_nnk", "_7_NNK_H"), ("int", nil, "int_nnk", "INT_NNK_H"),
            ("x.h", "Cat_9", "Cat_9_nnk", "CAT_9_NNK_H"),
        ])
    func names(file: String, name: String?, array: String, guardName: String) async throws {
        var tool = CommandLineTool(["export", "--format", "c-header", "-o", file], in: folder)
        if let name { tool.arguments += ["--name", name] }
        #expect(try await tool.run().status == 0)
        let text = String(decoding: try folder.bytes(of: file), as: UTF8.self)
        #expect(text.contains("\n#ifndef \(guardName)\n#define \(guardName)\n"))
        #expect(text.contains("\nextern const uint8_t \(array)[344252];\n"))
        #expect(text.contains("\nconst uint8_t \(array)[344252] = {\n142,78,78,26,1,64,1,0,2,"))
        #expect(
            text.contains("\n///     #define \(array.uppercased())_IMPLEMENTATION // before the #include\n"))
        #expect(text.contains("\n#ifdef \(array.uppercased())_IMPLEMENTATION\n"))
        let classes = Fixture.network.classNames
        #expect(
            text.hasPrefix(
                "/// A network 12288-7-1 in f32, as nn-cli export wrote it: class 0 is \"\(classes[0])\""))
        #expect(text.contains("3 iterations at rate 0.0075, seed 1, 20 images"))
        #expect(text.hasSuffix(",\n};\n#endif\n"))
    }

    @Test("a name that is not a C identifier", arguments: ["", "7", "a-b", "a b", "ä"])
    func badNames(name: String) async throws {
        let outcome = try await workshop.export("--format", "c-header", "-o", "x.h", "--name", name)
        #expect(outcome.status == 64)
        #expect(
            outcome.complaint
                == "Error: --name: expected letters, digits and _, not starting with a digit, got \(name)")
        #expect(try folder.names == ["model.nnk"])
    }

    @Test("a class name cannot end the comment", arguments: ["\\", "??/", "*/ int x;"])
    func trickyClassNames(name: String) async throws {
        let network = try Network(
            topology: .twoLayer, parameters: Fixture.network.parameters(as: Float.self),
            classNames: ["no", name])
        try folder.write(network.bytes, as: "tricky.nnk")
        let outcome = try await workshop.export(
            "-m", "tricky.nnk", "--format", "c-header", "-o", "-", to: "/dev/null")
        #expect(outcome.status == 0)
        _ = try await workshop.export("-m", "tricky.nnk", "--format", "c-header", "-o", "model.h")
        let lines = String(decoding: try folder.bytes(of: "model.h"), as: UTF8.self).split(separator: "\n")
        let comment = lines.prefix { !$0.hasPrefix("#") }
        #expect(comment.count == 16)
        #expect(comment.allSatisfy { $0.hasPrefix("///") && !$0.hasSuffix("\\") && !$0.hasSuffix("??/") })
    }
}
