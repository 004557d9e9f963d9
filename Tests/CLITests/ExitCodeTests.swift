import ArgumentParser
import Foundation
import NNData
import SwiftNN
import SystemPackage
import Testing

@testable import nn_cli

@Suite("Which exit code an error gives")
struct EndingTests {
    @Test("the package's own errors")
    func own() {
        #expect(Ending(of: Failure.usage("x")).code == 64)
        #expect(Ending(of: Failure.badData("x")).code == 65)
        #expect(Ending(of: Failure(code: 130, message: "x")).code == 130)
        for (kind, code) in [(FileError.Kind.missing, 66), (.badData, 65), (.io, 74)]
            as [(FileError.Kind, Int32)]
        {
            #expect(Ending(of: FileError(kind, file: "f", expected: "x", found: "y")).code == code)
        }
        #expect(Ending(of: NNError.invalidModel(.unusableWeights)).code == 65)
        for error in [
            NNError.diverged(iteration: 1), .outOfMemory(bytes: 1), .unexpected(status: -1), .misaligned,
        ] {
            #expect(Ending(of: error).code == 70)
        }
        #expect(Ending(of: ModelDefect.truncated).code == 70)
    }

    @Test("ArgumentParser's errors")
    func arguments() {
        #expect(Ending(of: ValidationError("x")).code == 64)
        #expect(Ending(of: ExitCode(1)).code == 1)
        #expect(Ending(of: ExitCode(1)).message == nil)
        #expect(Ending(of: CleanExit.message("x")).code == 0)
        for (words, code) in [
            (["--help"], 0), (["--version"], 0), (["help", "train"], 0), ([], 0), (["--nothing"], 64),
            (["train", "--seed", "x"], 64), (["train", "--seed"], 64), (["predict"], 64),
            (["train", "--generate-completion-script", "none"], 64),
        ] as [([String], Int32)] {
            let error = #expect(throws: (any Error).self, "\(words)") {
                var command = try NNCLI.parseAsRoot(words)
                try command.run()
            }
            if let error { #expect(Ending(of: error).code == code, "\(words)") }
        }
    }

    private struct Other: Error {}
    private struct Localized: LocalizedError {}

    @Test("errors of others never count as the answer of evaluate and reproduce")
    func others() throws {
        #expect(Ending(of: Errno.ioError).code == 74)
        let infinite = #expect(throws: EncodingError.self) { try JSONEncoder().encode(Double.infinity) }
        let invalid = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Int.self, from: Data("x".utf8))
        }
        let all: [any Error] = [
            try #require(infinite), try #require(invalid), Other(), Localized(), CancellationError(),
            CocoaError(.fileNoSuchFile), POSIXError(.EIO), NSError(domain: "x", code: 1),
            URLError(.badURL),
        ]
        for error in all {
            #expect(Ending(of: error).code == 70, "\(error)")
            #expect(Ending(of: error).message?.hasPrefix("internal error: ") == true)
        }
    }
}

