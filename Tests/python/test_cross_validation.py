"""Tests nnkernel.CrossValidation, against scikit-learn's cross-validation of nnkernel.Classifier."""

import unittest

import numpy as np
from drawn import LAYERS, drawn
from interrupts import ends_at_once
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, LeaveOneOut, RepeatedStratifiedKFold, ShuffleSplit, StratifiedKFold, cross_validate

import nnkernel

IMAGES, LABELS = drawn(42, noise=250)  # hard to tell apart
OPTIONS = {"hidden_layers": LAYERS, "iterations": 400, "learning_rate": 0.03}


class SameNumbers(unittest.TestCase):
    def test_as_cross_validation_of_the_classifier(self):
        for folds in StratifiedKFold(4), ShuffleSplit(3, random_state=1), RepeatedStratifiedKFold(n_splits=3, n_repeats=2), LeaveOneOut():
            for options in {}, {"own_contrast": True, "weight_decay": 0.1, "balance": True}, {"mirror": True, "method": "primal"}:
                pairs = list(folds.split(IMAGES, LABELS))
                expected = cross_validate(
                    nnkernel.Classifier(**OPTIONS, **options), IMAGES, LABELS, cv=pairs, return_estimator=True)
                (found,) = nnkernel.CrossValidation(IMAGES, LABELS, folds=pairs, threads=2, **OPTIONS, **options).run()
                with self.subTest(f"{folds} {options}"):
                    np.testing.assert_array_equal(found.accuracies, expected["test_score"])
                    for logits, model, (_, test) in zip(found.logits, expected["estimator"], pairs):
                        # Both round, in other orders of the sums; 400 steps let that grow from some 1e-16.
                        np.testing.assert_allclose(
                            1 / (1 + np.exp(-logits)), model.predict_proba(IMAGES[test])[:, 1], rtol=0, atol=1e-10)

    def test_scores_as_scikit_learn_computes_them(self):
        (found,) = nnkernel.CrossValidation(IMAGES, LABELS, center=True, **OPTIONS).run()
        p, scores = found.probabilities, found.scores
        self.assertEqual(scores.accuracy, accuracy_score(LABELS, p > 0.5))
        self.assertAlmostEqual(scores.log_loss, log_loss(LABELS, p), delta=1e-13)
        self.assertAlmostEqual(scores.auc, roc_auc_score(LABELS, p), delta=1e-13)
        self.assertEqual((scores.examples, scores.guessing), (42, 0.5))
        self.assertTrue(scores.low < scores.accuracy < scores.high)

    def test_any_number_of_threads_and_iterations_together(self):
        grid = {"weight_decay": [0, 0.3], "iterations": [200, 400, 300]}
        alone = [
            nnkernel.CrossValidation(IMAGES, LABELS, **{**OPTIONS, "weight_decay": decay, "iterations": steps}).run()[0]
            for decay in grid["weight_decay"] for steps in grid["iterations"]
        ]
        for threads in 1, 3:
            together = nnkernel.CrossValidation(IMAGES, LABELS, threads=threads, **OPTIONS).run(grid)
            self.assertEqual([result.parameters for result in together], [
                {"weight_decay": decay, "iterations": steps} for decay in (0, 0.3) for steps in (200, 400, 300)])
            for a, b in zip(alone, together):
                np.testing.assert_array_equal(a.probabilities, b.probabilities)
                self.assertEqual(a.scores, b.scores)

    def test_grid_of_anything(self):
        grid = {"hidden_layers": [[4], [4, 3]], "dtype": ["f32", "f64"], "mirror": [False, True], "seed": [1, 2]}
        results = nnkernel.CrossValidation(IMAGES, LABELS, threads=2, **OPTIONS).run(grid)
        self.assertEqual(len({result.scores.log_loss for result in results}), 16)

    def test_a_training_that_diverges_has_no_scores(self):
        good, bad = nnkernel.CrossValidation(IMAGES, LABELS, **OPTIONS).run({"learning_rate": [0.03, 1e200]})
        self.assertTrue(np.isnan(bad.scores.log_loss) and np.isnan(bad.probabilities).any())
        self.assertTrue(good.scores.log_loss > 0)


