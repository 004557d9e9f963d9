#!/usr/bin/env python3
"""Changes the core in one place at a time, and counts how many of these changes its tests notice.

    mutate.py BUILD COVERAGE TABLE [--sample N] [--seed S] [--only FILE] [--minutes M]

  BUILD: where cmake built the tests, with compile_commands.json   COVERAGE: JSON of each of them   TABLE: to write

A mutant is compiled into every object that runs the line, so a text that is included ten times is changed in all of
them. Then the tests that run the line are linked and run, quickest first, until one fails, crashes or takes ten times as
long. A mutant that does not compile, or whose objects are equal to the original ones, is not counted. With --minutes the
run ends early, and the mutants tried by then are counted. Each survivor is printed with its changed line; explained.txt
names, by the beginning of that line, those that cannot be noticed, and why. The exit code is 1 below 90 %.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import queue
import random
import resource
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "coverage"))
sys.dont_write_bytecode = True
import coverage  # noqa: E402
from mutants import mutants_of  # noqa: E402

LEAST = 90  # percent
WORKERS = 2


def seconds_of(program):
    """The processor time of a test."""
    process = subprocess.Popen([program], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{program} fails")
    return used.ru_utime + used.ru_stime


def passes(program, seconds):
    """Whether a test passes in ten times its processor time. A thread that waits for ever takes none."""
    def limited():
        resource.setrlimit(resource.RLIMIT_CPU, (int(10 * seconds) + 2,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    try:
        return subprocess.run([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limited,
                              timeout=100 * seconds + 60).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class Tests:
    """The tests: how long each takes, how it is linked, and which of them and which sources run a line."""

    def __init__(self, build, exports):
        self.folder, self.sources = build / "Tests" / "core", coverage.all_sources()
        self.seconds, self.lines, self.units = {}, defaultdict(set), defaultdict(set)
        for path in sorted(exports.glob("nnk-test-*.json")):
            if (self.folder / path.stem).exists():
                self.seconds[path.stem] = seconds_of(self.folder / path.stem)
                self.read(path)

    def read(self, path):
        """A function's name is behind that of its file, if it is static."""
        for function in json.loads(path.read_text())["data"][0]["functions"]:
            if not function["count"] or coverage.is_unused(function):
                continue
            for number, name in enumerate(function["filenames"]):
                regions = [r for r in function["regions"] if r[5] == number]
                if name not in self.sources or not any(r[7] in (coverage.CODE, coverage.EXPANSION) for r in regions):
                    continue
                source = self.sources[name]
                source.lines.clear()
                coverage.add_lines(source, regions)
                unit = function["name"].rpartition(":")[0].rpartition("/")[2] or pathlib.Path(name).name
                for line, count in source.lines.items():
                    if count:
                        self.lines[source.name, line].add(path.stem)
                        self.units[source.name, line].add(unit)

    def link(self, test, objects, program):
        """Links a test with changed objects: {original: changed}. An object comes before the library that has it."""
        command = (self.folder / "CMakeFiles" / f"{test}.dir" / "link.txt").read_text()
        words = [str(objects.get(self.folder / w, w)) for w in shlex.split(command)]
        of_library = [str(new) for old, new in objects.items() if "nnkernel.dir" in str(old)]
        words[words.index("-o") + 1] = str(program)
        words[1:1] = [*of_library, "-fuse-ld=lld"]
        return subprocess.run(words, cwd=self.folder, capture_output=True).returncode == 0


