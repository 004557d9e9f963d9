"""Ranks that fail, hang or are killed, and data that is damaged: one message, the right exit code, no hang, nothing lost.

    Tests/mpi/failures.py NN_MPI NN_CLI TEST_RANKS [--mpirun WORDS] [--full [--kills N]]

NN_MPI should save checkpoints more often than each 30 s (-DCHECKPOINT_SECONDS=0.1), so that there is something to go on from.
Quick: what takes few seconds. --full: also ranks that hang or are stopped, and runs that are killed.
"""

import os
import random
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

from common import DataSet, Programs

HOST = os.uname().nodename
HEADER_BYTES = 64


class Failures(Programs):
    def add_arguments(self, parser):
        parser.add_argument("test_ranks", type=os.path.abspath)
        parser.add_argument("--full", action="store_true")
        parser.add_argument("--kills", type=int, default=50)

    def ranks(self, count, *words):
        return self.run([*self.mpirun, "-n", count, self.test_ranks, *words])

    def start(self, ranks, *words, folder, through=()):
        """A run of nn-mpi in a process group of its own."""
        words = [*self.mpirun, "-n", str(ranks), *through, self.nn_mpi, *map(str, words)]
        return subprocess.Popen(
            words, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )


def check(condition, what, answer):
    assert condition, f"{what}\n{answer}"


def said(answer, what):
    """The one line of nn-mpi's in what mpirun has printed."""
    lines = [line for line in answer.splitlines() if line.startswith("nn-mpi: rank")]
    check(len(lines) == 1, f"{what}: expected one message, got {len(lines)}", answer)
    return lines[0]


def check_failures_of_ranks(programs):
    for words, names in [(["fails", "0"], "0"), (["fails", "2"], "2"), (["fail"], "[0-2]")]:
        run = programs.ranks(3, *words)
        answer, what = run.stdout + run.stderr, f"test_ranks {words}"
        line = said(answer, what)
        expected = rf"nn-mpi: rank {names} on {re.escape(HOST)}: a file\\x1B: expected this, got that"
        check(re.fullmatch(expected, line), f"{what}: expected {expected}", answer)
        check(run.returncode == 65, f"{what}: expected exit code 65, got {run.returncode}", answer)
    check(programs.ranks(1, "exchange").returncode == 64, "a test that is not there: expected exit code 64", "")


def check_hangs(programs):
    for rank in (0, 2):
        began = time.monotonic()
        run = programs.ranks(3, "hangs", str(rank))
        took = time.monotonic() - began
        line = said(run.stderr, f"rank {rank} hangs")
        check(f"rank {rank} on {HOST}: nothing has come from it for 1" in line, "expected who hangs", line)
        check(run.returncode == 74, f"expected exit code 74, got {run.returncode}", run.stderr)
        check(took < 32, f"a hang ended after {took:.0f} s, expected 30", run.stderr)
        run = programs.ranks(3, "lags", str(rank))
        check(run.returncode == 0, f"rank {rank} comes late: expected exit code 0, got {run.returncode}", run.stderr)
    run = programs.ranks(3, "wait")
    expected = f"nn-mpi: rank 1 on {HOST}, and rank 2 on {HOST}: no data has come from another rank for 20 seconds"
    check(said(run.stderr, "two ranks wait for each other").startswith(expected), f"expected {expected}", run.stderr)
    check(run.returncode == 74, f"expected exit code 74, got {run.returncode}", run.stderr)


# ---- Damaged data -----------------------------------------------------------------------------------------------------


def rewrite(path, change):
    path.write_bytes(bytes(change(bytearray(path.read_bytes()))))


def with_byte_flipped(place):
    def change(data):
        data[place] ^= 0x40
        return data

    return change


def with_header(place, format, value):
    """The header says something else, with the right checksum."""

    def change(data):
        struct.pack_into(format, data, place, value)
        struct.pack_into("<I", data, HEADER_BYTES - 4, zlib.crc32(data[: HEADER_BYTES - 4]))
        return data

    return change


def manifest(change):
    return lambda folder: (folder / "manifest.txt").write_text(change((folder / "manifest.txt").read_text()))


def shard(change, number=2):
    return lambda folder: rewrite(folder / f"shard-0000{number}.nns", change)


