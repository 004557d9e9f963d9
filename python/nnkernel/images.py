"""Images, labels and weights as the core takes them: checked, and in one piece of memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._core import MAX_EXAMPLES, Bytes, Mirror

Weights = npt.NDArray[np.float32]


def as_bytes(array: npt.ArrayLike, name: str) -> Bytes:
    """A contiguous array of bytes, of any shape. It is copied only if it is not contiguous."""
    found = np.asarray(array)
    if found.dtype != np.uint8:
        raise ValueError(
            f"{name}: expected bytes (uint8), found {found.dtype}; whole numbers 0...255 become bytes by "
            ".astype(numpy.uint8)")  # fmt: skip
    return np.asarray(found, order="C")


def byte_images(images: npt.ArrayLike) -> Bytes:
    """Images of shape (m, ...), with m of 1 or more."""
    found = as_bytes(images, "images")
    if found.ndim < 2:
        raise ValueError(f"images: expected shape (m, height, width, 3), (m, height, width) or (m, bytes), found {found.shape}")
    if found.size == 0:
        raise ValueError(f"images: expected one or more of one byte or more, found shape {found.shape}")
    if len(found) > MAX_EXAMPLES:
        raise ValueError(f"images: expected at most {MAX_EXAMPLES}, found {len(found)}")
    return found


def byte_labels(labels: npt.ArrayLike, count: int) -> Bytes:
    """``count`` labels, each 0 or 1."""
    found = np.asarray(labels)
    if found.shape != (count,):
        raise ValueError(f"labels: expected shape ({count},), one for each image, found {found.shape}")
    wrong = ~np.isin(found, (0, 1))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(f"labels: expected 0 or 1, found {found[place]} for image {place}")
    return np.ascontiguousarray(found.astype(np.uint8))


def example_weights(weights: npt.ArrayLike, count: int) -> Weights:
    """``count`` weights, finite and 0 or above."""
    found = np.asarray(weights, np.float32)
    if found.shape != (count,):
        raise ValueError(f"weights: expected shape ({count},), one for each image, found {found.shape}")
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(f"weights: expected finite numbers, 0 or above, found {found[place]} for image {place}")
    return np.ascontiguousarray(found)


def mirror_of(images: npt.NDArray[Any]) -> Mirror:
    """How images of shape (m, height, width) or (m, height, width, channels) are mirrored from left to right."""
    channels = images.shape[3] if images.ndim == 4 else 1
    if images.ndim not in (3, 4) or channels > 4:
        raise ValueError(
            "mirror: expected images of shape (m, height, width) or (m, height, width, 1...4), "
            f"found {images.shape}")  # fmt: skip
    return Mirror(images.shape[2] * channels, channels)
