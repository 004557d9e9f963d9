"""The exceptions of this package. Wrong arguments raise ValueError or TypeError."""

from __future__ import annotations


class Error(Exception):
    """The core has refused something. ``status`` is the number of the error in status.h, below 0."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class ModelFileError(Error, ValueError):
    """A file is no whole model, or its weights cannot be used."""


class DivergedError(Error, ArithmeticError):
    """A training has diverged: its learning rate is too high for these images."""
