"""Tests nnkernel.pytorch. Answers may differ from PyTorch's by roundings, see Tests/models/roundings.py."""

import sys
import unittest
from pathlib import Path

import numpy as np

import nnkernel
from nnkernel.pytorch import from_torch, to_torch

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

sys.path.append(str(Path(__file__).parents[1] / "models"))
from roundings import bound

RNG = np.random.default_rng(11)
SIDE = 16
INPUTS = SIDE * SIDE * 3
IMAGES = RNG.integers(0, 256, (20, SIDE, SIDE, 3), np.uint8)
IMAGES[0] = 77  # no contrast


def drawn_model(dtype="f32", own_contrast=False, sizes=(INPUTS, 20, 7, 5, 1)):
    kind = {"f32": np.float32, "f64": np.float64}[dtype]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        weights = RNG.standard_normal((outputs, inputs)) / np.sqrt(inputs)
        if own_contrast and not layers:
            weights -= weights.mean(axis=1, keepdims=True)
        layers.append((weights.astype(kind), RNG.standard_normal(outputs).astype(kind)))
    return nnkernel.Model.from_layers(layers, own_contrast=own_contrast, class_names=("no", "yes"))


def seen(image, model):
    """What counts as the image where its roundings are bounded, and whether its own contrast is taken off.

    Of an image that is all the same LayerNorm leaves the rounding of the mean, divided by its size: at most 1 for each
    pixel. The model has 0 there. As the weights' sum is 0, both have the same logits but for the roundings of such a sum.
    """
    if model.own_contrast and np.ptp(image) == 0:
        return np.full_like(image, 255), False
    return image, model.own_contrast


