#!/usr/bin/env python3
"""Prints as JSON which machine and which versions the measurements used.

    machine.py COMPILER LOAD MINUTES [--quick]
"""

import datetime
import json
import os
import platform
import re
import subprocess
import sys

import numpy
import sklearn
import torch


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]
    except OSError:
        return "-"


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return re.search("model name\\s*: (.*)", file.read())[1]
    except (OSError, TypeError):
        return platform.processor()


compiler, load, minutes = sys.argv[1:4]
fann = first_line("dpkg-query", "-W", "-f=${Version}", "libfann-dev")
packages = [platform.python_version(), numpy.__version__, torch.__version__, sklearn.__version__, fann]
answer = {
    "date": datetime.date.today().isoformat(),
    "minutes": float(minutes),
    "quick": "--quick" in sys.argv,
    "rows": [
        ["processor", processor()],
        ["cores", os.cpu_count()],
        ["load average at the start", load],
        ["system", f"{platform.system()} {platform.release()} {platform.machine()}"],
        ["Swift", first_line("swift", "--version")],
        ["C compiler", re.sub(r" \(http.*", "", first_line(compiler, "--version"))],
        ["Python, numpy, PyTorch, scikit-learn, FANN", ", ".join(packages)],
    ],
}
print(json.dumps(answer, indent=1))
