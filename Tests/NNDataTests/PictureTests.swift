import Foundation
import Testing

@testable import NNData

/// Small pictures; those of all kinds are compared with Pillow's in CLITests.
@Suite("Pictures")
struct PictureTests {
    private static let image = Array(DataSet.drawn(count: 1, seed: 3).image(0))
    private static let picture = png(width: 64, height: 64, rgb: image)

    private func expectRefusal(
        _ bytes: [UInt8], _ found: String, at location: SourceLocation = #_sourceLocation
    ) {
        let error = FileError(
            .badData, file: "x", expected: "12288 bytes (64x64 RGB) or a PNG, JPEG or WebP picture",
            found: found)
        #expect(throws: error, sourceLocation: location) { try Picture(from: bytes, file: "x") }
    }

    @Test("what is written as PNG is read back")
    func roundTrip() throws {
        #expect(try Picture(from: Self.picture, file: "x").image == Self.image)
    }

    @Test(
        "12288 bytes are a raw image, whatever they begin with",
        arguments: [[], [0xff, 0xd8, 0xff], [0xff, 0xd8, 0xff, 0xe0, 0, 16], Array("GIF89a".utf8)])
    func raw(start: [UInt8]) throws {
        let image = start + Self.image.dropFirst(start.count)
        #expect(try Picture(from: image, file: "x").image == image)
    }

    @Test("other kinds of pictures are named")
    func otherKinds() {
        expectRefusal(Array("GIF89a, and so on".utf8), "a GIF picture")
        expectRefusal(Array("RIFF....WEBPVP8 ".utf8), "a WebP picture")
        expectRefusal([0, 0, 0, 24] + Array("ftypheic".utf8), "a HEIC or AVIF picture")
        expectRefusal(Array("RIFF....WAVE".utf8), "12 bytes")
        expectRefusal([], "0 bytes")
    }

    @Test("every cut of a PNG is one")
    func cuts() {
        for count in 8..<Self.picture.count {
            expectRefusal(
                Array(Self.picture.prefix(count)), "a PNG that is cut off after \(count) bytes")
        }
    }

    @Test("a flipped bit of a PNG, anywhere behind its signature, is found")
    func flippedBits() {
        for at in 8..<Self.picture.count {
            var bytes = Self.picture
            bytes[at] ^= UInt8(1 << (at % 8))
            #expect(throws: FileError.self, "byte \(at)") { try Picture(from: bytes, file: "x") }
        }
    }
}

@Suite("EXIF orientation")
struct OrientationTests {
    private static let bigEndian: [UInt8] =
        Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 2]
        + [1, 15, 0, 2, 0, 0, 0, 1, 65, 0, 0, 0]
        + [1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
    private static let littleEndian: [UInt8] =
        Array("II".utf8) + [42, 0, 8, 0, 0, 0, 2, 0]
        + [15, 1, 2, 0, 1, 0, 0, 0, 65, 0, 0, 0]
        + [18, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]

    @Test("both orders of bytes", arguments: [bigEndian, littleEndian])
    func byteOrders(_ exif: [UInt8]) {
        #expect(Orientation(exif: exif) == Orientation(number: 6))
    }

    @Test("damaged EXIF data leaves a picture as it is", arguments: [bigEndian, littleEndian])
    func damaged(_ exif: [UInt8]) {
        for count in 0..<exif.count - 2 {
            #expect(Orientation(exif: Array(exif.prefix(count))) == nil)
        }
        for value in [0, 9, 255] as [UInt8] {
            let nonsense = exif.map { $0 == 6 ? value : $0 }
            #expect(Orientation(exif: nonsense) == nil)
        }
        var noise = SplitMix(state: 2)
        for _ in 0..<20_000 {
            var bytes = exif
            bytes[Int.random(in: 0..<bytes.count, using: &noise)] = .random(in: 0...255, using: &noise)
            bytes[Int.random(in: 0..<bytes.count, using: &noise)] = .random(in: 0...255, using: &noise)
            _ = Orientation(exif: bytes)
        }
    }

    @Test("a picture that says that it is upside down")
    func upsideDown() {
        let image = (0..<DataSet.imageBytes).map { UInt8(truncatingIfNeeded: $0 / 3 * 7) }
        let turned = Orientation(number: 3)!.apply(to: image)
        #expect(turned[..<3] == image[(DataSet.imageBytes - 3)...])
        #expect(Orientation(number: 3)!.apply(to: turned) == image)
        #expect(Orientation.upright.apply(to: image) == image)
    }
}
