"""Networks to and from PyTorch. PyTorch is imported only when one of these functions is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._core import Floats
from ._images import as_reals

if TYPE_CHECKING:
    import torch

    from .model import Model

# LayerNorm adds epsilon to the variance. It keeps an image that is all the same from dividing by 0, and is nothing beside
# the variance of any other: with 65535 inputs, of which one differs by 1/255, that is 2e-10; a rounding to f32 is 6e-8.
OWN_CONTRAST_EPSILON = 1e-20
_LARGEST_EPSILON = 1e-17


def to_torch(model: Model) -> torch.nn.Sequential:
    """The network as torch.nn.Sequential: Linear, ReLU, ..., Linear.

    The input is a float tensor of shape (n, inputs): the bytes of each image, row by row, R G B, divided by 255. The
    output is the logit of class 1, (n, 1), as torch.nn.BCEWithLogitsLoss takes it; torch.sigmoid makes it the probability:

        x = torch.from_numpy(images).flatten(1) / 255
        probability = torch.sigmoid(module(x))

    A model with own contrast begins with a LayerNorm without parameters. The type is that of the model; weights of an i8
    model become float32. Answers differ by roundings from those of the model, since sums are added in another order.
    """
    import torch

    dtype = torch.float64 if model.dtype == "f64" else torch.float32
    modules: list[torch.nn.Module] = []
    if model.own_contrast:
        modules.append(torch.nn.LayerNorm(model.sizes[0], eps=OWN_CONTRAST_EPSILON, elementwise_affine=False))
    for weights, biases in model.layers:
        outputs, inputs = weights.shape
        linear = torch.nn.Linear(inputs, outputs, dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights))
            linear.bias.copy_(torch.from_numpy(biases))
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1]).eval()


def from_torch(
    module: torch.nn.Module, *, class_names: tuple[str, str] | None = None, channels_first: bool = False,
    mean: Sequence[float] | None = None, std: Sequence[float] | None = None,
) -> Model:
    """A Model from a PyTorch module whose inputs are bytes / 255.

    Parameters
    ----------
    module : torch.nn.Sequential
        Linear and ReLU in turn, with one output: a logit, or behind Sigmoid a probability. A Sequential may contain others.
        Flatten, Identity and Dropout change nothing. LayerNorm of all inputs without parameters at the beginning is own
        contrast.
    class_names : (str, str) or None
        The names of class 0 and class 1.
    channels_first : bool
        Whether images were flattened as (3, height, width), rather than as (height, width, 3).
    mean, std : sequence of 3 numbers, or None
        What was subtracted from each channel, and what the difference was divided by, as in
        torchvision.transforms.Normalize.

    Returns
    -------
    Model
        It takes the bytes of images (height, width, 3): ``channels_first``, ``mean`` and ``std`` become part of its first
        layer. It is of f64 if the module is of float64; float32, float16 and bfloat16 give f32.

    Raises
    ------
    ValueError
        The message names the layer that does not fit.
    """
    from .model import Model

    layers, own_contrast = _dense_layers(module)
    weights, biases = (array.astype(np.float64) for array in layers[0])
    if channels_first:
        weights = _rows_of_pixels(weights)
    if mean is not None or std is not None:
        if own_contrast:
            raise ValueError("mean, std: expected none for a module with LayerNorm, which takes them off")
        weights, biases = _normalized(weights, biases, mean, std)
    if own_contrast:  # the inputs' sum is 0, so a row of weights can lose its mean; a prediction relies on that
        weights = weights - weights.mean(axis=1, keepdims=True)
    dtype = layers[0][0].dtype
    layers[0] = weights.astype(dtype), biases.astype(dtype)
    return Model.from_layers(layers, class_names=class_names, own_contrast=own_contrast)


# ---- A module's layers --------------------------------------------------------------------------------------

_Layers = list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]


def _dense_layers(module: torch.nn.Module) -> tuple[_Layers, bool]:
    """Weights (outputs, inputs) and biases (outputs) of each layer, and whether the inputs have own contrast."""
    import torch
    from torch import nn

    layers: _Layers = []
    own_contrast = False
    last: nn.Module | None = None
    for name, part in _parts(module, ""):
        if isinstance(part, (nn.Identity, nn.Dropout)) or isinstance(part, nn.Flatten) and last is None:
            continue
        if not isinstance(part, _expected_after(last)):
            behind = f" behind {last}" if last else ""
            raise ValueError(f"{name}: expected {_names(_expected_after(last))}{behind}, found {part}")
        if isinstance(part, nn.LayerNorm):
            _check_own_contrast(part, name)
            own_contrast = True
        if isinstance(part, nn.Linear):
            _check_inputs(part, layers, last, name)
            layers.append(_arrays(part, name))
        last = part
    if not isinstance(last, (nn.Linear, nn.Sigmoid)) or len(layers[-1][1]) != 1:
        raise ValueError(
            f"module: expected Linear with 1 output at its end, or Sigmoid behind that, found {last or 'no layer'}")
    if len({weights.dtype for weights, _ in layers}) > 1:
        raise ValueError("module: expected parameters of one type, found float32 and float64")
    return layers, own_contrast


def _parts(module: torch.nn.Module, name: str) -> Iterator[tuple[str, torch.nn.Module]]:
    """The layers in a module, in order, with the names that PyTorch gives them."""
    from torch import nn

    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        yield name or "module", module
        return
    for child_name, child in module.named_children():
        yield from _parts(child, f"{name}.{child_name}" if name else child_name)


def _expected_after(last: torch.nn.Module | None) -> tuple[type[torch.nn.Module], ...]:
    from torch import nn

    if last is None:
        return nn.Linear, nn.LayerNorm
    if isinstance(last, nn.Linear):
        return nn.ReLU, nn.Sigmoid
    return () if isinstance(last, nn.Sigmoid) else (nn.Linear,)


def _names(types: tuple[type[torch.nn.Module], ...]) -> str:
    return " or ".join(kind.__name__ for kind in types) or "nothing"


def _check_inputs(linear: torch.nn.Linear, layers: _Layers, last: torch.nn.Module | None, name: str) -> None:
    """Whether a layer takes what comes before it."""
    from torch import nn

    inputs = linear.in_features
    if layers:
        inputs = len(layers[-1][1])
    elif isinstance(last, nn.LayerNorm):
        (inputs,) = last.normalized_shape
    if linear.in_features != inputs:
        raise ValueError(f"{name}: expected {inputs} inputs, found {linear}")


def _check_own_contrast(norm: torch.nn.LayerNorm, name: str) -> None:
    if norm.elementwise_affine or norm.eps > _LARGEST_EPSILON or len(norm.normalized_shape) != 1:
        raise ValueError(
            f"{name}: expected LayerNorm(inputs, eps={OWN_CONTRAST_EPSILON}, elementwise_affine=False), found {norm}")


def _arrays(linear: torch.nn.Linear, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Its weights (outputs, inputs) and biases (outputs), of float32 or float64."""
    import torch

    weights = linear.weight.detach().cpu()
    if not weights.is_floating_point():
        raise ValueError(f"{name}: expected weights of a floating-point type, found {weights.dtype}")
    dtype = torch.float64 if weights.dtype == torch.float64 else torch.float32
    biases = torch.zeros(len(weights)) if linear.bias is None else linear.bias.detach().cpu()
    return weights.to(dtype).numpy(), biases.to(dtype).numpy()


