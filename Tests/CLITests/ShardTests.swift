import Foundation
import NNData
import Testing

@Suite("Cutting data sets into shards")
struct ShardTests {
    private let folder = TemporaryFolder()
    private let data = DataSet.drawn(count: 7, seed: 3)

    private func shard(_ arguments: String...) async throws -> Outcome {
        try await CommandLineTool(["dataset", "shard"] + arguments, in: folder).run()
    }

    private func manifest(_ name: String) throws -> String {
        String(decoding: try folder.bytes(of: "\(name)/manifest.txt"), as: UTF8.self)
    }

    /// The labels, then the images, that the shards of a folder have.
    private func content(_ name: String, examples: Int) throws -> [UInt8] {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path(name)).sorted()
        var (labels, images): ([UInt8], [UInt8]) = ([], [])
        for file in files where file.hasSuffix(".nns") {
            let bytes = try folder.bytes(of: "\(name)/\(file)")
            let count = (bytes.count - 64) / (1 + DataSet.imageBytes)
            labels += bytes[64..<64 + count]
            images += bytes[(64 + count)...]
        }
        return labels + images
    }

    @Test("a data set becomes shards, once")
    func dataSet() async throws {
        try folder.write(data.hdf5(role: .train), as: "cats.h5")
        let outcome = try await shard("cats.h5", "-o", "my shards", "--count", "3")
        #expect(outcome.status == 0)
        #expect(outcome.stdout == "")
        #expect(
            outcome.stderr == """
                wrote my shards: 3 shards, 7 images; class 0, non-cat: 4; class 1, cat: 3
                next: mpirun -n 2 nn-mpi train 'my shards'

                """)
        #expect(try folder.names == ["cats.h5", "my shards"])
        #expect(try content("my shards", examples: 7) == data.labels + data.images)
        let again = try await shard("cats.h5", "-o", "my shards", "--count", "3")
        #expect(again.status == 74)
        #expect(
            again.stderr == "Error: my shards: a folder that is not empty; expected a new folder to write\n")
    }

    @Test("one shard per image, but no more")
    func count() async throws {
        try folder.write(data.hdf5(role: .train), as: "cats.h5")
        let outcome = try await shard("cats.h5", "-o", "s", "--count", "8")
        #expect(outcome.status == 64)
        #expect(outcome.complaint == "Error: --count: expected at most 7, the number of images, got 8")
        #expect(try folder.names == ["cats.h5"])
        #expect(try await shard("cats.h5", "-o", "s", "--count", "7").status == 0)
        #expect(try content("s", examples: 7) == data.labels + data.images)
    }

    @Test("the test set, where there are two")
    func testSet() async throws {
        for (set, shade) in [("train", 10), ("test", 20)] {
            for (label, name) in ["other", "cat"].enumerated() {
                try FileManager.default.createDirectory(
                    atPath: folder.path("photos/\(set)/\(name)"), withIntermediateDirectories: true)
                try folder.write(
                    [UInt8](repeating: UInt8(shade + label), count: DataSet.imageBytes),
                    as: "photos/\(set)/\(name)/1.bin")
            }
        }
        for (name, options, shade) in [("a", [], 10), ("b", ["--test"], 20)] as [(String, [String], UInt8)] {
            let command = ["dataset", "shard", "photos", "-o", name, "--count", "2"] + options
            #expect(try await CommandLineTool(command, in: folder).run().status == 0)
            let images = [shade, shade + 1].flatMap { [UInt8](repeating: $0, count: DataSet.imageBytes) }
            #expect(try content(name, examples: 2) == [0, 1] + images)
            #expect(try manifest(name).contains("\nclass other\nclass cat\n"))
        }
    }

    @Test("drawings are those of synth, as docs/FORMAT.md shows")
    func drawn() async throws {
        #expect(try await shard("--drawn", "209", "-o", "s", "--count", "2").status == 0)
        let drawings = DataSet.drawn(count: 209, seed: 1)
        #expect(try content("s", examples: 209) == drawings.labels + drawings.images)
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        let page = try String(contentsOf: root.appending(path: "docs/FORMAT.md"), encoding: .utf8)
        let shown = try manifest("s").split(separator: "\n").map { "    \($0)\n" }.joined()
        #expect(page.contains("\n\n\(shown)\n"))
    }

    @Test("Ctrl-C leaves nothing behind")
    func interrupted() async throws {
        var tool = CommandLineTool(
            [
                "-c",
                """
                '\(CommandLineTool.path)' dataset shard --drawn 1000000 -o s --count 100 &
                until ls .s.*/shard-00001.nns >/dev/null 2>&1; do sleep 0.1; done
                kill -INT $!; wait $!
                """,
            ], in: folder)
        tool.program = "/bin/sh"
        let outcome = try await tool.run()
        #expect(outcome.status == 130)
        #expect(outcome.stderr.hasSuffix("Error: interrupted; s was not written\n"), "\(outcome.stderr)")
        #expect(try folder.names == [])
    }
}
