"""nn-mpi train says and writes what nn-cli train does, byte by byte but for times, on any number of ranks.

    Tests/mpi/train.py NN_MPI NN_CLI [--mpirun WORDS] [--speed | --all]

With --all, models of both methods and types on many numbers of ranks, with shards of any sizes in any order, are compared with
nn-cli's. With --speed, the dual method on 4096 images must be 1.7 times as fast on 2 ranks as on 1; how nn-cli on two threads compares is
printed. For two processors that are free.
"""

import json
import os
import re
import signal
import struct
import subprocess
import tempfile
import time
import zlib
from hashlib import sha256
from pathlib import Path

import numpy
from common import DataSet, Programs

PRIMAL = "--method primal --iterations 5 --log-every 2"

# Ranks, data and options. From 1024 images on, mirror images included, ranks share iterations.
CASES = [
    (1, "drawn", "--iterations 20"),
    (2, "drawn", "--iterations 20 --json -o=model.nnk"),
    (3, "drawn", "--iterations 20 --precision f32 --log-every 3 --log-csv costs.csv"),
    (4, "drawn", "--iterations 20 --topology two-layer --log-every 7 --seed 4294967295"),
    (8, "drawn", "--iterations 20 --topology two-layer --precision f32 --json"),
    (2, "drawn", "--iterations 20 --mirror --center --own-contrast --weight-decay 0.1"),
    (3, "drawn", "--iterations 30 --hold-out 0.2 --balance --keep-best --log-every 4 --json --log-csv costs.csv"),
    (2, "drawn", "--iterations 30 --hold-out 0.01 --log-every 10"),
    (2, "drawn", "--iterations 20 --from start.nnk --precision f32"),
    (2, "drawn", "--iterations 40 --learning-rate 2"),
    (1, "drawn", "--iterations 3 --log-every 1 --learning-rate 1e20 --hold-out 0.2"),
    (2, "one class", "--iterations 10"),
    (3, "many", "--method dual --iterations 3 --log-every 1"),
    (2, "many", "--method dual --iterations 3 --precision f32 --topology two-layer --own-contrast --center"),
    (1, "drawn", f"{PRIMAL} --virtual-shards 64"),
    (2, "drawn", f"{PRIMAL} --virtual-shards 64 --precision f32 --json"),
    (3, "drawn", f"{PRIMAL} --virtual-shards 64 --balance --weight-decay 0.1 --hold-out 0.2 --keep-best"),
    (4, "drawn", f"{PRIMAL} --virtual-shards 8 --from start.nnk --center --mirror --precision f32"),
    (8, "drawn", f"{PRIMAL} --virtual-shards 64 --topology two-layer --own-contrast --center --hold-out 0.2"),
    (3, "many", f"{PRIMAL} --virtual-shards 1024 --topology two-layer --precision f32 --json"),
    (5, "few", f"{PRIMAL} --virtual-shards 64 --topology two-layer"),
    (2, "half", "--method dual --iterations 3 --mirror --topology two-layer --weight-decay 1 --hold-out 0.5"),
]

# What some of these runs say, so that it is compared.
SAID = [
    "warning: all 30 training images are of other",
    "warning: the network gives the same answer for every training image",
    "warning: --learning-rate 2.0 is probably too high",
    "Held-out Accuracy",
]

# Data and options that are refused.
REFUSALS = [
    ("drawn", "--iterations 0"),
    ("drawn", "--learning-rate 1e999"),
    ("drawn", "--weight-decay 200"),
    ("drawn", "--hold-out 1"),
    ("drawn", "--keep-best"),
    ("drawn", "--resume"),
    ("drawn", "--checkpoint -"),
    ("drawn", "--checkpoint start.nnk"),
    ("drawn", "--checkpoint missing --resume"),
    ("drawn", "--checkpoint start.nnk --resume"),
    ("drawn", "--checkpoint run.nnc --log-csv run.nnc"),
    ("drawn", "--log-csv start.nnk --from start.nnk"),
    ("drawn", "--log-csv missing/costs.csv"),
    ("drawn", "--log-csv loop"),
    ("drawn", "--log-csv drawn"),
    ("drawn", "--output costs.csv/x"),
    ("drawn", "--log-csv - --json"),
    ("drawn", "--output /dev/stdout --json"),
    ("drawn", "--virtual-shards 16 --method dual"),
    ("drawn", "--virtual-shards 16"),
    ("drawn", "-vq"),
    ("drawn", "--learning-rate="),
    ("drawn", "--from missing"),
    ("drawn", "--from start.nnk --topology two-layer"),
    ("drawn", "--from start.nnk --own-contrast"),
    ("drawn", "--from costs.csv"),
    ("alone", "--hold-out 0.5"),
    ("drawn", "--iterations 40 --learning-rate 1e300"),
    ("drawn", "--iterations 1 --precision f32 --learning-rate 1e300"),
    ("drawn", "--checkpoint /dev/null"),
    ("drawn", "--checkpoint large --resume"),
    ("drawn", "--from later.nnk"),
    ("drawn", "--from odd.nnk"),
    ("drawn", "--checkpoint later.nnc --resume"),
    ("damaged", "--from missing"),
]


