"""Checks that a shared library exports exactly the functions and constants that the public headers declare, and those
with which programs begin by their versioned symbols (version.h). Standard input: the exported symbols, one per line."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import amalgamate


def declared():
    """The functions and constants of the public headers."""
    header = re.sub(r"#ifdef __cplusplus\b.*?#endif\n", "", amalgamate.public_header(), flags=re.S)
    names = set()
    for head, _ in amalgamate.declarations(amalgamate.code_of(header)):
        if re.match(r"\s*extern\b", head):
            names.update(re.findall(r"(\w+)\s*(?:\[\w*\])?[,;]", head))
        elif not re.match(r"\s*typedef\b", head):
            names.update(re.findall(r"(\w+)\s*\(", head)[:1])
    return names


want = declared()
header = amalgamate.public_header()
major, minor = (re.search(rf"^#define NNK_VERSION_{part} +(\d+)$", header, re.M)[1] for part in ("MAJOR", "MINOR"))
versioned = set(re.findall(r"NNK_VERSIONED\((nnk_\w+)\);", header))
symbols = {name + f"_{major}_{minor}" * (name in versioned) for name in want}
exported = set(sys.stdin.read().split())
for name in sorted(symbols ^ exported):
    print(f"{name}: {'not ' if name in symbols else ''}exported by the library, "
          f"{'' if name in symbols else 'not '}declared in include/nnkernel")
if not want or not versioned or exported != symbols:
    sys.exit(1)

# The rule for wrong arguments in status.h names what it does not cover. All numbers are right for nnk_crc32_joined.
tests = [(ROOT / "Tests/core" / name).read_text() for name in ("test_misuse.c", "test_judge.c")]
tested = set(re.findall(r"\bnnk_\w+", "".join(tests)))
untested = {name for name in want - tested if re.search(rf"\b{name}\(", header)}
untested = {name for name in untested if not name.startswith("nnk_crc32") and not name.startswith("nnk_random_")}
if untested:
    sys.exit(f"neither test_misuse.c nor test_judge.c calls {', '.join(sorted(untested))}")
print(f"shared library: exports the {len(want)} names of the headers")
