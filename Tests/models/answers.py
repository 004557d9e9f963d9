"""Compares the answers of onnxruntime and OpenCV with ours: answers.py FOLDER f32|f64

The folder contains model.onnx, images.bin (N images of 64 x 64 x 3 bytes), expected.bin (our N probabilities, f64)
and weights.npz (the network in its own precision, as export writes it).
"""

import json
import os
import sys

import cv2
import numpy as np
import onnx
import onnxruntime

from roundings import bound

os.chdir(sys.argv[1])
precision = sys.argv[2]
u = 2.0 ** (-24 if precision == "f32" else -53)

images = np.fromfile("images.bin", "u1").reshape(-1, 64, 64, 3)
expected = np.fromfile("expected.bin", "<f8")
arrays = dict(np.load("weights.npz"))
metadata = json.loads(arrays.pop("metadata").item())
layers = [
    (arrays[f"layers.{i}.weight"].astype("f8"), arrays[f"layers.{i}.bias"].astype("f8"))
    for i in range(len(arrays) // 2)
]


def bound_of(image):
    return bound(image, "own_contrast" in metadata, layers, u)


def compare(peer, found):
    assert found.shape == (len(images), 1), found.shape
    assert found.dtype == (np.float32 if precision == "f32" else np.float64), found.dtype
    off = abs(found[:, 0] - expected)
    limit = 2 * np.array([bound_of(image) for image in images])  # ours are rounded, too
    print(f"{peer}: off by {off.max():.1e}, allowed are {limit[off.argmax()]:.1e}")
    assert (off <= limit).all(), (off, limit)
    assert ((found[:, 0] > 0.5) == (expected > 0.5)).all()


model = onnx.load("model.onnx")
onnx.checker.check_model(model, full_check=True)
assert {tensor.data_type for tensor in model.graph.initializer} == {1 if precision == "f32" else 11}
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [("image", "tensor(uint8)", ["N", 64, 64, 3])]
assert [o.name for o in session.get_outputs()] == ["probability"]
written = session.get_modelmeta().custom_metadata_map
assert all(written[key] == metadata[key] for key in ("class_0", "class_1", "input"))
(found,) = session.run(None, {"image": images})
compare("onnxruntime", found)
(alone,) = session.run(None, {"image": images[:1]})
assert abs(alone[0, 0] - expected[0]) <= 2 * bound_of(images[0])

if precision == "f32":  # OpenCV takes a graph of doubles, and answers NaN
    net = cv2.dnn.readNetFromONNX("model.onnx")
    net.setInput(images)
    compare(f"OpenCV {cv2.__version__}", net.forward())