class Worker:
    """A copy of the sources, to change and compile."""

    def __init__(self, folder, commands, tests):
        self.folder, self.tests, self.originals = folder, tests, {}
        for part in ("Sources/CNNKernel", "include"):
            shutil.copytree(ROOT / part, folder / part)
        self.commands = commands

    def compile(self, unit):
        """Compiles a source into each object that is made of it: {original: bytes}, or None."""
        objects = {}
        for command in self.commands[unit]:
            words = shlex.split(command["command"].replace(str(ROOT), str(self.folder)))
            out = self.folder / f"{len(objects)}-{unit}.o"
            original = pathlib.Path(command["directory"]) / words[words.index("-o") + 1]
            words[words.index("-o") + 1] = str(out)
            if subprocess.run([*words, "-w"], cwd=self.folder, capture_output=True).returncode:
                return None
            objects[original] = out
        return objects

    def changed(self, units):
        """The objects that differ from the originals, or None if a source does not compile."""
        differing = {}
        for unit in sorted(units):
            objects = self.compile(unit)
            if objects is None:
                return None
            for original, out in objects.items():
                if out.read_bytes() != self.originals[original]:
                    differing[original] = out
        return differing

    def try_mutant(self, name, line, mutant):
        path, units = self.folder / name, self.tests.units[name, line] & self.commands.keys()
        text = path.read_text()
        for unit in units:
            if not any(str(o).endswith(f"/{unit}.o") for o in self.originals):
                self.originals |= {o: out.read_bytes() for o, out in self.compile(unit).items()}
        path.write_text(text[: mutant.start] + mutant.text + text[mutant.end :])
        try:
            objects = self.changed(units)
        finally:
            path.write_text(text)
        if objects is None:
            return "invalid", ""
        if not objects:
            return "equivalent", ""
        for test in sorted(self.tests.lines[name, line], key=self.tests.seconds.get):
            program = self.folder / test
            if not self.tests.link(test, objects, program):
                sys.exit(f"{test} does not link")
            if not passes(program, self.tests.seconds[test]):
                return "killed", test
        return "survived", ""


def find_mutants(tests, commands, only):
    """All changes of lines that some test runs, in an object of the core: (file, line, mutant)."""
    found = []
    for name in sorted({name for name, _ in tests.lines}):
        if only in name:
            text = (ROOT / name).read_text()
            places = ((text.count("\n", 0, m.start) + 1, m) for m in mutants_of(text))
            found += [(name, line, m) for line, m in places if tests.units.get((name, line), set()) & commands.keys()]
    return found


def changed_line(name, mutant):
    text = (ROOT / name).read_text()
    start, end = text.rfind("\n", 0, mutant.start) + 1, text.find("\n", mutant.end)
    return " ".join((text[start : mutant.start] + mutant.text + text[mutant.end : end]).split())


def run_all(chosen, workers, deadline):
    """Yields (result, test, file, line, mutant) as they come."""
    free = queue.SimpleQueue()
    for worker in workers:
        free.put(worker)

    def run(one):
        if time.monotonic() > deadline:
            return "not tried", "", *one
        worker = free.get()
        try:
            return *worker.try_mutant(*one), *one
        finally:
            free.put(worker)

    with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
        yield from (f.result() for f in concurrent.futures.as_completed([pool.submit(run, one) for one in chosen]))


def write_table(table, results, seed, everything):
    counted = results["killed"] + results["survived"]
    share = 100 * results["killed"] / max(counted, 1)
    what = "all" if everything else f"a sample, seed {seed}"
    table.write_text(
        "| mutants | killed | survived | % killed | explained | equal objects |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |\n"
        f"| {counted + results['explained']} ({what}) | {results['killed']} | {results['survived']} | {share:.1f} | "
        f"{results['explained']} | {results['equivalent']} |\n")
    return share


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "coverage", "table"):
        parser.add_argument(name, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    options = parser.parse_args()
    commands = defaultdict(list)
    for command in json.loads((options.build / "compile_commands.json").read_text()):
        if "/Sources/CNNKernel/" in command["file"]:
            commands[pathlib.Path(command["file"]).name].append(command)
    tests = Tests(options.build, options.coverage)
    everything = find_mutants(tests, commands, options.only)
    random.Random(options.seed).shuffle(everything)
    chosen = everything[: options.sample]
    print(f"{len(everything)} changes, {len(chosen)} of them tried", flush=True)
    workers = [Worker(options.build / f"worker-{i}", commands, tests) for i in range(WORKERS)]
    explained, results = coverage.explanations(HERE / "explained.txt"), Counter()
    deadline = time.monotonic() + 60 * options.minutes
    for result, _, name, line, mutant in run_all(chosen, workers, deadline):
        text = changed_line(name, mutant)
        if result == "survived" and any(name.endswith(f"/{n}") and text.startswith(start) for n, start in explained):
            result = "explained"
        results[result] += 1
        if result == "survived":
            print(f"{name}:{line}: {text}", flush=True)
    share = write_table(options.table, results, options.seed, len(chosen) == len(everything))
    print(dict(results), options.table.read_text(), sep="\n")
    sys.exit(share < LEAST)


main()
