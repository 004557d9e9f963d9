"""Tests nnkernel.Model: files, layers, predictions, and what it refuses."""

import copy
import errno
import os
import pickle
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from drawn import LAYERS, drawn

import nnkernel

IMAGES, LABELS = drawn()
MODELS = {
    dtype: nnkernel.train(
        IMAGES, LABELS, hidden_layers=LAYERS, iterations=200, dtype=dtype, class_names=("dark", "light"), own_contrast=own)
    for dtype, own in (("f32", False), ("f64", True))
}
MODELS["i8"] = MODELS["f32"].quantized()


def forward(model, images):
    """The probabilities of class 1 by numpy, in double."""
    x = images.reshape(len(images), -1) / 255
    if model.own_contrast:
        x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    for number, (weights, biases) in enumerate(model.layers, 1):
        x = x @ weights.T.astype(float) + biases
        x = np.maximum(x, 0) if number < len(model.layers) else 1 / (1 + np.exp(-x))
    return x[:, 0]


class Answers(unittest.TestCase):
    def test_numpy_answers_the_same(self):
        # 90 products and few sums a logit, each rounded by eps / 2, of terms below 10: 200 eps of 10, as a derivative is
        # at most 1 / 4
        for dtype, model in MODELS.items():
            eps = np.finfo(np.float64 if dtype == "f64" else np.float32).eps
            found = model.predict_proba(IMAGES)
            np.testing.assert_allclose(found[:, 1], forward(model, IMAGES), rtol=0, atol=500 * eps)
            np.testing.assert_array_equal(found.sum(1), 1)
            np.testing.assert_array_equal(model.predict(IMAGES), found[:, 1] > 0.5)

    def test_images_may_have_any_shape_of_so_many_bytes(self):
        model = MODELS["f64"]
        np.testing.assert_array_equal(model.predict_proba(IMAGES.reshape(24, 90)), model.predict_proba(IMAGES))

    def test_refuses_other_images(self):
        for images, expected in ((IMAGES[:, :4], "expected 90 bytes, found 72"), (IMAGES.astype(np.int8), "found int8")):
            with self.assertRaisesRegex(ValueError, expected):
                MODELS["f64"].predict_proba(images)


class Facts(unittest.TestCase):
    def test_says_what_it_is(self):
        for dtype, model in MODELS.items():
            self.assertEqual((model.sizes, model.dtype, model.class_names), ((90, 4, 3, 1), dtype, ("dark", "light")))
            self.assertEqual(model.own_contrast, dtype == "f64")
            self.assertIsNone(model.expectation)
            self.assertIn("90-4-3-1 " + dtype, repr(model))

    def test_layers_and_back(self):
        for dtype in "f32", "f64":
            model = MODELS[dtype]
            again = nnkernel.Model.from_layers(model.layers, class_names=("a", "b"), own_contrast=model.own_contrast)
            self.assertEqual((again.dtype, again.class_names), (dtype, ("a", "b")))
            np.testing.assert_array_equal(again.predict_proba(IMAGES), model.predict_proba(IMAGES))

    def test_refuses_layers_that_do_not_follow(self):
        good = MODELS["f64"].layers
        (w1, b1), (w2, b2), (w3, b3) = good
        for layers, expected in (
            ([(w1, b1), (w2.T, b2), (w3, b3)], r"layer 2: expected weights of shape \(outputs, 4\).*found \(4, 3\)"),
            ([(w1, b1[:3]), (w2, b2), (w3, b3)], "layer 1"), ([(w1, b1)], "one output"), ([], "found the sizes"),
            ([(w1, b1, w2, b2), (w3, b3)], "layer 1: expected the pair"), ([(w1 + 0j, b1)], "layer 1: expected real numbers"),
            ([(w1.astype(str), b1)], "layer 1: expected real numbers"), ([([[1, 2], [3]], b1)], "layer 1: expected an array"),
            ([(w1, b1), (np.zeros((300, 4)), np.zeros(300)), (np.zeros((1, 300)), b3)], "at most 256 units"),
        ):
            with self.subTest(expected), self.assertRaisesRegex(ValueError, expected):
                nnkernel.Model.from_layers(layers)
        with self.assertRaisesRegex(nnkernel.Error, "layers: .*not finite"):
            nnkernel.Model.from_layers([(w1 * np.inf, b1), (w2, b2), (w3, b3)])


