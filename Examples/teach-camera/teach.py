#!/usr/bin/env python3
"""Makes memory cards for teach-camera, and reads them. store.h defines the layout of a card.

    teach.py card card.img [SETTINGS]       makes a card with no examples; SETTINGS is a text file
    teach.py film PHOTOS FOLDER             writes a folder's photos as 0.ppm, 1.ppm ... (Pillow is needed)
    teach.py film drawn FOLDER              writes drawings; those of class B are 1.ppm, 4.ppm, 7.ppm ...
    teach.py show card.img                  prints what is on a card
    teach.py model card.img model.nnk       copies the newest whole model
    teach.py flat card.img FILE             writes the examples as a flat file, which Examples/trainer reads
"""
import argparse
import pathlib
import struct
import sys
import zlib

BLOCK = 512
MODELS, MODEL_BLOCKS, LOG, IMAGES = 1024, 1024, 4096, 8192
SETTINGS_BYTES = 8 * BLOCK
IMAGE_BYTES, HEADER_BYTES = 12288, 64
MAGIC = int.from_bytes(b"LOG1", "little")
RECORD, FORGET, RELABEL, MODEL = 1, 2, 3, 4


class Card:
    """What the log of a card says."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.entries = 0
        self.examples = []  # place, label, CRC-32 of the image
        self.models = []  # place and CRC-32 of the payload, the oldest first
        while entry := self.entry(self.entries) or self.entry(self.entries + 1):
            self.apply(*entry)
            self.entries += 1

    def read(self, at, count):
        self.file.seek(at)
        return self.file.read(count).ljust(count, b"\0")

    def entry(self, number):
        """Kind, place, value and CRC-32; None if there is no such entry."""
        content = self.read((LOG + number) * BLOCK, 28)
        magic, found, *rest, check = struct.unpack("<7I", content)
        return rest if (magic, found, check) == (MAGIC, number, zlib.crc32(content[:24])) else None

    def apply(self, kind, place, value, crc):
        if kind == RELABEL:
            self.examples = [(p, value if p == place else label, c) for p, label, c in self.examples]
        if kind in (FORGET, RECORD):
            self.examples = [example for example in self.examples if example[0] != place]
        if kind == RECORD:
            self.examples.append((place, value, crc))
        if kind == MODEL:
            self.models.append((place, crc))

    def image(self, example):
        place, _, crc = example
        content = self.read((IMAGES * BLOCK) + place * IMAGE_BYTES, IMAGE_BYTES)
        return content if zlib.crc32(content) == crc else None

    def labels(self):
        return bytes(label for _, label, _ in self.examples)

    def model(self, place, crc):
        """The bytes of a model; None if they are not whole."""
        at = (MODELS + place * MODEL_BLOCKS) * BLOCK
        header = self.read(at, HEADER_BYTES)
        content = header + self.read(at + HEADER_BYTES, struct.unpack_from("<I", header, 32)[0] % 2**20)
        is_whole = header[:4] == b"\x8eNN\x1a" and zlib.crc32(content[HEADER_BYTES:]) == crc
        return content if is_whole else None

    def newest_model(self):
        for place, crc in reversed(self.models):
            content = self.model(place, crc)
            if content:
                return content
        return None


def make_card(path, settings=""):
    text = b"teach-camera\n" + settings.encode()
    if len(text) > SETTINGS_BYTES:
        sys.exit(f"{path}: expected at most {SETTINGS_BYTES} bytes of settings, found {len(text)}")
    with open(path, "wb") as card:
        card.write(text)
        card.truncate((IMAGES + 24) * BLOCK)


def write_picture(path, width, height, pixels):
    path.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + pixels)


def drawings():
    """The images that Examples/trainer/trainer.c draws."""
    noise = 1
    for j in range(33):
        corner = 8 + 32 * (j % 3 == 1) + j % 5
        pixels = bytearray()
        for k in range(IMAGE_BYTES):
            row, column = k // 192, k % 192 // 3
            noise = (noise * 1664525 + 1013904223) & 0xFFFFFFFF
            inside = 0 <= row - corner < 16 and 0 <= column - corner < 16
            pixels.append((noise >> 25) + 128 * inside)
        yield 64, 64, bytes(pixels)


def photos(folder):
    from PIL import Image

    for path in sorted(pathlib.Path(folder).iterdir()):
        picture = Image.open(path).convert("RGB")
        yield *picture.size, picture.tobytes()


def card(o):
    make_card(o.card, pathlib.Path(o.settings).read_text() if o.settings else "")


def film(o):
    for number, picture in enumerate(drawings() if o.photos == "drawn" else photos(o.photos)):
        write_picture(pathlib.Path(o.folder, f"{number}.ppm"), *picture)


def show(o):
    c = Card(o.card)
    print(f"{c.entries} entries; {len(c.examples)} examples, {sum(c.labels())} of class B")
    for number, example in enumerate(c.examples):
        if c.image(example) is None:
            print(f"example {number + 1} is damaged")
    for place, crc in c.models[-2:]:
        print(f"model {crc:08x} in place {place}: {'whole' if c.model(place, crc) else 'written over, or damaged'}")


def model(o):
    content = Card(o.card).newest_model()
    if content is None:
        sys.exit(f"{o.card}: there is no model on this card")
    pathlib.Path(o.file).write_bytes(content)


def flat(o):
    c = Card(o.card)
    images = [c.image(example) for example in c.examples]
    if None in images:
        sys.exit(f"{o.card}: example {images.index(None) + 1} is damaged")
    pathlib.Path(o.file).write_bytes(struct.pack("<I", len(images)) + c.labels() + b"".join(images))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for run, names in (card, "card"), (film, "photos folder"), (show, "card"), (model, "card file"), (flat, "card file"):
        p = commands.add_parser(run.__name__)
        p.set_defaults(run=run)
        for name in names.split():
            p.add_argument(name)
        if run is card:
            p.add_argument("settings", nargs="?")
    options = parser.parse_args()
    try:
        options.run(options)
    except OSError as error:
        sys.exit(f"{error.filename or sys.argv[2]}: {error.strerror or error}")


if __name__ == "__main__":
    main()
