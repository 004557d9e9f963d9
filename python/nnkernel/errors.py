"""The exceptions of this package. Wrong arguments give ValueError or TypeError; these are for all else."""

from __future__ import annotations


class Error(Exception):
    """The core refused to go on. ``status`` is its number in status.h, below 0."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class ModelFileError(Error, ValueError):
    """A file is no usable model."""


class DivergedError(Error, ArithmeticError):
    """A training has diverged: its learning rate is too high for these images."""
