"""The core from Python: it trains and predicts on numpy arrays.

It needs numpy and the core as a shared library:

    cmake -B build -DBUILD_SHARED_LIBS=ON && cmake --build build

The library is loaded from the environment variable NNKERNEL_LIBRARY if it is set, otherwise from the build folder or
the system's folders. The headers in include/nnkernel are the reference.
"""

import ctypes
import ctypes.util
import os
from pathlib import Path

import numpy as np

DEEP = (20, 7, 5, 1)
TWO_LAYER = (7, 1)

PRIMAL, DUAL, DUAL_WIDE = "nnk_primal", "nnk_dual", "nnk_dual_wide"  # train.h explains them

VERSION = 100  # of the library: 10000 major + 100 minor + patch, as in nnkernel.h
_DTYPES = {"f32": 1, "f64": 2}
_COST = 2  # the status for a new cost
_MAX_LAYERS = 7


class Error(Exception):
    """An error of the core; `status` is its number in status.h."""

    def __init__(self, status):
        super().__init__(_core.nnk_status_text(status).decode())
        self.status = status


def train(images, labels, *, layers=DEEP, dtype="f32", method=DUAL_WIDE, initializer=0, iterations=2500,
          learning_rate=0.0075, seed=1, cost_every=100, class_names=None, on_cost=None):
    """Trains on images, uint8 of shape (m, ...), with labels 0 and 1 of shape (m), and returns a Model.

    `layers` has the units of each layer; the last layer has 1. on_cost(iteration, cost) is called every `cost_every`
    iterations. Raises ValueError for arguments of the wrong kind, and Error for what the core refuses.
    """
    images = _bytes_of(images, "images")
    labels = np.ascontiguousarray(labels)
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels: expected shape {images.shape[:1]}, got {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels: expected 0 and 1")
    labels = labels.astype(np.uint8)
    if dtype not in _DTYPES:
        raise ValueError(f"dtype: expected one of {', '.join(_DTYPES)}, got {dtype}")
    if method not in (PRIMAL, DUAL, DUAL_WIDE):
        raise ValueError(f"method: expected PRIMAL, DUAL or DUAL_WIDE, got {method}")
    topology = _topology(images[0].size, layers)
    names = [name.encode() for name in class_names or ("", "")]
    job = _Job(ctypes.pointer(topology), _core.nnk_fastest(_DTYPES[dtype]), _address(method),
               initializer, seed, iterations, cost_every, len(images), learning_rate, labels.ctypes.data,
               (ctypes.c_char_p * 2)(*names), _Source(images.ctypes.data, None, None))
    size = _core.nnk_train_bytes(job)
    arena = np.zeros(size // 8 + 1, np.uint64)  # aligned to 8 bytes
    at = ctypes.c_void_p(arena.ctypes.data)

    _check(_core.nnk_train_begin(job, at, size))
    progress = _Progress()
    while (status := _check(_core.nnk_train_run(job, at, 1 << 20))) > 0:
        if status == _COST and on_cost:
            _check(_core.nnk_train_progress(job, at, progress))
            on_cost(progress.cost_iteration, progress.cost)

    file = bytearray()

    @_WRITE
    def write(_, offset, data, count):
        end = offset + count
        if len(file) < end:
            file.extend(bytes(end - len(file)))
        file[offset:end] = ctypes.string_at(data, count)
        return 0

    while _check(_core.nnk_train_finish(job, at, _Sink(write, None))) > 0:
        pass
    return Model(bytes(file), image_bytes=images[0].size, layers=layers)


class Model:
    """A trained network, from the bytes of its model file, which are also its attribute `file`."""

    def __init__(self, file, *, image_bytes=64 * 64 * 3, layers=DEEP):
        self.file = bytes(file)
        self._words = np.zeros(len(file) // 8 + 1, np.uint64)  # the copy in use, aligned to 8 bytes
        self._words.view(np.uint8)[:len(file)] = np.frombuffer(self.file, np.uint8)
        self._topology = _topology(image_bytes, layers)
        self._model = _Model()
        at = ctypes.c_void_p(self._words.ctypes.data)
        _check(_core.nnk_model_open(self._model, at, len(file), self._topology))
        _core.nnk_model_to_native(self._model, at)
        self.class_names = tuple(name.decode() for name in self._model.class_names)

    def predict(self, images):
        """The probability of class 1 for each image, uint8 of shape (n, ...), as an array of shape (n)."""
        images = _bytes_of(images, "images")
        if images[0].size != self._topology.size[0]:
            raise ValueError(f"images: expected {self._topology.size[0]} bytes each, got {images[0].size}")
        inference = _core.nnk_fastest_inference(self._model.dtype)
        size = _core.nnk_predict_bytes(self._topology, inference)
        memory = np.empty(size // 8 + 1, np.uint64)
        at = ctypes.c_void_p(memory.ctypes.data)
        probability = ctypes.c_double()
        probabilities = np.empty(len(images))
        for j, image in enumerate(images):
            _check(_core.nnk_predict_begin(at, size, self._model, inference))
            _check(_core.nnk_predict_feed(at, image.ctypes.data, image.size))
            _check(_core.nnk_predict_finish(at, probability))
            probabilities[j] = probability.value
        return probabilities


def _bytes_of(images, name):
    images = np.ascontiguousarray(images)
    if images.dtype != np.uint8 or images.ndim < 2 or images.size == 0:
        raise ValueError(f"{name}: expected uint8 of shape (count, ...), got {images.dtype} {images.shape}")
    return images.reshape(len(images), -1)


def _topology(image_bytes, layers):
    if not 1 <= len(layers) <= _MAX_LAYERS:
        raise ValueError(f"layers: expected 1 to {_MAX_LAYERS}, got {len(layers)}")
    return _Topology(len(layers), (ctypes.c_int32 * (_MAX_LAYERS + 1))(image_bytes, *layers))


def _address(name):
    """The address of one of the core's constants."""
    return ctypes.addressof(ctypes.c_byte.in_dll(_core, name))


def _check(status):
    if status < 0:
        raise Error(status)
    return status


# ---- The C interface: the structures of include/nnkernel, field by field ------------------------------------

_bool, _int, _uint, _size, _double, _pointer = (
    ctypes.c_bool, ctypes.c_int32, ctypes.c_uint32, ctypes.c_size_t, ctypes.c_double, ctypes.c_void_p)
_WRITE = ctypes.CFUNCTYPE(_int, _pointer, _uint, _pointer, _uint)


class _Topology(ctypes.Structure):
    _fields_ = [("layers", _int), ("size", _int * (_MAX_LAYERS + 1))]


class _Source(ctypes.Structure):
    _fields_ = [("images", _pointer), ("read", _pointer), ("context", _pointer)]


class _Sink(ctypes.Structure):
    _fields_ = [("write", _WRITE), ("context", _pointer)]


class _Job(ctypes.Structure):
    _fields_ = [
        ("topology", ctypes.POINTER(_Topology)), ("arithmetic", _pointer), ("method", _pointer),
        ("initializer", _int), ("seed", _uint), ("iterations", _uint), ("cost_every", _uint),
        ("examples", _uint), ("learning_rate", _double), ("labels", _pointer),
        ("class_names", ctypes.c_char_p * 2), ("images", _Source), ("weights", _pointer),
        ("weight_decay", _double), ("mirror", _uint * 2), ("center", _bool), ("own_contrast", _bool),
        ("keep_best", _bool), ("start", _pointer), ("capacity", _uint), ("gram", _pointer),
        ("weights_rule", _uint), ("held_out_logits", _pointer)]


class _Progress(ctypes.Structure):
    _fields_ = [
        ("stage", _int), ("iteration", _uint), ("cost_iteration", _uint), ("kept_iteration", _uint),
        ("cost", _double), ("held_out_cost", _double)]


class _Model(ctypes.Structure):
    _fields_ = [
        ("topology", ctypes.POINTER(_Topology)), ("parameters", _pointer),
        ("class_names", ctypes.c_char_p * 2), ("records", _pointer), ("payload_bytes", _uint),
        ("dtype", _int), ("options", _int), ("method", _int), ("initializer", _int), ("seed", _uint),
        ("iterations", _uint), ("examples", _uint), ("data_crc", _uint), ("learning_rate", _double),
        ("payload_crc", _uint), ("reader", _pointer * 2), ("reading", _pointer)]


def _load():
    build = Path(__file__).resolve().parents[2] / "build"
    places = [os.environ.get("NNKERNEL_LIBRARY"), build / "libnnkernel.so", build / "libnnkernel.dylib"]
    found = [str(place) for place in places if place and Path(place).exists()]
    name = found[0] if found else ctypes.util.find_library("nnkernel")
    if not name:
        raise ImportError("libnnkernel is not found: build it as " + __file__ + " says")
    core = ctypes.CDLL(name)
    if not hasattr(core, "nnk_version") or core.nnk_version() != VERSION:
        raise ImportError(f"{name} is of another version of nnkernel than {__file__}")
    job, model, topology = ctypes.POINTER(_Job), ctypes.POINTER(_Model), ctypes.POINTER(_Topology)
    for function, result, *arguments in [
        ("nnk_status_text", ctypes.c_char_p, _int),
        ("nnk_fastest", _pointer, _int),
        ("nnk_fastest_inference", _pointer, _int),
        ("nnk_train_bytes", _size, job),
        ("nnk_train_begin", _int, job, _pointer, _size),
        ("nnk_train_run", _int, job, _pointer, _uint),
        ("nnk_train_progress", _int, job, _pointer, ctypes.POINTER(_Progress)),
        ("nnk_train_finish", _int, job, _pointer, _Sink),
        ("nnk_model_open", _int, model, _pointer, _size, topology),
        ("nnk_model_to_native", None, model, _pointer),
        ("nnk_predict_bytes", _size, topology, _pointer),
        ("nnk_predict_begin", _int, _pointer, _size, model, _pointer),
        ("nnk_predict_feed", _int, _pointer, _pointer, _size),
        ("nnk_predict_finish", _int, _pointer, ctypes.POINTER(_double)),
    ]:
        getattr(core, function).restype = result
        getattr(core, function).argtypes = arguments
    return core


_core = _load()
