"""Tests nnkernel.train: what it learns, its options, and what it refuses."""

import threading
import time
import unittest
from unittest import mock

import numpy as np
from drawn import LAYERS, drawn
from interrupts import ends_at_once

import nnkernel
from nnkernel._core import SETUP, core
from nnkernel._job import Job
from nnkernel.options import Options

IMAGES, LABELS = drawn()


def train(images=IMAGES, labels=LABELS, **options):
    return nnkernel.train(images, labels, **{"hidden_layers": LAYERS, "iterations": 60, "cost_every": 20, **options})


class Learning(unittest.TestCase):
    def test_learns(self):
        model = train(iterations=3000, learning_rate=0.05, center=True)
        np.testing.assert_array_equal(model.predict(IMAGES), LABELS)

    def test_the_same_bytes_by_threads_and_any_order_of_memory(self):
        model = train()
        self.assertEqual(train(threads=3), model)
        self.assertEqual(train(np.asfortranarray(IMAGES), LABELS.astype(bool)), model)
        self.assertNotEqual(train(seed=2), model)

    def test_costs_come_as_often_as_asked_for(self):
        costs = []
        train(on_cost=costs.append, hold_out=0.25)
        self.assertEqual([cost.iteration for cost in costs], [0, 20, 40])
        self.assertTrue(all(0 < cost.cost < 2 and 0 < cost.held_out_cost < 2 for cost in costs))
        train(cost_every=0, on_cost=self.fail)

    def test_progress_ends_with_all_iterations(self):
        seen = []
        train(iterations=20000, on_progress=lambda *now: seen.append(now))
        self.assertEqual(seen[-1], (20000, 20000))
        self.assertEqual(seen, sorted(seen))
        self.assertGreater(len(seen), 3)

    def test_initial_weights(self):
        initial, unchanged = (train(iterations=0, initializer=name) for name in ("deep", None))
        self.assertEqual(initial.layers[0][0].tolist(), unchanged.layers[0][0].tolist())
        random = np.random.RandomState(1)  # numpy's own: W1 is drawn first, by rows
        expected = random.randn(LAYERS[0], 90) / np.sqrt(90)
        np.testing.assert_allclose(initial.layers[0][0], expected, rtol=1e-15)
        self.assertFalse(initial.layers[0][1].any())

    def test_an_example_of_weight_0_teaches_nothing(self):
        weights = np.ones(len(LABELS))
        weights[5] = 0
        others = IMAGES.copy()
        others[5] = 255 - others[5]
        a, b = train(weights=weights), train(others, weights=weights)
        for left, right in zip(a.layers, b.layers):
            np.testing.assert_array_equal(left[0], right[0])
        self.assertNotEqual(train().layers[0][0].tolist(), a.layers[0][0].tolist())

    def test_balance_is_a_weight_for_each_class(self):
        labels = (np.arange(len(LABELS)) % 3 == 0).astype(int)
        ones = labels.sum()
        weights = np.where(labels, len(labels) / (2 * ones), len(labels) / (2 * (len(labels) - ones)))
        a, b = train(labels=labels, balance=True), train(labels=labels, weights=weights)
        self.assertEqual(a.layers[0][0].tolist(), b.layers[0][0].tolist())

    def test_starts_from_a_model(self):
        start = train()
        self.assertEqual(train(start=start, iterations=0).layers[0][0].tolist(), start.layers[0][0].tolist())
        self.assertNotEqual(train(start=start, iterations=1).layers[0][0].tolist(), start.layers[0][0].tolist())

    def test_each_option_changes_the_model(self):
        model = train()
        for name, value in {
            "hidden_layers": (4,), "dtype": "f32", "method": "primal", "initializer": "small", "seed": 3, "iterations": 61,
            "learning_rate": 0.01, "center": True, "own_contrast": True, "mirror": True, "weight_decay": 0.1,
            "balance": True, "hold_out": 0.2, "start": model, "class_names": ("dark", "light"),
        }.items():
            with self.subTest(name):
                self.assertNotEqual(train(**{name: value}), model)


class LettingOthersRun(unittest.TestCase):
    def long(self, **options):
        images, labels = drawn(200, (40, 40))
        train(images, labels, hidden_layers=(64, 8), iterations=10**8, **options)

    def test_other_threads_run_during_a_call(self):
        images, labels = drawn(100, (40, 40))
        job = Job(Options(hidden_layers=(64,), iterations=10_000, cost_every=0), images, labels)
        arena, turns, over = job.begin(), 0, threading.Event()
        while job.progress(arena).stage == SETUP:
            core.nnk_train_run(job.core, arena.address, 16)

        def count():
            nonlocal turns
            while not over.is_set():
                turns += 1
                time.sleep(0.001)

        counter = threading.Thread(target=count)
        counter.start()
        try:
            before = turns
            core.nnk_train_run(job.core, arena.address, 1 << 30)  # some 0.3 s
            during = turns - before
        finally:
            over.set()
            counter.join()
        self.assertEqual(job.progress(arena).iteration, 10_000)
        self.assertGreater(during, 10)  # 300 on an idle processor; 0 or 1 if the call held the interpreter's lock

    def test_an_interrupt_ends_it_at_once(self):
        for threads in 1, 2:
            with ends_at_once(self):
                self.long(threads=threads)

    def test_no_thread_is_left_if_one_cannot_start(self):
        start, before = threading.Thread.start, set(threading.enumerate())
        for error in RuntimeError("can't start new thread"), KeyboardInterrupt():
            calls = iter((start, start))

            def fails_at_the_third(thread):
                if not (call := next(calls, None)):
                    raise error
                call(thread)

            with mock.patch.object(threading.Thread, "start", fails_at_the_third), self.assertRaises(type(error)):
                train(threads=5)
            self.assertEqual(set(threading.enumerate()) - before, set())


