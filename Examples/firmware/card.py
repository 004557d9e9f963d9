#!/usr/bin/env python3
"""Makes memory cards for the firmware, and copies models from them. card.h defines the layout of a card.

    card.py make card.img TRAIN [TEST] [--iterations 2500] [--cost-every 100] [--seed 1]
                                       [--learning-rate 0.0075] [--checkpoint-every 0] [--center]
                                       [--images N]
    card.py model card.img model.nnk
    card.py flat TRAIN FILE [--images N]    writes a flat file, which Examples/trainer/trainer.c reads
    card.py images TRAIN FILE [--images N]  writes the images alone, one after the other, which blink-cat reads

--images takes the first N of TRAIN alone, for boards with little memory.
TRAIN and TEST are HDF5 files as in docs/FORMAT.md (h5py is needed), or `drawn` for drawings, or flat files:
m (4 bytes, little-endian), m labels, m images of 12288 bytes.
"""
import argparse
import struct
import sys

BLOCK = 512
LABELS, MODEL, IMAGES = 1, 4096, 8192
LABELS_ROOM = 512
IMAGE_BYTES = 12288
HEADER_BYTES = 64


def drawn():
    """The images that Examples/trainer/trainer.c draws."""
    labels, images, noise = bytearray(), bytearray(), 1
    for j in range(33):
        label = int(j % 3 == 1)
        corner = 8 + 32 * label + j % 5
        labels.append(label)
        for k in range(IMAGE_BYTES):
            row, column = k // 192, k % 192 // 3
            noise = (noise * 1664525 + 1013904223) & 0xFFFFFFFF
            inside = 0 <= row - corner < 16 and 0 <= column - corner < 16
            images.append((noise >> 25) + 128 * inside)
    return bytes(labels), bytes(images), (b"non-cat", b"cat")


def from_hdf5(path):
    try:
        import h5py
    except ImportError:
        sys.exit(f"{path}: h5py is needed to read HDF5 files (apt install python3-h5py, or pip install h5py)")

    with h5py.File(path) as data:
        part = "train" if "train_set_x" in data else "test"
        for name in part + "_set_x", part + "_set_y", "list_classes":
            if name not in data:
                sys.exit(f"{path}: expected a data set as in docs/FORMAT.md, found no {name}")
        labels, images = data[part + "_set_y"][:], data[part + "_set_x"][:]
        names = tuple(bytes(name) for name in data["list_classes"][:])
    return labels.astype("uint8").tobytes(), images.tobytes(), names


def from_flat(path, content):
    if len(content) < 4:
        sys.exit(f"{path}: expected an HDF5 or a flat file, found {len(content)} bytes")
    (m,) = struct.unpack_from("<I", content)
    if len(content) != 4 + m * (1 + IMAGE_BYTES):
        sys.exit(f"{path}: expected {4 + m * (1 + IMAGE_BYTES)} bytes for {m} images, found {len(content)}")
    return content[4 : 4 + m], content[4 + m :], (b"non-cat", b"cat")


def load(path, most=None):
    """Labels, images and class names of a file or of the drawings; of the first `most` images alone."""
    if path == "drawn":
        labels, images, names = drawn()
    else:
        with open(path, "rb") as file:
            content = file.read()
        labels, images, names = from_hdf5(path) if content.startswith(b"\x89HDF") else from_flat(path, content)
    if set(labels) - {0, 1}:
        sys.exit(f"{path}: expected labels 0 and 1, found {max(labels)}")
    count = len(labels) if most is None else most
    return labels[:count], images[: count * IMAGE_BYTES], names


def whole(lowest):
    """The type of an option: a number that the card stores in four bytes."""

    def parse(text):
        if not text.isdecimal() or not lowest <= int(text) < 1 << 32:
            raise argparse.ArgumentTypeError(f"expected a whole number from {lowest} to {(1 << 32) - 1}, found {text}")
        return int(text)

    return parse


def rate(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
    return value


def make(o):
    labels, images, names = load(o.train, o.images)
    test_labels, test_images, _ = load(o.test) if o.test else (b"", b"", None)
    if len(labels) + len(test_labels) > LABELS_ROOM:
        sys.exit(f"{o.card}: {len(labels) + len(test_labels)} images do not fit; at most {LABELS_ROOM} do")
    job = b"NNKCARD1" + struct.pack(
        "<6IdI", len(labels), len(test_labels), o.iterations, o.cost_every, o.seed, o.checkpoint_every,
        o.learning_rate, o.center)
    job = job.ljust(64, b"\0") + b"".join(name[:31].ljust(32, b"\0") for name in names)
    with open(o.card, "wb") as card:
        for block, content in (0, job), (LABELS, labels + test_labels), (IMAGES, images + test_images):
            card.seek(block * BLOCK)
            card.write(content)


def model(o):
    with open(o.card, "rb") as card:
        card.seek((MODEL + 1) * BLOCK - HEADER_BYTES)
        header = card.read(HEADER_BYTES)
        if header[:4] != b"\x8eNN\x1a":
            sys.exit(f"{o.card}: there is no model on this card")
        payload = card.read(struct.unpack_from("<I", header, 32)[0])
    with open(o.model, "wb") as out:
        out.write(header + payload)


def flat(o):
    labels, images, _ = load(o.train, o.images)
    with open(o.file, "wb") as out:
        out.write(struct.pack("<I", len(labels)) + labels + images)


def images(o):
    with open(o.file, "wb") as out:
        out.write(load(o.train, o.images)[1])


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
commands = parser.add_subparsers(required=True)
p = commands.add_parser("make")
p.set_defaults(run=make)
p.add_argument("card")
p.add_argument("train")
p.add_argument("test", nargs="?")
for name, default in ("iterations", 2500), ("cost-every", 100), ("seed", 1), ("checkpoint-every", 0):
    p.add_argument("--" + name, type=whole(0), default=default)
p.add_argument("--learning-rate", type=rate, default=0.0075)
p.add_argument("--center", action="store_true")
p = commands.add_parser("model")
p.set_defaults(run=model)
p.add_argument("card")
p.add_argument("model")
for run in flat, images:
    p = commands.add_parser(run.__name__)
    p.set_defaults(run=run)
    p.add_argument("train")
    p.add_argument("file")
for p in commands.choices.values():
    if p.get_default("run") is not model:
        p.add_argument("--images", type=whole(1), metavar="N")
options = parser.parse_args()
try:
    options.run(options)
except OSError as error:
    sys.exit(f"{error.filename or vars(options).get('train') or options.card}: {error.strerror or error}")
