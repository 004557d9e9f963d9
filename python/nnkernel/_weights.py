"""The weights of examples that options ask for: held-out images weigh 0, and classes may weigh alike."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ._core import Bytes
from ._images import Weights
from .options import Options


def weights_of(options: Options, labels: Bytes, given: Weights | None) -> tuple[Weights | None, int]:
    """The weights for a job (None: all are 1), and the number of the rule that made them, for the model (docs/FORMAT.md).

    The caller's own weights are multiplied by those of the options. No rule describes the result then: 0.
    """
    share = math.floor(options.hold_out * 10_000 + 0.5)  # of 10,000
    if share == 0 and not options.balance:
        return given, 0
    weights = np.ones(len(labels), np.float32) if given is None else given.copy()
    if share > 0:
        weights[held_out(labels, share, options.seed)] = 0
    if options.balance:
        weights = balanced(weights, labels)
    return weights, 0 if given is not None else 1 << 24 | options.balance << 16 | share


def check_learned(weights: Weights, labels: Bytes) -> None:
    """Whether each class that has images has some to learn, of weight above 0."""
    for label in np.unique(labels):
        if not (weights[labels == label] > 0).any():
            raise ValueError(f"weights: expected one or more above 0 among the images to learn of class {label}, found none")


def balanced(weights: Weights, labels: Bytes) -> Weights:
    """w W / (2 W_c), where W is the sum of the weights w, and W_c that of class c: m / (2 m_c) where all are 1."""
    sums = [np.sum(weights[labels == label], dtype=np.float64) for label in (0, 1)]
    factors = np.array([sum(sums) / (2 * part) if part > 0 else 0.0 for part in sums])
    result: Weights = (weights * factors[labels]).astype(np.float32)
    return result


def held_out(labels: Bytes, share: int, seed: int) -> npt.NDArray[np.intp]:
    """The places of the held-out examples, ``share`` of 10,000 of each class, as nn-cli chooses them (docs/CLI.md).

    A class is shuffled from its last place to its second with numpy's random numbers, and its first examples are held out:
    at least one, and not all.
    """
    random = np.random.RandomState(seed)
    chosen: list[int] = []
    for label in (0, 1):
        members = np.flatnonzero(labels == label).tolist()
        if len(members) == 1:
            raise ValueError(f"hold_out: expected two or more images of class {label}, found 1")
        for last in range(len(members) - 1, 0, -1):
            other = int(random.random_sample() * (last + 1))
            members[last], members[other] = members[other], members[last]
        wanted = (len(members) * share + 5000) // 10_000
        chosen += members[: min(max(wanted, 1), len(members) - 1)] if members else []
    return np.array(chosen, np.intp)
