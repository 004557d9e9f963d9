#!/usr/bin/env python3
"""Copies the C core into a folder, where every function, and every pointer to one, has the attribute nonblocking.

    mark-functions.py FOLDER [FILE ...]

FILEs are marked too, as sources of the core are.

With -Wfunction-effects, clang then refuses calls of anything that allocates, locks or waits, in all of the core and in
the types of what it calls. The attribute is a part of a function's type, so it would have to stand at each of some
hundred declarations. The sources do without it.
"""
import pathlib
import re
import sys

MARK = " __attribute__((nonblocking))"
TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | ^[ \t]*\#(?:\\\n|[^\n])* | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | \w+ | \s+ | .""",
    re.X | re.S | re.M)
# What stands before a parenthesis outside of functions, and is no function.
OTHERS = re.compile(r"_Static_assert|__attribute__|__asm__|_Alignas|sizeof|NNK_[A-Z_0-9]+|defined")


def closing(tokens, at):
    """The place of the parenthesis that closes the one at `at`."""
    depth = 0
    for place in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[place], 0)
        if depth == 0:
            return place
    raise ValueError("a parenthesis is not closed")


def code(tokens, at, step):
    """The next token that is no space, comment or directive."""
    while 0 <= at < len(tokens) and (tokens[at].isspace() or tokens[at].lstrip()[:1] in ("#",) or tokens[at][:2] in ("//", "/*")):
        at += step
    return tokens[at] if 0 <= at < len(tokens) else ""


def marked(text):
    # Clang takes no constant in a function for one. check-core.sh looks for data that could be written.
    tokens = TOKEN.findall(re.sub(r"^(\s+)static const ", r"\1const ", text, flags=re.M))
    marks, depth = set(), 0
    for at, token in enumerate(tokens):
        if token in "{}" and code(tokens, at - 1, -1) != '"C"':
            depth += 1 if token == "{" else -1
        depth = max(depth, 0)  # the brace that closes extern "C"
        if token != "(":
            continue
        before = code(tokens, at - 1, -1)
        if before == ")" and re.search(r"\(\*(?:const )?\w*(?:\[\w*\])?\)$", "".join(tokens[max(0, at - 8):at])):
            marks.add(closing(tokens, at))  # a pointer to a function
        elif depth == 0 and re.fullmatch(r"[A-Za-z]\w*", before) and not OTHERS.fullmatch(before):
            end = closing(tokens, at)
            if code(tokens, end + 1, 1) == "NNK_VERSIONED":
                end = closing(tokens, tokens.index("(", end + 1))
            if code(tokens, end + 1, 1) in ("{", ";"):
                marks.add(end)
    return "".join(token + MARK * (at in marks) for at, token in enumerate(tokens)), len(marks)


root, folder = pathlib.Path(__file__).resolve().parent.parent, pathlib.Path(sys.argv[1])
total = 0
for source in sorted({*root.glob("include/nnkernel/*.h"), *root.glob("Sources/CNNKernel/**/*.[ch]"), *(root / name for name in sys.argv[2:])}):
    text, count = marked(source.read_text())
    total += count
    target = folder / source.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
print(total)
