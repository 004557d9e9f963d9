#!/usr/bin/env python3
"""Adds up what programs covered of the core, by source file, from the JSON that `llvm-cov export` writes.

    coverage.py TABLE EXPORT...

A header that is compiled ten times is one text: a line or a branch counts as covered if it is in one of them, and a
condition of a decision if it was shown to decide the outcome in one of them (MC/DC). Prints a table of files and what
is not covered, and writes the totals to the file TABLE.

Conditions that a build decides, such as NNK_FAST, are no branches. What explained.txt names is counted apart; a line
of it that explains nothing is an error. The exit code is 1 if a line or a branch is neither covered nor explained, or
less than 95 % of the conditions are.
"""
import json
import pathlib
import re
import sys
from collections import Counter, defaultdict, namedtuple

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDERS = [ROOT / "Sources" / "CNNKernel", ROOT / "include" / "nnkernel"]
CODE, EXPANSION, SKIPPED, GAP, _, _, CONDITION = range(7)  # kinds of regions
OF_BUILD = re.compile(r"!?\(?(NNK_FAST|NNK_HAS_OPTIONS|NNK_SOFT_DOUBLE|NNK_SMALL_LOG)\)?|[01]|sizeof.*")


# Where it lies, which may be the text of a macro; in which file and where that macro stands; how often it went each way.
Branch = namedtuple("Branch", "place file used true false kind")


class Source:
    """A file, and how often each part of it ran."""

    def __init__(self, path):
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text().split("\n")
        self.lines = defaultdict(int)  # number: times
        self.branches = defaultdict(lambda: [0, 0])  # place: times true, times false
        self.conditions = defaultdict(bool)  # place: whether it was shown to decide
        self.unused = []  # regions of functions

    def at(self, place):
        """The text of a place, which is (first line, column, last line, column)."""
        first, start, last, end = place
        lines = self.text[first - 1 : last]
        lines[-1] = lines[-1][: end - 1]
        lines[0] = lines[0][start - 1 :]
        return " ".join(line.strip() for line in lines)

    def is_code(self, number):
        text = self.text[number - 1].strip()
        return text not in ("", "}", "};") and not text.startswith("//") and not text.startswith("#")


def add_lines(source, regions):
    """The count of a line is the largest of the regions that begin in it, and of the innermost one around its start."""
    code = [r for r in regions if r[7] in (CODE, EXPANSION)]
    skipped = {n for r in regions if r[7] == SKIPPED for n in range(r[0], r[2] + 1)}
    for number in range(min(r[0] for r in code), max(r[2] for r in code) + 1):
        if number in skipped or not source.is_code(number):
            continue
        counts = [r[4] for r in code if r[0] == number]
        around = [r for r in regions if r[7] in (CODE, GAP) and r[0] < number <= r[2]]
        if around:
            counts.append(max(around, key=lambda r: r[:2])[4])
        if counts:
            source.lines[number] += max(counts)


def add_conditions(source, decision, branches):
    """The conditions of a decision are the branches within it, in their order."""
    start, end = tuple(decision[:2]), tuple(decision[2:4])
    found = {b.used: b for b in branches if b.kind == CONDITION and start <= b.used[:2] and b.used[2:] <= end}
    if len(found) != len(decision[-1]):
        sys.exit(f"{source.name}:{start[0]}: {len(decision[-1])} conditions, {len(found)} branches")
    for place, decides in zip(sorted(found), decision[-1]):
        if not OF_BUILD.fullmatch(source.at(place)):
            source.conditions[place] |= decides


def branches_of(function, uses):
    branches = []
    for b in function["branches"]:
        place, file, used = tuple(b[:4]), b[6], tuple(b[:4])
        while file in uses:
            file, used = uses[file]
        branches.append((b[6], Branch(place, file, used, *b[4:6], b[8])))
    return branches


def is_unused(function):
    """Of an inline function that this file does not use, only the outline is known."""
    return function["count"] == 0 and len(function["regions"]) == 1 and not function["branches"]


def all_sources():
    files = sorted(p for folder in FOLDERS for p in [*folder.rglob("*.c"), *folder.rglob("*.h")])
    return {str(path): Source(path) for path in files}


def read(sources, path):
    for function in json.loads(pathlib.Path(path).read_text())["data"][0]["functions"]:
        if function["filenames"][0] not in sources:
            continue  # of a test: what macros of the core's headers become there is no part of the core
        uses = {r[6]: (r[5], tuple(r[:4])) for r in function["regions"] if r[7] == EXPANSION}  # of macros
        branches = branches_of(function, uses)
        for number, name in enumerate(function["filenames"]):
            source = sources.get(name)
            regions = [r for r in function["regions"] if r[5] == number]
            if source and is_unused(function):
                source.unused.append(regions[0])
                continue
            if not source or not any(r[7] in (CODE, EXPANSION) for r in regions):
                continue
            for file, branch in branches:
                if file == number and not OF_BUILD.fullmatch(source.at(branch.place)):
                    source.branches[branch.place][0] += branch.true
                    source.branches[branch.place][1] += branch.false
            if number in uses:
                continue
            add_lines(source, regions)
            for decision in function["mcdc_records"]:
                if decision[6] == number:
                    add_conditions(source, decision, [branch for _, branch in branches if branch.file == number])


