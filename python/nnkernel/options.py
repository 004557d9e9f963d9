"""The options of a training: their names, defaults and ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from types import NoneType
from typing import Any, Literal, TypedDict

import numpy as np

from . import _core
from .model import Model

MOST = 2**32 - 1  # of a number that the core keeps in 32 bits
MOST_THREADS = 4096


def check_integer(name: str, value: Any, least: int, most: int) -> int:
    """The value as an int, if it is a whole number in this range."""
    if not isinstance(value, Integral) or not least <= int(value) <= most:
        raise ValueError(f"{name}: expected a whole number of {least}...{most}, found {value!r}")
    return int(value)


def check_number(name: str, value: Any) -> None:
    """Whether the value is a number that fits in a double."""
    try:
        is_finite = isinstance(value, Real) and math.isfinite(value)
    except OverflowError:  # a whole number that is too large
        is_finite = False
    if not is_finite:
        raise ValueError(f"{name}: expected a finite number, found {value!r}")


class Keywords(TypedDict, total=False):
    """The options as keyword arguments. ``Options`` describes them."""

    hidden_layers: Sequence[int]
    dtype: Literal["f32", "f64"]
    method: Literal["primal", "dual"] | None
    initializer: Literal["deep", "small"] | None
    seed: int
    iterations: int
    learning_rate: float
    cost_every: int
    center: bool
    own_contrast: bool
    mirror: bool
    weight_decay: float
    balance: bool
    hold_out: float
    keep_best: bool
    virtual_shards: int | None
    start: Model | None


@dataclass(frozen=True)
class Options:
    """What to train. The defaults are the deep network and the numbers of ``nn-cli train``.

    Parameters
    ----------
    hidden_layers : sequence of int
        Units of the hidden layers, 1...256 each, of up to 6 layers; one output follows them. () is logistic regression.
    dtype : "f32" or "f64"
        What training computes with and the model stores: "f64", or "f32" in half the memory.
    method : "primal", "dual" or None
        How the first layer is computed: "dual" by the Gram matrix of the images, "primal" on the weights themselves.
        None: the one with less to compute, if its memory is at most 1 GiB.
    initializer : "deep", "small" or None
        How the initial weights are scaled: "deep" by 1 / sqrt(inputs of the layer), "small" by 0.01.
        None: "small" up to one hidden layer, else "deep".
    seed : int
        Seed of the initial weights and of the choice of held-out images, 0...2^32 - 1.
    iterations : int
        Gradient steps, 0...2^32 - 1; 0 leaves the initial weights.
    learning_rate : float
        The size of a step, finite and above 0.
    cost_every : int
        Iterations from one cost to the next; 0: no costs.
    center : bool
        Whether the mean of all images is taken off. Use it for photos with much in common. The mean becomes part of the
        first bias.
    own_contrast : bool
        Whether each image's own brightness and contrast are taken off, in predictions too. Use it if the light will change.
    mirror : bool
        Whether each image is also learned mirrored from left to right.
    weight_decay : float
        How fast the weights decay (L2), 0 or above; times the learning rate it is below 1. Biases do not decay.
    balance : bool
        Whether both classes have the same total weight, however many images they have.
    hold_out : float
        The share of each class that is held out, 0 or 0.0001...0.9999. The network does not learn these images; their cost
        is computed beside the others'.
    keep_best : bool
        Whether the parameters with the lowest held-out cost become the model. It needs held-out images.
    virtual_shards : int or None
        In how many parts sums over images are added, a power of two up to 32768, with method="primal". ``nn-mpi train`` has
        64 and writes the same model. None: one sum.
    start : Model or None
        A model to start from, of the same sizes and own contrast, instead of random weights.
    """

    hidden_layers: Sequence[int] = (20, 7, 5)
    dtype: Literal["f32", "f64"] = "f64"
    method: Literal["primal", "dual"] | None = None
    initializer: Literal["deep", "small"] | None = None
    seed: int = 1
    iterations: int = 2500
    learning_rate: float = 0.0075
    cost_every: int = 100
    center: bool = False
    own_contrast: bool = False
    mirror: bool = False
    weight_decay: float = 0.0
    balance: bool = False
    hold_out: float = 0.0
    keep_best: bool = False
    virtual_shards: int | None = None
    start: Model | None = None

    def __post_init__(self) -> None:
        for name in ("seed", "iterations", "cost_every"):
            check_integer(name, getattr(self, name), 0, MOST)
        for name in ("learning_rate", "weight_decay", "hold_out"):
            check_number(name, getattr(self, name))
        for name in ("center", "own_contrast", "mirror", "balance", "keep_best"):
            self._check_yes_or_no(name, getattr(self, name))
        self._check_choice("dtype", ("f32", "f64"))
        self._check_choice("method", (None, "primal", "dual"))
        self._check_choice("initializer", tuple(_core.INITIALIZERS))
        self._check_layers()
        self._check_shards()
        if not isinstance(self.start, (Model, NoneType)):
            raise ValueError(f"start: expected a Model or None, found {self.start!r}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate: expected a number above 0, found {self.learning_rate}")
        if not 1 - self.learning_rate * self.weight_decay > 0 or self.weight_decay < 0:
            raise ValueError(
                f"weight_decay: expected 0 or above, and below 1 / learning_rate = {1 / self.learning_rate}, "
                f"found {self.weight_decay}")
        if self.hold_out != 0 and not 0.0001 <= self.hold_out <= 0.9999:
            raise ValueError(f"hold_out: expected 0 or a share of 0.0001...0.9999, found {self.hold_out}")
        if self.keep_best and self.cost_every == 0:
            raise ValueError("keep_best: expected cost_every of 1 or more, found 0: the costs tell which is the best")

    def _check_layers(self) -> None:
        layers = self.hidden_layers
        is_list = isinstance(layers, Sequence) or isinstance(layers, np.ndarray) and layers.ndim == 1
        if not is_list or isinstance(layers, (str, bytes)) or len(layers) >= _core.MAX_LAYERS:
            raise ValueError(f"hidden_layers: expected up to {_core.MAX_LAYERS - 1} numbers of units, found {layers!r}")
        for units in layers:
            check_integer("hidden_layers", units, 1, _core.MAX_UNITS)

    def _check_shards(self) -> None:
        if self.virtual_shards is None:
            return
        shards = check_integer("virtual_shards", self.virtual_shards, 1, _core.MAX_SHARDS)
        if shards & (shards - 1):
            raise ValueError(f"virtual_shards: expected a power of two, found {shards}")
        if self.method != "primal":
            raise ValueError(f"virtual_shards: expected None, or method='primal', found method={self.method!r}")

    @staticmethod
    def _check_yes_or_no(name: str, value: Any) -> None:
        if not isinstance(value, (bool, np.bool_, Integral)) or value not in (0, 1):
            raise ValueError(f"{name}: expected True or False, found {value!r}")

    def _check_choice(self, name: str, choices: tuple[object, ...]) -> None:
        value = getattr(self, name)
        if not isinstance(value, (str, NoneType)) or value not in choices:
            raise ValueError(f"{name}: expected {' or '.join(map(repr, choices))}, found {value!r}")

    def changed(self, changes: dict[str, Any]) -> Options:
        """A copy of these options with some of them changed."""
        return Options(**{**self.as_dict(), **changes})

    def as_dict(self) -> dict[str, Any]:
        """The options by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def sizes(self, image_bytes: int) -> tuple[int, ...]:
        """The sizes of the layers, from the bytes of an image to the one output."""
        return (image_bytes, *map(int, self.hidden_layers), 1)
