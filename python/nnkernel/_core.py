"""The C interface: the structures and functions of include/nnkernel, and how they are called.

All of the core's memory is numpy's here, so it frees itself. The structures of kernels are in layer.py, those of resampling
in photos.py; Tests/python/test_structures.py compares all of them with the headers.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from ctypes import POINTER, byref, c_bool, c_char_p, c_double, c_float, c_int32, c_size_t, c_uint8, c_uint32, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DivergedError, Error

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

VERSION = 100  # of the core: 10000 major + 100 minor + patch, as in nnkernel.h

OK, MORE, COST = 0, 1, 2  # status.h
E_DIVERGED = -8

DTYPES = {"f32": 1, "f64": 2, "i8": 3}  # arithmetic.h
INITIALIZERS = {None: 0, "deep": 1, "small": 2}  # topology.h
PRIMAL, DUAL, DUAL_WIDE, GRAM = 0, 1, 2, 3  # train.h
SETUP = 0  # a stage, train.h

MAX_LAYERS, MAX_INPUTS, MAX_UNITS = 7, 65535, 256  # topology.h
MAX_EXAMPLES, MAX_DUAL_INPUTS = 1_000_000, 16512  # train.h
CLASS_NAME_BYTES = 31  # model.h, without the zero
OWN_CONTRAST = 2  # an option of a model, model.h
MAX_FOLDS = 64  # judge.h
MAX_SHARDS = 32768  # train.h


# ---- Structures ---------------------------------------------------------------------------------------------


class Topology(ctypes.Structure):
    _fields_ = [("layers", c_int32), ("size", c_int32 * (MAX_LAYERS + 1))]


class Mirror(ctypes.Structure):
    _fields_ = [("row_bytes", c_uint32), ("pixel_bytes", c_uint32)]


class Source(ctypes.Structure):
    _fields_ = [("images", c_void_p), ("read", c_void_p), ("context", c_void_p)]


WRITE = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint32, c_void_p, c_uint32)


class Sink(ctypes.Structure):
    _fields_ = [("write", WRITE), ("context", c_void_p)]


class Model(ctypes.Structure):
    _fields_ = [
        ("topology", POINTER(Topology)), ("parameters", c_void_p), ("class_names", c_char_p * 2),
        ("records", c_void_p), ("payload_bytes", c_uint32), ("dtype", c_int32), ("options", c_int32),
        ("method", c_int32), ("initializer", c_int32), ("seed", c_uint32), ("iterations", c_uint32),
        ("examples", c_uint32), ("data_crc", c_uint32), ("learning_rate", c_double), ("payload_crc", c_uint32),
        ("shards", c_uint32), ("reader", c_void_p * 2), ("reading", c_void_p)]


class Job(ctypes.Structure):
    _fields_ = [
        ("topology", POINTER(Topology)), ("arithmetic", c_void_p), ("method", c_void_p), ("initializer", c_int32),
        ("seed", c_uint32), ("iterations", c_uint32), ("cost_every", c_uint32), ("examples", c_uint32),
        ("learning_rate", c_double), ("labels", c_void_p), ("class_names", c_char_p * 2), ("images", Source),
        ("weights", c_void_p), ("weight_decay", c_double), ("mirror", Mirror), ("center", c_bool),
        ("own_contrast", c_bool), ("keep_best", c_bool), ("start", POINTER(Model)), ("capacity", c_uint32),
        ("gram", c_void_p), ("weights_rule", c_uint32), ("held_out_logits", c_void_p), ("shards", c_uint32),
        ("share", c_void_p)]


class Progress(ctypes.Structure):
    _fields_ = [
        ("stage", c_int32), ("iteration", c_uint32), ("cost_iteration", c_uint32), ("kept_iteration", c_uint32),
        ("cost", c_double), ("held_out_cost", c_double)]


class Team(ctypes.Structure):
    _fields_ = [
        ("threads", c_uint32), ("over", c_uint32), ("yield_", c_void_p), ("offer", c_void_p),
        ("line_0", c_uint8 * 64), ("left", c_uint32), ("line_1", c_uint8 * 64), ("done", c_uint32),
        ("line_2", c_uint8 * 64)]


class Folds(ctypes.Structure):
    _fields_ = [("count", c_uint32), ("block", c_uint32), ("seed", c_uint32)]


class Scores(ctypes.Structure):
    _fields_ = [
        ("examples", c_uint32), ("accuracy", c_double), ("low", c_double), ("high", c_double), ("log_loss", c_double),
        ("log_loss_error", c_double), ("auc", c_double), ("guessing", c_double), ("guessing_log_loss", c_double),
        ("calibration_error", c_double)]


class Expectation(ctypes.Structure):
    _fields_ = [
        ("scale", c_double), ("shift", c_double), ("accuracy", c_float), ("low", c_float), ("high", c_float),
        ("log_loss", c_float), ("auc", c_float), ("guessing", c_float), ("examples", c_uint32),
        ("folds", c_uint32)]


# ---- Functions ----------------------------------------------------------------------------------------------

_FUNCTIONS: dict[str, tuple[Any, ...]] = {  # the result, then the arguments
    "nnk_status_text": (c_char_p, c_int32),
    "nnk_fastest": (c_void_p, c_int32),
    "nnk_fastest_inference": (c_void_p, c_int32),
    "nnk_method_of": (c_void_p, c_int32),
    "nnk_topology_valid": (c_int32, POINTER(Topology)),
    "nnk_train_bytes": (c_size_t, POINTER(Job)),
    "nnk_train_scratch_bytes": (c_size_t, POINTER(Job)),
    "nnk_train_begin": (c_int32, POINTER(Job), c_void_p, c_size_t),
    "nnk_train_run": (c_int32, POINTER(Job), c_void_p, c_uint32),
    "nnk_train_progress": (c_int32, POINTER(Job), c_void_p, POINTER(Progress)),
    "nnk_train_finish": (c_int32, POINTER(Job), c_void_p, Sink),
    "nnk_team_run": (c_int32, POINTER(Team), POINTER(Job), c_void_p, c_uint32),
    "nnk_team_shares": (c_uint32, POINTER(Team), POINTER(Job), c_void_p),
    "nnk_team_help": (c_int32, POINTER(Team), c_void_p),
    "nnk_model_open": (c_int32, POINTER(Model), c_void_p, c_size_t, POINTER(Topology)),
    "nnk_model_to_native": (None, POINTER(Model), c_void_p),
    "nnk_model_weights": (c_void_p, POINTER(Model), c_int32),
    "nnk_model_biases": (c_void_p, POINTER(Model), c_int32),
    "nnk_model_scales": (c_void_p, POINTER(Model)),
    "nnk_model_expectation": (c_int32, POINTER(Model), POINTER(Expectation)),
    "nnk_model_write": (c_int32, POINTER(Model), Sink),
    "nnk_model_quantize": (c_int32, POINTER(Model), Sink),
    "nnk_predict_bytes": (c_size_t, POINTER(Topology), c_void_p),
    "nnk_predict_begin": (c_int32, c_void_p, c_size_t, POINTER(Model), c_void_p),
    "nnk_predict_feed": (c_int32, c_void_p, c_void_p, c_size_t),
    "nnk_predict_finish": (c_int32, c_void_p, POINTER(c_double)),
    "nnk_deal_folds": (c_int32, POINTER(Folds), c_void_p, c_uint32, c_void_p),
    "nnk_score": (c_int32, c_void_p, c_uint32, c_void_p, c_uint32, c_void_p, POINTER(Scores)),
    "nnk_probability": (c_double, c_double),
    "nnk_random_seed": (None, c_void_p, c_uint32),
    "nnk_log_loss": (c_double, c_double, c_uint8),
}


def open_library(name: str) -> ctypes.CDLL:
    """A shared library in this package's folder; pip install -e has one for the libraries and one for the sources."""
    ending = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
    file = ("" if sys.platform == "win32" else "lib") + name + ending
    folders = [Path(folder) for folder in sys.modules[__package__].__path__]
    for folder in folders:
        if (folder / file).exists():
            return ctypes.CDLL(str(folder / file))
    raise ImportError(f"expected {file} in {' or '.join(map(str, folders))}: install the package by pip")


