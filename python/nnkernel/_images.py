"""Images, labels and weights as the core takes them: checked, and in one piece of memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._core import MAX_EXAMPLES, Bytes, Mirror

Weights = npt.NDArray[np.float32]


def as_array(values: npt.ArrayLike, name: str, dtype: Any = None) -> npt.NDArray[Any]:
    """An array of any shape, and of any type without ``dtype``."""
    try:
        return np.asarray(values, dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected an array of numbers ({error})") from None


def as_reals(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """An array of real numbers, of any shape."""
    found = as_array(values, name)
    if found.dtype.kind == "O":
        return as_array(found, name, np.float64)
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected real numbers, found {found.dtype}")
    return found


def as_bytes(array: npt.ArrayLike, name: str) -> Bytes:
    """A contiguous array of bytes, of any shape. It is copied only if it is not contiguous."""
    found = as_array(array, name)
    if found.dtype != np.uint8:
        raise ValueError(
            f"{name}: expected bytes (uint8), found {found.dtype}; whole numbers 0...255 become bytes by "
            ".astype(numpy.uint8)")
    return np.asarray(found, order="C")


def byte_images(images: npt.ArrayLike) -> Bytes:
    """Images of shape (m, ...), with m of 1 or more."""
    found = as_bytes(images, "images")
    if found.ndim < 2:
        raise ValueError(f"images: expected shape (m, height, width, 3), (m, height, width) or (m, bytes), found {found.shape}")
    if found.ndim == 4:
        check_channels(found.shape[1:], "images")
    if found.size == 0:
        raise ValueError(f"images: expected one or more of one byte or more, found shape {found.shape}")
    if len(found) > MAX_EXAMPLES:
        raise ValueError(f"images: expected at most {MAX_EXAMPLES}, found {len(found)}")
    return found


def check_channels(shape: tuple[int, ...], name: str) -> None:
    """Whether an image of three dimensions has its channels in the last one: no more than 4, or the first is of 1."""
    if shape[2] > 4 and shape[0] != 1:
        raise ValueError(f"{name}: expected channels last, (height, width, 3), found an image of shape {shape}")


def byte_labels(labels: npt.ArrayLike, count: int) -> Bytes:
    """``count`` labels, each 0 or 1."""
    found = as_array(labels, "labels")
    if found.shape != (count,):
        raise ValueError(f"labels: expected shape ({count},), one for each image, found {found.shape}")
    if found.dtype.kind not in "biufO":
        raise ValueError(f"labels: expected numbers, each 0 or 1, found {found.dtype}")
    wrong = ~np.isin(found, (0, 1))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(f"labels: expected 0 or 1, found {found[place]} for image {place}")
    return np.ascontiguousarray(found.astype(np.uint8))


def example_weights(weights: npt.ArrayLike, count: int) -> Weights:
    """``count`` weights, finite and 0 or above. One that float32 would make infinite, or 0, is refused."""
    given = as_reals(weights, "weights")
    with np.errstate(over="ignore"):
        found = given.astype(np.float32)
    if found.shape != (count,):
        raise ValueError(f"weights: expected shape ({count},), one for each image, found {found.shape}")
    wrong = ~(np.isfinite(found) & (found >= 0) & ((found == 0) == (given == 0)))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(
            "weights: expected finite numbers, 0 or above, in the range of float32, "
            f"found {given[place]} for image {place}")
    return np.ascontiguousarray(found)


def mirror_of(images: npt.NDArray[Any]) -> Mirror:
    """How images of shape (m, height, width) or (m, height, width, channels) are mirrored from left to right."""
    channels = images.shape[3] if images.ndim == 4 else 1
    if images.ndim not in (3, 4) or channels > 4:
        raise ValueError(
            "mirror: expected images of shape (m, height, width) or (m, height, width, 1...4), "
            f"found {images.shape}")
    return Mirror(images.shape[2] * channels, channels)
