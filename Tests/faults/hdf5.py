#!/usr/bin/env python3
"""Gives nn-cli hostile and damaged HDF5 files: each is refused or read, in bounded memory, and no other file is opened.

    hdf5.py NN_CLI CALLS_SO FILES [FIRST]      so many damaged files, from number FIRST on

CALLS_SO is made of calls.c: it lists the files that a program opens. Damaged file N is the same each time.
"""
import concurrent.futures
import itertools
import os
import pathlib
import random
import resource
import struct
import subprocess
import sys
import tempfile
import zlib

import h5py
import numpy as np

SECONDS = 90  # no file takes so long, also on a busy machine
MOST_MEMORY = 600 << 20  # bytes: docs/DESIGN.md says 512 MB for the process that reads, beside what nn-cli has
LOG_HEAD, LOG_RECORD, LOG_CALLS = 256, 256, 4000  # calls.c
M = 4
IMAGES = np.random.default_rng(1).integers(0, 256, (M, 64, 64, 3)).astype(np.uint8)
LABELS = np.arange(M) % 2
CLASSES = np.array([b"cup", b"pen"])


def data_set(path, images=IMAGES, names=CLASSES, more=None, **how):
    """A data set as h5py writes it. `more` adds to it."""
    with h5py.File(path, "w", **{k: how.pop(k) for k in ("libver", "userblock_size", "track_order") if k in how}) as file:
        if images is not None:
            file.create_dataset("train_set_x", data=images, **how)
        file["train_set_y"] = LABELS
        if names is not None:
            file["list_classes"] = names
        if more:
            more(file)


def good_files(folder):
    """Data sets that are read, one for each way of storing them."""
    text = np.array(["cup", "pen"], dtype=object)
    for name, how in {
        "plain": {},
        "gzip": dict(chunks=(1, 64, 64, 3), compression="gzip"),
        "filters": dict(chunks=(2, 32, 64, 3), compression="gzip", shuffle=True, fletcher32=True),
        "float": dict(images=IMAGES.astype("f4")),
        "newer": dict(libver="v108", chunks=(2, 64, 64, 3), compression="gzip", track_order=True),
        "text": dict(names=text, userblock_size=512),
    }.items():
        data_set(folder / f"{name}.h5", **how)
        yield folder / f"{name}.h5"


def hostile_files(folder):
    """Files that lead elsewhere, say that they are huge, or never end. All are to be refused."""
    other = folder / "other.h5"
    data_set(other)
    raw = folder / "other.raw"
    raw.write_bytes(IMAGES.tobytes())

    def made(name, more, images=None, names=CLASSES):
        data_set(folder / name, images=images, names=names, more=more)
        return folder / name

    def put(name, value):
        return lambda file: file.__setitem__(name, value)

    yield made("external-link.h5", put("train_set_x", h5py.ExternalLink("other.h5", "train_set_x")))
    yield made("external-link-absolute.h5", put("train_set_x", h5py.ExternalLink(str(other), "train_set_x")))
    yield made("external-group.h5", put("list_classes", h5py.ExternalLink("other.h5", "/list_classes")), IMAGES, None)
    yield made("soft-link.h5", put("train_set_x", h5py.SoftLink("/elsewhere")))
    yield made("soft-cycle.h5", put("train_set_x", h5py.SoftLink("/train_set_x")))
    yield made("external-storage.h5", lambda file: file.create_dataset(
        "train_set_x", IMAGES.shape, "u1", external=[("other.raw", 0, IMAGES.size)]))
    yield made("external-passwd.h5", lambda file: file.create_dataset(
        "train_set_x", IMAGES.shape, "u1", external=[("/etc/passwd", 0, IMAGES.size)]))

    def virtual(file):
        layout = h5py.VirtualLayout(IMAGES.shape, "u1")
        layout[:] = h5py.VirtualSource("other.h5", "train_set_x", IMAGES.shape)
        file.create_virtual_dataset("train_set_x", layout)

    yield made("virtual.h5", virtual)
    yield made("lzf.h5", lambda file: file.create_dataset("train_set_x", data=IMAGES, compression="lzf"))
    for name, shape, chunks in (
        ("bomb-images", (1 << 40, 64, 64, 3), (1, 64, 64, 3)), ("bomb-chunk", (6000, 64, 64, 3), (6000, 64, 64, 3)),
        ("bomb-sides", (M, 1 << 20, 1 << 20, 3), (1, 1024, 1024, 3)),
        ("bomb-rank", (1,) * 30 + (M,), None), ("bomb-empty", (0, 64, 64, 3), None),
    ):
        yield made(name + ".h5", lambda file: file.create_dataset(
            "train_set_x", shape, "u1", chunks=chunks, compression="gzip" if chunks else None))
    yield made("bomb-names.h5", lambda file: file.create_dataset("list_classes", (2,), "S1000000000", chunks=(1,)), IMAGES, None)
    yield made("bomb-labels.h5", lambda file: (file.__delitem__("train_set_y"), file.create_dataset(
        "train_set_y", (1 << 50,), "i8", chunks=(1 << 16,), compression="gzip")), IMAGES)

    def packed(file):
        """2.5 GB in 2.4 MB: one chunk again and again."""
        shape, chunk = (200_000, 64, 64, 3), (500, 64, 64, 3)
        del file["train_set_y"]
        file.create_dataset("train_set_y", data=np.arange(shape[0]) % 2, compression="gzip")
        x = file.create_dataset("train_set_x", shape, "u1", chunks=chunk, compression="gzip")
        content = zlib.compress(np.full(chunk, 200, "u1").tobytes())
        for first in range(0, shape[0], chunk[0]):
            x.id.write_direct_chunk((first, 0, 0, 0), content)

    yield made("bomb-packed.h5", packed)

    def cycle(file):
        file.create_group("train_set_x")
        file["train_set_x/again"] = file["/"]

    yield made("group-cycle.h5", cycle)