@Suite("Where nn-cli is started under odd conditions")
struct OddConditionTests {
    private let folder = TemporaryFolder()

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        try folder.write(Fixture.image, as: "image.bin")
    }

    /// Runs nn-cli from a shell, which first does something.
    private func shell(_ script: String, _ arguments: [String]) async throws -> Outcome {
        var tool = CommandLineTool(arguments, in: folder)
        tool.wrapper = ["/bin/sh", "-c", script, "sh"]
        return try await tool.run()
    }

    static let training = [
        "train", "--topology", "two-layer", "--precision", "f32", "--iterations", "1", "-o", "new.nnk",
    ]

    @Test("a closed standard input is an error of those who read it")
    func closedInput() async throws {
        #expect(try await shell(#"exec "$@" <&-"#, ["predict", "image.bin"]).status == 0)
        for arguments in [["predict", "-"], ["inspect", "-"], ["predict", "--files-from", "-"]] {
            let outcome = try await shell(#"exec "$@" <&-"#, arguments)
            #expect(outcome.status == 74, "\(arguments)")
            #expect(outcome.stderr.hasPrefix("Error: stdin: Bad file descriptor; expected "), "\(arguments)")
        }
    }

    @Test("a closed standard output is an error, and no file gets what should go there")
    func closedOutput() async throws {
        for arguments in [["predict", "image.bin"], ["inspect", "model.nnk"], ["--help"], Self.training] {
            let outcome = try await shell(#"exec "$@" >&-"#, arguments)
            #expect(outcome.status == 74, "\(arguments)")
            #expect(
                outcome.stderr.hasSuffix(
                    "Error: stdout: Bad file descriptor; expected an output to write\n"), "\(arguments)")
        }
        #expect(try folder.names == ["image.bin", "model.nnk"])
        let export = ["export", "model.nnk", "--format", "npz", "-o", "weights.npz"]
        #expect(try await shell(#"exec "$@" >&-"#, export).status == 0)
        let whole = try folder.bytes(of: "weights.npz")
        #expect(try await shell(#"exec "$@" <&- >&- 2>&-"#, export).status == 0)
        #expect(try folder.bytes(of: "weights.npz") == whole)
    }

    @Test("a closed standard error hides messages, and no file gets them")
    func closedErrors() async throws {
        #expect(try await shell(#"exec "$@" 2>&-"#, Self.training).status == 0)
        #expect(throws: Never.self) { try Network(bytes: folder.bytes(of: "new.nnk")) }
        #expect(try await shell(#"exec "$@" 2>&-"#, ["inspect", "gone"]).status == 66)
    }

    @Test("/dev/stdout is written to as the shell says, as - is")
    func appends() async throws {
        let export = ["export", "model.nnk", "--format", "npz", "-o"]
        #expect(
            try await nnCLI("export", "model.nnk", "--format", "npz", "-o", "w.npz", in: folder).status == 0)
        let weights = try folder.bytes(of: "w.npz")
        for path in ["-", "/dev/stdout", "/dev/fd/1"] + (isLinux ? ["/proc/self/fd/1"] : []) {
            try folder.write([1, 2, 3], as: "log")
            let outcome = try await shell(#"exec "$@" >>log"#, export + [path])
            #expect(outcome.status == 0)
            #expect(outcome.stderr == "")
            #expect(try folder.bytes(of: "log") == [1, 2, 3] + weights)
        }
        let training = Self.training.dropLast() + ["/dev/stdout"]
        #expect(try await shell(#"exec "$@" >model"#, Array(training)).status == 0)
        #expect(throws: Never.self) { try Network(bytes: folder.bytes(of: "model")) }
        #expect(try await shell(#"exec "$@""#, training + ["--json"]).status == 64)
    }

    @Test("a limit to the size of files leaves no part of one")
    func fileSize() async throws {
        let outcome = try await shell(#"ulimit -f 10; exec "$@""#, Self.training)
        #expect(outcome.status == 74)
        #expect(outcome.stderr.hasSuffix("Error: new.nnk: File too large; expected a file to write\n"))
        #expect(try folder.names == ["image.bin", "model.nnk"])
    }

    @Test(
        "a file that may not be written to stays",
        .enabled(if: geteuid() == 0, "needs root, to become another"))
    func readOnly() async throws {
        let program = URL(filePath: "/usr/bin/setpriv").path
        guard FileManager.default.isExecutableFile(atPath: program) else { return }
        try #require(chown(folder.root, 65534, 65534) == 0)
        for (mode, status) in [(0o444, 74), (0o644, 0)] as [(mode_t, Int32)] {
            try folder.write([1], as: "new.npz")
            let path = folder.path("new.npz")
            try #require(chmod(path, mode) == 0 && chown(path, 65534, 65534) == 0)
            var tool = CommandLineTool(
                ["export", "model.nnk", "--format", "npz", "-o", "new.npz"], in: folder)
            tool.wrapper = [program, "--reuid=65534", "--regid=65534", "--clear-groups"]
            let outcome = try await tool.run()
            #expect(outcome.status == status)
            #expect(try (folder.bytes(of: "new.npz") == [1]) == (status != 0))
            if status != 0 {
                #expect(outcome.stderr == "Error: new.npz: Permission denied; expected a file to write\n")
            }
        }
    }

    /// 127: the system did not load the program and its libraries.
    @Test(
        "whatever is missing, the exit code is that of a failure",
        arguments: [
            "mkdir d; cd d; rmdir ../d", "ulimit -n 4", "ulimit -n 3", "ulimit -v 40000", "ulimit -v 55000",
            "ulimit -v 70000",
        ])
    func failures(_ condition: String) async throws {
        for arguments in [
            Self.training, ["predict", folder.path("image.bin"), "-m", folder.path("model.nnk")],
        ] {
            // libdispatch waits for a thread as long as there is no memory for one.
            let outcome = try await shell("\(condition); exec timeout 3 \"$@\"", arguments)
            #expect(
                outcome.wasKilled || [0, 66, 70, 74, 124, 127].contains(outcome.status)
                    || outcome.status > 128,
                "\(arguments) \(outcome)")
        }
    }

    @Test("that few files may be open is not the fault of one", arguments: [5, 6, 7, 8, 16])
    func fewOpenFiles(count: Int) async throws {
        folder.write(Fixture.drawings, prefix: "test", as: "test.h5")
        let outcome = try await shell(#"ulimit -n \#(count); exec "$@""#, ["evaluate", "test.h5"])
        #expect(outcome.status == (count == 16 ? 0 : 74), "\(outcome)")
        guard count < 16 else { return }
        #expect(
            outcome.complaint == "Error: test.h5: Too many open files; expected a process to read it in")
    }

    @Test(
        "surroundings that do not matter",
        arguments: [
            "unset HOME", "LC_ALL=xx_YY.none; export LC_ALL", "unset PATH", "TMPDIR=/none; export TMPDIR",
        ])
    func surroundings(_ condition: String) async throws {
        let outcome = try await shell("\(condition); exec \"$@\"", Self.training)
        #expect(outcome.status == 0)
    }
}
