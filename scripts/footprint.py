#!/usr/bin/env python3
"""Measures a program for a board: bytes of the core and of the compiler's helpers, and its deepest stack.

    footprint.py PREFIX PROGRAM.elf ROOT [MEMBER=FUNCTION,... ]

PREFIX is the prefix of the tools (arm-none-eabi-; empty for the tools of this machine). The program's folder
must also have the linker's PROGRAM.map and the .ci files of -fcallgraph-info=su. The stack is counted from the
function ROOT. MEMBER=FUNCTION names the functions of the program that a call through a pointer MEMBER can
reach, for example read=card_image.

Prints, separated by tabs: bytes of the core's code and constants, of its data, of the compiler's helpers, of
the deepest stack, and the chain of calls that needs this stack.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORE = ROOT / "Sources/CNNKernel"
METHODS = ("primal", "dual", "dual_wide")
# What only some programs link: those that read models, and those that finish as i8.
READING = ("reading_bytes", "read_and_feed", "read_and_finish")
OPTIONAL = (*READING, "next_part", "sum_of_shards", "sum")  # no board has shards, or shares them


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# ---- Bytes, from the linker's map -------------------------------------------------------------------------


def bytes_by_origin(map_text):
    """{(origin, kind): bytes} of the sections that the linker kept."""
    kept = map_text.split("Linker script and memory map", 1)[1]
    kept = re.sub(r"\n (\.\S+)\n +0x", r"\n \1 0x", kept)  # long names are on a separate line
    core = {path.stem for path in CORE.glob("*.c")}
    sums = {}
    for name, size, path in re.findall(r"^ (\.\S+) +0x[0-9a-f]+ +0x([0-9a-f]+) (.+)$", kept, re.M):
        kind = re.match(r"\.(text|s?rodata|s?data|s?bss)", name)
        if not kind:
            continue
        kind = "code" if kind[1].endswith(("text", "rodata")) else "data"
        origin = "helper" if "libgcc.a(" in path else "core" if pathlib.Path(path).stem in core else "program"
        sums[origin, kind] = sums.get((origin, kind), 0) + int(size, 16)
    return sums


# ---- The call graph ---------------------------------------------------------------------------------------


def pointer_targets(given):
    """{member: functions that a call through this member can reach}."""
    table = "".join((CORE / "kernels" / name).read_text() for name in ("arithmetic.h", "dense.h"))
    table = table.replace("\\\n", " ")
    targets = {m: {f} for m, f in re.findall(r"\.(\w+) = (?:VECTOR\()?([a-z]\w+)", table)}
    targets |= {"accumulate": {"accumulate"}, "take_contrast": {"take_contrast"}, "head": {"head", "contrast_head"}}
    targets |= {member: {member, "nnk_predict_" + member} for member in READING}
    targets |= {"work": set(), "span": set(), "items": set()}
    targets["next"] = {"next_reals", "next_i8"}
    targets["crc32"] = {"nnk_crc32", "nnk_crc32_by_products"}
    targets["is_strict"] = {"nnk_is_strict_f32", "nnk_is_strict_f64"}  # scalar C has no others
    for method in METHODS:
        text = (CORE / f"{method}.c").read_text()
        for phase in re.findall(r"^    \[\w+\] = \{(.*?)\}", text, re.M | re.S):
            fields = [field.strip() for field in phase.split(",")]
            names = ("work", "items", "parallel", "span")
            named = dict(re.findall(r"\.(\w+) = (?:NNK_OPTION_ONLY\()?(\w+)", phase)) or dict(zip(names, fields))
            for member in "work", "items", "span":
                targets[member] |= {named.get(member, "0")} - {"0"}
        for member, function in re.findall(r"^    \.(\w+) = (?:NNK_OPTION_ONLY\()?([a-z]\w+)\)?,$", text, re.M):
            targets.setdefault(member, set()).add(function)
    for path in CORE.glob("*.c"):  # what nnk_sum_of_shards adds up
        terms = re.findall(r"^static nnk_status (\w+)\(const nnk_job \*job, const arena \*a, nnk_part", path.read_text(), re.M)
        targets.setdefault("terms", set()).update(terms)
    for path in CORE.glob("finish*.c"):
        parts = re.findall(r"\.next_part = (\w+)", path.read_text())
        targets.setdefault("next_part", set()).update(parts)
    for word in given:
        member, functions = word.split("=")
        targets[member] = set(functions.split(","))
    return targets


def called_member(place, folder):
    """The member in `a->b.member(...)`, or the parameter in `member(...)`, at file:line:column; the file is relative to
    the folder of the build."""
    path, line, column = place.rsplit(":", 2)
    lines = (folder / path).read_text().splitlines()
    text = lines[int(line) - 1][int(column) - 1 :] + " ".join(lines[int(line) : int(line) + 2])
    found = re.match(r"(\w+)\(", text) or re.search(r"(?:->|\.)(\w+)\(", text)
    if not found:
        sys.exit(f"{place}: a call through a pointer that is neither a member of a struct nor a parameter")
    return found[1]


def short(title):
    """The function's linked name, from "file.c:function.isra.0", "function", or "*symbol" if it has one of its own."""
    return title.rsplit(":", 1)[-1].lstrip("*")