def damaged(files, number):
    """Damaged file `number`: one of the files with a few bytes changed, most of them far from the images."""
    chance = random.Random(number)
    content = bytearray(chance.choice(files))
    # Most of a file are pixels, in which there is nothing to break: choose places near bytes that metadata has.
    marks = [b"OHDR", b"HEAP", b"TREE", b"SNOD", b"FRHP", b"BTHD", b"\x89HDF", b"train_", b"list_", b"GCOL", b"OCHK", b"FADB"]
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = content.find(chance.choice(marks))
        place = chance.randrange(len(content)) if at < 0 or chance.random() < 0.25 else (at + chance.randrange(600)) % len(content)
        kind = chance.randrange(6)
        if kind < 3:
            content[place] = (content[place] ^ 1 << chance.randrange(8)) if kind == 0 else chance.randrange(256)
        elif kind == 3:
            value = chance.choice((0, 1, 0x7F, 0x80, 0xFFFF, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, (1 << 64) - 1, len(content)))
            width = chance.choice((1, 2, 4, 8))
            content[place : place + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
        elif kind == 4:
            some = content[place : place + chance.choice((4, 8, 16, 64))]
            to = chance.randrange(len(content))
            content[to : to + len(some)] = some
        else:
            del content[chance.randrange(len(content) // 2, len(content)) :]
    return bytes(content)


class Failed(Exception):
    pass


class Reader:
    def __init__(self, program, calls, folder):
        self.program, self.calls, self.folder = program, calls, folder
        self.memory = 0
        self.results = {}

    def read(self, path, name):
        """Reads all of a file. Returns the exit code."""
        log = path.with_suffix(".log")
        with open(log, "wb") as file:
            file.truncate(LOG_HEAD + LOG_CALLS * LOG_RECORD)
        process = subprocess.Popen(
            [self.program, "evaluate", path.name, "-m", "built-in"], cwd=path.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LD_PRELOAD": self.calls, "CALLS_LOG": str(log)})
        try:
            _, message = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"{name}: still read after {SECONDS} s") from None
        if process.returncode not in (0, 65):
            raise Failed(f"{name}: exit code {process.returncode}: {message.decode(errors='replace')}")
        if process.returncode == 65 and not message.strip():
            raise Failed(f"{name}: refused without a message")
        self.check_opened(log, path, name)
        self.results[process.returncode] = self.results.get(process.returncode, 0) + 1
        return process.returncode

    def check_opened(self, log, path, name):
        with open(log, "rb") as file:
            (count,) = struct.unpack("<I", file.read(4))
            file.seek(LOG_HEAD)
            content = file.read(min(count, LOG_CALLS) * LOG_RECORD)
        log.unlink()
        for at in range(0, len(content), LOG_RECORD):
            if content[at : at + 1] not in (b"o", b"c"):
                continue
            opened = content[at + 16 : at + LOG_RECORD].split(b"\0")[0].decode(errors="replace")
            if opened not in (path.name, "/dev/null") and not opened.startswith(("/proc/self/fd/", "/dev/fd/")):
                raise Failed(f"{name}: opens {opened}")


def main():
    program, calls, count = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3])
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        folder = pathlib.Path(folder)
        reader = Reader(program, calls, folder)
        good = list(good_files(folder))
        contents = [path.read_bytes() for path in good]
        hostile = list(hostile_files(folder))

        def try_damaged(number):
            path = folder / f"damaged{number}" / "data.h5"
            path.parent.mkdir()
            path.write_bytes(damaged(contents, number))
            try:
                reader.read(path, f"damaged file {number}")
            except Failed as failure:
                again = " ".join((*sys.argv[:3], "1", str(number)))
                raise Failed(f"{failure}\n  once more: {again}") from None
            path.unlink()
            path.parent.rmdir()

        try:
            for path in good:
                if reader.read(path, path.name) != 0:
                    raise Failed(f"{path.name}: refused")
            for path in hostile:
                if reader.read(path, path.name) != 65:
                    raise Failed(f"{path.name}: read")
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
                numbers = iter(range(first, first + count))
                while some := list(itertools.islice(numbers, 200)):
                    for _ in pool.map(try_damaged, some):
                        pass
        except Failed as failure:
            sys.exit(f"hdf5.py: {failure}")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
        if memory > MOST_MEMORY:
            sys.exit(f"hdf5.py: {memory >> 20} MB were taken, expected at most {MOST_MEMORY >> 20} MB")
        print(f"{len(good) + len(hostile) + count} points: HDF5 files, {len(hostile)} of them hostile and {count} damaged; "
              f"{reader.results.get(0, 0)} read, {reader.results.get(65, 0)} refused, at most {memory >> 20} MB taken")


main()