def twice(text):
    """The manifest names one shard twice, in place of the next."""
    lines = text.splitlines(keepends=True)
    lines[-1] = lines[-2]
    return "".join(lines)


def shortened(text):
    """A shard that is left out."""
    return "".join(text.splitlines(keepends=True)[:-1])


# What is done to a set, the exit code, and the file that the message names.
DAMAGES = {
    "a missing shard": (lambda folder: (folder / "shard-00002.nns").unlink(), 66, "shard-00002.nns"),
    "a missing manifest": (lambda folder: (folder / "manifest.txt").unlink(), 66, "manifest.txt"),
    "a truncated shard": (shard(lambda data: data[:-1]), 65, "shard-00002.nns"),
    "an empty shard": (shard(lambda data: b""), 65, "shard-00002.nns"),
    "a shard that is too long": (shard(lambda data: data + b"\0"), 65, "shard-00002.nns"),
    "a shard of another set": (shard(with_header(8, "<I", 12345)), 65, "shard-00002.nns"),
    "a shard of another place": (shard(with_header(16, "<I", 3)), 65, "shard-00002.nns"),
    "a header that is damaged": (shard(with_byte_flipped(17)), 65, "shard-00002.nns"),
    "a label that is damaged": (shard(with_byte_flipped(HEADER_BYTES)), 65, "shard-00002.nns"),
    "an image that is damaged": (shard(with_byte_flipped(-1)), 65, "shard-00002.nns"),
    "an image of the last shard that is damaged": (shard(with_byte_flipped(-1), 3), 65, "shard-00003.nns"),
    "a manifest that is damaged": (manifest(lambda text: text.replace("examples", "Examples")), 65, "manifest.txt"),
    "a manifest with a shard twice": (manifest(twice), 65, ""),
    "a manifest without a shard": (manifest(shortened), 65, ""),
}


def check_damages(programs, folder, names, methods, rank_counts):
    data = DataSet.drawn(50)
    data.write_shards(folder / "good", [20, 21, 45])
    for name in names:
        damage, exit_code, file = DAMAGES[name]
        bad = folder / "bad"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(folder / "good", bad)
        damage(bad)
        for method in methods:
            for ranks in rank_counts:
                run = programs.mpi(
                    ranks, "train", bad, "-o", "m.nnk", "--iterations", 5, "--method", method, folder=folder
                )
                answer, what = run.stdout + run.stderr, f"{name}, {ranks} ranks, {method}"
                line = said(answer, what)
                check(f" on {HOST}: " in line and file in line, f"{what}: expected the host, and {file}", answer)
                check(run.returncode == exit_code, f"{what}: expected exit code {exit_code}, got {run.returncode}", answer)
                check("Cost after" not in answer, f"{what}: expected no training", answer)
                check(not (folder / "m.nnk").exists(), f"{what}: expected no model", answer)


# Runs a program in a folder of the rank's own.
IN_OWN_FOLDER = ["sh", "-c", 'cd host"${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" && exec "$@"', "sh"]


def check_copies(programs, folder):
    """Each machine has a copy of the set. One is damaged where only its own rank reads, in a shard that no rank reads whole."""
    for damaged, place in (0, HEADER_BYTES + 50), (1, -1):
        name = f"set{damaged}"
        for rank in 0, 1:
            (folder / f"host{rank}").mkdir(exist_ok=True)
            DataSet.drawn(50).write_shards(folder / f"host{rank}" / name)
        rewrite(folder / f"host{damaged}" / name / "shard-00000.nns", with_byte_flipped(place))
        words = ["train", name, "--iterations", 5, "--method", "primal"]
        run = programs.mpi(2, *words, folder=folder, through=IN_OWN_FOLDER)
        answer, what = run.stdout + run.stderr, f"the copy of rank {damaged} is damaged"
        expected = f"nn-mpi: rank {damaged} on {HOST}: {name}/shard-00000.nns: expected the checksum "
        check(said(answer, what).startswith(expected), f"{what}: expected {expected}", answer)
        check(run.returncode == 65, f"{what}: expected exit code 65, got {run.returncode}", answer)


# ---- A slow disk -----------------------------------------------------------------------------------------------------


