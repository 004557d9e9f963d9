import Foundation
import Testing

@testable import NNData

@Suite("Pictures beside Pillow", .enabled(if: Python.isRequired || !Python.isMissing, "\(Python.advice)"))
struct PillowTests {
    /// Pictures of all kinds, and what Pillow makes of each (Tests/pictures/pictures.py).
    private static let pictures: Result<(folder: TemporaryFolder, names: [String]), any Error> = Result {
        let folder = TemporaryFolder()
        try Python.run("pictures/pictures.py", folder.root)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.root)
        return (folder, files.filter { !$0.hasSuffix(".bin") }.sorted())
    }

    private func expectPillow(_ suffix: String, within tolerance: Int, atLeast count: Int) throws {
        let (folder, names) = try Self.pictures.get()
        let chosen = names.filter { $0.hasSuffix(suffix) }
        #expect(chosen.count >= count)
        for name in chosen {
            let image = try Picture.image(at: folder.path(name))
            let expected = try Array(Data(contentsOf: URL(filePath: folder.path(name + ".bin"))))
            #expect(image.count == expected.count)
            let worst = zip(image, expected).map { abs(Int($0) - Int($1)) }.max()!
            #expect(worst <= tolerance, "\(name)")
        }
    }

    @Test("PNG pictures: grey, palettes, transparency, 1 ... 16 bits, interlaced, turned, 1 x 1 to 5000 x 3")
    func png() throws { try expectPillow(".png", within: 0, atLeast: 140) }

    @Test("JPEG pictures: grey, CMYK, progressive, turned")
    func jpeg() throws { try expectPillow(".jpg", within: 1, atLeast: 80) }
}