class Detector(nnkernel.Model):
    pass


class Kinds(unittest.TestCase):
    def test_models_of_ones_own_kind_stay_so(self):
        model = Detector(MODELS["f64"].file)
        for other in pickle.loads(pickle.dumps(model)), copy.deepcopy(model), model.quantized():
            self.assertIs(type(other), Detector)

    def test_i8_is_quantized_already(self):
        with self.assertRaisesRegex(ValueError, "expected a model of f32 or f64, found i8"):
            MODELS["i8"].quantized()

    def test_only_bytes_are_a_file(self):
        for file in 5, "model.nnk", list(MODELS["f64"].file), None:
            with self.assertRaisesRegex(TypeError, "bytes-like object is required"):
                nnkernel.Model(file)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name, "model.nnk")

    def test_are_read_as_written(self):
        for model in MODELS.values():
            model.save(self.path)
            self.assertEqual(nnkernel.load(self.path), model)
        self.assertEqual(os.listdir(self.folder.name), ["model.nnk"])
        self.assertEqual(copy.deepcopy(model), model)
        self.assertEqual(pickle.loads(pickle.dumps(model)), model)

    def test_a_failure_leaves_the_old_file(self):
        self.path.write_bytes(b"old")
        for call in "fsync", "replace":
            with mock.patch(f"os.{call}", side_effect=OSError(errno.ENOSPC, "no space")), self.assertRaisesRegex(OSError, "no space"):
                MODELS["f32"].save(self.path)
            self.assertEqual(self.path.read_bytes(), b"old")
        self.assertEqual(os.listdir(self.folder.name), ["model.nnk"])
        with self.assertRaises(OSError):
            MODELS["f32"].save(self.path / "no" / "folder")

    def test_the_mode_of_the_old_file_is_kept(self):
        for mode in 0o600, 0o664:
            self.path.touch()
            self.path.chmod(mode)
            MODELS["f32"].save(self.path)
            self.assertEqual(self.path.stat().st_mode & 0o777, mode)
        with mock.patch("os.access", return_value=False), self.assertRaisesRegex(PermissionError, str(self.path)):
            MODELS["i8"].save(self.path)  # root may write everything, so the system is not asked
        self.assertEqual(nnkernel.load(self.path), MODELS["f32"])

    def test_links_are_followed(self):
        link = self.path.with_name("link.nnk")
        link.symlink_to("model.nnk")
        MODELS["i8"].save(link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.path.read_bytes(), MODELS["i8"].file)

    def test_damaged_ones_are_refused_by_name(self):
        file = MODELS["f64"].file

        def flipped(at):
            return file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]

        for bad, status in (
            (b"", -10), (bytes(99), -10), (file[:-1], -9), (file + b"x", -15), (flipped(70), -16), (flipped(40), -11),
            (flipped(8), -11), (flipped(12), -11),
        ):
            self.path.write_bytes(bad)
            with self.assertRaisesRegex(nnkernel.ModelFileError, "^" + str(self.path)) as caught:
                nnkernel.load(self.path)
            self.assertEqual(caught.exception.status, status)
        with self.assertRaises(FileNotFoundError):
            nnkernel.load(self.path.with_name("none.nnk"))

    def test_a_huge_file_is_not_read_whole(self):
        self.path.touch()
        os.truncate(self.path, 1 << 42)  # without content, so it takes no room on the disk
        with self.assertRaisesRegex(nnkernel.ModelFileError, "found another kind of file"):
            nnkernel.load(self.path)


if __name__ == "__main__":
    unittest.main()