def slow_disk(folder, wait):
    """Through what a run's files become slow: SLOW_SYNC or SLOW_NAME, and seconds."""
    library = folder / "slow_disk.so"
    source = Path(__file__).with_name("slow_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", f"-D{wait}", source, "-o", library], check=True)
    return ["env", f"LD_PRELOAD={library}"]


def check_replaced_checkpoint(programs, folder):
    """Another file comes to the checkpoint's place while a new checkpoint goes to the disk: it stays there."""
    DataSet.drawn(50).write_shards(folder / "set")
    words = ["train", "set", "--iterations", 100000000, "--checkpoint", "run.nnc"]
    run = programs.start(1, *words, folder=folder, through=slow_disk(folder, "SLOW_SYNC=1"))
    checkpoint = folder / "run.nnc"
    while not (checkpoint.exists() and list(folder.glob(".run.nnc.*.part"))):
        check(run.poll() is None, "expected a run that saves", "")
        time.sleep(0.01)
    (folder / "other").write_text("another file")
    (folder / "other").replace(checkpoint)
    time.sleep(2)
    os.kill(processes_of(run, programs.nn_mpi)[0], signal.SIGTERM)
    answer = wait_for_end(run)
    check(checkpoint.read_text(errors="replace") == "another file", "expected that the other file stays", answer)
    check("another file in its place; expected the checkpoint of this run" in said(answer, "another file"), "why", answer)
    check(run.returncode == 74, f"expected exit code 74, got {run.returncode}", answer)


def check_slow_names(programs, folder):
    """A file gets its name after longer than a rank may be silent."""
    words = ["train", "set", "-o", "slow.nnk", "--iterations", 10]
    run = programs.mpi(2, *words, folder=folder, through=slow_disk(folder, "SLOW_NAME=20"))
    check(run.returncode == 0, f"a slow disk: expected exit code 0, got {run.returncode}", run.stderr)


# ---- Runs that are killed ---------------------------------------------------------------------------------------------


def processes_of(run, program):
    """The ranks of a run: the program's processes of mpirun's session, or below mpirun."""
    parents, found = {}, []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
    for process in sorted(parents):
        try:
            if os.readlink(f"/proc/{process}/exe") != os.path.realpath(program):
                continue
        except OSError:
            continue
        ancestor = process
        while ancestor > 1 and ancestor != run.pid:
            ancestor = parents.get(ancestor, 0)
        if ancestor == run.pid:
            found.append(process)
    return found


def wait_for_ranks(programs, run, count):
    for _ in range(600):
        ranks = processes_of(run, programs.nn_mpi)
        if len(ranks) == count or run.poll() is not None:
            return ranks
        time.sleep(0.02)
    raise AssertionError(f"expected {count} ranks, found {len(ranks)}")


def wait_for_end(run):
    answer, _ = run.communicate(timeout=120)
    return answer


# Reads what rank 0 prints after 20 s, and more of it than a pipe holds.
READING_LATE = """
if [ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 0 ]; then "$@" | (sleep 20; cat); else exec "$@"; fi
"""


def check_late_reader(programs, folder):
    DataSet.drawn(50).write_shards(folder / "set")
    words = ["train", "set", "--iterations", 4000, "--log-every", 1, "--topology", "two-layer"]
    run = programs.mpi(2, *words, folder=folder, through=["sh", "-c", READING_LATE, "sh"])
    check(run.returncode == 0 and run.stdout.count("Cost after") >= 4000, "expected the run to wait", run.stderr)
    check(len(run.stdout) > 1 << 16, "expected more than a pipe holds", run.stderr)


def check_stops(programs, folder):
    """A rank is stopped in the middle of a training: the run ends with a message within 30 s."""
    DataSet.drawn(50).write_shards(folder / "set", [20])
    for rank in (0, 2):
        run = programs.start(
            3, "train", "set", "-o", "stopped.nnk", "--iterations", 100000000, "--method", "primal", folder=folder
        )
        ranks = wait_for_ranks(programs, run, 3)
        time.sleep(2)
        began = time.monotonic()
        os.kill(ranks[rank], signal.SIGSTOP)
        answer = wait_for_end(run)
        took = time.monotonic() - began
        line = said(answer, f"process {rank} is stopped")
        check("nothing has come from it for 1" in line, "expected who is stopped", answer)
        check(run.returncode == 74, f"expected exit code 74, got {run.returncode}", answer)
        check(took < 32, f"the run ended after {took:.0f} s, expected 30", answer)


