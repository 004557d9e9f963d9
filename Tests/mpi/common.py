"""What the tests of nn-mpi have in common: data sets, and runs of nn-mpi and nn-cli.

A test takes the programs: TEST.py NN_MPI NN_CLI [--mpirun WORDS].
"""

import argparse
import os
import shlex
import subprocess
from dataclasses import dataclass

import h5py
import numpy
import shards


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

    def write_shards(self, folder, cuts=(), order=None):
        """As nn-mpi reads it, cut before these examples; the manifest names the shards in this order."""
        shards.write(folder, self.images, self.labels, cuts, self.classes, order)


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

    def mpi(self, ranks, *words, folder=".", through=()):
        """through: a program that runs nn-mpi, on each rank"""
        return self.run([*self.mpirun, "-n", str(ranks), *through, self.nn_mpi, *words], folder)

    def cli(self, *words, folder="."):
        return self.run([self.nn_cli, *words], folder)

    def run(self, words, folder="."):
        words = [str(word) for word in words]
        return subprocess.run(
            words, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
        )
