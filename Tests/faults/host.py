#!/usr/bin/env python3
"""Kills nn-cli at its system calls, and makes them fail: no file is lost or half written, and nobody is told otherwise.

    host.py NN_CLI CALLS_SO quick|full|SECONDS      SECONDS: random points for so long
    host.py NN_CLI CALLS_SO JOB POINT               one point once more, as a failure names it

CALLS_SO is made of calls.c. A job is run once without a fault, which lists its system calls. Then it is run again for each
point: the program is killed before a call, or the call fails, once or with all later calls of its group, or moves half of
its bytes, or the program is killed at some time. Each run starts with the files of an earlier run in place of the outputs.
After it:

- each output is the old file or the new one, whole; besides, there may be hidden leftovers that end with .part, but only
  after a kill
- the exit code is that of docs/CLI.md, there is a message, and no output that is not new is said to be written
- the same command, once more, writes what it would have written without a fault
"""
import collections
import concurrent.futures
import errno
import hashlib
import itertools
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

LOG_CALLS, LOG_HEAD, LOG_RECORD = 40000, 256, 256
MUTATING = "cws"  # creating, removing and naming files; writing; syncing: calls.c
SECONDS = 60  # no run takes so long
ERRORS = {  # what can go wrong with each group of calls
    "o": [errno.EIO, errno.EMFILE, errno.EINTR],
    "l": [errno.EIO],
    "c": [errno.EIO, errno.ENOSPC],
    "r": [errno.EIO, errno.EINTR, "short"],
    "w": [errno.EIO, errno.ENOSPC, errno.EINTR, "short"],
    "s": [errno.EIO, errno.ENOSPC],
    "x": [errno.EIO],
}
# Calls of strace, and their groups; "c" if none is named.
GROUP_OF = {"write": "w", "pwrite64": "w", "writev": "w", "fsync": "s", "fdatasync": "s"}
TRACED = [*GROUP_OF, "openat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "mkdir",
          "mkdirat", "ftruncate", "fchmod"]
HARMLESS = (errno.EINTR, "short")  # the program goes on as if nothing had happened
REFUSALS = (65, 66, 74)


def picture(seed):
    """A PNG of 64 x 64 pixels."""
    pixels = random.Random(seed).randbytes(64 * 64 * 3)
    rows = b"".join(b"\0" + pixels[y * 192 : y * 192 + 192] for y in range(64))

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Job:
    """A command, the files that it needs, and those of an earlier run in place of its outputs."""

    def __init__(self, name, *arguments, older=None, checkpoint=None, varies=(), partial=(), copies=None, is_once=False):
        self.name, self.arguments = name, list(arguments)
        self.older = older  # the arguments of the earlier run
        self.checkpoint = checkpoint  # gone at the end of the run
        self.varies = set(varies)  # outputs that tell times: only their completeness is compared
        self.partial = set(partial)  # outputs that say of what there was no answer, where some could not be read
        self.copies = copies  # a folder for copies of photos, whose names depend on which were copied before
        self.is_once = is_once  # what is done is not done again


