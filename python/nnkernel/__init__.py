"""Small dense networks that tell two classes of images apart: trained fast, with the same bits on every machine.

    model = nnkernel.train(images, labels)              # images (m, 64, 64, 3) of bytes; labels (m), 0 or 1
    model.predict_proba(images)                         # (m, 2)
    model.save("model.nnk")                             # for nn-cli, C, Swift and boards
    nnkernel.load("model.nnk").predict_proba("a.jpg")   # photos of any size, pictures of Pillow: nnkernel.photos

    nnkernel.Classifier                                 # the same for scikit-learn
    nnkernel.CrossValidation                            # how good a network will be on images that it has not seen
    model.to_torch(), nnkernel.from_torch(module)       # to and from PyTorch
    import nnkernel.layer                               # the steps of training, one by one
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from ._core import VERSION
from ._training import Cost, train
from .errors import DivergedError, Error, ModelFileError
from .model import Expectation, Model, load
from .options import Options
from .pytorch import from_torch

if TYPE_CHECKING:
    from .classifier import Classifier
    from .cross_validation import CrossValidation, Result, Scores, Split

__all__ = [
    "Cost", "CrossValidation", "DivergedError", "Error", "Expectation", "Model", "ModelFileError", "Options", "Result",
    "Scores", "Split", "from_torch", "load", "train",
]
__version__ = f"{VERSION // 10000}.{VERSION // 100 % 100}.{VERSION % 100}"

if find_spec("sklearn"):
    __all__ += ["Classifier"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """Imports what takes long, or needs scikit-learn, when it is first used."""
    if name == "Classifier":
        from .classifier import Classifier

        return Classifier
    if name in ("CrossValidation", "Result", "Scores", "Split"):
        from . import cross_validation

        return getattr(cross_validation, name)
    raise AttributeError(f"module 'nnkernel' has no attribute {name!r}")