def data_sets():
    """By name: the data, where it is cut into shards, and their order in the manifest."""
    one, alone = DataSet.drawn(30), DataSet.drawn(30)
    one.labels[:] = 0
    alone.labels[:] = 0
    alone.labels[11] = 1
    return {
        "drawn": (DataSet.drawn(50), [20, 21, 45], [2, 0, 3, 1]),
        "one class": (one, [1], None),
        "alone": (alone, [], None),
        "damaged": (alone, [], None),
        "many": (DataSet.drawn(1040), [1000, 1039], None),
        "few": (DataSet.drawn(5), [], None),
        "half": (DataSet.drawn(520), [1, 500], [1, 0, 2]),
    }


def without_times(text):
    """The text without times: those of JSON, and lines of progress; nor the memory of a part of the images."""
    if "method: primal" in text or '"method":"primal"' in text:
        text = re.sub(r'"arena_bytes":\d+|with \d+ bytes of memory', "", text)
    text = re.sub(r'"seconds":\{[^}]*\}', '"seconds":{}', text)
    text = re.sub(r"(wrote .* bytes\)) after .* s\n", r"\1\n", text)
    return re.sub(r"^\d+ of \d+ iterations, .*\n", "", text, flags=re.MULTILINE)


def files_of(folder, options):
    """The files that a run has written."""
    names = ["model.nnk"] + re.findall(r"--log-csv (\S+)", options)
    return {name: (folder / name).read_bytes() for name in names}


def compare(programs, folder, ranks, data, options):
    """Returns what is said."""
    case = f"{data} {options}, {ranks} ranks"
    expected = programs.cli("train", "--train", f"{data}.h5", "--force", *options.split(), folder=folder)
    assert expected.returncode == 0, f"{case}: nn-cli failed: {expected.stderr}"
    files = files_of(folder, options)
    found = programs.mpi(ranks, "train", data, "--force", *options.split(), folder=folder)
    assert found.returncode == 0, f"{case}: nn-mpi failed: {found.stderr}"
    assert files_of(folder, options) == files, f"{case}: other files"
    for stream in ("stdout", "stderr"):
        a, b = (without_times(getattr(run, stream)) for run in (expected, found))
        assert a == b, f"{case}: {stream} differs:\n{a}\n{b}"
    return found.stdout + found.stderr


def compare_refusals(programs, folder, data, options):
    """mpirun adds lines of its own to errors, so one line alone is compared. A message about a file names the rank."""
    expected = programs.cli("train", "--train", f"{data}.h5", *options.split(), folder=folder)
    found = programs.mpi(2, "train", data, *options.split(), folder=folder)
    case = f"{data} {options}"
    message = next(line for line in expected.stderr.splitlines() if line.startswith("Error: "))[7:].replace(f"{data}.h5", data)
    lines = [re.sub(r"^(Error: |nn-mpi: rank \d+ on \S+: )", "", line) for line in found.stderr.splitlines()]
    assert expected.returncode != 0 and found.returncode == expected.returncode, f"{case}: {found.returncode} {found.stderr}"
    assert lines.count(message) == 1, f"{case}: expected {message}, got {found.stderr}"


def with_header(data, places):
    """A file whose header says something else at these places, with the right checksum."""
    data = bytearray(data)
    for place, (format, value) in places.items():
        struct.pack_into(format, data, place, value)
    struct.pack_into("<I", data, 60, zlib.crc32(data[:60]))
    return data