class Refusals(unittest.TestCase):
    def refuses(self, expected, *arguments, error=ValueError, **options):
        with self.subTest(expected), self.assertRaisesRegex(error, expected):
            train(*arguments, **options)

    def test_images(self):
        self.refuses("expected bytes .* found float64", IMAGES.astype(float))
        self.refuses("expected one or more", IMAGES[:0])
        self.refuses(r"expected shape .* found \(\)", np.uint8(1))
        self.refuses(r"expected channels last, .* found an image of shape \(3, 5, 6\)", IMAGES.transpose(0, 3, 1, 2))
        self.refuses("images: expected an array of numbers", [IMAGES[0], IMAGES[1, :4]])
        self.refuses("expected at most 65535 bytes each, found 65536", np.zeros((24, 65536), np.uint8))
        self.refuses("at most 1000000, found", np.zeros((1_000_001, 1), np.uint8))

    def test_labels(self):
        self.refuses(r"expected shape \(24,\).* found \(23,\)", IMAGES, LABELS[:23])
        self.refuses("found 2 for image 1", IMAGES, LABELS + (LABELS == 1))
        self.refuses("found -1 for image 0", IMAGES, LABELS - 1)
        self.refuses(r"found \(24, 1\)", IMAGES, LABELS.reshape(24, 1))
        for labels in LABELS.astype(str), LABELS + 0j, np.zeros(24, "V4"):
            self.refuses("labels: expected numbers, each 0 or 1, found", IMAGES, labels)

    def test_weights(self):
        self.refuses(r"expected shape \(24,\)", weights=[1])
        self.refuses("found nan for image 0", weights=[np.nan] * 24)
        self.refuses("found -1 for image 3", weights=[1, 1, 1, -1] * 6)
        self.refuses("range of float32, found 1e[+]300 for image 0", weights=[1e300] * 24)
        self.refuses("range of float32, found 1e-60 for image 1", weights=[1, 1e-60] * 12)
        self.refuses("weights: expected real numbers, found", weights=["1"] * 24)
        self.refuses("weights: expected an array of numbers", weights=[object()] * 24)
        self.refuses("above 0 among the images to learn of class 0, found none", weights=[0] * 24)
        self.refuses("above 0 among the images to learn of class 0, found none", weights=LABELS)
        self.refuses("above 0 among the images to learn of class 1, found none", weights=1 - LABELS, balance=True)

    def test_options(self):
        for name, value, expected in (
            ("dtype", "f16", "'f32' or 'f64', found 'f16'"), ("method", "fast", "None or 'primal' or 'dual'"),
            ("initializer", "he", "'deep' or 'small'"), ("hidden_layers", (0,), "whole number of 1...256, found 0"),
            ("hidden_layers", (1,) * 7, "up to 6"), ("hidden_layers", 4, "found 4"), ("hidden_layers", (2.5,), "found 2.5"),
            ("learning_rate", 0, "above 0"), ("learning_rate", float("nan"), "finite"), ("weight_decay", -1, "0 or above"),
            ("weight_decay", 1e9, "below 1 / learning_rate"), ("seed", 2**32, "0...4294967295"), ("seed", 1.5, "found 1.5"),
            ("iterations", -1, "whole number"), ("cost_every", "x", "whole number"), ("center", "no", "True or False"),
            ("hold_out", 1, "share of 0.0001...0.9999"), ("keep_best", True, "held-out images"), ("threads", 0, "1...4096"),
            ("hidden_layers", np.array(4), "found array"), ("hidden_layers", np.ones((2, 2), int), "found array"),
            ("learning_rate", 10**400, "finite"), ("balance", np.array([True, False]), "True or False"),
            ("dtype", np.array(["f32", "f64"]), "'f32' or 'f64'"), ("start", "model.nnk", "a Model or None, found 'model.nnk'"),
            ("class_names", (0, 1), r"two names, found \(0, 1\)"), ("class_names", 5, "two names, found 5"),
            ("class_names", {"a", "b"}, "two names"), ("class_names", (b"a", b"b"), "two names"),
            ("class_names", ("\ud800", "b"), "31 bytes of UTF-8"), ("class_names", ("a",), "two names"),
            ("class_names", ("a", "ä" * 16), "31 bytes"), ("class_names", ("a", "a"), "two different names"),
        ):
            self.refuses(expected, **{name: value})
        self.refuses("unexpected keyword", error=TypeError, layers=(1,))
        self.refuses("cost_every", hold_out=0.5, keep_best=True, cost_every=0)
        self.refuses("power of two", method="primal", virtual_shards=6)
        self.refuses("1...32768", method="primal", virtual_shards=65536)
        self.refuses("method='primal'", virtual_shards=8)

    def test_options_that_do_not_fit_the_images(self):
        self.refuses("mirror: expected images of shape", IMAGES.reshape(24, -1), mirror=True)
        self.refuses("'dual' needs a hidden layer", hidden_layers=(), method="dual")
        self.refuses("at most 16512 bytes", np.zeros((24, 16513), np.uint8), method="dual")
        self.refuses(r"start: expected a model of sizes \(90, 4, 3, 1\), found \(90, 2, 1\)", start=train(hidden_layers=(2,)))
        self.refuses("own_contrast=True, found False", start=train(), own_contrast=True)
        self.refuses("two or more images of class 1, found 1", IMAGES[:3], LABELS[:3], hold_out=0.5)

    def test_a_training_that_diverges_says_when(self):
        with self.assertRaisesRegex(nnkernel.DivergedError, "after iteration .* expected a learning rate below 1e[+]200") as caught:
            train(learning_rate=1e200, cost_every=1)
        self.assertEqual(caught.exception.status, -8)


if __name__ == "__main__":
    unittest.main()
