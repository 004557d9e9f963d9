#!/usr/bin/env python3
"""Writes the C core as two files, nnkernel.h and nnkernel.c, or as a library for the Arduino IDE.

    scripts/amalgamate.py FOLDER              FOLDER/nnkernel.h, FOLDER/nnkernel.c
    scripts/amalgamate.py --arduino FOLDER    FOLDER/library.properties, src, examples

A source file of the core may name its functions and types as it likes: relu, real, lanes. In one file they
would meet, as the kernels are there once for each element type and width of vectors. So what a source file
declares for itself carries the file's name, f32_avx2_relu, and its macros end with it.
"""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ROOT / "include/nnkernel"
PRIVATE = ROOT / "Sources/CNNKernel"

# Private headers with what several source files share. All others are a part of the file that includes them: the
# kernels, which are compiled several times, and math_f64.h, which depends on the target (fused products).
SHARED = ("freestanding.h", "strict_float.h", "exp_log.h", "sums.h", "contrast.h", "layout.h", "header.h", "log_table.h",
          "method.h", "job.h", "phases.h", "arena.h", "finish.h", "work.h", "quick_weights.h", "vector_arithmetic.h",
          "judgement.h", "predictor.h")

INCLUDE = re.compile(r'^#include "([\w./]+\.h)"\n', re.M)
GUARD = re.compile(r"#ifndef (\w+_H)\n#define \1\n(.*)\n#endif\n*\Z", re.S)
# A comment, a text or a number; a member after its object, in group 1; any other name, in group 2.
TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | \.?\d(?:[eEpP][+-]|[\w.])*
        | (?:\.|->)([A-Za-z_]\w*) | ([A-Za-z_]\w*)""", re.S | re.X)


def without_guard(text):
    """A header's text without its guard."""
    return GUARD.sub(r"\2", text)


def code_of(text):
    """The text without comments, texts, the preprocessor's lines and attributes."""
    text = TOKEN.sub(lambda m: "" if m[0].startswith(("/", '"', "'")) else m[0], text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*\n", "", text, flags=re.M)
    return re.sub(r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)", "", text)


def declarations(code):
    """Splits code into (head, body) at file scope: the body is what stands between braces, or empty."""
    start = depth = 0
    for at, sign in enumerate(code):
        depth += (sign == "{") - (sign == "}")
        is_function = sign == "}" and re.match(r"[^{=]*\)\s*\{", code[start:at])
        if depth == 0 and (sign == ";" or is_function):
            head, _, body = code[start:at + 1].partition("{")
            yield head + " " + body.rpartition("}")[2], body.rpartition("}")[0]
            start = at + 1


def own_names(text):
    """What a source file, with its headers in it, declares for itself: names at file scope, and members."""
    names, members = set(), set()
    for head, body in declarations(code_of(text)):
        structure = re.match(r"\s*(?:typedef\s+)?(?:struct|union)\s+(\w+)", head) if body else None
        if structure:
            names.add(structure[1])
            members.update(re.findall(r"(\w+)\s*[;,\[)]", body))
        if re.match(r"\s*(?:typedef\s+)?enum\b", head):
            names.update(re.findall(r"(?:^|,)\s*(\w+)", body))
        if re.match(r"\s*typedef\b", head):
            names.update(re.findall(r"(\w+)\s*;", head))
        elif re.match(r"\s*(?:static|INLINE)\b", head):
            names.update(re.findall(r"(\w+)\s*[(\[=;]", head)[:1])
    return names, members


def source_file(path):
    """The text of one source file for the single file."""
    included = set()

    def expanded(file):
        """The file's text with its headers in it, except those that are public or shared."""
        def included_text(match):
            header = (file.parent / match[1]).resolve()
            if match[1].startswith("nnkernel/") or header in included:
                return ""
            if header.parent == PRIVATE and header.name in SHARED:
                return ""
            included.add(header)
            return expanded(header)

        return INCLUDE.sub(included_text, without_guard(file.read_text()))

    text = expanded(path)
    names, members = own_names(text)

    def renamed(match):
        member, name = match.groups()
        own = name in names or (member in names and member in members)
        return re.sub(r"\w+", rf"{path.stem}_\g<0>", match[0]) if own else match[0]

    text = TOKEN.sub(renamed, text)
    defined = set(re.findall(r"^#define (\w+)", text, re.M)) - set(re.findall(r"^#undef (\w+)", text, re.M))
    end = "".join(f"#undef {macro}\n" for macro in sorted(defined))
    return f"\n// ---- {path.name} {'-' * (101 - len(path.name))}\n\n{text}{end}"


def public_header():
    """All public headers in one, each behind those that it includes: nnkernel.h, then those that it leaves out."""
    done = {"nnkernel.h"}

    def header(match):
        name = match[1].removeprefix("nnkernel/")
        if name in done:
            return ""
        done.add(name)
        return INCLUDE.sub(header, without_guard((PUBLIC / name).read_text()))

    main = (PUBLIC / "nnkernel.h").read_text()
    others = "".join(f'#include "nnkernel/{path.name}"\n' for path in sorted(PUBLIC.glob("*.h")))
    text, guard, _ = main.rpartition("\n#endif")
    return INCLUDE.sub(header, f"{text}\n{others}{guard}\n")


# Clang warns of static functions that nobody calls, other than in headers, which these came from.
QUIET = """#if defined(__clang__)
#pragma clang diagnostic ignored "-Wunused-function"
#endif
"""


def source():
    shared = "".join(INCLUDE.sub("", without_guard((PRIVATE / name).read_text())) for name in SHARED)
    files = "".join(source_file(path) for path in sorted(PRIVATE.glob("*.c")))
    return '#include "nnkernel.h"\n\n' + QUIET + shared + files


def version():
    return re.search(r"project\(nnkernel VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]


def write_two_files(folder):
    origin = f"// nnkernel {version()}, all of it in nnkernel.h and nnkernel.c; made by scripts/amalgamate.py.\n"
    licence = "".join(f"// {line}".rstrip() + "\n" for line in (ROOT / "LICENSE").read_text().splitlines())
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in ("nnkernel.h", public_header()), ("nnkernel.c", source()):
        text = re.sub(r"\n{3,}", "\n\n", text)
        (folder / name).write_text(f"{origin}//\n{licence}\n{text}")


def write_arduino_library(folder):
    write_two_files(folder / "src")
    properties = (ROOT / "Examples/arduino/library.properties.in").read_text()
    (folder / "library.properties").write_text(properties.replace("@VERSION@", version()))
    shutil.copytree(ROOT / "Examples/arduino/first", folder / "examples/first", dirs_exist_ok=True)
    shutil.copy(ROOT / "LICENSE", folder)


def main(arguments):
    write = write_two_files
    if arguments[:1] == ["--arduino"]:
        write = write_arduino_library
        arguments = arguments[1:]
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(f"usage: {Path(sys.argv[0]).name} [--arduino] FOLDER", file=sys.stderr)
        return 64
    write(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
