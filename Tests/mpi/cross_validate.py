"""nn-mpi cross-validate answers as nn-cli cross-validate does, byte by byte but for times, on any number of ranks.

    Tests/mpi/cross_validate.py NN_MPI NN_CLI [--mpirun WORDS] [--speed]

With --speed, leave-one-out must be 1.9 times as fast on 2 ranks as on 1, in time of processors.
"""

import re
import sys
import tempfile
from pathlib import Path

from common import DataSet, Programs

# Ranks, data and options. A network of two layers takes least time.
CASES = [
    (1, "drawn", "--iterations 20 --verbose"),
    (2, "drawn", "--iterations 20 --json"),
    (3, "drawn", "--iterations 20 40 --weight-decay 0 0.1 1 --learning-rate 0.0075 0.03 --topology two-layer"),
    (2, "drawn", "--iterations 30 20 --precision f32 --mirror --center --own-contrast --balance --repeats 2 --json"),
    (4, "drawn", "--iterations 20 --topology two-layer --mirror --method dual --json"),
    (2, "drawn", "--iterations 4 --method primal --json"),
    (3, "drawn", "--iterations 4 --method primal --precision f32 --mirror --own-contrast --center --balance"),
    (2, "drawn", "--iterations 20 --topology two-layer --leave-one-out --json"),
    (5, "drawn", "--iterations 20 --topology two-layer --leave-one-out --precision f32 --repeats 2"),
    (2, "drawn", "--iterations 40 --learning-rate 1e300 0.0075"),
    (3, "drawn", "--iterations 40 --learning-rate 1e300 0.0075 --json"),
    (2, "drawn", "--iterations 40 --learning-rate 1e300 --json"),
    (2, "drawn", "--iterations 20 --topology two-layer --folds 3 --blocks 4 --json --seed 4294967295"),
    (2, "frames", "--iterations 20 --topology two-layer"),
    (3, "frames", "--iterations 20 --topology two-layer --json"),
    (2, "frames", "--iterations 20 --topology two-layer --blocks 1"),
    (2, "frames", "--iterations 20 --topology two-layer --leave-one-out --quiet"),
    (5, "few", "--iterations 20 --topology two-layer --folds 2"),
    (2, "one", "--iterations 20 --topology two-layer --leave-one-out"),
]

# What some of these answers say, so that it is compared.
SAID = [
    "neighbours stay in one fold (--blocks decides).",
    "no neighbours are kept together",
    "nearly alike lie in different folds",
    "With so few photos",
    "2 photos of cats are too few",
    " diverged ",
    '"best":null',
]

# Options and data that are refused.
REFUSALS = [
    ("drawn", "--iterations 1 4000000000"),
    ("drawn", "--iterations 4294967295"),
    ("drawn", "--leave-one-out --folds 5"),
    ("drawn", "--weight-decay 20 --learning-rate 0.01 0.05"),
    ("drawn", "--folds 50"),
    ("drawn", "--blocks 30"),
    ("one", "--folds 30"),
]


def data_sets():
    """By name: the data, where it is cut into shards, and their order in the manifest."""
    one = DataSet.drawn(30)
    one.labels[:] = 0
    one.labels[7:9] = 1
    return {
        "drawn": (DataSet.drawn(50), [20, 21], [2, 0, 1]),
        "frames": (DataSet.drawn(60, copies=6), [], None),
        "few": (DataSet.drawn(8), [4], None),
        "one": (one, [], None),
    }


def without_times(text):
    """The text without times: those of JSON, lines of progress, and the time of all."""
    text = re.sub(r'"seconds":\{"load":[^,}]*,"total":[^,}]*\}', '"seconds":{}', text)
    return re.sub(r"^(\d+ %, .*|[\d.]+ s in all)\n", "", text, flags=re.MULTILINE)


def compare(programs, folder, ranks, data, options):
    """Returns the answer."""
    expected = programs.cli("cross-validate", f"{data}.h5", "--threads", "1", *options.split(), folder=folder)
    found = programs.mpi(ranks, "cross-validate", f"{data}", *options.split(), folder=folder)
    case = f"{data} {options}, {ranks} ranks"
    assert expected.returncode == 0, f"{case}: nn-cli failed: {expected.stderr}"
    assert found.returncode == 0, f"{case}: nn-mpi failed: {found.stderr}"
    for stream in ("stdout", "stderr"):
        a, b = (without_times(getattr(run, stream)) for run in (expected, found))
        assert a == b, f"{case}: {stream} differs:\n{a}\n{b}"
    return found.stdout


