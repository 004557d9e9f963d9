"""Tests Examples/python/nnkernel.py: its results and its errors."""

import unittest

import numpy as np

import nnkernel

LABELS = np.arange(8) % 2
IMAGES = np.repeat((9 * np.arange(8) + 150 * LABELS).astype(np.uint8), 75).reshape(8, 5, 5, 3)
LAYERS = (4, 3, 1)


def train(images=IMAGES, labels=LABELS, **options):
    return nnkernel.train(images, labels, **{"layers": LAYERS, "iterations": 50, **options})


class TrainTests(unittest.TestCase):
    def test_learns(self):
        model = train(iterations=3000, learning_rate=0.05)
        self.assertEqual(((model.predict(IMAGES) > 0.5) == LABELS).all(), True)

    def test_same_bytes_by_dual_and_wide_and_any_order_of_memory(self):
        model = train(method=nnkernel.DUAL)
        self.assertEqual(train().file, model.file)
        self.assertEqual(train(np.asfortranarray(IMAGES), LABELS.astype(bool)).file, model.file)
        self.assertNotEqual(train(seed=2).file, model.file)

    def test_costs(self):
        costs = []
        train(cost_every=20, on_cost=lambda *cost: costs.append(cost))
        self.assertEqual([iteration for iteration, _ in costs], [0, 20, 40])
        self.assertAlmostEqual(costs[0][1], np.log(2), delta=0.5)
        train(on_cost=None)

    def test_names_and_types(self):
        for dtype, size in ("f32", 4), ("f64", 8):
            model = train(dtype=dtype, class_names=("dunkel", "hell"))
            self.assertEqual(model.class_names, ("dunkel", "hell"))
            parameters = 4 * 76 + 3 * 5 + 1 * 4
            self.assertEqual(len(model.file), 64 + size * parameters + 64)

    def test_refuses(self):
        for images in IMAGES.astype(float), IMAGES[:0], np.uint8(1):
            with self.assertRaises(ValueError):
                train(images)
        for labels in LABELS[:7], LABELS + 1, LABELS - 1, LABELS / 2, LABELS.reshape(8, 1):
            with self.assertRaises(ValueError):
                train(labels=labels)
        for options in {"dtype": "f16"}, {"method": "nnk_f32"}, {"layers": ()}, {"layers": (1,) * 8}:
            with self.assertRaises(ValueError):
                train(**options)
        for options in {"layers": (0, 1)}, {"layers": (4, 2)}, {"learning_rate": 0}:
            with self.assertRaises(nnkernel.Error) as caught:
                train(**options)
            self.assertEqual((caught.exception.status, str(caught.exception) != ""), (-1, True))
        with self.assertRaises(nnkernel.Error) as caught:
            train(learning_rate=1e30, cost_every=1)
        self.assertEqual(caught.exception.status, -8)


class ModelTests(unittest.TestCase):
    def test_reads_its_own_file(self):
        model = train()
        copy = nnkernel.Model(bytearray(model.file), image_bytes=75, layers=LAYERS)
        self.assertEqual(copy.file, model.file)
        np.testing.assert_array_equal(copy.predict(IMAGES), model.predict(IMAGES))

    def test_refuses(self):
        file = train().file
        damaged = file[:70] + bytes([file[70] ^ 1]) + file[71:]
        for bad, status in (b"", -9), (file[:-1], -9), (bytes(99), -10), (damaged, -16):
            with self.assertRaises(nnkernel.Error) as caught:
                nnkernel.Model(bad, image_bytes=75, layers=LAYERS)
            self.assertEqual(caught.exception.status, status)
        with self.assertRaises(nnkernel.Error) as caught:
            nnkernel.Model(file)
        self.assertEqual(caught.exception.status, -14)
        for images in IMAGES[0], IMAGES[:, :4], IMAGES.astype(np.int8):
            with self.assertRaises(ValueError):
                nnkernel.Model(file, image_bytes=75, layers=LAYERS).predict(images)


if __name__ == "__main__":
    unittest.main()
