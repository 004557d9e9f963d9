#!/usr/bin/env python3
"""Writes the seeds of the fuzzers that read files of other programs.

    seeds.py FOLDER
"""
import io
import random
import sys
from pathlib import Path

from PIL import Image

folder = Path(sys.argv[1])


def put(fuzzer, name, content):
    (folder / fuzzer / name).write_bytes(content)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def put_pictures():
    """Small pictures of each kind; with the orientation in EXIF data and in XMP, and with texts."""
    noise = Image.frombytes("RGBA", (19, 9), random.Random(1).randbytes(19 * 9 * 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    for mode in "1", "L", "LA", "P", "RGB", "RGBA", "I;16":
        image = noise.convert("L").convert(mode) if mode == "I;16" else noise.convert(mode)
        put("png", mode.replace(";", ""), saved(image, "PNG"))
    put("png", "exif", saved(noise, "PNG", exif=exif))
    put("png", "key", saved(noise.convert("RGB"), "PNG", transparency=(1, 2, 3)))
    for mode in "L", "RGB", "CMYK":
        image = noise.convert("RGB").convert(mode)
        put("jpeg", mode, saved(image, "JPEG"))
        put("jpeg", mode + "-progressive", saved(image, "JPEG", progressive=True, quality=50))
    put("jpeg", "exif", saved(noise.convert("RGB"), "JPEG", exif=exif, subsampling=0, xmp=xmp))
    for lossless in False, True:
        put("webp", f"rgb-{lossless}", saved(noise.convert("RGB"), "WEBP", lossless=lossless))
        put("webp", f"rgba-{lossless}", saved(noise, "WEBP", lossless=lossless, exif=exif, xmp=xmp))
    put("webp", "animated", saved(noise, "WEBP", save_all=True, append_images=[noise.rotate(180)]))


put_pictures()
for number, sides in enumerate([(0, 0), (63, 63), (199, 3), (3, 199), (319, 100), (64, 65)]):
    put("resampling", f"sides-{number}", b"".join(side.to_bytes(2, "little") for side in sides) + bytes([9, 200, 77][:number]))