def compare_refusals(programs, folder, data, options):
    """mpirun adds lines of its own to errors, so the first line alone is compared. No rank trains."""
    expected = programs.cli("cross-validate", f"{data}.h5", *options.split(), folder=folder)
    found = programs.mpi(2, "cross-validate", f"{data}", *options.split(), folder=folder)
    message = expected.stderr.splitlines()[0].replace(f"{data}.h5", data)
    case = f"{data} {options}"
    assert expected.returncode in (64, 65) and found.returncode == expected.returncode, f"{case}: {found.returncode}"
    assert found.stdout == "", f"{case}: {found.stdout}"
    assert message.startswith("Error: ") and found.stderr.splitlines()[0] == message, f"{case}: {found.stderr}"
    assert found.stderr.count(message) == 1, f"{case}: {found.stderr}"


# Becomes a program, and terminates it as Slurm does, once it catches the signal. mpirun kills what it has started as soon as one
# rank ends all: that must be the program itself, whose exit code counts.
TERMINATING = """
import os, re, signal, sys, time
program = os.getpid()
if os.fork():
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while not int(re.search("SigCgt:(.*)", open(f"/proc/{program}/status").read())[1], 16) >> signal.SIGTERM - 1 & 1:
        time.sleep(0.01)
    os.kill(program, signal.SIGTERM)
except OSError:
    pass  # it has ended
"""


def check_interruption(programs, folder):
    """One message, whichever rank is the first, and no answer. Reading many photos, and their Gram matrix, are not finished
    before."""
    DataSet.drawn(2000).write_shards(folder / "many", [500, 1000])
    for data in ["drawn"] * 4 + ["many"] * 3:
        words = "cross-validate", data, "--iterations", 1000000
        run = programs.mpi(2, *words, folder=folder, through=[sys.executable, "-c", TERMINATING])
        said = re.findall(r"^nn-mpi: rank \d on .*: interrupted(?: after \d of 5 networks)?$", run.stderr, re.MULTILINE)
        assert run.returncode == 130 and len(said) == 1 and run.stdout == "", f"{run.returncode}: {run.stderr}"
        if data == "many" and "training 5 networks" not in run.stderr:
            return
    raise AssertionError(f"expected an interruption before networks are trained: {run.stderr}")


# Runs a program, and prints the seconds for which it had a processor.
MEASURING = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], close_fds=False)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("seconds", used.ru_utime + used.ru_stime, file=sys.stderr)
sys.exit(code)
"""


def measure_speed(programs, folder):
    """Leave-one-out on 209 photos, the least time of three runs: that of the processor of the busiest rank, which other
    programs on the machine change the least. A rank that waits for others keeps its processor busy."""
    DataSet.drawn(209).write_shards(folder / "many")
    words = "cross-validate", "many", "--leave-one-out", "--quiet"
    seconds = {1: [], 2: []}
    for ranks in 3 * (1, 2):
        run = programs.mpi(ranks, *words, folder=folder, through=[sys.executable, "-c", MEASURING])
        assert run.returncode == 0, run.stderr
        seconds[ranks].append(max(float(of_rank) for of_rank in re.findall(r"seconds (.*)", run.stderr)))
    one, two = (min(times) for times in seconds.values())
    print(f"leave-one-out on 209 photos: {one:.1f} s on 1 rank, {two:.1f} s on 2 ({one / two:.2f} times)")
    assert one / two >= 1.9


class Arguments(Programs):
    def add_arguments(self, parser):
        parser.add_argument("--speed", action="store_true")


def main():
    programs = Arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if programs.speed:
            return measure_speed(programs, folder)
        for name, (data, cuts, order) in data_sets().items():
            data.write_hdf5(folder / f"{name}.h5")
            data.write_shards(folder / name, cuts, order)
        answers = "".join(compare(programs, folder, *case) for case in CASES)
        for text in SAID:
            assert text in answers, text
        for case in REFUSALS:
            compare_refusals(programs, folder, *case)
        check_interruption(programs, folder)
    print(f"cross-validate: {len(CASES)} answers and {len(REFUSALS)} refusals are those of nn-cli")


main()
