"""Tests nnkernel.Classifier as scikit-learn uses estimators."""

import pickle
import unittest
from dataclasses import fields
from inspect import signature

import numpy as np
from drawn import LAYERS, drawn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

import nnkernel

IMAGES, LABELS = drawn(40)
TARGETS = np.where(LABELS, "light", "dark")


def classifier(**options):
    return nnkernel.Classifier(**{"hidden_layers": LAYERS, "iterations": 300, "learning_rate": 0.05, "center": True, **options})


class Conformance(unittest.TestCase):
    def test_scikit_learns_own_checks(self):
        """All of them: none is expected to fail. They pass real numbers, so a range is set; bytes have only whole ones."""
        checks = check_estimator(nnkernel.Classifier(value_range=(-5, 5)), on_fail=None, on_skip=None)
        self.assertGreater(len(checks), 50)
        self.assertEqual([(check["check_name"], check["exception"]) for check in checks if check["status"] == "failed"], [])

    def test_has_the_options_and_their_defaults(self):
        parameters = signature(nnkernel.Classifier.__init__).parameters
        for field in fields(nnkernel.Options):
            self.assertEqual(parameters[field.name].default, field.default, field.name)
        self.assertEqual(set(nnkernel.options.Keywords.__annotations__), {field.name for field in fields(nnkernel.Options)})


