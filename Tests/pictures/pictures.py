#!/usr/bin/env python3
"""Writes pictures of many kinds into a folder, each with the 64 x 64 image that Pillow makes from it.

x.png must give exactly the bytes of x.png.bin. Those of x.jpg may differ by 1, because releases of libjpeg
round differently.
"""
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

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


main(sys.argv[1])
