"""What the tests of nn-mpi have in common: data sets, and runs of nn-mpi and nn-cli.

A test takes the programs: TEST.py NN_MPI NN_CLI [--mpirun WORDS].
"""

import argparse
import os
import shlex
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy


@dataclass
class DataSet:
    """Images (m, 64, 64, 3) of bytes, and labels (m), each 0 or 1."""

    images: numpy.ndarray
    labels: numpy.ndarray
    classes: tuple = ("other", "cats")

    @staticmethod
    def drawn(count, seed=1, copies=1):
        """Random images, brighter in the middle if they are of class 1. Each one is there as so many nearly equal copies."""
        random = numpy.random.default_rng(seed)
        labels = random.permutation(numpy.arange(count // copies) % 2).astype(numpy.uint8)
        images = random.integers(60, 190, (count // copies, 64, 64, 3))
        images[:, 20:44, 20:44] += 12 * labels[:, None, None, None]
        images = numpy.repeat(images, copies, axis=0)
        if copies > 1:
            images += random.integers(0, 3, images.shape)
        return DataSet(images.astype(numpy.uint8), numpy.repeat(labels, copies))

    def write_hdf5(self, path):
        """As nn-cli reads it."""
        with h5py.File(path, "w") as file:
            file["train_set_x"] = self.images
            file["train_set_y"] = self.labels.astype(numpy.int64)
            file["list_classes"] = numpy.array([name.encode() for name in self.classes])

    def write_shards(self, folder, counts, order=None):
        """As docs/FORMAT.md describes sharded data sets: shards of so many examples, named in the manifest in this order."""
        folder = Path(folder)
        folder.mkdir()
        assert sum(counts) == len(self.labels)
        head = f"nn-shards 1\nexamples {len(self.labels)}\nimage 64 64 3\n"
        head += "".join(f"class {name}\n" for name in self.classes)
        head += f"labels {zlib.crc32(self.labels.tobytes()):08x}\nimages {zlib.crc32(self.images.tobytes()):08x}\n"
        identity = zlib.crc32(head.encode())
        lines, first = [], 0
        for number, count in enumerate(counts):
            lines.append(self._write_shard(folder / f"shard-{number:05}.nns", identity, first, count))
            first += count
        text = head + f"set {identity:08x}\n" + "".join(lines[number] for number in order or range(len(counts)))
        (folder / "manifest.txt").write_text(text)

    def _write_shard(self, path, identity, first, count):
        labels = self.labels[first : first + count].tobytes()
        images = self.images[first : first + count].tobytes()
        crcs = zlib.crc32(labels), zlib.crc32(images)
        place = struct.pack("<4IHHHH2I", identity, len(self.labels), first, count, 64, 64, 3, 0, *crcs)
        header = bytes([0x8E, 0x4E, 0x4E, 0x73, 1, 64, 0, 0]) + place + bytes(20)
        path.write_bytes(header + struct.pack("<I", zlib.crc32(header)) + labels + images)
        return f"shard {first} {count} {crcs[0]:08x} {crcs[1]:08x} {path.name}\n"


class Programs:
    """nn-mpi and nn-cli, as the command line of a test names them."""

    def __init__(self, description):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("nn_mpi", type=os.path.abspath)
        parser.add_argument("nn_cli", type=os.path.abspath)
        parser.add_argument("--mpirun", default="mpirun --oversubscribe", type=shlex.split)
        self.add_arguments(parser)
        vars(self).update(vars(parser.parse_args()))
        # OpenMPI refuses to run as root, as tests in containers do, unless these say that it is meant.
        self.environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

    def add_arguments(self, parser):
        """For options of a test's own."""

    def mpi(self, ranks, *words, folder="."):
        return self._run([*self.mpirun, "-n", str(ranks), self.nn_mpi, *words], folder)

    def cli(self, *words, folder="."):
        return self._run([self.nn_cli, *words], folder)

    def _run(self, words, folder):
        words = [str(word) for word in words]
        return subprocess.run(
            words, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
        )
