"""Small dense networks on images: trained fast, the same bits everywhere, in files of a few hundred kilobytes.

    model = nnkernel.train(images, labels)              # images (m, 64, 64, 3) of bytes; labels (m), 0 or 1
    model.predict_proba(images)                         # (m, 2)
    model.save("model.nnk")                             # for nn-cli, C, Swift and boards
    nnkernel.load("model.nnk")
"""

from __future__ import annotations

from .errors import DivergedError, Error, ModelFileError
from .model import Expectation, Model, load
from .options import Options
from .training import Cost, train

__all__ = ["Cost", "DivergedError", "Error", "Expectation", "Model", "ModelFileError", "Options", "load", "train"]
