"""Writes ONNX files as other programs do, all of one network: onnx_files.py FOLDER

The folder contains weights.npz (a network 12288-7-1 in f32, as export writes it), images.bin and expected.bin, as for
answers.py. Each file NAME.onnx is asked for the images by onnxruntime: so it is the network that it is meant to be.
The structures of old-*.onnx and new-*.onnx are those that torch.onnx.export of PyTorch 2.13 gave, with dynamo=False
and with dynamo=True.
"""

import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

os.chdir(sys.argv[1])
arrays = np.load("weights.npz")
W1, b1, W2, b2 = (arrays[f"layers.{i}.{part}"] for i in range(2) for part in ("weight", "bias"))
images = np.fromfile("images.bin", "u1").reshape(-1, 64, 64, 3)
expected = np.fromfile("expected.bin", "<f8")
# PyTorch's images are in planes: channels first.
planes = W1.reshape(-1, 64, 64, 3).transpose(0, 3, 1, 2).reshape(7, -1)
node = helper.make_node


def integers(name, values):
    return numpy_helper.from_array(np.array(values, "i8"), name)


def constant(output, values):
    return node("Constant", [], [output], value=numpy_helper.from_array(np.array(values), output))


def fields(name, array):
    """The numbers in a field of their own, not as raw bytes."""
    return helper.make_tensor(name, TensorProto.FLOAT, array.shape, array.flatten().tolist())


def top(value, weight="1.weight", end="Sigmoid"):
    """The layers over `value`."""
    nodes = [
        node("Gemm", [value, weight, "1.bias"], ["z1"], transB=1, alpha=1.0, beta=1.0),
        node("Relu", ["z1"], ["a1"]),
        node("Gemm", ["a1", "3.weight", "3.bias"], ["z2" if end else "y"], transB=1, alpha=1.0, beta=1.0),
    ]
    return nodes + ([node(end, ["z2"], ["y"])] if end else [])


def layers(first):
    named = {"1.weight": first, "1.bias": b1, "3.weight": W2, "3.bias": b2}
    return [numpy_helper.from_array(np.ascontiguousarray(a), n) for n, a in named.items()]


def write(name, shape, nodes, tensors, kind=TensorProto.FLOAT, opset=20, outputs=("y",), check=True):
    graph = helper.make_graph(
        nodes, "main_graph", [helper.make_tensor_value_info("x", kind, ["n"] + shape)],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9, producer_name="pytorch")
    onnx.save(model, f"{name}.onnx")
    if not check:
        return
    x = images.transpose(0, 3, 1, 2) if shape == [3, 64, 64] else images.reshape(-1, *shape)
    x = np.ascontiguousarray(x) if kind == TensorProto.UINT8 else (x / np.float32(255)).astype("f4")
    session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
    y = session.run(None, {"x": x})[0].reshape(-1).astype("f8")
    if name.endswith("logit"):
        y = 1 / (1 + np.exp(-y))
    assert abs(y - expected).max() < 1e-4, (name, abs(y - expected).max())  # the order of sums is onnxruntime's


chw, hwc = [3, 64, 64], [64, 64, 3]
flatten = [node("Flatten", ["x"], ["f"], axis=1)]
write("old-flatten", chw, flatten + top("f"), layers(planes))
write("old-logit", chw, flatten + top("f", end=None), layers(planes))
size = [
    node("Shape", ["x"], ["s"]), constant("zero", 0), node("Gather", ["s", "zero"], ["n"], axis=0),
    node("Unsqueeze", ["n", "axes"], ["u"]), constant("rest", [-1]), node("Concat", ["u", "rest"], ["shape"], axis=0),
]
reshape = size + [node("Reshape", ["x", "shape"], ["f"])]
write("old-view", chw, reshape + top("f"), layers(planes) + [integers("axes", [0])])
permute = [node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1])] + size + [node("Reshape", ["t", "shape"], ["f"])]
write("old-permute", chw, permute + top("f"), layers(W1) + [integers("axes", [0])])
divide = [node("Cast", ["x"], ["c"], to=1), constant("k", np.float32(255)), node("Div", ["c", "k"], ["d"]), node("Flatten", ["d"], ["f"])]
write("old-bytes", hwc, divide + top("f"), layers(W1), TensorProto.UINT8)
squeeze = top("f")[:-1] + [node("Sigmoid", ["z2"], ["p"]), node("Squeeze", ["p", "axes"], ["y"])]
write("new-squeeze", chw, [node("Reshape", ["x", "to"], ["f"], allowzero=1)] + squeeze, layers(planes) + [integers("to", [-1, 12288]), integers("axes", [1])])
write("new-flat", [12288], top("x"), layers(W1))
write("new-dropout", [12288], [node("Identity", ["x"], ["i"])] + top("i"), layers(W1))
products = [
    node("MatMul", ["x", "1.weight"], ["m1"]), node("Add", ["m1", "1.bias"], ["z1"]), node("Relu", ["z1"], ["a1"]),
    node("MatMul", ["a1", "3.weight"], ["m2"]), node("Add", ["3.bias", "m2"], ["z2"]), node("Sigmoid", ["z2"], ["y"]),
]
transposed = {"1.weight": W1.T, "1.bias": b1, "3.weight": W2.T, "3.bias": b2}
write("products", [12288], products, [fields(n, np.ascontiguousarray(a)) for n, a in transposed.items()])
write("doubles", [12288], [node("Cast", ["x"], ["c"], to=11)] + top("c")[:-1] + [node("Sigmoid", ["z2"], ["s"]), node("Cast", ["s"], ["y"], to=1)], [numpy_helper.from_array(a.astype("f8"), n) for n, a in {"1.weight": W1, "1.bias": b1, "3.weight": W2, "3.bias": b2}.items()])
raw = [node("Cast", ["x"], ["c"], to=1), node("Flatten", ["c"], ["f"])]
write("raw", hwc, raw + top("f"), layers(W1 / np.float32(255)), TensorProto.UINT8)

# What must be refused.
write("softmax", [12288], top("x", end="Softmax"), layers(W1), check=False)
write("shifted", chw, [node("Sub", ["x", "mean"], ["d"])] + [node("Flatten", ["d"], ["f"])] + top("f"), layers(planes) + [fields("mean", np.full((3, 1, 1), 0.5, "f4"))], check=False)
write("scaled", [12288], [node("Mul", ["x", "two"], ["d"])] + top("d"), layers(W1) + [fields("two", np.float32([2]))], check=False)
write("channels", [12288], [node("Div", ["x", "sd"], ["d"])] + top("d"), layers(W1) + [fields("sd", np.float32([1, 2, 3]))], check=False)
write("gray", [1, 64, 64], flatten + top("f"), layers(W1), check=False)
write("two-outputs", [12288], top("x") + [node("Relu", ["y"], ["w"])], layers(W1), outputs=("y", "w"), check=False)
write("no-relu", [12288], [top("x")[0], node("Gemm", ["z1", "3.weight", "3.bias"], ["y"], transB=1)], layers(W1), check=False)
foreign = [top("x")[0], node("Relu", ["z1"], ["a1"], domain="com.other"), top("x")[2], top("x")[3]]
write("foreign", [12288], foreign, layers(W1), check=False)
write("twice", [12288], top("x"), layers(W1) + layers(-W1)[:1], check=False)
write("large", [12288], top("x"), layers(np.zeros((16, 12288), "f4")), check=False)
write("elsewhere", [12288], top("x"), layers(W1), check=False)
model = onnx.load("elsewhere.onnx")
onnx.save(model, "elsewhere.onnx", save_as_external_data=True, location="elsewhere.data", size_threshold=1000)
