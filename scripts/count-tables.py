#!/usr/bin/env python3
"""Makes tables of what the firmware counted (profile.h), for docs/BOARDS.md.

    count-tables.py counts|slices|energy BOARD,TYPE,CORE,LOG ...
    count-tables.py changes LOG            of Tests/boards/adding.c

CORE is `fast` or `small`. A LOG is the console's text of a firmware that was built with PROFILE=1 and ran with
-icount shift=0: a microsecond on its clock is a thousand instructions.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA_SET_KIB = 209 * 12288 // 1024
ITERATIONS = 2500
BEGINNING = 31  # profile.c

# The columns, and the phases of Sources/CNNKernel/phases.h that they sum up.
COLUMNS = {
    "begin": ["BEGINNING"],
    "weights, P": ["PROJECT_ROWS", "DRAW", "PROJECT", "ADJUST"],
    "checksum": ["DIGEST"],
    "G": ["GRAM"],
    "forward, back": ["FORWARD", "CENTER", "ABOVE", "BACKWARD", "LAYER_2", "BIASES"],
    "descent": ["DESCENT"],
    "writing": ["RESTORE", "MEAN", "FOLD", "EXPAND", "MODEL"],
}
WRITING = COLUMNS["writing"]

# The same job before the fast paths and the bounded slices: by column, millions of
# instructions and the longest slice in thousands; times that the data set was read in setup and in writing.
BEFORE = {
    "stm32f405": ([0, 1374, 39, 1652, 1871, 23675, 1376], [356, 35879, 186, 17863, 195, 603, 1162]),
    "cortex-m7": ([1, 757, 39, 1652, 1922, 31945, 783], [562, 6685, 186, 17865, 206, 971, 678]),
    "riscv32": ([0, 1755, 57, 2271, 1997, 18113, 1766], [357, 51856, 275, 24579, 209, 493, 1491]),
}
READS_BEFORE = [36.0, 20.0]

# Chip: board whose counts it takes, MHz, cycles per instruction, microamperes per MHz, volts. The cycles are
# assumed: a Cortex-M4F takes two for a load that does not follow another, and 14 for a division; a Cortex-M7
# starts two instructions at a time where it can.
CHIPS = {
    "STM32F405": ("stm32f405", 168, 1.5, 238, 3.3),
    "nRF52840": ("stm32f405", 64, 1.5, 52, 3.0),
    "STM32H743": ("cortex-m7", 480, 1.0, None, 3.3),
}


def phase_names():
    text = (ROOT / "Sources/CNNKernel/phases.h").read_text()
    enum = text[text.index("enum {") : text.index("};")]
    names = dict(enumerate(re.findall(r"^\s+([A-Z_0-9]+),", enum, re.M)))
    return names | {BEGINNING: "BEGINNING"}


def read(log):
    """{phase: (microseconds, longest, KiB read)}"""
    line = r"^profile: phase (\d+) slices \d+ us (\d+) longest (\d+) KiB (\d+)$"
    names = phase_names()
    found = {}
    for number, *figures in re.findall(line, pathlib.Path(log).read_text(), re.M):
        found[names[int(number)]] = tuple(map(int, figures))
    unknown = found.keys() - {name for phases in COLUMNS.values() for name in phases}
    if not found or unknown:
        sys.exit(f"{log}: " + (f"no column has {', '.join(unknown)}" if unknown else "no line of a profile"))
    return found


def by_column(found, index, combine):
    return [combine([found[name][index] for name in phases if name in found] or [0]) for phases in COLUMNS.values()]


def millions(log):
    return [round(n / 1000) for n in by_column(read(log), 0, sum)]


def reads(log):
    found = read(log)
    in_writing = sum(found[name][2] for name in WRITING if name in found)
    return [(sum(f[2] for f in found.values()) - in_writing) / DATA_SET_KIB, in_writing / DATA_SET_KIB]


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def head(left, right):
    row(*left, *right)
    row(*["---"] * len(left), *["---:"] * len(right))


def rows_of(runs, before, now):
    """Prints the rows: before, then now, for each board."""
    seen = set()
    for board, dtype, core, log in runs:
        if board in BEFORE and board not in seen:
            row(board, dtype, "before", *before(board))
        seen.add(board)
        row(board, dtype, core, *now(log))


def print_counts(runs):
    head(["board", "type", "core"], [*list(COLUMNS)[1:], "whole job", "reads: setup", "writing"])
    line = lambda m, r: [m[0] + m[1], *m[2:], sum(m), *(f"{times:.1f}" for times in r)]
    rows_of(runs, lambda board: line(BEFORE[board][0], READS_BEFORE), lambda log: line(millions(log), reads(log)))


def print_slices(runs):
    head(["board", "type", "core"], COLUMNS)
    rows_of(runs, lambda board: BEFORE[board][1], lambda log: by_column(read(log), 1, max))


def print_energy(runs):
    logs = {board: log for board, _, core, log in runs if core == "fast"}
    head(["chip"], ["MHz", "cycles per instruction", "µA/MHz", "ms per iteration", "s per job", "J per job"])
    for chip, (board, mhz, cycles, current, volts) in CHIPS.items():
        counted = millions(logs[board])
        seconds = sum(counted) * cycles / mhz
        loop = sum(counted[list(COLUMNS).index(name)] for name in ("forward, back", "descent"))
        energy = f"{seconds * mhz * current * 1e-6 * volts:.1f}" if current else ""
        row(chip, mhz, cycles, current or "", f"{loop / ITERATIONS * cycles / mhz * 1000:.0f}", f"{seconds:.0f}", energy)


def print_changes(runs):
    ((log,),) = runs
    text = pathlib.Path(log).read_text()
    names = {"begin": "the first setup, 208 images", "add": "one image more", "forget": "one image less",
             "anew": "from the initial weights again"}
    head([""], ["the call", "G", "whole setup", "reads of the data set"])
    for name, words in names.items():
        call = re.search(rf"^{name}: call (\d+) us$", text, re.M)
        setup = re.search(rf"^{name}: setup (\d+) us, of it G (\d+) us, .*KiB read (\d+)$", text, re.M)
        if not call or not setup:
            sys.exit(f"{log}: no line of {name}")
        total, gram, kib = map(int, setup.groups())
        row(words, f"{int(call[1]) / 1000:.1f}", f"{gram / 1000:.1f}", round(total / 1000), f"{kib / DATA_SET_KIB:.1f}")


{"counts": print_counts, "slices": print_slices, "energy": print_energy, "changes": print_changes}[sys.argv[1]](
    [word.split(",", 3) for word in sys.argv[2:]])
