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

    /// Each with the start of such a file, and the command for a file named x.
    @Test(
        "other kinds of pictures are named, with the command that converts them",
        arguments: [
            ("GIF89a, and so on", "a GIF picture", "convert 'x[0]' x.png"),
            ("BM...........\0\u{28}\0\0\0", "a BMP picture", "convert 'x[0]' x.png"),
            ("8BPS", "a Photoshop picture (PSD)", "convert 'x[0]' x.png"),
            ("\0\0\u{1}\0\u{1}\0\u{10}\u{10}\0\0", "an icon (ICO)", "convert 'x[0]' x.png"),
            ("II*\0\u{8}\0\0\0", "a TIFF picture", "convert 'x[0]' x.png"),
            ("MM\0*", "a TIFF picture", "convert 'x[0]' x.png"),
            ("\0\0\0\u{c}jP  \r\n", "a JPEG 2000 picture", "convert 'x[0]' x.png"),
            ("\0\0\0\u{c}JXL \r\n", "a JPEG XL picture", "djxl x x.png"),
            ("\0\0\0\u{18}ftypheic", "a HEIC picture", "heif-convert x x.png"),
            ("\0\0\0\u{18}ftypavif", "an AVIF picture", "heif-convert x x.png"),
            ("\0\0\0\u{18}ftypcrx ", "a camera's RAW picture", "darktable-cli x x.png"),
            ("II*\0\u{10}\0\0\0CR\u{2}\0", "a camera's RAW picture", "darktable-cli x x.png"),
            (
                "MM\0*\0\0\0\u{8}\0\u{1}\0\u{fe}\0\u{4}\0\0\0\u{1}\0\0\0\u{1}", "a camera's RAW picture",
                "darktable-cli x x.png"
            ),
            ("\0\0\0\u{18}ftypisom", "a video", "ffmpeg -i x -vf fps=1 x-%03d.png"),
            ("\0\0\0\u{14}ftypqt  ", "a video", "ffmpeg -i x -vf fps=1 x-%03d.png"),
            ("RIFF....AVI LIST", "a video", "ffmpeg -i x -vf fps=1 x-%03d.png"),
            ("%PDF-1.7", "a PDF document", "pdftoppm -png x x"),
            ("<?xml version=\"1.0\"?>\n<svg>", "an SVG drawing", "rsvg-convert x -o x.png"),
        ])
    func otherKinds(start: String, name: String, command: String) {
        // Latin 1: a character is a byte.
        let bytes = start.unicodeScalars.map { UInt8($0.value) }
        expectRefusal(bytes, "\(name); convert it: \(command)")
    }

    @Test("files that are no pictures")
    func noPictures() {
        expectRefusal(Array("\n<!DOCTYPE HTML><html>Not found".utf8), "an HTML page")
        expectRefusal(Array("RIFF....WAVE".utf8), "12 bytes")
        expectRefusal(Array("BMW".utf8), "3 bytes")
        expectRefusal([], "0 bytes")
    }

    @Test(
        "the command can be pasted, whatever the name",
        arguments: [
            ("a b.gif", "'a b.gif[0]' 'a b.gif.png'"), ("it's.gif", "'it'\\''s.gif[0]' 'it'\\''s.gif.png'"),
            ("$(x).gif", "'$(x).gif[0]' '$(x).gif.png'"), ("-x", "'./-x[0]' ./-x.png"), ("ü", "'ü[0]' ü.png"),
            ("stdin", "IN[0] OUT.png"), ("a\nb", "IN[0] OUT.png"),
            (String(repeating: "x", count: 151), "IN[0] OUT.png"),
        ])
    func commands(name: String, files: String) {
        let error = #expect(throws: FileError.self) { try Picture(from: Array("GIF89a".utf8), file: name) }
        #expect(error?.found == "a GIF picture; convert it: convert \(files)")
    }

    @Test("every cut of a PNG is found, and a refusal if pixels may be missing")
    func cuts() throws {
        let end = Self.picture.count - 12
        for count in 8..<end {
            expectRefusal(
                Array(Self.picture.prefix(count)), "a PNG that is cut off after \(count) bytes")
        }
        for count in end..<Self.picture.count {
            let picture = try Picture(from: Array(Self.picture.prefix(count)), file: "x")
            #expect(picture.image == Self.image)
            #expect(picture.flaws == ["the end of the PNG (IEND) is missing"])
        }
    }

    @Test("a flipped bit of a PNG, anywhere behind its signature, is found, and never changes a pixel")
    func flippedBits() {
        for at in 8..<Self.picture.count {
            var bytes = Self.picture
            bytes[at] ^= UInt8(1 << (at % 8))
            guard let picture = try? Picture(from: bytes, file: "x") else { continue }
            #expect(picture.image == Self.image && !picture.flaws.isEmpty, "byte \(at)")
        }
    }

    @Test(
        "JPEGs of kinds that few programs read are named",
        arguments: [
            (4, 12, "a JPEG of 12 bits per channel, which cannot be read"),
            (1, 0xc9, "a JPEG of arithmetic coding, which cannot be read"),
        ])
    func rareJPEGs(at offset: Int, value: UInt8, found: String) {
        var frame: [UInt8] = [0xff, 0xc1, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]
        frame[offset] = value
        let scan: [UInt8] = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0, 0xff, 0xd9]
        expectRefusal([0xff, 0xd8] + frame + scan, found)
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
        #expect(Orientation.number(inEXIF: exif) == 6)
        #expect(Orientation.number(inEXIF: Array("Exif\0\0".utf8) + exif) == 6)
    }

    @Test("damaged EXIF data leaves a picture as it is", arguments: [bigEndian, littleEndian])
    func damaged(_ exif: [UInt8]) {
        for count in 0..<exif.count - 2 {
            #expect(Orientation.number(inEXIF: Array(exif.prefix(count))) == nil)
        }
        for value in [0, 9, 255] as [UInt8] {
            let nonsense = exif.map { $0 == 6 ? value : $0 }
            #expect(Orientation(exif: nonsense, xmp: Array("tiff:Orientation='3'".utf8)) == .upright)
        }
        var noise = SplitMix(state: 2)
        for _ in 0..<20_000 {
            var bytes = exif
            bytes[Int.random(in: 0..<bytes.count, using: &noise)] = .random(in: 0...255, using: &noise)
            bytes[Int.random(in: 0..<bytes.count, using: &noise)] = .random(in: 0...255, using: &noise)
            _ = Orientation(exif: bytes, xmp: bytes)
        }
    }

    @Test(
        "XMP, as attribute and element",
        arguments: [
            ("<x tiff:Orientation=\"6\"/>", 6), ("<x tiff:Orientation='6'/>", 6),
            ("a:b <tiff:Orientation>8</tiff:Orientation>", 8),
            ("tiff:Orientation=\"x\" tiff:Orientation='2'", 2),
            ("<tiff:Orientation>", nil), ("tiff:Orientation=6", nil), (":Orientation='6'", nil), ("", nil),
        ])
    func xmp(text: String, number: Int?) {
        #expect(Orientation.number(inXMP: Array(text.utf8)) == number)
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