def write_odd_files(folder):
    """Models and a checkpoint of other versions, a file that fits into no memory, and a set with a damaged image."""
    model = (folder / "start.nnk").read_bytes()
    (folder / "later.nnk").write_bytes(with_header(model, {4: ("B", 4)}))
    (folder / "odd.nnk").write_bytes(with_header(model, {4: ("B", 3)}))
    (folder / "later.nnc").write_bytes(with_header(model, {4: ("B", 4), 7: ("B", 1)}))
    with open(folder / "large", "wb") as file:
        file.truncate(1 << 42)
    with open(folder / "damaged" / "shard-00000.nns", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\0")


def options_of(text):
    return set(re.findall(r"--[a-z-]+", text))


def compare_help(programs):
    """Help names the options of nn-cli train, but for what nn-mpi has not; each is explained in the same words."""
    expected, found = (run("train", "--help").stdout for run in (programs.cli, lambda *words: programs.mpi(2, *words)))
    expected_only = options_of(expected) - options_of(found)
    found_only = options_of(found) - options_of(expected)
    assert expected_only <= {"--train", "--test", "--positive", "--images", "--labels", "--report", "--color"}, expected_only
    assert found_only <= {"--virtual-shards", "--fast-reduce"}, found_only
    assert found.count("OVERVIEW: ") == 1, "several ranks print help"
    for option in "topology", "method", "seed", "own-contrast", "weight-decay", "hold-out", "force":
        entry = re.search(rf"^  --{option} .*\n(?: {{26}}.*\n)*", expected, re.MULTILINE)
        assert entry[0] in found, f"{option}: {found}"
    assert re.fullmatch(r"nn-mpi \d+\.\d+\.\d+\n", programs.mpi(2, "--version").stdout)
    assert programs.mpi(1, "trian").returncode == 64


def compare_fast(programs, folder):
    """--fast-reduce adds up in another order. In f64, each sum of some thousand positive and negative numbers may be off by
    1e-13 then; in few iterations, costs by little more."""
    words = [*PRIMAL.split(), "--virtual-shards", 64, "--json", "--force"]
    exact = programs.cli("train", "--train", "drawn.h5", *words, folder=folder)
    fast = programs.mpi(3, "train", "drawn", *words, "--fast-reduce", folder=folder)
    assert fast.returncode == 0 and "--fast-reduce: the last bits" in fast.stderr, fast.stderr
    a, b = (json.loads(run.stdout)["costs"] for run in (exact, fast))
    assert numpy.shape(a) == numpy.shape(b) and numpy.allclose(a, b, rtol=1e-12, atol=0), f"{a}\n{b}"


def compare_places(programs, folder):
    """Where files go: through a link, with the mode that the file had; to standard output; nothing stays behind."""
    words = "--iterations", "2", "--method", "dual"
    (folder / "link").symlink_to("real")
    assert programs.cli("train", "--train", "drawn.h5", *words, "-o", "expected", folder=folder).returncode == 0
    expected = (folder / "expected").read_bytes()
    for mode in 0o640, 0o604:
        run = programs.mpi(2, "train", "drawn", *words, "-o", "link", folder=folder)
        assert run.returncode == 0 and (folder / "link").is_symlink(), run.stderr
        assert (folder / "real").read_bytes() == expected
        assert mode == 0o640 or (folder / "real").stat().st_mode & 0o777 == 0o640
        (folder / "real").chmod(mode)
    command = [*programs.mpirun, "-n", "2", programs.nn_mpi, "train", "drawn", *words, "-o", "-"]
    with open(folder / "piped", "wb") as output:
        subprocess.run(
            command, cwd=folder, env=programs.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL
        )
    assert (folder / "piped").read_bytes() == expected
    assert not list(folder.glob(".*.part"))


def begin(programs, folder, *words, **how):
    """One rank, without mpirun."""
    words = [programs.nn_mpi, "train", "drawn", "--iterations", "2", "--method", "dual", *words]
    how = {"stdout": subprocess.DEVNULL} | how
    return subprocess.Popen(
        words, cwd=folder, env=programs.environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **how
    )


def refusal(run):
    _, said = run.communicate(timeout=60)
    return run.returncode, said


def check_open_outputs(programs, folder):
    """An output that is open already is written on; a pipe is waited for, also by who interrupts the run."""
    expected = (folder / "expected").read_bytes()
    (folder / "appended").write_bytes(b"kept")
    with open(folder / "appended", "ab") as output:
        assert begin(programs, folder, "-o", "/dev/stdout", stdout=output).wait(60) == 0
    assert (folder / "appended").read_bytes() == b"kept" + expected
    os.mkfifo(folder / "pipe")
    run = begin(programs, folder, "-o", "pipe")
    assert (folder / "pipe").read_bytes() == expected
    assert run.wait(60) == 0
    run = begin(programs, folder, "-o", "pipe")
    while "waiting" not in (line := run.stderr.readline()):
        assert line, "expected a note that the pipe is waited for"
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 130


def check_owners(programs, folder):
    """The owner of a model stays; another user's link in a folder that all may write to is not followed."""
    said = refusal(begin(programs, folder, "-o", ""))[1]
    assert ' "": ' in said, said
    if os.getuid() != 0:
        print("train: skipped: files of another user, which root alone can make")
        return
    (folder / "theirs").write_bytes(b"")
    os.chown(folder / "theirs", 65534, 65534)
    (folder / "theirs").chmod(0o640)
    assert begin(programs, folder, "-o", "theirs", "--force").wait(60) == 0
    there = (folder / "theirs").stat()
    assert (there.st_uid, there.st_gid, there.st_mode & 0o777) == (65534, 65534, 0o640)
    public = folder / "public"
    public.mkdir()
    public.chmod(0o1777)
    (public / "link").symlink_to("../theirs")
    os.chown(public / "link", 65534, 65534, follow_symlinks=False)
    before = (folder / "theirs").read_bytes()
    code, said = refusal(begin(programs, folder, "-o", "public/link", "--seed", "2"))
    assert code == 74 and "a link of another user in a folder that all may write to" in said, said
    assert (folder / "theirs").read_bytes() == before


def check_overflow(programs, folder):
    """A model with which predictions overflow replaces none."""
    (folder / "good.nnk").write_text("a model")
    words = "train", "drawn", "-o", "good.nnk", "--iterations", 1, "--learning-rate", 1e160
    run = programs.mpi(2, *words, folder=folder)
    expected = "Error: the cost is no longer finite after iteration 1; try a --learning-rate below 1e+160\n"
    assert run.returncode == 65 and expected in run.stderr, run.stderr
    assert (folder / "good.nnk").read_text() == "a model"


def refuse(programs, folder, code, message, *words, ranks=1, through=()):
    run = programs.mpi(ranks, "train", *words, folder=folder, through=through)
    assert run.returncode == code and run.stderr.count(message) == 1, f"{words}: {run.returncode} {run.stderr}"


def check_refusals(programs, folder):
    """What nn-cli cannot refuse: files of a sharded data set as outputs, too many ranks, and ranks of different command lines."""
    files = {path: path.read_bytes() for path in (folder / "drawn").iterdir()}
    for option, name in ("--output", "manifest.txt"), ("--log-csv", "shard-00001.nns"):
        message = f"Error: {option}: expected a file other than the data set, got drawn/{name}"
        refuse(programs, folder, 64, message, "drawn", "--iterations", 1, option, f"drawn/{name}")
    assert files == {path: path.read_bytes() for path in (folder / "drawn").iterdir()}
    message = "--method primal: expected at most as many ranks as images, 5, got 6"
    refuse(programs, folder, 64, message, "few", *PRIMAL.split(), "--virtual-shards", 64, ranks=6)
    message = "--fast-reduce needs --method primal"
    refuse(programs, folder, 64, message, "drawn", "--method", "dual", "--fast-reduce")
    refuse(programs, folder, 64, message, "drawn", "--fast-reduce")
    other = ":", "-n", 1, programs.nn_mpi, "train", "drawn", "--bad"
    message = ": expected the options of rank 0, got nn-mpi train drawn --bad"
    refuse(programs, folder, 64, message, "drawn", "--iterations", 1, *other)
    run = programs.mpi(1, "trian", "drawn")
    assert run.returncode == 64 and "Unknown command 'trian'; expected train or cross-validate" in run.stderr, run.stderr
    limited = "bash", "-c", 'ulimit -f 1000; exec "$@"', "bash"  # KiB; also MPI has files
    message = "File too large; expected a file to write"
    if "HYDRA" in programs.run([*programs.mpirun, "--version"]).stdout:
        print("train: skipped: ulimit -f, under which MPICH itself does not begin")
    else:
        refuse(programs, folder, 74, message, "drawn", "--iterations", 1, "--output", "large.nnk", ranks=2, through=limited)
    assert not (folder / "large.nnk").exists()


def check_launch(programs, folder):
    """What srun starts without MPI's knowledge is told so, once."""
    words = [programs.nn_mpi, "train", "drawn", "--iterations", "1", "--force"]
    for task, times in (0, 1), (1, 0):
        slurm = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": str(task)}
        run = subprocess.run(words, cwd=folder, env=programs.environment | slurm, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert run.stderr.count("warning: srun has started 2 processes, but MPI finds one") == times, run.stderr


# ---- Checkpoints -----------------------------------------------------------------------------------------------------


def ranks_of(nn_mpi):
    """The process numbers of the ranks that run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cmdline").read_bytes().split(b"\0")[0] == os.fsencode(nn_mpi):
                found.append(int(process.name))
        except OSError:
            pass
    return found


def interrupt(programs, folder, words, signal_one):
    """Begins a run, and sends a signal once its checkpoint is there."""
    run = subprocess.Popen(
        [str(word) for word in words], cwd=folder, env=programs.environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
    )
    while not (folder / "run.nnc").exists():
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
    signal_one(run)
    message = run.communicate(timeout=60)[1]
    assert run.returncode == 130, f"{run.returncode}: {message}"
    assert re.search(r"interrupted after \d+ of \d+ iterations; model.nnk was not written; to continue, ", message), message


def check_checkpoints(programs, folder, iterations, *options):
    """Runs that were interrupted go on in the other program, and on another number of ranks, to the same bytes."""
    words = "--topology", "two-layer", "--precision", "f32", "--iterations", iterations, "--log-every", iterations
    train = ["drawn", *words, *options]
    cli = ["train", "--train", "drawn.h5", *train[1:], "--force"]
    assert programs.cli(*cli, folder=folder).returncode == 0
    expected = (folder / "model.nnk").read_bytes()
    saving = ["--checkpoint", "run.nnc", "--force"]

    def begin_with_ranks(ranks):
        words = [*programs.mpirun, "-n", ranks, programs.nn_mpi, "train", *train, *saving]
        interrupt(programs, folder, words, lambda run: os.kill(max(ranks_of(programs.nn_mpi)), signal.SIGTERM))

    def begin_alone():
        interrupt(programs, folder, [programs.nn_cli, *cli, *saving[:2]], lambda run: run.send_signal(signal.SIGINT))

    resuming = [*saving, "--resume"]
    for begin, resume in [
        (lambda: begin_with_ranks(3), lambda: programs.cli(*cli, *resuming[:2], "--resume", folder=folder)),
        (lambda: begin_with_ranks(2), lambda: programs.mpi(3, "train", *train, *resuming, folder=folder)),
        (begin_alone, lambda: programs.mpi(2, "train", *train, *resuming, folder=folder)),
    ]:
        (folder / "model.nnk").unlink()
        begin()
        other = programs.mpi(2, "train", *train, *resuming, "--seed", "2", folder=folder)
        assert other.returncode == 65 and "got one with --seed 1 (here 2)" in other.stderr, other.stderr
        run = resume()
        assert run.returncode == 0, run.stderr
        assert (folder / "model.nnk").read_bytes() == expected and not (folder / "run.nnc").exists()


def check_saves(programs, folder):
    """Runs that are saved after each turn (-DCHECKPOINT_SECONDS=0): also the last one, and one whose weights are not finite."""
    saving = "--method primal --virtual-shards 8 --precision f32 --checkpoint run.nnc"
    for iterations in 1, 2:
        compare(programs, folder, 1, "drawn", f"{saving} --iterations {iterations} --center")
    for rate in "1e300", "1e15":
        run = programs.mpi(
            1, "train", "drawn", *saving.split(), "--iterations", 40, "--learning-rate", rate, "--hold-out", 0.2, folder=folder
        )
        assert run.returncode == 65 and run.stderr.count("Error: the cost is no longer finite") == 1, run.stderr
        if rate == "1e300":  # what is there to go on from is kept; its payload is made too short to have all numbers
            saved = (folder / "run.nnc").read_bytes()[: 64 + 40]
            places = {32: ("<I", 40), 36: ("<I", zlib.crc32(saved[64:]))}
            (folder / "short.nnc").write_bytes(with_header(saved, places))
        (folder / "run.nnc").unlink(missing_ok=True)
    compare_refusals(programs, folder, "drawn", "--checkpoint short.nnc --resume --hold-out 0.2")


# ---- All -------------------------------------------------------------------------------------------------------------


def check_all(programs, folder):
    random = numpy.random.default_rng(1)
    data = DataSet.drawn(300)
    data.write_hdf5(folder / "all.h5")
    for method, shards in ("dual", []), ("primal", ["--virtual-shards", "64"]):
        for precision in "f32", "f64":
            words = ["--method", method, *shards, "--precision", precision, "--iterations", "20", "-o", "model.nnk"]
            assert programs.cli("train", "--train", "all.h5", *words, folder=folder).returncode == 0
            expected = sha256((folder / "model.nnk").read_bytes()).hexdigest()
            for ranks in 1, 2, 3, 4, 8:
                cuts = sorted(random.choice(range(1, 300), size=ranks + 3, replace=False))
                data.write_shards(folder / f"{method}{precision}{ranks}", cuts, random.permutation(len(cuts) + 1))
                run = programs.mpi(ranks, "train", f"{method}{precision}{ranks}", *words, folder=folder)
                assert run.returncode == 0, run.stderr
                found = sha256((folder / "model.nnk").read_bytes()).hexdigest()
                assert found == expected, f"{method} {precision}, {ranks} ranks, cut before {cuts}: {found}"
            print(f"{method} {precision}: SHA-256 {expected}")
    print("dual and primal, f32 and f64, on 1, 2, 3, 4 and 8 ranks, with shards of any sizes in any order: the bytes of nn-cli's")


# ---- Speed -----------------------------------------------------------------------------------------------------------


def seconds_of(run):
    assert run.returncode == 0, run.stderr
    seconds = json.loads(run.stdout)["seconds"]
    return seconds["setup"] + seconds["loop"]


def measure_speed(programs, folder):
    """The least time of four runs of 1000 iterations, without reading and writing. Centred, so that no layer dies: zeros take
    less time."""
    data = DataSet.drawn(4096)
    data.write_hdf5(folder / "m.h5")
    data.write_shards(folder / "m", [2000])
    options = ["--method", "dual", "--iterations", 1000, "--precision", "f32", "--center", "--json", "--force"]
    seconds = {1: [], 2: [], "nn-cli": []}
    for _ in range(4):
        for ranks in 1, 2:
            seconds[ranks].append(seconds_of(programs.mpi(ranks, "train", "m", *options, folder=folder)))
        seconds["nn-cli"].append(seconds_of(programs.cli("train", "--train", "m.h5", *options, folder=folder)))
    one, two, alone = (min(times) for times in seconds.values())
    print(
        f"4096 images: {one:.2f} s on 1 rank; {two:.2f} s on 2, {one / two:.2f} times as fast; "
        f"{alone:.2f} s by nn-cli: 2 ranks take {100 * (two / alone - 1):+.1f} %"
    )
    assert one / two >= 1.7, "expected 2 ranks to be 1.7 times as fast as 1"


class Arguments(Programs):
    def add_arguments(self, parser):
        parser.add_argument("--speed", action="store_true")
        parser.add_argument("--all", action="store_true")


def main():
    programs = Arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if programs.speed:
            return measure_speed(programs, folder)
        if programs.all:
            return check_all(programs, folder)
        for name, (data, cuts, order) in data_sets().items():
            data.write_hdf5(folder / f"{name}.h5")
            data.write_shards(folder / name, cuts, order)
        (folder / "loop").symlink_to("loop")
        start = programs.cli("train", "--train", "drawn.h5", "--iterations", "3", "-o", "start.nnk", folder=folder)
        assert start.returncode == 0, start.stderr
        said = "".join(compare(programs, folder, *case) for case in CASES)
        for text in SAID:
            assert text in said, text
        write_odd_files(folder)
        for case in REFUSALS:
            compare_refusals(programs, folder, *case)
        compare_fast(programs, folder)
        compare_places(programs, folder)
        check_open_outputs(programs, folder)
        check_owners(programs, folder)
        check_refusals(programs, folder)
        check_launch(programs, folder)
        compare_help(programs)
        check_overflow(programs, folder)
        check_saves(programs, folder)
        check_checkpoints(programs, folder, 100000)
        check_checkpoints(programs, folder, 1000, "--method", "primal", "--virtual-shards", 64, "--center")
    print(f"train: {len(CASES)} models and {len(REFUSALS)} refusals are those of nn-cli; interrupted runs go on")


main()