@unittest.skipUnless(torch, "PyTorch is not installed")
class PyTorchTests(unittest.TestCase):
    def check_answers(self, model, module, inputs):
        """That the answers of both to IMAGES, which are `inputs` for the module, differ by roundings alone."""
        is_wide = model.dtype == "f64"
        with torch.no_grad():
            answers = module(inputs.to(torch.float64 if is_wide else torch.float32)).numpy().astype(float)[:, 0]
        found = model.predict_proba(IMAGES)[:, 1]
        layers = [(w.astype(float), b.astype(float)) for w, b in model.layers]
        unit = 2.0 ** (-53 if is_wide else -24)
        # Both are rounded, and so may be what the module's weights were made from.
        limit = [4 * bound(*seen(image, model), layers=layers, u=unit) for image in IMAGES]
        off = abs(found - 1 / (1 + np.exp(-answers)))
        self.assertTrue((off <= limit).all(), (off, limit))
        self.assertTrue(np.ptp(found) > 0.01, "a test whose answers are all the same finds nothing")

    def flat(self):
        return torch.from_numpy(IMAGES).flatten(1).double() / 255

    def test_there_and_back(self):
        for dtype, own_contrast in ("f32", False), ("f64", False), ("f32", True), ("f64", True):
            with self.subTest(dtype=dtype, own_contrast=own_contrast):
                model = drawn_model(dtype, own_contrast)
                module = to_torch(model)
                self.check_answers(model, module, self.flat())
                back = from_torch(module, class_names=("no", "yes"))
                self.check_answers(back, module, self.flat())
                self.assertEqual((back.own_contrast, back.dtype), (own_contrast, dtype))
                if not own_contrast:  # whose rows get a mean of 0 once more
                    self.assertEqual(back, model)

    def test_quantized_and_shallow_models(self):
        for model in drawn_model().quantized(), drawn_model(sizes=(INPUTS, 1)), drawn_model(sizes=(INPUTS, 4, 1)):
            module = to_torch(model)
            self.assertFalse(module.training)
            self.check_answers(model, module, self.flat())

    def test_module_shares_no_memory(self):
        model = drawn_model()
        module = to_torch(model)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.zero_()
        self.assertEqual(model.predict_proba(IMAGES).tolist(), nnkernel.Model(model.file).predict_proba(IMAGES).tolist())
        self.assertTrue(model.layers[0][0].any())

    def test_what_people_write(self):
        torch.manual_seed(2)
        module = nn.Sequential(
            nn.Flatten(),
            nn.Sequential(nn.Linear(INPUTS, 9), nn.ReLU(inplace=True), nn.Dropout(0.5)),
            nn.Identity(), nn.Linear(9, 1, bias=False)).eval()
        self.check_answers(from_torch(module), module, torch.from_numpy(IMAGES) / 255)
        logits = nn.Sequential(*[part for part in module.children()])
        self.assertEqual(from_torch(nn.Sequential(logits, nn.Sigmoid())), from_torch(module))
        self.assertEqual(from_torch(module.half()).dtype, "f32")
        self.assertEqual(from_torch(module.double()).dtype, "f64")
        self.assertEqual(from_torch(nn.Linear(5, 1)).sizes, (5, 1))

    def test_channels_first_and_normalized(self):
        torch.manual_seed(3)
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        pixels = torch.from_numpy(IMAGES).double().permute(0, 3, 1, 2) / 255
        channels = torch.tensor([mean, std], dtype=torch.float64).view(2, 3, 1, 1)
        normalized = (pixels - channels[0]) / channels[1]
        for dtype in torch.float32, torch.float64:
            module = nn.Sequential(nn.Flatten(), nn.Linear(INPUTS, 9), nn.ReLU(), nn.Linear(9, 1)).to(dtype)
            self.check_answers(from_torch(module, channels_first=True), module, pixels)
            model = from_torch(module, channels_first=True, mean=mean, std=std)
            self.check_answers(model, module, normalized)

    def test_refuses(self):
        linear = nn.Linear
        for message, module, options in (
                (r"1: expected ReLU or Sigmoid behind Linear\(.*\), found Tanh\(\)", [linear(4, 2), nn.Tanh(), linear(2, 1)], {}),
                (r"1: expected ReLU or Sigmoid behind Linear\(.*\), found Linear", [linear(4, 2), linear(2, 1)], {}),
                (r"0: expected Linear or LayerNorm, found Conv2d", [nn.Conv2d(3, 2, 3)], {}),
                (r"2: expected nothing behind Sigmoid\(\), found Linear", [linear(4, 2), nn.Sigmoid(), linear(2, 1)], {}),
                (r"2: expected Linear behind ReLU\(\), found Flatten", [linear(4, 2), nn.ReLU(), nn.Flatten()], {}),
                (r"1\.0: expected ReLU or Sigmoid .*, found GELU", [linear(4, 2), nn.Sequential(nn.GELU()), linear(2, 1)], {}),
                (r"module: expected Linear with 1 output at its end, .*, found Linear\(.*out_features=2", [linear(4, 2)], {}),
                (r"module: expected Linear with 1 output at its end, .*, found ReLU", [linear(4, 1), nn.ReLU()], {}),
                (r"module: expected Linear with 1 output at its end, .*, found no layer", [nn.Flatten()], {}),
                ("2: expected 2 inputs, found Linear", [linear(4, 2), nn.ReLU(), linear(3, 1)], {}),
                ("1: expected 5 inputs, found Linear", [nn.LayerNorm(5, eps=0, elementwise_affine=False), linear(4, 1)], {}),
                ("0: expected LayerNorm.inputs, eps=1e-20, elementwise_affine=False", [nn.LayerNorm(4), linear(4, 1)], {}),
                ("0: expected LayerNorm", [nn.LayerNorm(4, elementwise_affine=False), linear(4, 1)], {}),
                ("expected parameters of one type", [linear(4, 2), nn.ReLU(), linear(2, 1).double()], {}),
                ("channels_first: expected 3 inputs for each pixel, found 4", [linear(4, 1)], {"channels_first": True}),
                ("mean, std: expected 3 inputs for each pixel, found 4", [linear(4, 1)], {"mean": (0, 0, 0)}),
                ("mean, std: expected 3 numbers", [linear(3, 1)], {"mean": (0.5,)}),
                ("mean, std: expected 3 numbers", [linear(3, 1)], {"std": (1, 0, 1)}),
                ("mean, std: expected 3 numbers", [linear(3, 1)], {"std": (1, 1, float("inf"))}),
                ("mean: expected real numbers", [linear(3, 1)], {"mean": "rgb"}),
                ("mean, std: expected none .* LayerNorm",
                 [nn.LayerNorm(3, eps=0, elementwise_affine=False), linear(3, 1)], {"std": (1, 1, 1)}),
                ("layers: expected .* 256 units", [linear(4, 257), nn.ReLU(), linear(257, 1)], {})):
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                from_torch(nn.Sequential(*module), **options)
        class Doubled(nn.Sequential):
            def forward(self, x):
                return 2 * super().forward(x)

        for module in nn.Tanh(), Doubled(linear(4, 1)):
            with self.assertRaisesRegex(ValueError, "module: expected Linear or LayerNorm, found (Tanh|Doubled)"):
                from_torch(module)


if __name__ == "__main__":
    unittest.main()
