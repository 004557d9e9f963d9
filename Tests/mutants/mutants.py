"""Finds the places of a C file that can be changed, each into something that most likely means another thing.

Only tokens are looked at. Some changes do not compile, such as + for the * of a pointer; they are not counted.
"""
import re
from typing import NamedTuple

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<operator><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.X | re.S | re.M)

INSTEAD = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&",
    "==": "!=", "!=": "==", "<": "<= >", "<=": "< >=", ">": ">= <", ">=": "> <=", "&&": "||", "||": "&&",
    "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "^=": "|=", "<<=": ">>=", ">>=": "<<=",
    "++": "--", "--": "++", "true": "false", "false": "true",
}
BINARY_ONLY = {"+", "-", "*", "&"}
CONTROL = {"if", "while", "for", "switch"}
# A statement that begins with one of these is no statement to remove, or a declaration.
KEPT = {"return", "const", "static", "case", "default", "do", "else", "goto", "typedef", "enum", "struct", "union",
        "_Static_assert", "NNK_ASSERT"} | CONTROL


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class Mutant(NamedTuple):
    start: int  # the part of the file that is replaced
    end: int
    text: str


def tokens_of(text):
    return [Token(m.lastgroup, m.group(), m.start(), m.end()) for m in TOKEN.finditer(text) if m.lastgroup != "skip"]


def closing(tokens, opening):
    """The index of the parenthesis or bracket that closes this one."""
    depth = 0
    for i in range(opening, len(tokens)):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(tokens[i].text, 0)
        if depth == 0:
            return i
    raise ValueError("a parenthesis is not closed")


def end_of_statement(tokens, i):
    """The index of the semicolon that ends a statement, or None if a block or a closing parenthesis comes first."""
    depth = 0
    while depth >= 0 and tokens[i].text not in "{}":
        if tokens[i].text == ";" and depth == 0:
            return i
        depth += {"(": 1, ")": -1, "[": 1, "]": -1}.get(tokens[i].text, 0)
        i += 1
    return None


def other_numbers(text):
    """A constant one higher, and one lower; a fraction twice as large."""
    whole = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", text)
    if not whole:
        return [f"({text} * 2)", f"({text} + 1)"]
    value = int(whole[1], 0)
    return [f"{value + 1}{whole[2]}"] + ([f"{value - 1}{whole[2]}"] if value else [])


def of_operators(tokens):
    for before, token in zip([None, *tokens], tokens):
        instead = INSTEAD.get(token.text, "").split()
        follows_value = before and (before.kind in ("name", "number") or before.text in (")", "]"))
        if token.text in BINARY_ONLY and (not follows_value or before.text in ("return", "case")):
            instead = [""] if token.text == "-" else []
        if token.text in ("!", "~"):
            instead = [""]
        if token.kind == "number":
            instead = other_numbers(token.text)
        for text in instead:
            yield Mutant(token.start, token.end, text)


def of_conditions(tokens, text):
    for i, token in enumerate(tokens[:-1]):
        if token.text in ("if", "while") and tokens[i + 1].text == "(":
            start, end = tokens[i + 1].start, tokens[closing(tokens, i + 1)].end
            yield Mutant(start, end, f"(!{text[start:end]})")
            yield Mutant(start, end, "(0)")
            yield Mutant(start, end, "(1)")


def of_returns(tokens):
    for i, token in enumerate(tokens[:-1]):
        end = end_of_statement(tokens, i) if token.text == "return" else None
        if end and end > i + 1:  # not a lone return, and no braces
            is_zero = tokens[i + 1].text in ("0", "false", "NULL", "NNK_OK") and end == i + 2
            yield Mutant(tokens[i + 1].start, tokens[end].start, "1" if is_zero else "0")


def of_statements(tokens):
    heads = {closing(tokens, i + 1) for i, t in enumerate(tokens[:-1])
             if t.text in CONTROL and tokens[i + 1].text == "("}
    for i, token in enumerate(tokens[1:], 1):
        if tokens[i - 1].text not in (";", "{", "}", "else", ":") and i - 1 not in heads:
            continue
        if token.text in KEPT or token.text in "{};" or token.kind == "operator" and token.text not in ("*", "++", "--"):
            continue
        end = end_of_statement(tokens, i)
        if end is None or token.kind == "name" and tokens[i + 1].kind == "name":  # a declaration
            continue
        yield Mutant(token.start, tokens[end].start, "")


def left_alone(tokens):
    """The parts that are not changed: assertions, and lengths of arrays, since a longer one is no other array."""
    for i, token in enumerate(tokens):
        declares = i > 1 and token.text == "[" and tokens[i - 1].kind == tokens[i - 2].kind == "name"
        if declares and tokens[i - 2].text not in KEPT:
            yield token.start, tokens[closing(tokens, i)].end
        if token.text in ("NNK_ASSERT", "_Static_assert"):
            yield token.start, tokens[closing(tokens, i + 1)].end


def mutants_of(text):
    tokens = tokens_of(text)
    kept = list(left_alone(tokens))
    found = [*of_operators(tokens), *of_conditions(tokens, text), *of_returns(tokens), *of_statements(tokens)]
    return [m for m in sorted(set(found)) if not any(a <= m.start < b for a, b in kept)]
