"""Prints one program with the examples in the comments of the public headers and in docs/C.md, for compilers of C11
and C++20.

An example in a comment is a part that is indented by at least four spaces and has a semicolon or a macro; others are
formulas. Each example becomes the body of a function."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEAST = {"checkpoint": 1, "judge": 1, "model": 1, "predict": 1, "sizes": 1, "stream": 1, "team": 1, "topology": 1, "train": 2}

# What the examples have from their surroundings.
PREAMBLE = """
#include <nnkernel/nnkernel.h>
#ifndef __cplusplus
#include <stdalign.h>
#endif
extern uint8_t arena[1 << 20], file[1 << 20], scratch[1 << 16], scratch_a[1 << 16], scratch_b[1 << 16];
extern const uint8_t labels[209], pixels[209 * 12288];
extern size_t length, count;
extern const char *name;
extern uint32_t order[209];
extern double logits[1 << 20], expected[209];
extern nnk_job job;
extern nnk_choice choice;
extern nnk_calibration calibration;
extern nnk_scores scores;
extern nnk_status status;
extern nnk_sink sink;
extern nnk_reader reader;
"""


def examples(header):
    """The examples of one header, each as lines of code."""
    block = []
    for line in header.read_text().splitlines() + [""]:
        match = re.match(r"\s*///(?:     (.*))?$", line)
        if match and (match[1] or block):
            block.append(match[1] or "")
            continue
        code = "\n".join(block).rstrip()
        if re.search(r";|^#define", code, re.M):
            yield code
        block = []


def print_function(name, code):
    macros = "".join(f"#undef {macro}\n" for macro in re.findall(r"^#define (\w+)", code, re.M))
    print(f"void {name}(void);\nvoid {name}(void) {{\n{code}\n}}\n{macros}")


def main():
    print(PREAMBLE)
    for header in sorted((ROOT / "include/nnkernel").glob("*.h")):
        found = list(examples(header))
        if len(found) < LEAST.get(header.stem, 0):
            sys.exit(f"header_examples: {header.name}: expected {LEAST[header.stem]} examples, found {len(found)}")
        for i, code in enumerate(found):
            print_function(f"{header.stem}_{i}", code)
    for i, code in enumerate(re.findall(r"^```c\n(.*?)^```", (ROOT / "docs/C.md").read_text(), re.M | re.S)):
        print_function(f"docs_{i}", code)


main()
