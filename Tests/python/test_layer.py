"""Tests nnkernel.layer against numpy."""

import unittest

import numpy as np

from nnkernel.layer import Cache, Gradient, Layer, cost, cost_backward, initial_layers

OUTPUTS, INPUTS, EXAMPLES = 5, 7, 37


def bound(*matrices):
    """What two ways of adding up a product of matrices may differ by: 2 n u of the product of the absolute values, n being
    the terms of a sum. One more rounding for what is done with a sum."""
    terms = matrices[0].shape[1] + 2
    unit = np.finfo(matrices[0].dtype).eps / 2
    return 2 * terms * unit * np.linalg.multi_dot([abs(matrix) for matrix in matrices])


class LayerTests(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(5)

    def draw(self, *shape, dtype=np.float64):
        return self.random.standard_normal(shape).astype(dtype)

    def close(self, found, expected, limit):
        self.assertEqual((found.shape, found.dtype), (expected.shape, expected.dtype))
        self.assertTrue((abs(found - expected) <= limit).all(), (found, expected))

    def test_forward_and_backward(self):
        for dtype in np.float64, np.float32:
            w, b, a, da = (self.draw(*shape, dtype=dtype) for shape in (
                (OUTPUTS, INPUTS), (OUTPUTS,), (INPUTS, EXAMPLES), (OUTPUTS, EXAMPLES)))
            layer = Layer(w, b)
            z = layer.linear_forward(a)
            self.close(z, w @ a + b[:, np.newaxis], bound(np.c_[w, b], np.r_[a, np.ones((1, EXAMPLES), dtype)]))

            activations, cache = layer.forward(a, "relu")
            np.testing.assert_array_equal(activations, np.maximum(z, 0))
            np.testing.assert_array_equal(cache.logits, z)
            dz = np.where(z > 0, da, dtype(0))
            gradient = layer.backward(da, cache, "relu")
            ones = np.ones((EXAMPLES, 1), dtype)
            self.close(gradient.weights, dz @ a.T / dtype(EXAMPLES), bound(dz, a.T) / EXAMPLES)
            self.close(gradient.biases, dz.sum(axis=1) / dtype(EXAMPLES), bound(dz, ones)[:, 0] / EXAMPLES)
            self.close(gradient.input, w.T @ dz, bound(w.T, dz))
            for name in "weights", "biases", "input":
                np.testing.assert_array_equal(getattr(layer.linear_backward(dz, a), name), getattr(gradient, name))

            activations, cache = layer.forward(a, "sigmoid")
            few = 16 * np.finfo(dtype).eps  # exp, and four operations
            s = 1 / (1 + np.exp(-z))
            self.close(activations, s, few * s)
            scaled = layer.backward(da, cache, "sigmoid")
            again = layer.linear_backward(da * s * (1 - s), a)
            self.close(scaled.weights, again.weights, few * (abs(da * s) @ abs(a.T)))

    def test_update_changes_this_layer_alone(self):
        w, b = self.draw(OUTPUTS, INPUTS), self.draw(OUTPUTS)
        layer, before = Layer(w, b), w.copy()
        gradient = Gradient(self.draw(OUTPUTS, INPUTS), self.draw(OUTPUTS), self.draw(INPUTS, EXAMPLES))
        layer.update(gradient, 0.5)
        np.testing.assert_array_equal(layer.weights, w - 0.5 * gradient.weights)
        np.testing.assert_array_equal(layer.biases, b - 0.5 * gradient.biases)
        np.testing.assert_array_equal(w, before)
        with self.assertRaises(AttributeError):
            layer.biases = np.zeros(1)  # the kernels trust its size

    def test_costs(self):
        p, y = self.random.uniform(0.01, 0.99, 50), self.random.integers(0, 2, 50)
        expected = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        for probabilities, labels in (p, y), (p[np.newaxis], y[np.newaxis]), (list(p), y.astype(bool)):
            self.assertAlmostEqual(cost(probabilities, labels), expected, delta=1e-14)
            np.testing.assert_allclose(cost_backward(probabilities, labels), [-(y / p - (1 - y) / (1 - p))], rtol=1e-15)
        self.assertTrue(np.isfinite(cost([0, 1], [1, 0])))

    def test_initial_weights_are_numpys(self):
        for initializer, seed in ("small", 1), ("deep", 3):
            np.random.seed(seed)
            for layer in initial_layers([50, 4, 3, 1], initializer, seed):
                drawn = np.random.randn(*layer.weights.shape)
                scaled = drawn * 0.01 if initializer == "small" else drawn / np.sqrt(drawn.shape[1])
                np.testing.assert_array_equal(layer.weights, scaled)
                np.testing.assert_array_equal(layer.biases, np.zeros(len(drawn)))

    def test_refuses(self):
        layer = Layer(self.draw(OUTPUTS, INPUTS), self.draw(OUTPUTS))
        a, da = self.draw(INPUTS, EXAMPLES), self.draw(OUTPUTS, EXAMPLES)
        _, cache = layer.forward(a, "relu")
        for message, call in (
                (r"biases: expected shape \(5\), found \(4,\)", lambda: Layer(layer.weights, np.zeros(4))),
                (r"weights: expected shape \(any, any\), found \(7,\)", lambda: Layer(np.zeros(7), np.zeros(1))),
                (r"weights: expected shape \(any, any\), found \(0, 7\)", lambda: Layer(np.zeros((0, 7)), np.zeros(0))),
                ("biases: expected float32, found float64", lambda: Layer(np.zeros((1, 2), np.float32), np.zeros(1))),
                (r"a: expected shape \(7, any\), found \(5, 37\)", lambda: layer.linear_forward(da)),
                ("a: expected float64, found float32", lambda: layer.linear_forward(a.astype(np.float32))),
                (r"dz: expected shape \(5, 37\), found \(5, 36\)", lambda: layer.linear_backward(da[:, 1:], a)),
                (r"da: expected shape \(5, 37\), found \(7, 37\)", lambda: layer.backward(a, cache, "relu")),
                (r"logits: expected shape \(5, any\)", lambda: layer.backward(da, Cache(a, a), "relu")),
                ("activation: expected relu or sigmoid, found 'tanh'", lambda: layer.forward(a, "tanh")),
                (r"gradient: expected shape \(5, 7\)", lambda: layer.update(Gradient(a, layer.biases, a), 1)),
                ("labels: expected 2 labels, each 0 or 1", lambda: cost([0.5, 0.5], [1, 2])),
                ("labels: expected 2 labels, each 0 or 1", lambda: cost_backward([0.5, 0.5], [1])),
                ("initializer: expected 'deep' or 'small', found 'he'", lambda: initial_layers([2, 1], "he")),
                ("sizes: expected two or more", lambda: initial_layers([2], "deep")),
                ("a: expected real numbers, found complex128", lambda: layer.linear_forward(a + 0j)),
                ("p: expected real numbers", lambda: cost(["0.5"], [1])),
                ("learning_rate: expected a finite number", lambda: layer.update(Gradient(layer.weights, layer.biases, a), "1")),
                ("seed: expected a whole number .* found 1.5", lambda: initial_layers([2, 1], "deep", 1.5)),
                ("sizes: expected a whole number .* found 2.0", lambda: initial_layers([2.0, 1], "deep")),
                ("seed: expected a whole number .* found -1", lambda: initial_layers([2, 1], "deep", -1)),
                ("sizes: expected a whole number of 1.* found 0", lambda: initial_layers([2, 0], "deep"))):
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                call()


if __name__ == "__main__":
    unittest.main()
