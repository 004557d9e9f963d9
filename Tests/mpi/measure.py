"""Measures nn-mpi train on this machine, and what a model of its time says of other numbers of ranks and images.

    Tests/mpi/measure.py NN_MPI NN_CLI LINKS TABLES [--mpirun WORDS]

LINKS is made of links.c. TABLES is a folder for the tables of docs/CLUSTER.md: cluster-times and cluster-model. The machine
should have nothing else to do.
"""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common import DataSet, Programs

N, U, B = 12288, 20, 4  # bytes of an image, units of layer 1, bytes of a float
ALL_UNITS = 33  # of layers 1 to 4
PATCH = 192  # bytes of the input whose weights are added up at once
SHARED_FROM = 1024  # images from which on ranks share iterations of the dual
RANKS = 1, 2, 4
DUAL, PRIMAL = (1024, 2048, 4096), (1024, 4096, 8192)


@dataclass
class Speeds:
    """Of one rank, and of what two ranks exchange."""

    gram: float  # products of bytes per second
    walk: float  # bytes of the Gram matrix per second
    products: float  # of the primal, per second
    latency: float  # seconds of an exchange of few bytes
    bandwidth: float  # bytes per second
    message: float = 0  # seconds that a rank needs for one more message

    def exchange(self, ranks, count, size):
        """Seconds of exchanges, in which a rank gets (1 - 1 / ranks) of so many bytes."""
        if ranks == 1:
            return 0
        return count * (self.latency + (ranks - 2) * self.message) + size * (1 - 1 / ranks) / self.bandwidth

    def setup(self, method, ranks, m):
        if method == "primal":
            return 0
        return N * m * m / 2 / self.gram / ranks + self.exchange(ranks, 1, 2 * B * m * m)

    def iteration(self, method, ranks, m):
        if method == "primal":
            return 2 * U * N * m / self.products / ranks + self.exchange(ranks, 2 * N / PATCH + 11, 2 * B * U * N)
        shared = ranks if m >= SHARED_FROM else 1
        return B * m * m / self.walk / shared + self.exchange(shared, 1, 2 * B * U * m)


def bytes_of_rank(method, ranks, m):
    """Memory of a rank: images and all else."""
    if method == "dual":
        return (N + 1) * m + B * m * m + 4 * B * U * m + B * U * N
    return N * m / ranks + m + B * ALL_UNITS * m / ranks + 1.2 * B * U * N


# ---- Measuring -------------------------------------------------------------------------------------------------------


def seconds_of(programs, folder, method, ranks, m):
    """Seconds of the setup and of an iteration: the least of three runs."""
    iterations = 100 if method == "dual" else 5
    runs = []
    for _ in range(3):
        run = programs.mpi(
            ranks, "train", m, "--method", method, "--precision", "f32", "--iterations", iterations, "--json", "--quiet",
            "--force", folder=folder,
        )
        assert run.returncode == 0, run.stderr
        runs.append(json.loads(run.stdout)["seconds"])
    return min(run["setup"] for run in runs), min(run["loop"] for run in runs) / iterations


def measure(programs, folder):
    """(method, images, ranks): seconds of the setup, and of an iteration."""
    return {
        (method, m, ranks): seconds_of(programs, folder, method, ranks, m)
        for method, sizes in (("dual", DUAL), ("primal", PRIMAL))
        for m in sizes
        for ranks in RANKS
    }


def speeds_of(programs, found):
    """From runs on one rank, and from links.c."""
    links = programs.run([*programs.mpirun, "-n", 2, programs.links])
    latency, bandwidth = (float(word) for word in links.stdout.split())
    largest, many = DUAL[-1], PRIMAL[-1]
    setup, iteration = found["dual", largest, 1]
    return Speeds(
        gram=N * largest**2 / 2 / setup,
        walk=B * largest**2 / iteration,
        products=2 * U * N * many / found["primal", many, 1][1],
        latency=latency,
        bandwidth=bandwidth,
    )


# ---- Tables ----------------------------------------------------------------------------------------------------------


def time_text(seconds):
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60), ("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= length or unit == "µs":
            count = seconds / length
            return f"{count:.1f} {unit}" if count < 10 else f"{count:.0f} {unit}"


def bytes_text(count):
    unit, length = ("GB", 1e9) if count >= 1e9 else ("MB", 1e6)
    return f"{count / length:.2g} {unit}" if count < 10 * length else f"{count / length:.0f} {unit}"


def times_table(found, speeds, processors):
    lines = [
        f"{processors} processors; one rank: {speeds.gram / 1e9:.0f} billion products of bytes per second, "
        f"{speeds.walk / 1e9:.1f} GB of the Gram matrix per second, {speeds.products / 1e9:.1f} billion products of the primal "
        f"per second; between two ranks: {speeds.latency * 1e6:.1f} µs, {speeds.bandwidth / 1e9:.1f} GB per second. "
        "Measured / model; more ranks than processors share them.\n",
        "| method | images | ranks | setup | an iteration |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for (method, m, ranks), (setup, iteration) in found.items():
        busy = min(ranks, processors)
        model = speeds.setup(method, busy, m), speeds.iteration(method, busy, m)
        beginning = f"{time_text(setup)} / {time_text(model[0])}" if method == "dual" else time_text(setup)
        lines.append(f"| {method} | {m:,} | {ranks} | {beginning} | {time_text(iteration)} / {time_text(model[1])} |")
    return "\n".join(lines) + "\n"


def model_table(speeds):
    cluster = Speeds(speeds.gram, speeds.walk, speeds.products, latency=30e-6, bandwidth=1.25e9, message=1e-6)
    columns = 1, 16, 64, 1024
    lines = [
        "| images | method | " + " | ".join(f"{ranks} rank{'s' * (ranks > 1)}" for ranks in columns) + " | memory of each of 64 |",
        "| ---: | --- |" + " ---: |" * (len(columns) + 1),
    ]
    for method, m in [("dual", 5000), ("dual", 20000)] + [("primal", 10**k) for k in range(4, 10)]:
        times = [
            time_text(cluster.setup(method, ranks, m) + 2500 * cluster.iteration(method, ranks, m)) for ranks in columns
        ]
        lines.append(f"| {m:,} | {method} | " + " | ".join(times) + f" | {bytes_text(bytes_of_rank(method, 64, m))} |")
    return "\n".join(lines) + "\n"


class Arguments(Programs):
    def add_arguments(self, parser):
        parser.add_argument("links", type=os.path.abspath)
        parser.add_argument("tables", type=Path)


def main():
    programs = Arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for m in {*DUAL, *PRIMAL}:
            DataSet.drawn(m).write_shards(folder / str(m))
        found = measure(programs, folder)
    speeds = speeds_of(programs, found)
    (programs.tables / "cluster-times").write_text(times_table(found, speeds, os.cpu_count()))
    (programs.tables / "cluster-model").write_text(model_table(speeds))


main()
