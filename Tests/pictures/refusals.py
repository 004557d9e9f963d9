#!/usr/bin/env python3
"""Runs a command with each file in a folder as its last word: it must refuse each by name, in 2 s of processor
time and 64 MB. Those whose names begin with slow- may be read, within the same.

usage: refusals.py FOLDER COMMAND WORD ...
"""
import os
import sys

# Few imports, because the parent's memory counts in the child's peak memory.
LARGEST = 64_000_000
SECONDS = 2


def ask(command, folder):
    out, err = os.path.join(folder, "..stdout"), os.path.join(folder, "..stderr")
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 1, out, write, 0o600), (os.POSIX_SPAWN_OPEN, 2, err, write, 0o600)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    with open(out) as stdout, open(err) as stderr:
        return os.waitstatus_to_exitcode(status), stdout.read(), stderr.read(), usage


def main(folder, *command):
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    largest, longest = 0, 0
    for name in names:
        path = os.path.join(folder, name)
        code, stdout, stderr, usage = ask([*command, path], folder)
        memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        seconds = usage.ru_utime + usage.ru_stime
        largest, longest = max(largest, memory), max(longest, seconds)
        is_read = code == 0 and name.startswith("slow-") and stdout.count("\n") == 1
        is_refused = code == 65 and not stdout and stderr.count("\n") == 1 and stderr.startswith(
            f"Error: {path}: expected ")
        if not is_read and not is_refused:
            print(f"{name}: exit code {code}, {stdout!r}, {stderr!r}")
        if memory >= LARGEST or seconds >= SECONDS:
            print(f"{name}: {memory} bytes, {seconds:.2f} s")
    print(f"{len(names)} files, up to {largest / 1e6:.0f} MB and {longest:.2f} s")


main(*sys.argv[1:])
