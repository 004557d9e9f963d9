#!/usr/bin/env python3
"""Writes a measured table into a page of docs, between the markers of this name.

    write-table.py PAGE NAME FILE
"""
import pathlib
import re
import sys

page, name, table = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).read_text()
document = pathlib.Path(__file__).resolve().parent.parent / "docs" / page
begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
between = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.S)
text, count = between.subn(lambda _: table, document.read_text())
if count != 1:
    sys.exit(f"{document}: expected one table {name}, found {count}")
document.write_text(text)