class Fitting(unittest.TestCase):
    def test_is_the_training_that_it_stands_for(self):
        fitted = classifier(seed=3, mirror=True).fit(IMAGES, TARGETS)
        model = nnkernel.train(
            IMAGES, LABELS, hidden_layers=LAYERS, iterations=300, learning_rate=0.05, center=True, seed=3, mirror=True,
            class_names=("dark", "light"))
        self.assertEqual(fitted.model_, model)
        np.testing.assert_array_equal(fitted.predict_proba(IMAGES), model.predict_proba(IMAGES))
        np.testing.assert_array_equal(fitted.predict(IMAGES), TARGETS)
        self.assertEqual(fitted.score(IMAGES, TARGETS), 1)
        self.assertEqual([cost.iteration for cost in fitted.costs_], [0, 100, 200])

    def test_images_of_any_shape(self):
        for shape in (3, 8, 8, 3), (6, 9), (54,), (2, 3, 3, 3, 1):
            images, labels = drawn(shape=shape)
            fitted = classifier().fit(images, labels)
            self.assertEqual(fitted.image_shape_, shape)
            self.assertEqual(fitted.score(images, labels), 1)
            with self.assertRaisesRegex(ValueError, "expected|expecting"):
                fitted.predict(images[..., :-1])

    def test_names_that_a_file_cannot_hold_are_left_out(self):
        for names in ("a" * 32, "b"), ("a\0", "b"), ("\ud800", "b"):
            fitted = classifier(iterations=1).fit(IMAGES, np.array(names, object)[LABELS])
            self.assertEqual(fitted.model_.class_names, ("", ""))
            self.assertEqual(fitted.classes_.tolist(), sorted(names))

    def test_copies_and_files(self):
        fitted = classifier().fit(IMAGES, TARGETS)
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.predict_proba(IMAGES), fitted.predict_proba(IMAGES))
        copy = clone(classifier(start=fitted.model_, seed=7))
        self.assertEqual((copy.start, copy.seed), (fitted.model_, 7))
        with self.assertRaises(NotFittedError):
            copy.predict(IMAGES)

    def test_goes_on_from_a_model(self):
        first = classifier(iterations=100).fit(IMAGES, TARGETS)
        more = classifier(iterations=0, start=first.model_).fit(IMAGES, TARGETS)
        # Taken off and put back, the mean is rounded: it is of the size of the biases.
        np.testing.assert_allclose(more.predict_proba(IMAGES), first.predict_proba(IMAGES), rtol=0, atol=1e-12)

    def test_weight_0_is_as_not_there(self):
        weights = np.arange(40) % 5 > 0
        weighed = classifier().fit(IMAGES, TARGETS, sample_weight=weights)
        without = classifier().fit(IMAGES[weights], TARGETS[weights])
        np.testing.assert_array_equal(weighed.predict_proba(IMAGES), without.predict_proba(IMAGES))

    def test_weight_2_is_as_there_twice(self):
        weights = 1 + np.arange(40) % 2
        weighed = classifier(center=False).fit(IMAGES, TARGETS, sample_weight=weights)
        twice = classifier(center=False).fit(IMAGES.repeat(weights, axis=0), TARGETS.repeat(weights))
        # The sums round in another order; 300 steps let that grow from some 1e-16.
        np.testing.assert_allclose(weighed.predict_proba(IMAGES), twice.predict_proba(IMAGES), rtol=0, atol=1e-10)

    def test_value_range(self):
        scaled = classifier(value_range=(0, 1)).fit(IMAGES / 255, TARGETS)
        np.testing.assert_array_equal(scaled.predict_proba(IMAGES / 255), classifier().fit(IMAGES, TARGETS).predict_proba(IMAGES))

    def test_a_value_range_is_the_same_for_all_types(self):
        values = np.arange(-128, 128)
        for low, high in (-100, 100), (-128, 127), (-5, 5), (0, 1000), (-1e300, 1e300):
            ranged = nnkernel.Classifier(value_range=(low, high))
            scaled = ranged._bytes(values.astype(np.float64))
            self.assertTrue((scaled[values <= low] == 0).all() and (scaled[values >= high] == 255).all())
            for dtype in np.int8, np.int16, np.int64, np.float16, np.float32:
                np.testing.assert_array_equal(ranged._bytes(values.astype(dtype)), scaled)
        positive = np.arange(256, dtype=np.uint8)
        found = nnkernel.Classifier(value_range=(-255, 255))._bytes(positive)
        np.testing.assert_array_equal(found, np.rint((positive + 255.0) / 2))

    def test_refuses(self):
        for options, images, targets, expected in (
            ({}, IMAGES / 255, TARGETS, "expected bytes .* found float64; .* value_range"),
            *(({"value_range": ends}, IMAGES, TARGETS, "value_range: expected two finite numbers") for ends in (
                (1, 0), 5, (0,), (0, np.inf), (0, np.nan), (0, 5e-324), (-1.5e308, 1.5e308))),
            ({"value_range": "ab"}, IMAGES, TARGETS, "value_range: expected real numbers"),
            ({}, IMAGES, np.arange(40) % 3, "expected two classes, found 3; use sklearn.multiclass.OneVsRest"),
            ({}, IMAGES, np.ones(40, int), "expected two classes, found one class of weight above 0: 1"),
            ({"hidden_layers": (0,)}, IMAGES, TARGETS, "hidden_layers: .* found 0"),
        ):
            with self.subTest(expected), self.assertRaisesRegex(ValueError, expected):
                classifier(**options).fit(images, targets)


class InsideOfOthers(unittest.TestCase):
    def test_grid_search_on_several_processes(self):
        search = GridSearchCV(classifier(), {"learning_rate": [1e-9, 0.05], "weight_decay": [0, 0.1]}, cv=2, n_jobs=2)
        search.fit(IMAGES, TARGETS)
        self.assertEqual((search.best_params_["learning_rate"], search.score(IMAGES, TARGETS)), (0.05, 1))

    def test_pipeline(self):
        images = FunctionTransformer(lambda x: (x * 255).astype(np.uint8).reshape(-1, 5, 6, 3))
        scores = cross_val_score(make_pipeline(images, classifier(mirror=True)), IMAGES.reshape(40, -1) / 255, TARGETS, cv=4)
        self.assertEqual(scores.tolist(), [1] * 4)

    def test_more_classes_by_one_against_the_rest(self):
        images, three = drawn(60)[0].reshape(60, -1), np.arange(60) % 3
        images[three == 2, :45] = 255
        images[three == 1, 45:] = 255
        several = OneVsRestClassifier(classifier(iterations=2000))
        self.assertEqual(several.fit(images, three).score(images, three), 1)


if __name__ == "__main__":
    unittest.main()
