import NNData
import Testing

/// SHA-256 of models after 100 iterations with seed 1: the same on every processor, and in every build.
///
/// If one of them changes, training gives other results than before. That must be on purpose, and CHANGELOG.md must
/// say so. A failing test shows the new value. These commands show it too:
///
///     nn-cli train --topology deep --precision f64 --method dual --iterations 100 --seed 1 [--train FILE]
///     nn-cli inspect model.nnk
@Suite("Golden models")
struct GoldenTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let topology, precision, method, sha256: String
        var testDescription: String { "\(topology), \(precision), \(method)" }

        init(_ topology: String, _ precision: String, _ method: String, _ sha256: String) {
            self.topology = topology
            self.precision = precision
            self.method = method
            self.sha256 = sha256
        }

        func expectModel(ofPhotos: Bool) async throws {
            let training = Training(
                isOnPhotos: ofPhotos, topology: topology, precision: precision, method: method, seed: 1,
                iterations: 100)
            let run = try await training.result()
            #expect(NNData.sha256(run.model) == sha256)
            #expect(try run.answer.model.sha256 == sha256)
        }
    }

    static let ofDrawings = [
        Row("deep", "f64", "dual", "d3afc905415038abb8b1beb94e92fbac2019846a33682691785f59a4339305d3"),
        Row("deep", "f64", "primal", "65b5a61c5a0568f5aedadf4929d3fb4e3adf09839bad8f9d20086aa540735909"),
        Row("deep", "f32", "dual", "3014273d8a1e9773326252f9b8a7cdb59d96ba91eb8d69455333b475e033f705"),
        Row("deep", "f32", "primal", "40ade423df88c7ee21f6c1c56baacdf1eab48bddf61d66ba8003ac8d73109fbe"),
        Row("two-layer", "f64", "dual", "00a41bac01d76c3c4fa91a11e985bc2c37857e783d476d660e7f84e282f4b5b2"),
        Row("two-layer", "f64", "primal", "6f9d01120ca219c24fc0b0b5362174c3f3ad8ef0ac04faf2f3965de5e8534ea4"),
        Row("two-layer", "f32", "dual", "9c58d22a5aa17d70c96e982237dee1aa067a3fd99addc3816fd9533c1d023ffc"),
        Row("two-layer", "f32", "primal", "f58df87f6634143542d5b9fbd3749cca6f59c90e5e153bc230c0386c5bc02d78"),
    ]

    static let ofPhotos = [
        Row("deep", "f64", "dual", "b15b9c6963745a953105c44ddeb6244042ae90b6542977eecf0fc04a7ab3ae19"),
        Row("deep", "f64", "primal", "3ea22f565199eed1cf7a303f01f5243494a1b851937a89af5b6a3be6be811195"),
        Row("deep", "f32", "dual", "e6d6820ac64b218a7b52cdea477914d94510fb9a867d613774bb94e44da38fc8"),
        Row("deep", "f32", "primal", "6556a0f583ee2098626c2868a6e576f0de034f5247e80fee00995b79f043d8bf"),
        Row("two-layer", "f64", "dual", "4938e222f421f814e1a382bc3c6eaca927ca49b773c8f74eb6e1460d94edbc7d"),
        Row("two-layer", "f64", "primal", "35be306f424afd598c639ab59ad5bde500ec05a90bf58ea70f4a4d3838c980d0"),
        Row("two-layer", "f32", "dual", "3352cc4f3bf9bb76144e2eab897dd89b0a68967910425b3c2d4c520f1486b7d1"),
        Row("two-layer", "f32", "primal", "962d557a58b1c9cf084f02749db49ff65004f63d027c9c2a236fe4f1f10f02a7"),
    ]

    @Test("on the drawings", arguments: ofDrawings)
    func drawings(row: Row) async throws { try await row.expectModel(ofPhotos: false) }

    @Test("on the photos", .enabled(if: Photos.missing.isEmpty, "\(Photos.advice)"), arguments: ofPhotos)
    func photos(row: Row) async throws { try await row.expectModel(ofPhotos: true) }

    @Test("the table has each combination once")
    func combinations() {
        for table in [Self.ofDrawings, Self.ofPhotos] {
            #expect(Set(table.map(\.testDescription)).count == 8)
            #expect(table.count == 8)
        }
        #expect(Set((Self.ofDrawings + Self.ofPhotos).map(\.sha256)).count == 16)
    }
}
