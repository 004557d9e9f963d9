"""Models: trained networks, their files, and what they answer."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import Bytes, Floats, Memory, core
from ._files import replace_file
from ._images import as_reals
from .errors import Error, ModelFileError
from .photos import as_images
from .pytorch import to_torch

_HEADER = 64  # bytes
_LARGEST = 1 << 28  # bytes; the largest network takes 137 MB in f64
_MAGIC = b"\x8eNN\x1a"
_NAMES = {number: name for name, number in _core.DTYPES.items()}
_TYPES: dict[str, Any] = {"f32": np.float32, "f64": np.float64}


class Expectation(NamedTuple):
    """What to expect of a model on images that it has not seen; ``nn-cli teach`` measured it.

    Attributes
    ----------
    accuracy : float
    low, high : float
        The 95 % interval of the accuracy.
    log_loss : float
        In nats.
    auc : float
        The area under the ROC curve.
    guessing : float
        The accuracy of always naming the larger class.
    examples : int
        How many images were judged.
    folds : int
        The folds of the cross-validation.
    """

    accuracy: float
    low: float
    high: float
    log_loss: float
    auc: float
    guessing: float
    examples: int
    folds: int


class Model:
    """A trained network. ``nnkernel.train``, ``nnkernel.load``, ``from_layers`` and ``nnkernel.from_torch`` make one.

    Models are equal if their files are, and can be pickled.

    Attributes
    ----------
    file : bytes
        The model file.
    sizes : tuple of int
        The sizes of the layers: the bytes of an image, the units of the hidden layers, and 1.
    """

    def __init__(self, file: bytes | bytearray | memoryview, *, name: str = "model") -> None:
        """Opens the bytes of a model file. Raises ModelFileError, which begins with ``name``, if they are no whole model."""
        self.file = bytes(memoryview(file))  # a TypeError for what is no bytes, such as a number
        self.sizes = _sizes(self.file, name)
        self._topology = _core.topology(self.sizes)
        self._memory = Memory(len(self.file))
        self._memory.bytes[:] = np.frombuffer(self.file, np.uint8)
        self._model = _core.Model()
        status = core.nnk_model_open(self._model, self._memory.address, len(self.file), self._topology)
        if status < 0:
            raise _unusable(name, status)
        core.nnk_model_to_native(self._model, self._memory.address)

    @property
    def dtype(self) -> str:
        """The type of the weights: "f32", "f64", or "i8" for layer 1 in bytes and the others in f32."""
        return _NAMES[self._model.dtype]

    @property
    def class_names(self) -> tuple[str, str]:
        """The names of class 0 and class 1; empty if the model has none."""
        first, second = (name.decode(errors="replace") for name in self._model.class_names)
        return first, second

    @property
    def own_contrast(self) -> bool:
        """Whether each image's own brightness and contrast are taken off."""
        return bool(self._model.options & _core.OWN_CONTRAST)

    @property
    def expectation(self) -> Expectation | None:
        """What to expect on images not seen; None if the model was not judged."""
        found = _core.Expectation()
        if core.nnk_model_expectation(self._model, found) < 0:
            return None
        return Expectation(*(getattr(found, field) for field in Expectation._fields))

    @property
    def layers(self) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """The weights (outputs, inputs) and biases (outputs) of each layer, as copies.

        Inputs are bytes / 255. The arrays are of the model's type; those of an i8 model are float32, scales included.
        """
        layers = []
        for number, (inputs, outputs) in enumerate(zip(self.sizes, self.sizes[1:]), 1):
            is_scaled = self.dtype == "i8" and number == 1
            kind = _TYPES.get(self.dtype, np.float32)
            weights = _array(core.nnk_model_weights(self._model, number), (outputs, inputs), np.int8 if is_scaled else kind)
            if is_scaled:
                weights = weights * _array(core.nnk_model_scales(self._model), (outputs, 1), np.float32)
            layers.append((weights, _array(core.nnk_model_biases(self._model, number), (outputs,), kind)))
        return layers

    @classmethod
    def from_layers(
        cls,
        layers: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
        *,
        class_names: tuple[str, str] | None = None,
        own_contrast: bool = False,
    ) -> Model:
        """A model of these weights (outputs, inputs) and biases (outputs), for inputs of bytes / 255.

        It is of f32 if all arrays are, else of f64. Hidden layers use ReLU; the last layer has one output.
        """
        arrays = _arrays_of(layers)
        dtype = "f32" if arrays and all(array.dtype == np.float32 for array in arrays) else "f64"
        sizes = _sizes_of(arrays)
        parameters = np.concatenate([array.astype(_TYPES[dtype]).ravel() for array in arrays])
        topology = _core.topology(sizes)
        model = _core.Model(
            topology=ctypes.pointer(topology), parameters=parameters.ctypes.data, dtype=_core.DTYPES[dtype],
            class_names=_core.class_names(class_names), options=_core.OWN_CONTRAST if own_contrast else 0)
        file = _core.FileInMemory()
        _core.check(core.nnk_model_write(model, file.sink), "layers")
        return cls(bytes(file.bytes))

    def quantized(self) -> Model:
        """This model with the weights of layer 1 in bytes (i8): a fourth of the size of f32."""
        if self.dtype == "i8":
            raise ValueError("quantized: expected a model of f32 or f64, found i8")
        file = _core.FileInMemory()
        _core.check(core.nnk_model_quantize(self._model, file.sink), "quantization")
        return type(self)(bytes(file.bytes))

    def predict_proba(self, photos: Any) -> Floats:
        """The probabilities of class 0 and class 1 for each photo: (n, 2).

        Parameters
        ----------
        photos : array of uint8, picture of Pillow, path, or a list of these
            An array has the shape (n, ...), with ``sizes[0]`` bytes in each image. A network of 64 x 64 pixels takes photos
            of any size, (n, height, width, 3). One photo may come without its list. ``nnkernel.photos.as_images`` says how
            photos become images; nn-cli does the same.
        """
        rows = as_images(photos, self.sizes[0])
        probabilities = np.empty((len(rows), 2))
        for row, image in enumerate(rows):
            probabilities[row, 1] = self._probability(image)
        probabilities[:, 0] = 1 - probabilities[:, 1]
        return probabilities

    def predict(self, photos: Any) -> npt.NDArray[np.int64]:
        """The class of each photo, 0 or 1: (n). It is 1 where the probability of class 1 is above 0.5."""
        return (self.predict_proba(photos)[:, 1] > 0.5).astype(np.int64)

    def _probability(self, image: Bytes) -> float:
        inference = core.nnk_fastest_inference(self._model.dtype)
        memory = Memory(core.nnk_predict_bytes(self._topology, inference))
        probability = ctypes.c_double()
        _core.check(core.nnk_predict_begin(memory.address, memory.size, self._model, inference), "prediction")
        _core.check(core.nnk_predict_feed(memory.address, image.ctypes.data, image.size), "prediction")
        _core.check(core.nnk_predict_finish(memory.address, probability), "prediction")
        return probability.value

    to_torch = to_torch

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the model file. An older file of that name stays whole until all bytes are written."""
        replace_file(path, self.file)

    def __reduce__(self) -> tuple[type[Model], tuple[bytes]]:
        return type(self), (self.file,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.file == other.file

    def __hash__(self) -> int:
        return hash(self.file)

    def __repr__(self) -> str:
        return f"<nnkernel.Model {'-'.join(map(str, self.sizes))} {self.dtype}>"


def load(path: str | PathLike[str]) -> Model:
    """Reads a model file (.nnk). Raises OSError if that fails, and ModelFileError if the file is no whole model."""
    with open(path, "rb") as file:
        return Model(file.read(_LARGEST), name=os.fspath(path))


def _sizes(file: bytes, name: str) -> tuple[int, ...]:
    """The sizes of the layers that the header names (docs/FORMAT.md).

    If no network has such sizes, any valid ones do: the core compares them with the header, and refuses it.
    """
    if len(file) < _HEADER or not file.startswith(_MAGIC):
        raise ModelFileError(f"{name}: expected a model file, found another kind of file", -10)
    sizes: tuple[int, ...] = struct.unpack_from(f"<{min(file[8], _core.MAX_LAYERS) + 1}H", file, 12)
    return sizes if core.nnk_topology_valid(_core.topology(sizes)) else (1, 1)


def _unusable(name: str, status: int) -> ModelFileError:
    return ModelFileError(f"{name}: expected a whole model, but {core.nnk_status_text(status).decode()}", status)


def _array(address: int, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
    """A copy of an array in the core's memory."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(ctypes.string_at(address, size), dtype).reshape(shape).copy()


