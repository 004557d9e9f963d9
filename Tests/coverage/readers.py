#!/usr/bin/env python3
"""Adds up the lines of the readers in Swift that tests covered, from what `llvm-cov export` writes.

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
    if name.startswith(("NNData/", "NNHDF5/")):
        count = file["summary"]["lines"]
        print(f"{name:60}{count['count']:7}{count['percent']:7.1f}")
        lines += count["count"]
        covered += count["covered"]
percent = 100 * covered / max(lines, 1)
table.write_text("| what | lines | covered | % |\n| --- | ---: | ---: | ---: |\n"
                 f"| NNData and NNHDF5, the readers in Swift | {lines} | {covered} | {percent:.1f} |\n")
print(table.read_text())
sys.exit(percent < LEAST)
