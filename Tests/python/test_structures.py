"""Tests how the package is bound to the core: the structures and numbers of the C headers, and whose functions are called."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from nnkernel import _core, layer, photos

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = {
    "NNK_VERSION": _core.VERSION, "NNK_OK": _core.OK, "NNK_MORE": _core.MORE, "NNK_COST": _core.COST,
    "NNK_E_DIVERGED": _core.E_DIVERGED, "NNK_F32": _core.DTYPES["f32"], "NNK_F64": _core.DTYPES["f64"],
    "NNK_I8": _core.DTYPES["i8"], "NNK_INIT_DEFAULT": _core.INITIALIZERS[None],
    "NNK_INIT_DEEP": _core.INITIALIZERS["deep"], "NNK_INIT_SMALL": _core.INITIALIZERS["small"],
    "NNK_PRIMAL": _core.PRIMAL, "NNK_DUAL": _core.DUAL, "NNK_DUAL_WIDE": _core.DUAL_WIDE, "NNK_GRAM": _core.GRAM,
    "NNK_MAX_LAYERS": _core.MAX_LAYERS, "NNK_MAX_INPUTS": _core.MAX_INPUTS, "NNK_MAX_UNITS": _core.MAX_UNITS,
    "NNK_MAX_EXAMPLES": _core.MAX_EXAMPLES, "NNK_MAX_DUAL_INPUTS": _core.MAX_DUAL_INPUTS,
    "NNK_CLASS_NAME_BYTES - 1": _core.CLASS_NAME_BYTES, "NNK_OPTION_OWN_CONTRAST": _core.OWN_CONTRAST,
    "NNK_MAX_FOLDS": _core.MAX_FOLDS, "NNK_MAX_SHARDS": _core.MAX_SHARDS, "NN_SIDE": photos.SIDE,
}


def structures():
    """The package's structures with their names in C: Job is nnk_job."""
    for module, prefix in (_core, "nnk_"), (layer, "nnk_"), (photos, "nn_"):
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, ctypes.Structure) and kind.__module__ == module.__name__:
                yield prefix + kind.__name__.lstrip("_").lower(), kind


def facts(name, kind):
    """What holds in C if a structure has the same fields at the same places."""
    for field, *_ in kind._fields_:
        place, in_c = getattr(kind, field), field.rstrip("_")
        yield f"offsetof({name}, {in_c}) == {place.offset}"
        yield f"sizeof((({name} *)0)->{in_c}) == {place.size}"
    if name != "nnk_arithmetic":  # of which the package has the first fields
        yield f"sizeof({name}) == {ctypes.sizeof(kind)}"


@unittest.skipUnless(shutil.which("cc"), "there is no C compiler")
class StructureTests(unittest.TestCase):
    def complaints(self, facts):
        program = ["#include <nnkernel/nnkernel.h>", '#include "resampling.h"', "#include <stddef.h>"]
        program += [f'_Static_assert({fact}, "{fact}");' for fact in facts]
        includes = [f"-I{ROOT / folder}" for folder in ("include", "Sources/CImage/include")]
        compiler = subprocess.run(
            ["cc", "-std=c11", "-fsyntax-only", *includes, "-x", "c", "-"], input="\n".join(program), text=True,
            capture_output=True)
        return re.findall(r"error: .*", compiler.stderr)

    def test_are_those_of_the_headers(self):
        found = dict(structures())
        self.assertEqual(len(found), 15, found)
        numbers = [f"{name} == {number}" for name, number in NUMBERS.items()]
        self.assertEqual(self.complaints([fact for item in found.items() for fact in facts(*item)] + numbers), [])

    def test_another_one_would_be_noticed(self):
        class Folds(ctypes.Structure):
            _fields_ = [("count", ctypes.c_uint32), ("seed", ctypes.c_uint32), ("block", ctypes.c_uint32)]

        self.assertEqual(len(self.complaints(facts("nnk_folds", Folds))), 2)  # two places
        self.assertEqual(len(self.complaints(["NNK_MAX_UNITS == 255"])), 1)


@unittest.skipUnless(sys.platform == "linux" and shutil.which("cc"), "not Linux, or there is no C compiler")
class InterpositionTests(unittest.TestCase):
    def test_a_library_in_front_changes_nothing(self):
        """A process may have another libnnkernel already. Functions of that name must not be called by this one."""
        names = "nnk_probability", "nnk_fill_bins", "nnk_train_run", "nnk_train_step", "nnk_train_begin_0_1"
        program = "#include <stdlib.h>\n" + "".join(f"void {name}(void) {{ abort(); }}\n" for name in names)
        training = (
            "import numpy, nnkernel; images = numpy.arange(80, dtype=numpy.uint8).reshape(8, 10); labels = [0, 1] * 4; "
            "options = dict(hidden_layers=(2,), iterations=2, threads=2); nnkernel.train(images, labels, **options); "
            "nnkernel.CrossValidation(images, labels, folds=2, **options).run()")
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder, "other.so")
            subprocess.run(["cc", "-shared", "-fPIC", "-o", other, "-x", "c", "-"], input=program, text=True, check=True)
            ran = subprocess.run([sys.executable, "-c", training], env={**os.environ, "LD_PRELOAD": str(other)})
        self.assertEqual(ran.returncode, 0)


if __name__ == "__main__":
    unittest.main()
