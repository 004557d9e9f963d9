"""Runs the examples of docs/PYTHON.md, in their order."""

import io
import os
import re
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/PYTHON.md"
OPTIONAL = {"PIL", "sklearn", "torch", "tqdm"}  # an example is left out if its package is not installed


class Examples(unittest.TestCase):
    def test_run(self):
        self.addCleanup(os.chdir, os.getcwd())
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            names = {}
            for number, block in enumerate(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)):
                program = compile(block, f"{PAGE.name}, example {number + 1}", "exec")
                try:
                    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                        exec(program, names)
                except ModuleNotFoundError as error:
                    if error.name not in OPTIONAL:
                        raise
            self.assertGreater(names["best"].scores.accuracy, 0.9)
            os.chdir("/")


if __name__ == "__main__":
    unittest.main()
