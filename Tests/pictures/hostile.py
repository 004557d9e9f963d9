#!/usr/bin/env python3
"""Writes hostile pictures into a folder: a reader must refuse each one, quickly and with little memory.

Those whose names begin with slow- may be read: they are within all limits, and made to take long."""
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width, height, depth=8, color=2, interlaced=0):
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))


def bomb(bytes_):
    """A deflate stream of `bytes_` zeros, compressed to a thousandth: a block that comes again and again."""
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    count = bytes_ >> 20
    adler = (count << 20) % 65521 << 16 | 1  # of so many zeros
    return b"\x78\xda" + block * count + deflate.flush() + struct.pack(">I", adler)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def with_size(jpeg, width, height):
    """The same JPEG with another size in its frame header."""
    at = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
    return jpeg[:at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9:]


def segment(marker, data):
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def many_scans(width, height, count=896):
    """A valid grey progressive JPEG of up to 896 scans: each has one bit of one coefficient, and all bits are 0."""
    blocks = ((width + 7) // 8) * ((height + 7) // 8)
    zero_bits = bytes(-(-blocks // 8))
    # Two codes of one bit: DC difference 0, and a run of 2^14 blocks without AC coefficients.
    tables = segment(0xC4, b"\x00" + b"\1" + bytes(15) + b"\x00") + segment(0xC4, b"\x10" + b"\1" + bytes(15) + b"\xe0")
    runs = -(-blocks // (1 << 14))
    end_of_band = bytes(-(-runs * 15 // 8))

    def scan(first, last, high, low, data):
        return segment(0xDA, bytes([1, 1, 0, first, last, high << 4 | low])) + data
    scans = [scan(0, 0, 0 if low == 13 else low + 1, low, zero_bits) for low in range(13, -1, -1)]
    for k in range(1, 64):
        scans += [scan(k, k, 0 if low == 13 else low + 1, low, end_of_band) for low in range(13, -1, -1)]
    return (b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) +
            segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0") + tables + b"".join(scans[:count]) +
            b"\xff\xd9")


def with_webp_size(webp, width, height):
    """The same lossless WebP with another size in its header."""
    at = webp.find(b"VP8L") + 9
    bits = struct.unpack("<I", webp[at:at + 4])[0] >> 28 << 28 | (height - 1) << 14 | width - 1
    return webp[:at] + struct.pack("<I", bits) + webp[at + 4:]


def riff(*chunks):
    data = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(data)) + data


def number24(*numbers):
    return b"".join(struct.pack("<I", number)[:3] for number in numbers)


def frame(left, top, width, height, webp):
    return b"ANMF", number24(left // 2, top // 2, width - 1, height - 1, 100) + b"\0" + webp[12:]


MEGABYTES = 33  # of a file that is just small enough


def filled(piece, around):
    """Many small pieces before the last two bytes or the first scan of a JPEG, up to the largest file."""
    at = around.find(b"\xff\xda")
    return around[:at] + piece * ((MEGABYTES * 1_000_000 - len(around)) // len(piece)) + around[at:]


def slow_jpegs(rng, photo):
    """What takes long: large pictures, much noise, millions of small parts."""
    noise = Image.fromarray(rng.integers(0, 256, (3400, 3400, 3)).astype(np.uint8))
    color, grey = Image.new("RGB", (8000, 8000), (10, 200, 90)), Image.new("L", (8000, 8000), 77)
    yield "one-color", saved(color, "JPEG", subsampling=0)
    yield "one-color-wide", saved(Image.new("RGB", (65500, 977)), "JPEG", subsampling=0)
    yield "one-color-turned", saved(color, "JPEG", subsampling=0, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")
    yield "one-color-restarts", saved(grey, "JPEG", restart_marker_blocks=1)
    yield "one-column", saved(Image.new("RGB", (1, 65500)), "JPEG")
    yield "one-row", saved(Image.new("RGB", (65500, 1)), "JPEG")
    yield "noise", saved(noise, "JPEG", subsampling=0, quality=75)
    yield "noise-progressive", saved(noise.resize((3000, 3000)), "JPEG", subsampling=2, quality=90, progressive=True)
    yield "noise-cmyk", saved(noise.convert("CMYK"), "JPEG", quality=50)
    yield "scans", many_scans(4400, 4400, 32)
    small = saved(photo, "JPEG")
    for name, piece in {
        "comments": segment(0xFE, b""), "exif": segment(0xE1, b""), "adobe": segment(0xEE, b"Adobe" + bytes(7)),
        "huffman": segment(0xC4, b"\3\1" + bytes(15) + b"\0"), "quantization": segment(0xDB, b"\3" + b"\1" * 64),
        "restarts": segment(0xDD, b"\0\0"), "stray": b"\0",
    }.items():
        yield f"many-{name}", filled(piece, small)
    progressive = saved(photo, "JPEG", progressive=True)
    yield "many-tables-between-scans", progressive.replace(
        b"\xff\xda", segment(0xC4, b"\x13\1" + bytes(15) + b"\0") * 100_000 + b"\xff\xda")
    yield "lines-behind", with_size(small, 400, 0).replace(b"\xff\xd9", segment(0xDC, struct.pack(">H", 300)) + b"\xff\xd9")
    yield "arithmetic", small.replace(b"\xff\xc0", b"\xff\xc9")
    yield "arithmetic-progressive", progressive.replace(b"\xff\xc2", b"\xff\xca")


def slow_pngs():
    """Filters, transparency, interlacing, and an orientation behind the pixels, for which all is read again."""
    end = chunk(b"IEND", b"")
    turned = chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")

    def pixels(height, row_bytes):
        """Rows of zeros, all with the filter that takes longest, Paeth's."""
        deflate = zlib.compressobj(1)
        row = b"\4" + bytes(row_bytes)
        return chunk(b"IDAT", b"".join(deflate.compress(row) for _ in range(height)) + deflate.flush())
    four_bytes = pixels(8000, 32000)
    for name, depth, color in ("rgba", 8, 6), ("grey-alpha-16", 16, 4):
        yield name, header(8000, 8000, depth, color) + four_bytes + end
        yield f"{name}-turned", header(8000, 8000, depth, color) + four_bytes + turned + end
    palette = chunk(b"PLTE", bytes(6)) + chunk(b"tRNS", b"\x80")
    yield "palette", header(8000, 8000, 1, 3) + palette + pixels(8000, 1000) + turned + end
    yield "wide", header(65535, 976, 8, 6) + pixels(976, 65535 * 4) + turned + end
    noise = zlib.compress(b"".join(b"\4" + np.random.default_rng(y).bytes(3 * 3000) for y in range(3000)), 1)
    yield "noise", header(3000, 3000) + chunk(b"IDAT", noise) + turned + end
    yield "interlaced", header(3100, 3100, 8, 6, 1) + chunk(b"IDAT", bomb(64 << 20)) + turned + end
    tiny = zlib.compress(bytes(256 * 1025), 0)
    yield "tiny-chunks", header(256, 256, 8, 6) + b"".join(
        chunk(b"IDAT", tiny[at:at + 1]) for at in range(len(tiny))) + end
    texts = chunk(b"tEXt", b"") * (MEGABYTES * 40_000)
    yield "many-texts", header(64, 64) + texts + chunk(b"IDAT", bomb(1 << 20)) + texts + end
    for kind, key in (b"iCCP", b"x"), (b"zTXt", b"Raw profile type exif"), (b"iTXt", b"XML:com.adobe.xmp"):
        packed = b"\0\0" if kind != b"iTXt" else b"\0\1\0\0\0"
        yield f"bomb-{kind.decode()}", (
            header(64, 64) + chunk(kind, key + packed + bomb(1 << 30)) + chunk(b"IDAT", bomb(1 << 20)) + end)


def slow_webps(rng):
    noise = Image.fromarray(rng.integers(0, 256, (2200, 2200, 3)).astype(np.uint8))
    yield "noise", saved(noise.resize((3050, 3050)), "WEBP", quality=90, method=0)
    yield "lossless", saved(noise.resize((1900, 1900)), "WEBP", lossless=True, quality=0, method=0)
    yield "one-color", saved(Image.new("RGB", (3600, 3600)), "WEBP", method=0)
    canvas = b"VP8X", b"\2\0\0\0" + number24(63, 63)
    small = saved(noise.resize((64, 64)), "WEBP", method=0)
    yield "frames", riff(canvas, *[frame(0, 0, 64, 64, small)] * 20_000)
    yield "chunks", riff((b"VP8X", b"\0\0\0\0" + number24(63, 63)), *[(b"abcd", b"")] * 3_000_000, (small[12:16], small[20:]))


def main(folder):
    def write(name, bytes_):
        Path(folder, name).write_bytes(bytes_)

    rng = np.random.default_rng(3)
    y, x = np.mgrid[:300, :400]
    pixels = np.stack([x // 2, y // 2, (x + y) // 3], -1) + rng.integers(0, 20, (300, 400, 3))
    photo = Image.fromarray(pixels.astype(np.uint8))
    files = {
        "photo.png": saved(photo, "PNG"),
        "photo.jpg": saved(photo, "JPEG"),
        "progressive.jpg": saved(photo, "JPEG", progressive=True),
    }
    for name, file in files.items():
        for percent in range(100):
            write(f"cut-{percent:02}-{name}", file[:len(file) * percent // 100])
        write(f"cut-last-{name}", file[:-13])  # more than the end, without which a file can be read
        damaged = bytearray(file)
        for at in range(len(file) // 3, len(file), len(file) // 9):
            damaged[at:at + 7] = bytes(7)
        write(f"damaged-{name}", damaged)
        write(f"garbage-{name}", file[:20] + rng.bytes(200_000))
    write("text.png", b"This is no picture.\n")
    write("text.jpg", b"This is no picture.\n" * 5000)
    write("empty.png", b"")
    write("signature.png", SIGNATURE)
    write("signature.jpg", b"\xff\xd8\xff")
    write("noise.png", rng.bytes(3_000_000))
    write("fill.jpg", b"\xff\xd8" + b"\xff" * 8_000_000)
    write("comments.jpg", b"\xff\xd8" + (b"\xff\xfe\xff\xff" + bytes(65533)) * 400)

    data = chunk(b"IDAT", bomb(100 << 20))
    end = chunk(b"IEND", b"")
    for size in (60000, 60000), (65535, 65535), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (1, 2**31 - 1), (0, 5):
        write(f"{size[0]}x{size[1]}.png", header(*size) + data + end)
    write("interlaced.png", header(8000, 8000, interlaced=1) + data + end)
    write("short-of-rows.png", header(8000, 8000, 16, 6) + data + end)
    write("profile.png", header(8000, 8000) + chunk(b"iCCP", b"x\0\0" + bomb(1 << 30)) + end)
    write("text-bombs.png", header(64, 64) + chunk(b"zTXt", b"x\0\0" + bomb(64 << 20)) * 20 + end)
    write("too-many-chunks.png", header(64, 64) + chunk(b"tEXt", b"x\0y") * 300_000 + end)
    for name in "photo.jpg", "progressive.jpg":
        for size in (60000, 60000), (65500, 65500), (8000, 8000), (0, 0), (65500, 1):
            write(f"{size[0]}x{size[1]}-{name}", with_size(files[name], *size))
    write("scans.jpg", many_scans(4000, 4000))
    for name in "photo.jpg", "progressive.jpg":  # the scans twice
        file = files[name]
        write(f"scans-{name}", file[:-2] + file[file.find(b"\xff\xda"):])

    lossy, lossless = saved(photo, "WEBP"), saved(photo, "WEBP", lossless=True)
    for name, file in ("lossy.webp", lossy), ("lossless.webp", lossless):
        for percent in range(0, 100, 5):
            write(f"cut-{percent:02}-{name}", file[:len(file) * percent // 100])
        write(f"cut-last-{name}", file[:-2])
        write(f"garbage-{name}", file[:20] + rng.bytes(200_000))
        short = file[20:len(file) // 2]  # whole chunks whose image data ends early
        write(f"short-{name}", riff((file[12:16], short)))
        write(f"twice-the-size-{name}", riff((b"VP8X", b"\0\0\0\0" + number24(799, 599)), (file[12:16], file[20:])))
    for size in (16384, 16384), (8000, 8000), (1600, 1200):
        write(f"{size[0]}x{size[1]}.webp", with_webp_size(lossless, *size))
    for size in (60000, 60000), (1 << 24, 1 << 24), (400, 300):
        canvas = b"VP8X", b"\2\0\0\0" + number24(size[0] - 1, size[1] - 1)
        write(f"animated-{size[0]}x{size[1]}.webp", riff(canvas, frame(2, 0, 400, 300, lossy)))
        write(f"no-frame-{size[0]}x{size[1]}.webp", riff(canvas))
    write("chunks.webp", riff(*[(b"abcd", b"")] * 500_000))

    for end, pictures in ("jpg", slow_jpegs(rng, photo)), ("png", slow_pngs()), ("webp", slow_webps(rng)):
        for name, bytes_ in pictures:
            write(f"slow-{name}.{end}", bytes_)


main(sys.argv[1])