def _open_core() -> ctypes.CDLL:
    core = open_library("nnkernel")
    if (found := core.nnk_version()) != VERSION:
        raise ImportError(f"the core: expected version {VERSION}, found {found}; install the package anew")
    version = f"_{VERSION // 10000}_{VERSION // 100 % 100}"  # the symbols of some functions carry it
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(core, name, None) or getattr(core, name + version)
        function.restype, function.argtypes = result, arguments
        setattr(core, name, function)
    return core


core = _open_core()


def check(status: int, what: str) -> int:
    """Returns a status that is no error. For one that is, raises an exception: ``what`` has failed."""
    if status >= 0:
        return status
    text = core.nnk_status_text(status).decode()
    raise (DivergedError if status == E_DIVERGED else Error)(f"{what}: {text}", status)


def topology(sizes: tuple[int, ...]) -> Topology:
    """Sizes from the bytes of an image to the last layer. The core says whether they are valid."""
    return Topology(len(sizes) - 1, (c_int32 * (MAX_LAYERS + 1))(*sizes))


def class_names(names: tuple[str, str] | None) -> ctypes.Array[c_char_p]:
    """The names of class 0 and class 1 as a job and a model have them."""
    if names is None:
        return (c_char_p * 2)(None, None)
    found = list(names) if isinstance(names, (Sequence, np.ndarray)) and not isinstance(names, str) else []
    if len(found) != 2 or not all(isinstance(name, str) for name in found):
        raise ValueError(f"class_names: expected two names, found {names!r}")
    for name in found:
        if not fits_in_file(name):
            raise ValueError(
                f"class_names: expected at most {CLASS_NAME_BYTES} bytes of UTF-8 without a zero, found {name!r}")
    if found[0] and found[0] == found[1]:
        raise ValueError(f"class_names: expected two different names, found {names!r}")
    return (c_char_p * 2)(*(name.encode() for name in found))


