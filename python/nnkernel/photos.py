"""Photos of any kind as the bytes that a network takes.

A photo of another size is brought to 64 x 64 pixels as nn-cli does it, by the same C code: all bytes are equal. That is
``resize((64, 64), Image.BILINEAR)`` of Pillow 13, whichever release of Pillow is installed, or none.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._core import Bytes, open_library
from ._images import as_bytes, check_channels

if TYPE_CHECKING:
    import PIL.Image

SIDE = 64  # pixels of each side of a resized photo
RESIZED_BYTES = SIDE * SIDE * 3
_LONGEST_SIDE = 65535  # that is resized, as in nn-cli


def as_images(photos: Any, inputs: int) -> Bytes:
    """Photos as bytes of shape (n, inputs), ``inputs`` being the bytes of an image that a network takes.

    ``photos`` is one photo or a list of photos; or an array of shape (n, ...), with ``inputs`` bytes for each photo, or of
    shape (n, height, width, 3). A photo is

    - an array of bytes (uint8): ``inputs`` of them, or of shape (height, width, 3), R G B
    - a picture of Pillow, of any size and mode. It is turned as its orientation (EXIF, XMP) says, and laid over white
      where it is transparent.
    - the path of a picture file, which Pillow opens

    Photos of other sizes are resized to 64 x 64 pixels, whatever their shape, if the network takes images of that size.
    Raises ValueError for anything else, and OSError for a path that cannot be opened.
    """
    if isinstance(photos, (list, tuple)):
        rows = [_one_image(photo, inputs, f"photos[{index}]") for index, photo in enumerate(photos)]
        return np.stack(rows) if rows else np.empty((0, inputs), np.uint8)
    if isinstance(photos, (str, os.PathLike)) or _is_picture(photos):
        return _one_image(photos, inputs, "photos")[np.newaxis]
    array = _array(photos, "photos")
    if array.ndim == 4:
        check_channels(array.shape[1:], "photos")
    is_one = array.ndim < 2 or array.size == inputs or _is_rgb(array) and inputs == RESIZED_BYTES
    if not is_one and array.size == len(array) * inputs:
        return array.reshape(len(array), inputs)
    if not is_one and array.ndim == 4:
        return as_images(list(array), inputs)
    return _one_image(array, inputs, "photos")[np.newaxis]


def _one_image(photo: Any, inputs: int, name: str) -> Bytes:
    """A photo as bytes of shape (inputs)."""
    if isinstance(photo, (str, os.PathLike)):
        name = os.fsdecode(photo)
        pixels = _read(name)
    elif _is_picture(photo):
        pixels = _pixels(photo, name)
    else:
        pixels = _array(photo, name)
        if pixels.ndim == 3:
            check_channels(pixels.shape, name)
        if pixels.size == inputs:
            return pixels.reshape(inputs)
    if not _is_rgb(pixels) or pixels.size == 0:
        raise ValueError(f"{name}: expected {inputs} bytes, or (height, width, 3) R G B, found shape {pixels.shape}")
    if inputs != RESIZED_BYTES:
        raise ValueError(
            f"{name}: expected {inputs} bytes, found {pixels.size}; photos are resized only for networks of "
            f"{RESIZED_BYTES} bytes, {SIDE} x {SIDE} pixels")
    if max(pixels.shape) > _LONGEST_SIDE:
        raise ValueError(f"{name}: expected sides of at most {_LONGEST_SIDE} pixels, found shape {pixels.shape}")
    return _resized(pixels).reshape(inputs)


def _is_rgb(array: Bytes) -> bool:
    return array.ndim == 3 and array.shape[2] == 3


def _array(photo: Any, name: str) -> Bytes:
    """A photo that is no picture, or photos, as an array in one piece of memory."""
    if not hasattr(photo, "__array__"):
        raise ValueError(f"{name}: expected an array, a picture or a path, found {type(photo).__name__}")
    return as_bytes(photo, name)


# ---- Pictures -----------------------------------------------------------------------------------------------


def _is_picture(photo: Any) -> bool:
    """Without importing Pillow, which takes longer than numpy: where there is a picture, it is imported."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(photo, module.Image)