def missing(source):
    """What is not covered: (kind, line, text)."""
    for region in source.unused:
        if not any(region[0] <= line <= region[2] for line in source.lines):
            yield "line", region[0], "never used: " + source.text[region[0] - 1].strip()
    for line, count in sorted(source.lines.items()):
        if not count:
            yield "line", line, source.text[line - 1].strip()
    for place, counts in sorted(source.branches.items()):
        for count, value in zip(counts, ("true", "false")):
            if not count:
                yield "branch", place[0], f"never {value}: {source.at(place)}"
    for place, decides in sorted(source.conditions.items()):
        if not decides:
            yield "condition", place[0], f"never alone: {source.at(place)}"


def explanations(path):
    """A list of [reason], and behind it lines "file: start of a line", as {(file, start): reason}."""
    reason, explained = None, {}
    for line in path.read_text().splitlines():
        if line.startswith("[") and line.endswith("]"):
            reason = line[1:-1]
        elif line and not line.startswith("#"):
            name, _, start = line.partition(": ")
            explained[name, start] = reason
    return explained


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else ""


KINDS = {"line": "lines", "branch": "branches", "condition": "MC/DC"}
LEAST = {"line": 100, "branch": 100, "condition": 95}  # percent


class Totals:
    """What there is of each kind, what of it is covered, and what is not: explained, or listed."""

    def __init__(self, explained):
        self.explained, self.used, self.listed = explained, set(), []
        self.whole, self.covered, self.reasons = Counter(), Counter(), Counter()

    def explanation_of(self, source, line):
        name, text = source.name.rpartition("/")[2], source.text[line - 1].strip()
        return next((key for key in self.explained if key[0] == name and text.startswith(key[1])), None)

    def add(self, source):
        """Returns what there is, and what is covered, by kind."""
        whole = Counter(line=len(source.lines), branch=2 * len(source.branches), condition=len(source.conditions))
        covered = whole.copy()
        for kind, line, text in missing(source):
            covered[kind] -= 1
            key = self.explanation_of(source, line)
            if key:
                self.used.add(key)
                self.reasons[self.explained[key], kind] += 1
                whole[kind] -= 1
            else:
                self.listed.append(f"{source.name}:{line}: {KINDS[kind]}: {text}")
        self.whole += whole
        self.covered += covered
        return whole, covered

    def table(self):
        rows = ["| what | of the core | covered | % | explained |", "| --- | ---: | ---: | ---: | ---: |"]
        for kind, name in KINDS.items():
            apart = sum(count for (_, of), count in self.reasons.items() if of == kind)
            share = percent(self.covered[kind], self.whole[kind])
            rows.append(f"| {name} | {self.whole[kind]} | {self.covered[kind]} | {share} | {apart} |")
        rows += ["", "| explained | lines | branches | MC/DC |", "| --- | ---: | ---: | ---: |"]
        for reason in dict.fromkeys(self.explained.values()):
            rows.append(f"| {reason} | " + " | ".join(str(self.reasons[reason, kind]) for kind in KINDS) + " |")
        return "\n".join(rows) + "\n"

    def are_enough(self):
        return all(100 * self.covered[kind] >= least * self.whole[kind] for kind, least in LEAST.items())


def main():
    table, *exports = sys.argv[1:]
    sources = all_sources()
    for path in exports:
        read(sources, path)
    totals = Totals(explanations(HERE / "explained.txt"))
    print(f"{'':44}{'lines':>8}{'%':>7}{'branches':>10}{'%':>7}{'MC/DC':>8}{'%':>7}")
    for source in sources.values():
        whole, covered = totals.add(source)
        if whole["line"]:
            print(f"{source.name:44}" + "".join(f"{whole[kind]:{width}}{percent(covered[kind], whole[kind]):>7}"
                                                for kind, width in zip(KINDS, (8, 10, 8))))
    print(*totals.listed, "", totals.table(), sep="\n")
    pathlib.Path(table).write_text(totals.table())
    unused = totals.explained.keys() - totals.used
    for name, start in unused:
        print(f"explained.txt: nothing to explain: {name}: {start}")
    sys.exit(bool(unused) or not totals.are_enough())


if __name__ == "__main__":
    main()
