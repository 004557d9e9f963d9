import Foundation
import NNHDF5
import Testing

@testable import NNData

@Suite("Data sets that h5py writes", .enabled(if: Python.isUsable, "\(Python.advice)"))
struct H5pyTests {
    let folder = TemporaryFolder()

    /// A file of Tests/pictures/hdf5.py, how to read it, and what is to be found.
    private struct Case: Decodable {
        let file: String
        let role: String?
        let images: String?
        let labels: String?
        let classes: [String]?
        let names: [String]?
        /// A part of the message where the file is refused.
        let found: String?
    }

    @Test("each is read as it is meant, or refused with what it is and what to do")
    func asUsersWriteThem() throws {
        let lines = try Python.run("pictures/hdf5.py", folder.root).split(separator: "\n")
        let cases = try lines.map { try JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
        #expect(cases.count > 70)
        let plain = try DataSet(hdf5: folder.path("plain.h5"))
        for file in cases { try check(file, plain) }
    }

    private func check(_ file: Case, _ plain: DataSet) throws {
        let read = Result { () throws(FileError) in
            try DataSet(
                hdf5: folder.path(file.file), role: file.role.flatMap(DataSetRole.init),
                images: file.images, labels: file.labels)
        }
        switch (read, file.found) {
        case (.success(let data), nil):
            let expected = DataSet(
                images: plain.images, labels: plain.labels, classes: try #require(file.classes),
                names: file.names)
            #expect(data == expected, "\(file.file)")
        case (.failure(let error), let found?):
            #expect(error.kind == .badData)
            #expect(error.description.contains(found), "\(file.file): \(error)")
        case (.success, let found?): Issue.record("\(file.file) was read, expected \(found)")
        case (.failure(let error), nil): Issue.record("\(file.file): \(error)")
        }
    }

    @Test("commands take sets of one file, and arrays by name")
    func commands() async throws {
        try Python.run("pictures/hdf5.py", folder.root)
        let training = ["train", "--iterations", "2", "--quiet"]
        for data in [
            ["--train", "both.h5", "--test", "both.h5"],
            [
                "--train", "other.h5", "--test", "other.h5", "--images", "X_train", "--images", "X_test",
                "--labels", "y_train", "--labels", "y_test",
            ],
        ] {
            let outcome = try await CommandLineTool(training + data, in: folder).run()
            #expect(outcome.status == 0)
            #expect(outcome.stdout.contains("\nTest Accuracy 0.5\n"))
        }
        let evaluated = try await nnCLI("evaluate", "--data", "both.h5", in: folder)
        #expect(evaluated.stdout.contains(" of 2 right"))
        #expect(evaluated.stderr.contains("both.h5 holds two sets: the test set is read"))
        let shown = try await nnCLI(
            "inspect", "other.h5", "--images", "X_test", "--labels", "y_test", in: folder)
        #expect(shown.stdout.contains("images     2 of"))
        let lone = try await nnCLI("inspect", "other.h5", "--images", "X_test", in: folder)
        #expect(lone.status == 64 && lone.stderr.contains("--images and --labels go together"))
        let nameless = try await nnCLI("inspect", "other.h5", "--images", "", "--labels", "", in: folder)
        #expect(nameless.status == 64 && nameless.stderr.contains("--images: expected a name, got none"))
        try FileManager.default.createDirectory(
            atPath: folder.path("photos"), withIntermediateDirectories: true)
        let wrong = try await nnCLI("teach", "photos", "--images", "a", "--labels", "b", in: folder)
        #expect(wrong.status == 64 && wrong.stderr.contains("--images works only with a data set file"))
    }

    #if os(Linux)  // macOS does not limit a process's memory
        @Test("images that do not fit in memory are refused")
        func noMemory() async throws {
            try Python.run("pictures/hdf5.py", folder.root)
            try folder.write(Fixture.model, as: "model.nnk")
            var tool = CommandLineTool(["evaluate", "memory.h5"], in: folder)
            tool.wrapper = ["/bin/sh", "-c", #"ulimit -v 600000; exec "$@""#, "sh"]
            let outcome = try await tool.run()
            #expect(outcome.status == 65)
            #expect(
                outcome.stderr
                    == "Error: memory.h5: expected 614400000 bytes of memory for train_set_x, got less\n")
            // This reads no image.
            tool.arguments = ["inspect", "memory.h5"]
            let facts = try await tool.run()
            #expect(facts.status == 0 && facts.stdout.contains("\nimages     50000 of"))
        }
    #endif
}
