#!/usr/bin/env python3
"""Writes pictures of many kinds into a folder, each with the 64 x 64 image that Pillow makes from it.

x.png and x.webp must give exactly the bytes of x.png.bin and x.webp.bin. Those of x.jpg may differ by 1, because
releases of libjpeg round differently. If a file has something wrong in it although every pixel is there, x.png.flaws
says what, a line each.
"""
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

SIZES = [(1, 1), (2, 3), (17, 5), (63, 65), (64, 64), (200, 64), (333, 222), (640, 427), (5000, 3), (3, 5000)]
LARGE_SIZES = [(701, 1001), (1600, 1200)]


def texture(rng, width, height, channels):
    """Smooth waves with noise and hard edges, similar to photos."""
    y, x = np.mgrid[:height, :width] / max(width, height)
    waves = [np.sin(rng.uniform(2, 40) * x + rng.uniform(2, 40) * y + rng.uniform(0, 6)) for _ in range(channels)]
    noise = rng.normal(0, 0.15, (height, width, channels))
    bytes_ = np.clip(128 + 100 * (np.stack(waves, -1) + noise), 0, 255).astype(np.uint8)
    bytes_[height // 3:height // 2, width // 4:width // 2] = rng.integers(0, 256, channels)
    return bytes_


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """The unfiltered rows of a PNG; samples has the shape (height, width, channels)."""
    height = samples.shape[0]
    if depth == 16:
        rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    else:
        bits = np.unpackbits(samples.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth:]
        rows = np.packbits(bits.reshape(height, -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def png(samples, depth, color, more=b"", interlaced=False):
    """PNGs that Pillow cannot write: 16 bits per channel, grey with 2 and 4 bits, interlaced."""
    height, width = samples.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:  # x, y, step of x, step of y
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
    data = b"".join(packed_rows(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(data, 1)) +
            chunk(b"IEND", b""))


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "a camera"  # an entry before the orientation
    return data


def with_late_exif(file, data):
    """The PNG with EXIF data behind its pixels, as ImageMagick writes it."""
    end = file.rindex(b"IEND") - 4
    return file[:end] + chunk(b"eXIf", data.tobytes()[6:]) + file[end:]


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, compress_level=1, **options)
    return file.getvalue()


def images(rng, size):
    """One picture of each kind that Pillow can write: name and bytes."""
    width, height = size
    rgb = Image.fromarray(texture(rng, width, height, 3))
    rgba = Image.fromarray(texture(rng, width, height, 4))
    grey = Image.fromarray(texture(rng, width, height, 1)[..., 0])
    palette = rgb.quantize(int(rng.integers(2, 200)))
    sixteen = rng.integers(0, 65536, (height, width)).astype(np.uint16)
    cmyk = rgb.convert("CMYK")
    yield "l.png", saved(grey, "PNG")
    yield "la.png", saved(Image.merge("LA", (grey, rgba.getchannel("A"))), "PNG")
    yield "p.png", saved(palette, "PNG")
    yield "p-key.png", saved(palette, "PNG", transparency=1)
    alphas = rng.integers(0, 256, 200).astype(np.uint8).tobytes()
    yield "p-alpha.png", saved(palette, "PNG", transparency=alphas)
    yield "rgb.png", saved(rgb, "PNG")
    yield "rgb-key.png", saved(rgb, "PNG", transparency=rgb.getpixel((0, 0)))
    yield "rgba.png", saved(rgba, "PNG")
    yield "l16.png", saved(Image.fromarray(sixteen), "PNG")
    yield "1.png", saved(grey.convert("1"), "PNG")
    yield "rgb.jpg", saved(rgb, "JPEG", quality=int(rng.integers(60, 96)))
    yield "rgb-444.jpg", saved(rgb, "JPEG", subsampling=0)
    yield "rgb-progressive.jpg", saved(rgb, "JPEG", progressive=True)
    yield "l.jpg", saved(grey, "JPEG")
    yield "cmyk.jpg", saved(cmyk, "JPEG", quality=90)
    yield "rgb.webp", saved(rgb, "WEBP", quality=int(rng.integers(40, 96)), method=1)
    yield "rgba.webp", saved(rgba, "WEBP", quality=80, alpha_quality=int(rng.integers(20, 101)), method=1)
    yield "lossless.webp", saved(rgb, "WEBP", lossless=True, quality=10, method=1)
    yield "lossless-rgba.webp", saved(rgba, "WEBP", lossless=True, quality=10, method=1)
    yield "lossless-palette.webp", saved(palette.convert("RGB"), "WEBP", lossless=True, quality=10, method=1)
    frames = [ImageOps.mirror(rgba), rgb.convert("RGBA")]
    yield "animated.webp", saved(rgba, "WEBP", save_all=True, append_images=frames, quality=70, method=1)


def odd_images(rng):
    def samples(channels, depth):
        return rng.integers(0, 1 << depth, (rng.integers(1, 90), rng.integers(1, 90), channels))
    for color, channels in (0, 1), (2, 3), (4, 2), (6, 4):
        yield f"16-{color}.png", png(samples(channels, 16), 16, color)
        yield f"interlaced-16-{color}.png", png(samples(channels, 16), 16, color, interlaced=True)
        yield f"interlaced-8-{color}.png", png(samples(channels, 8), 8, color, interlaced=True)
    for depth in 1, 2, 4:
        colors = rng.integers(0, 256, 3 << depth).astype(np.uint8).tobytes()
        alphas = rng.integers(0, 256, 1 << depth).astype(np.uint8).tobytes()
        plte, trns = chunk(b"PLTE", colors), chunk(b"tRNS", alphas)
        yield f"l{depth}.png", png(samples(1, depth), depth, 0)
        yield f"p{depth}.png", png(samples(1, depth), depth, 3, plte + trns)
        yield f"interlaced-p{depth}.png", png(samples(1, depth), depth, 3, plte, interlaced=True)
    for orientation in range(1, 9):
        for size in (90, 60), (41, 300), (30, 20):
            picture = Image.fromarray(texture(rng, *size, 3))
            picture.paste((255, 0, 0), (0, 0, size[0] // 2, size[1] // 4))  # marks the upper left corner
            yield f"exif-{orientation}-{size[0]}.png", saved(picture, "PNG", exif=exif(orientation))
            yield f"exif-{orientation}-{size[0]}.jpg", saved(picture, "JPEG", exif=exif(orientation), quality=95)
            yield f"late-exif-{orientation}-{size[0]}.png", with_late_exif(saved(picture, "PNG"), exif(orientation))
            yield f"exif-{orientation}-{size[0]}.webp", saved(picture, "WEBP", exif=exif(orientation))
    yield from images_with_metadata(rng)


def xmp(orientation):
    return (f'<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
            f'tiff:Make="a: camera" {orientation}/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>').encode()


def profile(data, name="exif"):
    """EXIF data as ImageMagick puts it into a text of a PNG."""
    digits = data.tobytes().hex()
    return f"\n{name}\n{len(digits) // 2:8}\n" + "\n".join(digits[i:i + 72] for i in range(0, len(digits), 72)) + "\n"


def texts(key, value):
    """PNGs with the text in each kind of chunk."""
    for kind in "tEXt", "zTXt", "iTXt", "iTXt packed":
        info = PngImagePlugin.PngInfo()
        if kind.startswith("iTXt"):
            info.add_itxt(key, value, "en", key, zip="packed" in kind)
        else:
            info.add_text(key, value, zip=kind == "zTXt")
        yield kind.replace(" ", "-"), info


def images_with_metadata(rng):
    """The orientation in XMP and in a profile, alone and beside EXIF data, which counts first."""
    picture = Image.fromarray(texture(rng, 41, 300, 3))
    picture.paste((255, 0, 0), (0, 0, 20, 70))
    without = Image.Exif()
    without[0x010F] = "a camera"
    for name, data, exif_data in [
            ("attribute", xmp('tiff:Orientation="6"'), None), ("element", xmp("x='1'><tiff:Orientation>8</tiff:Orientation><a"), None),
            ("nonsense", xmp('tiff:Orientation="9"'), None), ("word", xmp('tiff:Orientation="left"'), None),
            ("beside-exif", xmp('tiff:Orientation="6"'), exif(3)), ("beside-wrong-exif", xmp('tiff:Orientation="6"'), exif(77)),
            ("beside-other-exif", xmp('tiff:Orientation="6"'), without)]:
        more = {"exif": exif_data} if exif_data else {}
        yield f"xmp-{name}.jpg", saved(picture, "JPEG", quality=95, xmp=data, **more)
        yield f"xmp-{name}.webp", saved(picture, "WEBP", xmp=data, **more)
        for kind, info in texts("XML:com.adobe.xmp", data.decode()):
            yield f"xmp-{name}-{kind}.png", saved(picture, "PNG", pnginfo=info, **more)
    for orientation, more in (6, {}), (7, {}), (6, {"exif": exif(3)}):
        for kind, info in texts("Raw profile type exif", profile(exif(orientation))):
            file = saved(picture, "PNG", pnginfo=info, **more)
            yield f"profile-{orientation}-{kind}{len(more)}.png", file
            end, pixels = file.rindex(b"IEND") - 4, file.index(b"IDAT") - 4
            if not more:  # behind the pixels
                yield f"late-profile-{orientation}-{kind}.png", file[:33] + file[pixels:end] + file[33:pixels] + file[end:]


def flawed_images(rng):
    """Name, bytes, the same file without the flaw, and what is wrong with it."""
    image = Image.fromarray(texture(rng, 90, 60, 3))
    png_, jpeg, webp = saved(image, "PNG"), saved(image, "JPEG"), saved(image, "WEBP")
    progressive = saved(image, "JPEG", progressive=True, exif=exif(6))
    extended = saved(image, "WEBP", exif=exif(6))
    for name, file, format in (("x.png", png_, "PNG"), ("x.jpg", jpeg, "JPEG"), ("progressive.jpg", progressive, "JPEG"),
                               ("x.webp", webp, "WebP")):
        yield f"1-more-{name}", file + b"\0", file, f"1 byte after the end of the {format}"
        yield f"more-{name}", file + file + b"MotionPhoto_Data", file, f"{len(file) + 16} bytes after the end of the {format}"
    for name, file in ("x.jpg", jpeg), ("progressive.jpg", progressive):
        for cut in 1, 2:
            yield f"cut-{cut}-{name}", file[:-cut], file, "the end of the JPEG (EOI) is missing"
        yield f"stray-{name}", file[:-2] + bytes(7) + file[-2:], file, "the JPEG has stray bytes between its segments"
    scan = jpeg.index(b"\xff\xda")
    wrong = jpeg[:scan + 11] + b"\0\0" + jpeg[scan + 13:]
    yield "wrong-scan.jpg", wrong, jpeg, "the JPEG's scan has wrong parameters"
    for cut in 1, 4, 5, 12:
        yield f"cut-{cut}-x.png", png_[:-cut], png_, "the end of the PNG (IEND) is missing"
    for kind in b"tEXt", b"iCCP", b"gAMA", b"eXIf", b"abCd":
        bad = struct.pack(">I", 5) + kind + b"hello" + b"\0\1\2\3"
        for name, at in ("early", 33), ("late", len(png_) - 12):
            yield (f"{kind.decode()}-{name}-x.png", png_[:at] + bad + png_[at:], png_,
                   f"the PNG's chunk {kind.decode()} has a wrong CRC")
    yield "iend-crc-x.png", png_[:-1] + b"\0", png_, "the PNG's chunk IEND has a wrong CRC"
    good = b"".join(chunk(kind, b"nonsense") for kind in (b"iCCP", b"gAMA", b"sRGB", b"tIME", b"bKGD", b"pHYs", b"unKn"))
    yield "unknown-x.png", png_[:33] + good + png_[33:], png_, ""
    pixels = zlib.decompress(png_[png_.index(b"IDAT") + 4:-16])
    header = png_[:png_.index(b"IDAT") - 4]
    end = png_[-12:]
    too_much = "the PNG has more image data than pixels"
    yield "behind-x.png", header + chunk(b"IDAT", zlib.compress(pixels) + b"more") + end, png_, too_much
    yield "rows-x.png", header + chunk(b"IDAT", zlib.compress(pixels + bytes(271))) + end, png_, too_much
    yield "idat-x.png", png_[:-12] + chunk(b"IDAT", b"more") + end, png_, too_much
    for kind, info in texts("Raw profile type APP1", profile(exif(6), "APP1")):  # which Pillow does not know
        yield f"app1-profile-{kind}-x.png", saved(image, "PNG", pnginfo=info), saved(image, "PNG", exif=exif(6)), ""
    other = Image.fromarray(texture(rng, 90, 60, 3))
    several = saved(image, "MPO", save_all=True, append_images=[other])
    behind = len(several) - several.index(b"\xff\xd9\xff\xd8") - 2
    yield "mpo-x.jpg", several, several, f"{behind} bytes after the end of the JPEG"
    yield "cut-x.webp", extended[:-3], webp, "the WebP is cut off after its pixels"


def expected(file):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    if image.mode.startswith("I"):  # Pillow's conversion from 16 bits to 8 changed between releases
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB").resize((64, 64), Image.Resampling.BILINEAR).tobytes()


def main(folder):
    rng = np.random.default_rng(5)
    pictures = [(f"{w}x{h}-{name}", file) for w, h in SIZES for name, file in images(rng, (w, h))]
    pictures += [(f"{w}x{h}-{name}", file) for w, h in LARGE_SIZES for name, file in images(rng, (w, h))
                 if name in ("rgb.png", "rgba.png", "rgb.jpg", "cmyk.jpg", "rgb-progressive.jpg")]
    pictures += odd_images(rng)
    for name, file in pictures:
        Path(folder, name).write_bytes(file)
        Path(folder, name + ".bin").write_bytes(expected(file))
    for name, file, whole, flaw in flawed_images(rng):
        Path(folder, "flawed-" + name).write_bytes(file)
        Path(folder, "flawed-" + name + ".bin").write_bytes(expected(whole))
        Path(folder, "flawed-" + name + ".flaws").write_text(flaw)


if __name__ == "__main__":
    main(sys.argv[1])
