"""Tests that the package and nn-cli give the same bytes. NN_CLI names the program, if it is there."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

import nnkernel
from nnkernel._core import core

PROGRAM = os.environ.get("NN_CLI")


@unittest.skipUnless(PROGRAM, "NN_CLI does not name nn-cli")
class SameBytes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import h5py

        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.run_program("dataset", "synth", "-o", ".")
        with h5py.File(cls.folder / "train.h5") as file:
            cls.images, cls.labels = file["train_set_x"][:], file["train_set_y"][:].ravel()
            cls.names = tuple(name.decode() for name in file["list_classes"][:])

    @classmethod
    def run_program(cls, *arguments):
        return subprocess.run(
            [PROGRAM, *map(str, arguments)], cwd=cls.folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout

    def test_models(self):
        for options, arguments in (
            ({"iterations": 300}, "--iterations 300"),
            ({"hidden_layers": (7,), "iterations": 300, "dtype": "f32", "cost_every": 7},
             "--topology two-layer --iterations 300 --precision f32 --log-every 7"),
            ({"iterations": 200, "center": True, "mirror": True, "weight_decay": 0.1, "balance": True, "seed": 5},
             "--iterations 200 --center --mirror --weight-decay 0.1 --balance --seed 5"),
            ({"iterations": 500, "own_contrast": True, "hold_out": 0.123, "keep_best": True, "learning_rate": 0.01},
             "--iterations 500 --own-contrast --hold-out 0.123 --keep-best --learning-rate 0.01"),
            ({"iterations": 3, "method": "primal", "virtual_shards": 16},
             "--iterations 3 --method primal --virtual-shards 16"),
            ({"iterations": 3, "method": "primal"}, "--iterations 3 --method primal"), ({"iterations": 1}, "--iterations 1"),
        ):
            with self.subTest(arguments):
                self.run_program("train", "--train", "train.h5", "-o", "model.nnk", *arguments.split())
                model = nnkernel.train(self.images, self.labels, class_names=self.names, threads=2, **options)
                self.assertEqual(nnkernel.load(self.folder / "model.nnk"), model)

    def test_probabilities(self):
        for dtype in "f32", "f64", "i8":
            model = nnkernel.train(
                self.images, self.labels, iterations=100, dtype="f64" if dtype == "f64" else "f32", own_contrast=dtype != "f32")
            model = model.quantized() if dtype == "i8" else model
            model.save(self.folder / "model.nnk")
            files = []
            for number, image in enumerate(self.images[:9]):
                files.append(f"{number}.bin")
                (self.folder / files[-1]).write_bytes(image.tobytes())
            answers = json.loads(self.run_program("predict", "-m", "model.nnk", "--json", *files))["predictions"]
            found = model.predict_proba(self.images[:9])[:, 1]
            self.assertEqual([answer["probability"] for answer in answers], found.tolist())

    def test_cross_validation(self):
        for options, grid, arguments in (
            ({"iterations": 300}, {}, "--blocks 1 --iterations 300"),
            ({"dtype": "f32", "center": True, "mirror": True, "balance": True, "folds": 3, "seed": 4},
             {"weight_decay": [0, 0.1], "iterations": [100, 200, 300]},
             "--blocks 1 --precision f32 --center --mirror --balance --folds 3 --seed 4 --weight-decay 0 0.1 "
             "--iterations 100 200 300"),
            ({"dtype": "f32", "iterations": 40, "folds": len(self.labels)}, {},
             "--precision f32 --iterations 40 --leave-one-out"),
        ):
            answers = json.loads(self.run_program("cross-validate", "train.h5", "--json", *arguments.split()))["results"]
            validation = nnkernel.CrossValidation(self.images, self.labels, threads=2, **options)
            results = validation.run(grid)
            self.assertEqual(len(results), len(answers))
            for result, answer in zip(results, answers):
                self.assertEqual([self.probability(z, label) for z, label in self.held_out(validation, result)], answer["probabilities"])
                scores = result.scores
                self.assertEqual((scores.accuracy, scores.log_loss, scores.auc), (answer["accuracy"], answer["log_loss"], answer["auc"]))

    def held_out(self, validation, result):
        logits = np.empty(len(self.labels))
        for split, found in zip(validation.splits, result.logits):
            logits[split.test] = found
        return zip(logits, self.labels)

    @staticmethod
    def probability(logit, label):
        """As nn-cli computes it: from the probability of the example's own class."""
        return core.nnk_probability(logit) if label else 1 - core.nnk_probability(-logit)


if __name__ == "__main__":
    unittest.main()