# ---- What comes before the first layer ----------------------------------------------------------------------


def _rows_of_pixels(weights: Floats) -> Floats:
    """Weights for images (height, width, 3), from those for (3, height, width)."""
    if weights.shape[1] % 3:
        raise ValueError(f"channels_first: expected 3 inputs for each pixel, found {weights.shape[1]} inputs")
    return weights.reshape(len(weights), 3, -1).transpose(0, 2, 1).reshape(len(weights), -1)


def _normalized(
    weights: Floats, biases: Floats, mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[Floats, Floats]:
    """Weights and biases for x, from those for (x - mean) / std: W' = W / std, b' = b - W' mean."""
    shift = np.zeros(3) if mean is None else as_reals(mean, "mean").astype(np.float64)
    scale = np.ones(3) if std is None else as_reals(std, "std").astype(np.float64)
    if shift.shape != (3,) or scale.shape != (3,) or not np.isfinite(shift).all() or not (np.isfinite(scale) & (scale > 0)).all():
        raise ValueError(f"mean, std: expected 3 numbers each, those of std above 0, found {mean} and {std}")
    if weights.shape[1] % 3:
        raise ValueError(f"mean, std: expected 3 inputs for each pixel, found {weights.shape[1]} inputs")
    pixels = weights.shape[1] // 3
    weights = weights / np.tile(scale, pixels)
    return weights, biases - weights @ np.tile(shift, pixels)