def read_graph(folder, linked, targets):
    """(frames, calls) of the linked functions: {function: bytes} and {function: called functions}."""
    frames, calls, pointers = {}, {}, []
    for path in folder.glob("*.ci"):
        text = path.read_text()
        objects = {"nnk_" + path.stem, "nnk_" + path.stem + "_dual"}
        objects.add("nnk_" + path.stem.replace("_inference", "_contrast_inference"))
        objects |= {"nnk_train_finish_as"} if path.stem == "finish_i8" else set()
        if path.stem.startswith(("f32", "f64", "i8", "predict_reading", "finish_i8", *METHODS)) and not objects & linked:
            continue  # the same function names, for another precision or method
        for title, size, kind in re.findall(
            r'node: \{ title: "([^"]+)" label: "[^"]*\\n(\d+) bytes \((\w[^)]*)\)', text
        ):
            if kind not in ("static", "dynamic,bounded"):
                sys.exit(f"{title}: the size of its frame has no bound")
            frames[short(title)] = max(int(size), frames.get(short(title), 0))
        for source, target, place in re.findall(
            r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]+)")?', text
        ):
            if target == "__indirect_call":
                pointers.append((short(source), place))
            elif short(target) in linked:  # gcc lists helpers that the final code does not call
                calls.setdefault(short(source), set()).add(short(target))
    for source, place in pointers:
        # `targets` also has functions that are not linked, such as kernels of other precisions.
        member = called_member(place, folder)
        reached = targets.get(member, set()) & frames.keys()
        reached = reached & linked or (set() if member in OPTIONAL else reached)
        if source in linked and not reached and member not in OPTIONAL:
            sys.exit(f"{place}: unknown which functions this call can reach")
        calls.setdefault(source, set()).update(reached)
    return frames, calls


def read_assembly(prefix, program, aliases, frames, calls):
    """Adds the functions without a .ci file, the compiler's helpers, from their instructions."""
    text = run(prefix + "objdump", "-d", program)
    for address, name, body in re.findall(r"^([0-9a-f]+) <([^>]+)>:\n(.*?)(?=\n\n|\Z)", text, re.M | re.S):
        frame, callees = 0, set()
        for line in body.splitlines():
            if pushed := re.search(r"\t(?:push|stmdb|stmfd)(?:\.w)?\t(?:sp!, )?\{([^}]*)\}", line):
                frame += 4 * len(pushed[1].split(","))
            elif re.search(r"\tstr(?:\.w)?\t\w+, \[sp, #-4\]!", line):
                frame += 4
            elif grown := re.search(r"\t(?:sub(?:\.w)?\tsp, (?:sp, )?#|addi?\tsp,sp,-)(\d+)", line):
                frame += int(grown[1])
            elif called := re.search(r"\t(?:b\w{0,3}(?:\.\w)?|jal|j)\t(?:\w+,)*[0-9a-f]+ <([^>+]+)>", line):
                callees.add(called[1])
        for alias in aliases[int(address, 16) & ~1] - frames.keys():
            frames[alias] = frame
            calls[alias] = callees - aliases[int(address, 16) & ~1]


def worst(function, frames, calls, known, above=()):
    """(bytes, chain) of the deepest stack from `function` on; `known` caches the results."""
    if function in above:
        sys.exit("recursion: " + " > ".join(above + (function,)))
    if function not in frames:
        sys.exit(f"{function}: the size of its frame is unknown")
    if function not in known:
        deepest = (0, ())
        for callee in calls.get(function, ()):
            deepest = max(deepest, worst(callee, frames, calls, known, above + (function,)))
        known[function] = frames[function] + deepest[0], (function,) + deepest[1]
    return known[function]


def main():
    prefix, program, root, *given = sys.argv[1:]
    program = pathlib.Path(program)
    aliases = {}  # address: names
    for address, name in re.findall(r"^([0-9a-f]+) \w (\S+)$", run(prefix + "nm", program), re.M):
        aliases.setdefault(int(address, 16) & ~1, set()).add(name)
    frames, calls = read_graph(program.parent, set().union(*aliases.values()), pointer_targets(given))
    read_assembly(prefix, program, aliases, frames, calls)
    stack, chain = worst(root, frames, calls, {})
    sums = bytes_by_origin(program.with_suffix(".map").read_text())
    print(
        sums.get(("core", "code"), 0),
        sums.get(("core", "data"), 0),
        sums.get(("helper", "code"), 0),
        stack,
        " > ".join(chain),
        sep="\t",
    )


main()