class Folds(unittest.TestCase):
    def test_each_image_is_held_out_once(self):
        for count in 5, 42:
            splits = nnkernel.CrossValidation(IMAGES, LABELS, folds=count).splits
            self.assertEqual(len(splits), count)
            self.assertEqual(sorted(np.concatenate([split.test for split in splits]).tolist()), list(range(42)))
            for split in splits:
                self.assertEqual(sorted([*split.train, *split.test]), list(range(42)))

    def test_blocks_and_groups_stay_together(self):
        labels = np.repeat([0, 1], 21)
        for split in nnkernel.CrossValidation(IMAGES, labels, folds=3, block=7).splits:
            self.assertEqual(split.test.tolist(), sorted([*range(split.test[0], split.test[0] + 7), *range(split.test[7], split.test[7] + 7)]))
        groups = np.arange(42) // 6
        for split in nnkernel.CrossValidation(IMAGES, LABELS, folds=GroupKFold(3), groups=groups).splits:
            self.assertFalse(set(groups[split.train]) & set(groups[split.test]))

    def test_refuses(self):
        for options, expected in (
            ({"folds": 1}, "expected 2...41, or 42 to leave one out, found 1"), ({"folds": []}, "found none"),
            ({"folds": [([0, 1, 2], [2])]}, "image 2 doing both in split 0"), ({"folds": [([0, 2], [1])]}, "of each class"),
            ({"folds": [([0, 99], [1])]}, "places of 0...41"), ({"block": 21}, "two blocks or more of each class, found .21, 21. images"), ({"block": -1}, "block: .* found -1"),
            ({"folds": [([0, 1], [])]}, "found 0 held out"), ({"folds": [([0, 1], [2], [3])]}, "pairs"), ({"folds": [3]}, "pairs"),
            ({"folds": 4.0}, "whole number, a splitter, or pairs"), ({"folds": "5"}, "whole number"), ({"folds": None}, "whole number"),
            ({"threads": 0}, "threads"), ({"hidden_layers": (0,)}, "hidden_layers"),
        ):
            with self.subTest(expected), self.assertRaisesRegex(ValueError, expected):
                nnkernel.CrossValidation(IMAGES, LABELS, **options)
        for options, grid, expected in (
            ({"hold_out": 0.2}, {}, "the folds hold images out"), ({}, {"keep_best": [True]}, "keep_best"),
            ({}, {"learning_rate": 0.1}, "grid: expected a list of values for learning_rate, found 0.1"),
            ({}, {"dtype": "f32"}, "grid: expected a list of values for dtype"), ({}, [{"seed": [1]}], "grid: expected options"),
            ({"weights": LABELS}, {}, "above 0 among the images to learn of class 0"), ({}, {"iterations": [0]}, "1 or more"), ({}, {"learning_rate": [0]}, "learning_rate"),
            ({"method": "dual"}, {"hidden_layers": [()]}, "needs a hidden layer"),
        ):
            with self.subTest(expected), self.assertRaisesRegex(ValueError, expected):
                nnkernel.CrossValidation(IMAGES, LABELS, **options).run(grid)
        with self.assertRaisesRegex(TypeError, "unexpected"):
            nnkernel.CrossValidation(IMAGES, LABELS).run({"depth": [1]})


class LettingOthersRun(unittest.TestCase):
    def test_progress(self):
        seen = []
        nnkernel.CrossValidation(IMAGES, LABELS, threads=2, **OPTIONS).run(on_progress=lambda *now: seen.append(now))
        self.assertEqual((seen[-1], seen), ((5, 5), sorted(seen)))

    def test_an_interrupt_ends_it_at_once(self):
        images, labels = drawn(100, (40, 40))
        validation = nnkernel.CrossValidation(images, labels, hidden_layers=(64,), iterations=10**8, threads=2)
        with ends_at_once(self):
            validation.run()


if __name__ == "__main__":
    unittest.main()