def _arrays_of(layers: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]) -> list[npt.NDArray[Any]]:
    """The weights and biases of all layers, one after the other."""
    arrays: list[npt.NDArray[Any]] = []
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, (tuple, list)) or len(layer) != 2:
            raise ValueError(f"layer {number}: expected the pair (weights, biases), found {layer!r}")
        arrays += (as_reals(array, f"layer {number}") for array in layer)
    return arrays


def _sizes_of(arrays: list[npt.NDArray[Any]]) -> tuple[int, ...]:
    """The sizes of layers whose weights and biases follow each other."""
    sizes: list[int] = [int(arrays[0].shape[-1])] if arrays and arrays[0].ndim else [0]
    for number, (weights, biases) in enumerate(zip(arrays[::2], arrays[1::2]), 1):
        expected = (biases.size, sizes[-1])
        if weights.shape != expected or biases.ndim != 1:
            raise ValueError(
                f"layer {number}: expected weights of shape (outputs, {sizes[-1]}) and as many biases, "
                f"found {weights.shape} and {biases.shape}")
        sizes.append(biases.size)
    if not core.nnk_topology_valid(_core.topology(tuple(sizes[: _core.MAX_LAYERS + 1]))) or len(sizes) > _core.MAX_LAYERS + 1:
        raise ValueError(
            f"layers: expected 1...{_core.MAX_LAYERS}, images of at most {_core.MAX_INPUTS} bytes, hidden layers of at most "
            f"{_core.MAX_UNITS} units and one output, found the sizes {tuple(sizes)}")
    return tuple(sizes)