class KilledRuns:
    """One training, which is killed at random times and goes on on other numbers of ranks."""

    def __init__(self, programs, folder, method, precision, iterations):
        self.programs, self.folder = programs, folder
        self.words = ["train", "set", "--iterations", iterations, "--method", method, "--precision", precision]
        began = time.monotonic()
        run = programs.mpi(2, *self.words, "-o", "whole.nnk", folder=folder)
        self.seconds = time.monotonic() - began
        check(run.returncode == 0, "the run that is not killed", run.stdout + run.stderr)
        self.model = (folder / "whole.nnk").read_bytes()
        self.checkpoint, self.output = folder / "run.nnc", folder / "run.nnk"

    def start(self, ranks):
        resume = ["--resume"] if self.checkpoint.exists() else []
        words = [*self.words, "-o", self.output.name, "--checkpoint", self.checkpoint.name, *resume]
        return self.programs.start(ranks, *words, folder=self.folder)

    def kill(self):
        """Kills a rank at any time. Returns whether the run had not ended before."""
        count = random.choice([1, 2, 3, 4])
        run = self.start(count)
        ranks = wait_for_ranks(self.programs, run, count)
        time.sleep(random.uniform(0, self.seconds))
        try:
            os.kill(random.choice(ranks), signal.SIGKILL)
        except (OSError, IndexError):
            pass
        answer = wait_for_end(run)
        check(run.returncode != 0 or self.output.exists(), "a run that ended has written its model", answer)
        check(run.returncode not in (65, 66), "expected a whole checkpoint", answer)
        if self.output.exists():
            check(self.output.read_bytes() == self.model, "expected the bytes of the run that is not killed", answer)
            self.output.unlink()
            self.checkpoint.unlink(missing_ok=True)
            return False
        return True

    def finish(self):
        run = self.start(random.choice([1, 2, 3, 4]))
        answer = wait_for_end(run)
        check(run.returncode == 0, f"expected the run to go on to its end, got {run.returncode}", answer)
        check(self.output.read_bytes() == self.model, "expected the bytes of the run that is not killed", answer)
        check(not self.checkpoint.exists(), "expected no checkpoint behind the end", answer)
        self.output.unlink()


def check_kills(programs, folder, count, methods):
    DataSet.drawn(400).write_shards(folder / "set", [20, 21, 145])
    killed = resumed = 0
    for method, precision, iterations in methods:
        runs = KilledRuns(programs, folder, method, precision, iterations)
        enough = killed + count // len(methods)
        while killed < enough:
            killed += runs.kill()
            resumed += runs.checkpoint.exists()
            if killed % 4 == 3:
                runs.finish()
        left = [path.name for path in folder.iterdir() if path.name not in ("set", "whole.nnk", "run.nnc")]
        check(not left or all("run.nn" in name for name in left), "expected no other files", left)
        runs.finish()
    return killed, resumed


def main():
    programs = Failures(__doc__.splitlines()[0])
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print(f"failures of ranks, seed {seed}")
    check_failures_of_ranks(programs)
    names = list(DAMAGES) if programs.full else ["a missing shard", "an image of the last shard that is damaged"]
    methods, rank_counts = (["dual", "primal"], [1, 3]) if programs.full else (["dual"], [3])
    with tempfile.TemporaryDirectory() as folder:
        check_damages(programs, Path(folder), names, methods, rank_counts)
        check_copies(programs, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        check_replaced_checkpoint(programs, Path(folder))
        if programs.full:
            check_slow_names(programs, Path(folder))
    print(f"one message each; {len(names)} kinds of damaged data are refused")
    if not programs.full:
        return
    check_hangs(programs)
    with tempfile.TemporaryDirectory() as folder:
        check_late_reader(programs, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        check_stops(programs, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        kinds = [("dual", "f64", 60000), ("primal", "f32", 200)]
        killed, resumed = check_kills(programs, Path(folder), programs.kills, kinds)
    print(
        f"one message and the right exit code for {len(names)} kinds of damaged data and for ranks that fail, hang or are "
        f"stopped; {killed} runs ended by kill -9 of a rank: {resumed} left a checkpoint, and all went on to the same bytes"
    )


if __name__ == "__main__":
    main()
