"""The steps of training, one by one, for those who want to see how a network learns.

``nnkernel.train`` is made of the same C kernels (include/nnkernel/kernels.h). They compute in float64 or float32. Columns
are examples: activations have the shape (units, examples), weights (outputs, inputs).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import core
from ._images import as_reals
from .options import MOST, check_integer, check_number

Activation = Literal["relu", "sigmoid"]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Cache:
    """What a forward pass keeps for the backward pass.

    Attributes
    ----------
    input : array (inputs, examples)
        A of the layer below.
    logits : array (outputs, examples)
        Z.
    """

    input: Array
    logits: Array


@dataclass(frozen=True)
class Gradient:
    """The gradients of the cost. Each has the shape of its parameter.

    Attributes
    ----------
    weights : array (outputs, inputs)
        dW.
    biases : array (outputs)
        db.
    input : array (inputs, examples)
        dA of the layer below.
    """

    weights: Array
    biases: Array
    input: Array


@dataclass(frozen=True, eq=False)
class Layer:
    """A dense layer, Z = W A + b, then an activation. It copies the arrays that it is given.

    Attributes
    ----------
    weights : array (outputs, inputs)
        W, of float32 or float64.
    biases : array (outputs)
        b, of the same type.
    """

    weights: Array
    biases: Array

    def __post_init__(self) -> None:
        weights = _reals(self.weights, "weights", (None, None)).copy()
        biases = _reals(self.biases, "biases", weights.shape[:1], weights.dtype).copy()
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)

    def linear_forward(self, a: npt.ArrayLike) -> Array:
        """Z = W A + b, (outputs, examples), from ``a`` (inputs, examples)."""
        a = self._input(a)
        z = np.empty((len(self.weights), a.shape[1]), a.dtype)
        _call("linear_forward", z, self.weights, self.biases, a, self._shape(a))
        return z

    def forward(self, a: npt.ArrayLike, activation: Activation) -> tuple[Array, Cache]:
        """The activation of Z, (outputs, examples), and what ``backward`` needs."""
        z = self.linear_forward(a)
        result = np.empty_like(z)
        _call(_known(activation), result, z, z.size)
        return result, Cache(self._input(a), z)

    def linear_backward(self, dz: npt.ArrayLike, a: npt.ArrayLike) -> Gradient:
        """dW = dZ A^T / m, db = sum of dZ's columns / m, dA = W^T dZ.

        ``dz`` is the gradient of m times the cost, (outputs, examples), and ``a`` the layer's input, (inputs, examples).
        """
        a = self._input(a)
        dz = _reals(dz, "dz", (len(self.weights), a.shape[1]), a.dtype)
        gradient = Gradient(np.empty_like(self.weights), np.empty_like(self.biases), np.empty_like(a))
        _call("linear_backward", gradient.weights, gradient.biases, gradient.input, dz, self.weights, a, self._shape(a))
        return gradient

    def backward(self, da: npt.ArrayLike, cache: Cache, activation: Activation) -> Gradient:
        """The gradients from dA of this layer, (outputs, examples)."""
        z = _reals(cache.logits, "logits", (len(self.weights), None), self.weights.dtype)
        da = _reals(da, "da", z.shape, z.dtype)
        dz = np.empty_like(z)
        _call(_known(activation) + "_backward", dz, da, z, z.size)
        return self.linear_backward(dz, cache.input)

    def update(self, gradient: Gradient, learning_rate: float) -> None:
        """One step of gradient descent, in place: W -= rate dW, b -= rate db."""
        check_number("learning_rate", learning_rate)
        for parameter, change in (self.weights, gradient.weights), (self.biases, gradient.biases):
            change = _reals(change, "gradient", parameter.shape, parameter.dtype)
            _call("update", parameter, change, learning_rate, parameter.size)

    def _input(self, a: npt.ArrayLike) -> Array:
        return _reals(a, "a", (self.weights.shape[1], None), self.weights.dtype)

    def _shape(self, a: Array) -> _Shape:
        return _Shape(*self.weights.shape, a.shape[1], a.shape[1])


def cost(p: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The cross-entropy, -mean(y log p + (1 - y) log(1 - p)), of probabilities ``p`` (1, examples) or (examples)."""
    p, labels = _answers(p, labels)
    return float(_call("cost", p, labels, p.size))


def cost_backward(p: npt.ArrayLike, labels: npt.ArrayLike) -> Array:
    """dA of the last layer, -(y / p - (1 - y) / (1 - p)), (1, examples)."""
    p, labels = _answers(p, labels)
    result = np.empty((1, p.size), p.dtype)
    _call("cost_backward", result, p, labels, p.size)
    return result


