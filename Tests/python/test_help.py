"""Tests that help() and tab completion show all that is public."""

import inspect
import pydoc
import subprocess
import sys
import unittest
from dataclasses import is_dataclass
from importlib import metadata

import nnkernel
import nnkernel.layer
import nnkernel.photos


class Help(unittest.TestCase):
    def test_names_all_that_is_public(self):
        page = pydoc.plain(pydoc.render_doc(nnkernel))
        for name in nnkernel.__all__:
            self.assertIn(name, dir(nnkernel))
            self.assertRegex(page, rf"\b(class )?{name}\(")

    def test_describes_all_that_is_public(self):
        for module in nnkernel, nnkernel.layer, nnkernel.photos:
            for name in getattr(module, "__all__", vars(module)):
                thing = getattr(module, name)
                if not name.startswith("_") and getattr(thing, "__module__", "").startswith("nnkernel"):
                    self.check(thing, name)

    def check(self, thing, name):
        with self.subTest(name):
            self.assertNotRegex(thing.__doc__, rf"^{name}\(")  # what dataclass and NamedTuple make up
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, (property, classmethod))):
                    self.check(getattr(thing, member), f"{name}.{member}")

    def test_describes_each_field(self):
        public = [getattr(nnkernel, name) for name in nnkernel.__all__] + list(vars(nnkernel.layer).values())
        kinds = [thing for thing in public if inspect.isclass(thing) and (is_dataclass(thing) or hasattr(thing, "_make"))]
        self.assertGreater(len(kinds), 8)
        for kind in kinds:
            for field in inspect.signature(kind).parameters:
                self.assertRegex(kind.__doc__, rf"\n    (\w+, )*{field}(, \w+)* : ", kind)

    def test_parameters_are_those_of_the_signature(self):
        for thing in nnkernel.train, nnkernel.CrossValidation, nnkernel.from_torch:
            named = set()
            for line in inspect.getdoc(thing).split("Attributes\n")[0].split("Returns\n")[0].splitlines():
                if " : " in line and not line.startswith(" ") or line in ("images, labels, weights", "**options"):
                    named |= {name.strip(" *") for name in line.split(" : ")[0].split(",")}
            self.assertEqual(named, set(inspect.signature(thing).parameters), thing)


class Version(unittest.TestCase):
    def test_is_that_of_the_installed_package(self):
        self.assertEqual(nnkernel.__version__, metadata.version("nnkernel"))


class WithoutScikitLearn(unittest.TestCase):
    def test_all_but_the_estimator_is_there(self):
        program = (
            "import sys; sys.modules['sklearn'] = None\n"  # as if it were not installed
            "from nnkernel import *\nimport nnkernel\n"
            "assert train and CrossValidation and 'Classifier' not in dir(nnkernel)")
        subprocess.run([sys.executable, "-c", program], check=True)


if __name__ == "__main__":
    unittest.main()
