#!/usr/bin/env python3
"""Adds up the lines of NNData that tests covered, from the JSON that `swift test --enable-code-coverage` writes.

    readers.py TABLE EXPORT

Prints a table of files, and writes the total to the file TABLE. The exit code is 1 below 95 %.
"""
import json
import pathlib
import sys

LEAST = 95  # percent

table, export = map(pathlib.Path, sys.argv[1:])
folder = str(pathlib.Path(__file__).resolve().parent.parent.parent / "Sources") + "/"
lines = covered = 0
for file in json.loads(export.read_text())["data"][0]["files"]:
    name = file["filename"].removeprefix(folder)
    if name.startswith(("NNData/", "NNHDF5/", "CHDF5Reader/", "CImage/")):
        count = file["summary"]["lines"]
        print(f"{name:60}{count['count']:7}{count['percent']:7.1f}")
        lines += count["count"]
        covered += count["covered"]
percent = 100 * covered / max(lines, 1)
table.write_text("| what | lines | covered | % |\n| --- | ---: | ---: | ---: |\n"
                 f"| readers of data sets and images | {lines} | {covered} | {percent:.1f} |\n")
print(table.read_text())
sys.exit(percent < LEAST)