def _read(path: str) -> Bytes:
    """The pixels of a picture file."""
    try:
        import PIL.Image
    except ImportError as error:
        raise ImportError(f"{path}: Pillow is needed to read pictures: pip install pillow") from error
    try:
        picture = PIL.Image.open(path)
    except PIL.UnidentifiedImageError as error:
        raise ValueError(f"{path}: expected a picture, found another kind of file") from error
    except PIL.Image.DecompressionBombError as error:
        raise ValueError(f"{path}: expected a picture of fewer pixels ({error})") from error
    with picture:
        return _pixels(picture, path)


def _pixels(picture: PIL.Image.Image, name: str) -> Bytes:
    """The upright picture over white, of shape (height, width, 3), R G B."""
    import PIL.ImageOps

    if picture.mode == "F":
        raise ValueError(f"{name}: expected a picture of integers, found mode F, whose numbers have no known range")
    try:
        return _over_white(PIL.ImageOps.exif_transpose(picture))
    except MemoryError:
        raise
    except Exception as error:  # Pillow's readers raise exceptions of many kinds where a file is damaged
        raise ValueError(
            f"{name}: expected a picture that Pillow can read as R G B, found one of mode {picture.mode} ({error})"
        ) from error


def _over_white(picture: PIL.Image.Image) -> Bytes:
    """The picture's pixels, over white where it is transparent."""
    import PIL.Image

    if picture.mode.startswith("I"):  # 16 bits, of which the upper 8 count; Pillow's own conversion depends on its release
        upper = np.clip(np.asarray(picture), 0, 65535) >> 8
        return np.repeat(upper.astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("RGB"))


# ---- Resizing: resampling.h, which also explains the arithmetic ---------------------------------------------


class _Taps(ctypes.Structure):
    """The ``count`` pixels from ``first`` on that make one pixel of the result."""

    _fields_ = [("first", ctypes.c_uint32), ("count", ctypes.c_uint32)]


_pointer, _size, _uint = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32


def _open_resampling() -> ctypes.CDLL:
    library = open_library("nnresampling")
    functions: dict[str, tuple[Any, ...]] = {  # the result, then the arguments
        "nn_taps_of": (_Taps, _uint, _uint, _pointer),
        "nn_columns_come_first": (ctypes.c_bool, _uint, _uint),
        "nn_resample_row": (None, _pointer, _size, _pointer, _pointer, _size, _pointer),
        "nn_resample_column": (None, _pointer, _size, _uint, _Taps, _pointer, _pointer),
    }
    for name, (result, *arguments) in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_library = _open_resampling()


def _resized(pixels: Bytes) -> Bytes:
    """The image of shape (64, 64, 3) from ``pixels``, bytes of shape (height, width, 3), R G B."""
    height, width, _ = pixels.shape
    first, second = _resize_rows, _resize_columns
    if _library.nn_columns_come_first(width, height):
        first, second = second, first
    return second(first(np.ascontiguousarray(pixels)))


def _filter(side: int) -> tuple[ctypes.Array[_Taps], npt.NDArray[np.int32]]:
    """What makes SIDE pixels of `side` pixels: the taps of each, and the weights of all taps, one after the other."""
    taps = (_Taps * SIDE)()
    weights = np.empty(SIDE * 2 * -(-side // SIDE), np.int32)
    used = 0
    for index in range(SIDE):
        taps[index] = _library.nn_taps_of(index, side, weights[used:].ctypes.data)
        used += taps[index].count
    return taps, weights


def _resize_rows(pixels: Bytes) -> Bytes:
    height, width, _ = pixels.shape
    taps, weights = _filter(width)
    result = np.empty((height, SIDE, 3), np.uint8)
    row, shrunk = pixels.ctypes.data, result.ctypes.data
    for y in range(height):
        _library.nn_resample_row(row + y * 3 * width, 3 * width, taps, weights.ctypes.data, SIDE, shrunk + y * 3 * SIDE)
    return result


def _resize_columns(pixels: Bytes) -> Bytes:
    height, width, _ = pixels.shape
    taps, weights = _filter(height)
    result = np.empty((SIDE, width, 3), np.uint8)
    used = 0
    for y in range(SIDE):
        _library.nn_resample_column(
            pixels.ctypes.data, 3 * width, height, taps[y], weights[used:].ctypes.data, result[y:].ctypes.data)
        used += taps[y].count
    return result
