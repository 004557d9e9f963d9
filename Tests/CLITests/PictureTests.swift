import Foundation
import NNData
import Testing

@Suite("Pictures beside Pillow", .enabled(if: Python.isUsable, "\(Python.advice)"))
struct PillowTests {
    /// Pictures of all kinds, and what Pillow makes of each (Tests/pictures/pictures.py).
    private static let pictures: Result<(folder: TemporaryFolder, names: [String]), any Error> = Result {
        let folder = TemporaryFolder()
        try Python.run("pictures/pictures.py", folder.root)
        return (folder, try folder.names.filter { !$0.hasSuffix(".bin") && !$0.hasSuffix(".flaws") })
    }

    private func expectPillow(_ suffix: String, within tolerance: Int, atLeast count: Int) throws {
        let (folder, names) = try Self.pictures.get()
        let chosen = names.filter { $0.hasSuffix(suffix) }
        #expect(chosen.count >= count)
        for name in chosen {
            let picture = try Picture(at: folder.path(name))
            let expected = try folder.bytes(of: name + ".bin")
            #expect(picture.image.count == expected.count)
            let worst = zip(picture.image, expected).map { abs(Int($0) - Int($1)) }.max()!
            #expect(worst <= tolerance, "\(name)")
            let flaws =
                (try? folder.bytes(of: name + ".flaws")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            #expect(picture.flaws.joined(separator: "\n") == flaws, "\(name)")
        }
    }

    @Test("PNG pictures: grey, palettes, transparency, 1 ... 16 bits, interlaced, turned, 1 x 1 to 5000 x 3")
    func png() throws { try expectPillow(".png", within: 0, atLeast: 240) }

    @Test("JPEG pictures: grey, CMYK, progressive, turned")
    func jpeg() throws { try expectPillow(".jpg", within: 1, atLeast: 95) }

    @Test("WebP pictures: lossy, lossless, transparent, animated, turned")
    func webp() throws { try expectPillow(".webp", within: 0, atLeast: 90) }

    @Test("a JPEG of as many bytes as a raw image is a JPEG")
    func jpegOfRawSize() throws {
        let (folder, _) = try Self.pictures.get()
        let jpeg = try folder.bytes(of: "200x64-rgb.jpg")
        let padded = jpeg + [UInt8](repeating: 0, count: DataSet.imageBytes - jpeg.count)
        let image = try Picture(from: padded, file: "x").image
        #expect(try image == Picture(from: jpeg, file: "x").image)
        #expect(image != padded)
    }

    @Test("pictures of several kinds in one call, one of them on the standard input")
    func severalInputs() async throws {
        let (folder, _) = try Self.pictures.get()
        try folder.write(Fixture.model, as: "model.nnk")
        let names = ["exif-6-90.png", "333x222-rgb.jpg", "64x64-la.png.bin"]
        var tool = CommandLineTool(["predict", "--json"] + names + ["-"], in: folder)
        tool.input = .file(folder.path(names[0]))
        let outcome = try await tool.run()
        #expect(try outcome.mismatches("predict") == [])
        let predictions = try outcome.answer(PredictionAnswer.self).predictions
        #expect(predictions.map(\.input) == names + ["-"])
        let expected = try (names + [names[0]]).map {
            try Fixture.network.probability(of: Picture(at: folder.path($0)).image)
        }
        #expect(predictions.map(\.probability) == expected)
    }
}

@Suite("Hostile pictures", .enabled(if: Python.isUsable, "\(Python.advice)"))
struct HostilePictureTests {
    @Test("cut, damaged, garbage, huge, bombs: an error each, in 2 s and 64 MB")
    func hostile() async throws {
        let folder = TemporaryFolder()
        let pictures = folder.path("pictures")
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: false)
        try folder.write(Fixture.model, as: "model.nnk")
        try await Python.runLong("pictures/hostile.py", pictures)
        let report = try await Python.runLong(
            "pictures/refusals.py", pictures, CommandLineTool.path, "predict", "--quiet", "-m",
            folder.path("model.nnk"))
        print(report, terminator: "")
        #expect(report.hasPrefix("438 files, "), "\(report)")
    }
}

@Suite(
    "The photos as pictures",
    .enabled(if: Python.isUsable && Photos.missing.isEmpty, "\(Python.advice); \(Photos.advice)"))
struct PhotoPicturesTests {
    @Test("the test photos as PNG have the labels of numpy, that of the seed document has Pillow's")
    func labels() async throws {
        let folder = TemporaryFolder()
        let photo = "\(Photos.folder)/my_image.jpg"
        try folder.write(try await Training(isOnPhotos: true).result().model, as: "model.nnk")
        try Python.run("pictures/photos.py", Photos.test, photo, folder.root)
        let oracle = try Oracle.load("deep").testProbabilities
        let names = oracle.indices.map { "\($0).png" } + [photo, "photo.bin"]
        let outcome = try await CommandLineTool(["predict", "--json"] + names, in: folder).run()
        let predictions = try outcome.answer(PredictionAnswer.self).predictions
        #expect(predictions.count == 52)
        for (prediction, expected) in zip(predictions, oracle) {
            #expect(abs(prediction.probability - expected) <= 1e-9, "\(prediction.input)")
            #expect(prediction.index == (expected > 0.5 ? 1 : 0))
        }
        let (ours, pillows) = (predictions[50], predictions[51])
        #expect(ours.index == pillows.index)
        #expect(abs(ours.probability - pillows.probability) < 0.01)
    }
}