def fits_in_file(class_name: str) -> bool:
    """Whether a model file can hold the name of a class."""
    try:
        encoded = class_name.encode()
    except UnicodeEncodeError:  # a half of a surrogate pair
        return False
    return len(encoded) <= CLASS_NAME_BYTES and b"\0" not in encoded


class Memory:
    """Zeros, aligned to 8 bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.bytes: Bytes = np.zeros(size // 8 + 1, np.uint64).view(np.uint8)[:size]
        self.address = c_void_p(self.bytes.ctypes.data)


class FileInMemory:
    """A sink whose file is kept in ``bytes``."""

    def __init__(self) -> None:
        self.bytes = bytearray()

        def write(_: int, offset: int, data: int, count: int) -> int:
            end = offset + count
            if len(self.bytes) < end:
                self.bytes.extend(bytes(end - len(self.bytes)))
            self.bytes[offset:end] = ctypes.string_at(data, count)
            return OK

        self.sink = Sink(WRITE(write), None)


def score(logits: Floats, labels: Bytes) -> Scores:
    """The scores of logits (n) of examples with labels (n), each 0 or 1."""
    scores = Scores()
    order = np.empty(len(logits), np.uint32)
    logits, labels = np.ascontiguousarray(logits, np.float64), np.ascontiguousarray(labels, np.uint8)
    status = core.nnk_score(
        logits.ctypes.data, 1, labels.ctypes.data, len(logits), order.ctypes.data, byref(scores))
    check(status, "scores")
    return scores
