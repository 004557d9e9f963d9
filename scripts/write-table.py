#!/usr/bin/env python3
"""Writes a measured table into docs/BOARDS.md, between the markers of this name.

    write-table.py NAME FILE
"""
import pathlib
import re
import sys

name, table = sys.argv[1], pathlib.Path(sys.argv[2]).read_text()
document = pathlib.Path(__file__).resolve().parent.parent / "docs/BOARDS.md"
begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
between = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.S)
text, count = between.subn(lambda _: table, document.read_text())
if count != 1:
    sys.exit(f"{document}: expected one table {name}, found {count}")
document.write_text(text)
