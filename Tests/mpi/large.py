"""200,000 images, 2.5 GB, by the primal method: how much memory each rank takes.

    Tests/mpi/large.py NN_MPI NN_CLI [--mpirun WORDS] [--images 200000] [--folder FOLDER]
"""


import re
import tempfile
import time
from pathlib import Path

from common import Programs
from failures import Failures, check, wait_for_ranks

MIB = 1 << 20
IMAGE_BYTES = 64 * 64 * 3
RANKS = 2
# Besides its images a rank has an arena, the labels of all images, and MPI's memory.
ALLOWANCE = 300 * MIB


class Large(Failures):
    def add_arguments(self, parser):
        parser.add_argument("--images", type=int, default=200_000)
        parser.add_argument("--folder", default=None)


def most_memory(process):
    """The most that a process has had in memory, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def watch(programs, run):
    """The most memory of each rank until the run ends."""
    most = dict.fromkeys(wait_for_ranks(programs, run, RANKS), 0)
    while run.poll() is None:
        for process in most:
            try:
                most[process] = max(most[process], most_memory(process))
            except OSError:
                pass  # it has ended
        time.sleep(0.1)
    return most.values()


def main():
    programs = Large(__doc__.splitlines()[0])
    with tempfile.TemporaryDirectory(dir=programs.folder) as name:
        folder = Path(name)
        made = programs.cli("dataset", "shard", "--drawn", programs.images, "-o", "set", "--count", 16, folder=folder)
        check(made.returncode == 0, "dataset shard", made.stdout + made.stderr)
        bytes = sum(path.stat().st_size for path in (folder / "set").iterdir())
        words = ["--method", "primal", "--precision", "f32", "--iterations", 2, "-o", "large.nnk"]
        began = time.monotonic()
        run = programs.start(RANKS, "train", "set", *words, folder=folder)
        memory = watch(programs, run)
        answer = run.communicate()[0]
        seconds = time.monotonic() - began
        check(run.returncode == 0, f"expected exit code 0, got {run.returncode}", answer)
        check((folder / "large.nnk").stat().st_size > 0, "expected a model", answer)
        bound = programs.images * IMAGE_BYTES // RANKS + ALLOWANCE
        check(max(memory) <= bound, f"expected at most {bound} bytes of memory per rank, got {max(memory)}", answer)
    print(
        f"{programs.images} images, {bytes / 1e9:.1f} GB on disk: at most {max(memory) / 1e6:.0f} MB of memory on each of "
        f"{RANKS} ranks (images: {programs.images * IMAGE_BYTES / RANKS / 1e6:.0f} MB); 2 iterations in {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