TRAIN = ["train", "--train", "small.h5", "--topology", "two-layer", "--precision", "f32", "--iterations", "12"]
JOBS = [
    Job("train", *TRAIN, "--log-every", "1", "--checkpoint", "run.nnk", "-o", "out.nnk", "--log-csv", "out.csv",
        "--report", "out.html", older=TRAIN + ["--seed", "2", "-o", "out.nnk", "--log-csv", "out.csv", "--report",
        "out.html"], checkpoint="run.nnk", varies=["out.html"]),
    Job("pack", "dataset", "pack", "photos", "-o", "out.h5", older=["dataset", "pack", "photos", "-o", "out.h5", "--seed", "2"]),
    *(Job("export-" + form, "export", "two.nnk", "--format", form, "-o", "out." + form,
          older=["export", "other.nnk", "--format", form, "-o", "out." + form])
      for form in ("safetensors", "npz", "onnx", "c-header", "i8")),
    Job("import", "import", "two.safetensors", "-o", "out.nnk", older=["import", "other.safetensors", "-o", "out.nnk"]),
    Job("report", "report", "small.h5", "-m", "two.nnk", "-o", "out.html",
        older=["report", "small.h5", "-m", "other.nnk", "-o", "out.html"]),
    Job("shard", "dataset", "shard", "small.h5", "--count", "3", "-o", "shards", is_once=True),
    Job("show", "dataset", "show", "small.h5", "-o", "out.png"),
    Job("sort", "predict", "-m", "two.nnk", "photos", "--sort-into", "sorted", "--csv", "out.csv",
        older=["predict", "-m", "two.nnk", "photos/cup/0.png", "--csv", "out.csv"], partial=["out.csv"], copies="sorted/"),
    Job("predict", "predict", "-m", "two.nnk", "photos", "--json"),
    Job("evaluate", "evaluate", "small.h5", "-m", "two.nnk"),
    Job("inspect", "inspect", "two.nnk"),
    Job("teach", "teach", "photos", "-o", "out.nnk", "--folds", "2", "--report", "out.html", "--threads", "2",
        older=["export", "two.nnk", "--format", "i8", "-o", "out.nnk"], varies=["out.html"]),
]
SLOW = {"teach"}  # seconds, not milliseconds


class Call:
    """An entry of the list that calls.c makes."""

    def __init__(self, record):
        text = lambda part: part.split(b"\0")[0].decode(errors="replace")
        self.group, self.is_hit, self.name, self.path = text(record[:1]), record[1] == 1, text(record[2:16]), text(record[16:])


class Failed(Exception):
    pass


class Bench:
    """Where jobs run: folders that are copies of each other."""

    def __init__(self, program, calls, folder):
        self.program, self.calls, self.folder = program, calls, pathlib.Path(folder)
        self.count = 0
        self.lock = threading.Lock()
        base = self.folder / "base"
        for name, first in ("cup", 0), ("pen", 100):
            (base / "photos" / name).mkdir(parents=True)
            for i in range(4):
                (base / "photos" / name / f"{i}.png").write_bytes(picture(first + i))
        self.base = base
        for arguments in (
            ["dataset", "pack", "photos", "-o", "small.h5", "--test-share", "0"],
            TRAIN + ["-o", "two.nnk"], TRAIN + ["--seed", "2", "-o", "other.nnk"],
            ["export", "two.nnk", "--format", "safetensors", "-o", "two.safetensors"],
            ["export", "other.nnk", "--format", "safetensors", "-o", "other.safetensors"],
        ):
            self.plain(base, arguments)

    def fresh(self, source):
        with self.lock:
            self.count += 1
            place = self.folder / f"run{self.count}"
        # Inputs are never changed, so links to them will do; outputs are replaced, not written to.
        shutil.copytree(source, place, copy_function=os.link)
        return place

    def plain(self, place, arguments):
        done = subprocess.run([self.program, *arguments], cwd=place, capture_output=True, timeout=SECONDS,
                              env=self.environment())
        if done.returncode != 0:
            raise Failed(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder), **more}

    def faulty(self, place, arguments, fault=None, under=None):
        """Runs a command with a fault. Returns the process and the list of its calls.

        under: a file for what strace sees of it
        """
        log = place.with_suffix(".log")
        with open(log, "wb") as file:
            file.truncate(LOG_HEAD + LOG_CALLS * LOG_RECORD)
        # The clock makes a training save a checkpoint every few slices.
        more = {"LD_PRELOAD": self.calls, "CALLS_LOG": str(log), "CALLS_CLOCK": "1"} | ({"CALLS_FAULT": fault} if fault else {})
        command = [self.program, *arguments]
        if under:
            command = ["strace", "-f", "-y", "-qq", "-e", "trace=" + ",".join(TRACED), "-o", under,
                       *itertools.chain(*(("-E", f"{name}={value}") for name, value in more.items())), *command]
        try:
            done = subprocess.run(command, cwd=place, capture_output=True, timeout=SECONDS,
                                  env=self.environment(**({} if under else more)))
        except subprocess.TimeoutExpired:
            raise Failed(f"still running after {SECONDS} s") from None
        with open(log, "rb") as file:
            (count,) = struct.unpack("<I", file.read(4))
            file.seek(LOG_HEAD)
            listed = [file.read(LOG_RECORD) for _ in range(min(count, LOG_CALLS))]
        log.unlink()
        return done, [Call(c) for c in listed]