def initial_layers(sizes: Sequence[int], initializer: Literal["small", "deep"], seed: int = 1) -> list[Layer]:
    """Layers with the weights that training starts from, in float64; biases are zero.

    ``sizes`` are the inputs, then the units of each layer. Weights are numpy's ``np.random.seed(seed)``, ``np.random.randn``,
    layer by layer: times 0.01 ("small"), or divided by the root of the layer's inputs ("deep").
    """
    if initializer not in ("deep", "small"):
        raise ValueError(f"initializer: expected 'deep' or 'small', found {initializer!r}")
    if not isinstance(sizes, (Sequence, np.ndarray)) or len(sizes) < 2:
        raise ValueError(f"sizes: expected two or more numbers above 0, found {sizes!r}")
    sizes = [check_integer("sizes", size, 1, MOST) for size in sizes]
    seed = check_integer("seed", seed, 0, MOST)
    random = _Random()
    core.nnk_random_seed(ctypes.byref(random), seed)
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        weights = np.empty((outputs, inputs))
        _call("initialize", weights, weights.size, inputs, _core.INITIALIZERS[initializer], random)
        layers.append(Layer(weights, np.zeros(outputs)))
    return layers


# ---- Arguments ----------------------------------------------------------------------------------------------


def _reals(array: npt.ArrayLike, name: str, shape: tuple[int | None, ...], dtype: Any = None) -> Array:
    """A contiguous array of float32 or float64. None stands for any length above 0."""
    found = as_reals(array, name)
    if found.dtype not in (np.float32, np.float64):
        found = found.astype(np.float64)
    if dtype is not None and found.dtype != dtype:
        raise ValueError(f"{name}: expected {dtype}, found {found.dtype}")
    fits = found.ndim == len(shape) and all(found.shape[i] == n or n is None for i, n in enumerate(shape))
    if not fits or found.size == 0:
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name}: expected shape ({wanted}), found {found.shape}")
    return np.ascontiguousarray(found)


def _answers(p: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Array, Array]:
    """Probabilities and their labels, in one dimension."""
    p = _reals(np.asarray(p).reshape(-1), "p", (None,))
    y = np.asarray(labels).reshape(-1)
    if y.shape != p.shape or not np.isin(y, (0, 1)).all():
        raise ValueError(f"labels: expected {p.size} labels, each 0 or 1, found {y}")
    return p, y.astype(np.uint8)


def _known(activation: str) -> str:
    if activation not in ("relu", "sigmoid"):
        raise ValueError(f"activation: expected relu or sigmoid, found {activation!r}")
    return activation


# ---- The C interface ----------------------------------------------------------------------------------------


class _Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("outputs", "inputs", "examples", "stride")]


class _Random(ctypes.Structure):
    _fields_ = [("word", ctypes.c_uint32 * 624), ("next", ctypes.c_uint32), ("has_spare", ctypes.c_uint32),
                ("spare", ctypes.c_double)]


_pointer, _size, _double = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_double
_KERNELS: dict[str, tuple[Any, ...]] = {  # the result, then the arguments
    "initialize": (None, _pointer, _size, ctypes.c_int32, ctypes.c_int32, ctypes.POINTER(_Random)),
    "linear_forward": (None, _pointer, _pointer, _pointer, _pointer, _Shape),
    "linear_backward": (None, _pointer, _pointer, _pointer, _pointer, _pointer, _pointer, _Shape),
    "relu": (None, _pointer, _pointer, _size),
    "relu_backward": (None, _pointer, _pointer, _pointer, _size),
    "sigmoid": (None, _pointer, _pointer, _size),
    "sigmoid_backward": (None, _pointer, _pointer, _pointer, _size),
    "cost": (_double, _pointer, _pointer, _size),
    "cost_backward": (None, _pointer, _pointer, _pointer, _size),
    "update": (None, _pointer, _pointer, _double, _size),
}
_ORDER = ("is_strict crc32 initialize skip linear_forward linear_backward relu relu_backward sigmoid sigmoid_backward cost "
          "cost_backward logit_cost logit_backward weigh scale dot multiply add_up update").split()


class _Arithmetic(ctypes.Structure):
    """nnk_arithmetic up to ``update``."""

    _fields_ = [("dtype", ctypes.c_int32), ("real_bytes", ctypes.c_int32)] + [
        (name, ctypes.CFUNCTYPE(*_KERNELS[name]) if name in _KERNELS else _pointer) for name in _ORDER]


@cache
def _arithmetic(dtype: str) -> _Arithmetic:
    """The kernels for this processor. It is asked once, since that can take long on virtual machines."""
    return ctypes.cast(core.nnk_fastest(_core.DTYPES[dtype]), ctypes.POINTER(_Arithmetic)).contents


def _call(kernel: str, first: Array, *arguments: Any) -> Any:
    """Calls a kernel of the first argument's element type; arrays are passed by their address."""
    function = getattr(_arithmetic("f32" if first.dtype == np.float32 else "f64"), kernel)
    return function(*[a.ctypes.data if isinstance(a, np.ndarray) else a for a in (first, *arguments)])