def files(place):
    """The files of a folder, by their hash."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*")) if path.is_file()
    }


def is_leftover(path):
    """Of a file, or in a folder, that is not complete."""
    return any(name.startswith(".") and name.endswith(".part") for name in path.split("/"))


def is_whole(path):
    content = path.read_bytes()
    return content.rstrip().endswith(b"</html>") if path.suffix == ".html" else content.endswith(b"\n")


class Reference:
    """What a job does without a fault."""

    def __init__(self, bench, job):
        self.bench, self.job = bench, job
        self.before = bench.fresh(bench.base)
        if job.older:
            bench.plain(self.before, job.older)
        self.old = files(self.before)
        place = bench.fresh(self.before)
        began = time.monotonic()
        self.done, self.calls = bench.faulty(place, job.arguments)
        self.seconds = time.monotonic() - began
        if self.done.returncode != 0:
            raise Failed(f"without a fault: exit code {self.done.returncode}: {self.done.stderr.decode(errors='replace')}")
        self.new = files(place)
        shutil.rmtree(place)
        self.states = set()  # of files after a kill, from which the job was repeated

    def check_list(self):
        """strace sees as many calls that change something as CALLS_SO lists: none goes past the C library."""
        place = self.bench.fresh(self.before)
        trace = place.with_suffix(".trace")
        done, calls = self.bench.faulty(place, self.job.arguments, under=trace)
        seen = collections.Counter()
        for line in trace.read_text(errors="replace").splitlines():
            name = re.match(r"\d+ +(\w+)\((?!\d+<anon_inode)", line)  # not how threads wake each other
            if name and (name[1] != "openat" or "O_CREAT" in line):
                seen[GROUP_OF.get(name[1], "c")] += 1
        listed = collections.Counter(call.group for call in calls if call.group in MUTATING)
        shutil.rmtree(place)
        if done.returncode != 0 or seen != listed:
            raise Failed(f"strace sees {dict(seen)} calls by group, calls.c lists {dict(listed)}")

    def may_be(self, path, now, place, is_killed, has_failed):
        """Whether a path may have this content after a fault; None: no file."""
        job = self.job
        return (
            now in (self.old.get(path), self.new.get(path)) or path == job.checkpoint
            or now and (path in job.varies or has_failed and path in job.partial) and is_whole(place / path)
            or job.copies and path.startswith(job.copies) and now in self.old.values()
            or is_leftover(path) and is_killed)

    def check_files(self, place, is_killed, has_failed=False):
        """Each output is old or new. Returns what is there."""
        there = files(place)
        for path in self.old.keys() | self.new.keys() | there.keys():
            if not self.may_be(path, there.get(path), place, is_killed, has_failed):
                raise Failed(f"{path} is neither the old file nor the new one" if path in there else f"{path} is lost")
        return there

    def outcome(self, there, besides=()):
        """What must be as without a fault: contents by path; of copies, whatever their names are."""
        copies = self.job.copies or "\0"
        named = {path: content for path, content in there.items()
                 if path not in self.job.varies and path not in besides and not is_leftover(path) and not path.startswith(copies)}
        return named, sorted(content for path, content in there.items() if path.startswith(copies) and not is_leftover(path))

    def is_done(self, there):
        return self.outcome(there) == self.outcome(self.new)

    def check_again(self, place, there):
        """The same command, once more, ends as it would have without a fault."""
        if self.job.is_once and self.is_done(there):
            return
        state = tuple(sorted((re.sub(r"\.[0-9a-f-]+\.part\b", ".part", path), content) for path, content in there.items()))
        if state in self.states:
            return
        resume = ["--resume"] if self.job.checkpoint in there else []
        done, _ = self.bench.faulty(place, self.job.arguments + resume)
        if done.returncode != 0:
            raise Failed(f"once more: exit code {done.returncode}: {done.stderr.decode(errors='replace')}")
        besides = {"out.csv"} if resume else ()  # it has the costs from where the run was resumed
        if self.outcome(files(place), besides) != self.outcome(self.new, besides):
            raise Failed("once more: the outputs are other ones than without a fault")
        self.states.add(state)


def check_messages(reference, done, there):
    """What is said to be written is there."""
    job = reference.job
    for path in re.findall(rb"^wrote (\S+)", done.stdout + b"\n" + done.stderr, re.M):
        path = path.decode().rstrip(".,;:")
        of_path = [file for file in reference.new if file == path or file.startswith(path + "/")]
        if any(there.get(file) != reference.new[file] and file not in job.varies | job.partial for file in of_path):
            raise Failed(f"{path} is said to be written, and is not")


def check_error(reference, done, there, kind, hits):
    """The result of a run in which a call failed."""
    message = done.stderr.decode(errors="replace").strip()
    if done.returncode == 0:
        if not reference.is_done(there):
            raise Failed("exit code 0, but an output is not there")
        if done.stdout != reference.done.stdout and not reference.job.varies:
            raise Failed("exit code 0, but the standard output is another one")
    elif kind in HARMLESS:
        raise Failed(f"exit code {done.returncode}: {message}")
    elif done.returncode not in REFUSALS:
        raise Failed(f"exit code {done.returncode}, expected 0, 65, 66 or 74: {message}")
    elif not message and not any(call.group == "w" for call in hits):
        raise Failed(f"exit code {done.returncode} without a message")


def describe(hits, fault):
    if not hits:
        return "no call was met"
    kind = fault.split()[2]
    names = {"kill": "is where it is killed", "short": "moves half of the bytes"}
    what = names.get(kind) or f"fails with {errno.errorcode.get(int(kind), kind)}"
    more = f", and {len(hits) - 1} later ones" if len(hits) > 1 else ""
    return f"{hits[0].name} of {hits[0].path} {what}{more}"


def try_time(reference, seconds, place):
    """Kills a job after some time."""
    process = subprocess.Popen([reference.bench.program, *reference.job.arguments], cwd=place, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=reference.bench.environment())
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    reference.check_again(place, reference.check_files(place, True))


def try_call(reference, fault, place):
    """Makes a call fail, or kills the program before it."""
    done, calls = reference.bench.faulty(place, reference.job.arguments, fault)
    hits = [call for call in calls if call.is_hit]
    kind = fault.split()[2]
    try:
        if kind == "kill":
            if done.returncode not in (0, -9):
                raise Failed(f"exit code {done.returncode}: {done.stderr.decode(errors='replace')}")
            there = reference.check_files(place, True)
            check_messages(reference, done, there)
            reference.check_again(place, there)
            return
        # A file that cannot be removed stays.
        there = reference.check_files(place, any(call.name == "unlink" for call in hits), done.returncode in REFUSALS)
        check_messages(reference, done, there)
        check_error(reference, done, there, int(kind) if kind.isdecimal() else kind, hits)
        if there != reference.old and not reference.is_done(there):
            reference.check_again(place, there)
    except Failed as failure:
        raise Failed(f"{describe(hits, fault)}: {failure}") from None


def try_point(reference, point):
    """A point is a fault as calls.c takes it, or "time SECONDS"."""
    place = reference.bench.fresh(reference.before)
    try:
        if point.startswith("time"):
            try_time(reference, float(point.split()[1]), place)
        else:
            try_call(reference, point, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def points_of(reference):
    """All points of a job: kills before each call that changes something, and failures of each call."""
    for n, call in enumerate(reference.calls):
        if call.group in MUTATING:
            yield f"{n} once kill *"
        for kind in ERRORS[call.group]:
            if kind == errno.EINTR and call.name.startswith("child "):
                continue  # it has no handlers of signals
            yield f"{n} once {kind} {call.group}"
            if kind != errno.EINTR:  # for ever, it would be an endless loop of those who do as they should
                yield f"{n} always {kind} {call.group}"


def full_points(reference):
    """All of them; of a slow command every fourth failure of a call that only reads."""
    for n, point in enumerate(points_of(reference)):
        if reference.job.name not in SLOW or point[-1] in MUTATING + "*" or n % 4 == 0:
            yield point


def times(reference, count, chance):
    return [f"time {chance.uniform(0, reference.seconds):.4f}" for _ in range(count)]


def quick_points(reference, chance):
    """A part of them: kills before the first call of each name that changes something, and a few others.

    Of a command with a checkpoint each sync fails too: the checkpoint is its own whatever fails.
    """
    some, seen = [], set()
    for n, call in enumerate(reference.calls):
        if call.group in MUTATING and call.name not in seen:
            seen.add(call.name)
            some.append(f"{n} once kill *")
    everything = list(points_of(reference))
    syncs = [point for point in everything if point.endswith(f"once {errno.EIO} s") and reference.job.checkpoint]
    return some[:6] + syncs + chance.sample(everything, min(len(everything), 2 if reference.job.name in SLOW else 8))


def run(work):
    """Tries points, two at a time. Returns how many; ends at the first failure."""
    tried = {"kill": 0, "time": 0, "error": 0}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        pending = {}
        for reference, point in work:
            pending[pool.submit(try_point, reference, point)] = (reference, point)
            if len(pending) >= 8:
                settle(pending, tried, concurrent.futures.FIRST_COMPLETED)
        settle(pending, tried, concurrent.futures.ALL_COMPLETED)
    return tried


def settle(pending, tried, when):
    done, _ = concurrent.futures.wait(pending, return_when=when)
    for future in done:
        reference, point = pending.pop(future)
        tried["time" if point.startswith("time") else "kill" if "kill" in point else "error"] += 1
        try:
            future.result()
        except Failed as failure:
            print(f"{reference.job.name}: {failure}\n"
                  f"  once more: {sys.argv[0]} {sys.argv[1]} {sys.argv[2]} {reference.job.name} '{point}'", file=sys.stderr)
            for other in pending:
                other.cancel()
            sys.exit(1)


def main():
    program, calls, tier = (os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3])
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        bench = Bench(program, calls, folder)
        chosen = [job for job in JOBS if tier in ("quick", "full", job.name) or tier.isdecimal()]
        if not chosen:
            sys.exit(f"host.py: expected quick, full, a number of seconds or a job, found {tier}")
        references = [Reference(bench, job) for job in chosen]
        chance = random.Random(1)
        if len(sys.argv) > 4:
            work = [(references[0], sys.argv[4])]
        elif tier == "quick":
            work = [(r, p) for r in references for p in quick_points(r, chance)]
            work += [(r, p) for r in references[:5] for p in times(r, 2, chance)]
        elif tier.isdecimal():
            end = time.monotonic() + int(tier)
            chance = random.Random()
            everything = [(r, list(points_of(r))) for r in references]

            def forever():
                while time.monotonic() < end:
                    reference, points = chance.choice(everything)
                    yield reference, chance.choice(points + times(reference, len(points) // 4, chance))

            work = forever()
        else:
            for reference in references:
                reference.check_list()
            work = [(r, p) for r in references for p in full_points(r)]
            work += [(r, p) for r in references for p in times(r, 200 // len(references) + 1, chance)]
        tried = run(work)
        count = f"of {len(references)} commands of nn-cli"
        print(f"{tried['kill'] + tried['time']} points: kill -9 before a system call that writes, and at {tried['time']} "
              f"random times, {count}")
        print(f"{tried['error']} points: EIO, ENOSPC, EINTR, EMFILE or half of the bytes, once and for ever, at a system "
              f"call {count}")


main()
