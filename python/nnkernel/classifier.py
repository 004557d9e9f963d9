"""The network as an estimator of scikit-learn, which this module alone needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ._core import Bytes, Floats, fits_in_file
from ._images import as_reals
from ._training import Cost, train
from .model import Model
from .options import Options


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network that tells two classes of images apart.

    X has shape (m, height, width, 3), (m, height, width) or (m, n), and each image has the same shape in ``fit`` and
    afterwards. y has two classes of any kind. With more of them, use scikit-learn's OneVsRestClassifier around this one.

    Parameters
    ----------
    hidden_layers ... start
        Those of ``nnkernel.Options``. ``start`` may be another classifier's ``model_``.
    value_range : (low, high) or None
        None: X is bytes (uint8). Otherwise X is real numbers: low becomes 0 and high 255, values between them are rounded
        to the nearest byte, and values outside are clipped. So (0, 1) is for images / 255.
    threads : int
        Threads that share the work of one training; the result is the same. Leave it at 1 where n_jobs is used.

    Attributes
    ----------
    classes_ : array (2)
    model_ : nnkernel.Model, to be saved for nn-cli, C, Swift and boards
    costs_ : list of nnkernel.Cost
    image_shape_ : tuple, of one image
    n_features_in_ : int, X.shape[1]
    """

    def __init__(
        self,
        hidden_layers: Sequence[int] = (20, 7, 5),
        *,
        dtype: Literal["f32", "f64"] = "f64",
        method: Literal["primal", "dual"] | None = None,
        initializer: Literal["deep", "small"] | None = None,
        seed: int = 1,
        iterations: int = 2500,
        learning_rate: float = 0.0075,
        cost_every: int = 100,
        center: bool = False,
        own_contrast: bool = False,
        mirror: bool = False,
        weight_decay: float = 0.0,
        balance: bool = False,
        hold_out: float = 0.0,
        keep_best: bool = False,
        virtual_shards: int | None = None,
        start: Model | None = None,
        value_range: tuple[float, float] | None = None,
        threads: int = 1,
    ) -> None:
        self.hidden_layers = hidden_layers
        self.dtype = dtype
        self.method = method
        self.initializer = initializer
        self.seed = seed
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.cost_every = cost_every
        self.center = center
        self.own_contrast = own_contrast
        self.mirror = mirror
        self.weight_decay = weight_decay
        self.balance = balance
        self.hold_out = hold_out
        self.keep_best = keep_best
        self.virtual_shards = virtual_shards
        self.start = start
        self.value_range = value_range
        self.threads = threads

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Classifier:
        """Trains on images X (m, ...) of classes y (m); sample_weight (m), 0 or above.

        An image of weight 0 counts as if it were not there.
        """
        images, targets = validate_data(self, X, y, dtype=self._numeric, allow_nd=True)
        images = self._bytes(images)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, images, ensure_non_negative=True)
            images, targets, weights = images[weights > 0], targets[weights > 0], weights[weights > 0]
        self.classes_, labels = _two_classes(targets)
        self.image_shape_ = images.shape[1:]
        self.costs_: list[Cost] = []
        self.model_ = train(
            images, labels, weights=weights, class_names=_names(self.classes_), threads=self.threads,
            on_cost=self.costs_.append, **{field.name: getattr(self, field.name) for field in fields(Options)})
        return self

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """The probability of each class, in the order of ``classes_``: (n, 2)."""
        check_is_fitted(self)
        images = self._bytes(validate_data(self, X, dtype=self._numeric, allow_nd=True, reset=False))
        if images.shape[1:] != self.image_shape_:
            raise ValueError(f"X: expected images of shape {self.image_shape_}, found {images.shape[1:]}")
        return self.model_.predict_proba(images)

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """The class of each image: (n). It is the second one where its probability is above 0.5."""
        probabilities = self.predict_proba(X)[:, 1]
        answers: npt.NDArray[Any] = self.classes_[(probabilities > 0.5).astype(int)]
        return answers

    @property
    def _numeric(self) -> str | None:
        """What scikit-learn makes of X first."""
        return None if self.value_range is None else "numeric"

    def _bytes(self, images: npt.NDArray[Any]) -> Bytes:
        """The images as bytes. Nothing is copied that is bytes already."""
        if self.value_range is None:
            if images.dtype != np.uint8:
                raise ValueError(
                    f"X: expected bytes (uint8), found {images.dtype}; for values of another range, "
                    "set value_range, such as (0, 1)")
            return np.asarray(images)
        low, scale = _low_and_scale(self.value_range)
        reals = images.astype(np.float64)  # differences of whole numbers overflow
        reals -= low
        reals *= scale
        return np.rint(np.clip(reals, 0, 255, out=reals), out=reals).astype(np.uint8)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.three_d_array = True
        return tags


def _low_and_scale(value_range: tuple[float, float]) -> tuple[float, float]:
    """The value that becomes 0, and 255 / (the width of the range)."""
    ends = as_reals(value_range, "value_range").astype(np.float64)
    if ends.shape == (2,):
        low, high = ends.tolist()
        if low < high and 0 < (scale := 255 / (high - low)) < np.inf:
            return low, scale
    raise ValueError(f"value_range: expected two finite numbers, the lower one first, found {value_range!r}")


def _two_classes(targets: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Bytes]:
    """The two classes, and the label of each target."""
    check_classification_targets(targets)
    classes, labels = np.unique(targets, return_inverse=True)
    if len(classes) > 2:
        raise ValueError(
            f"Only binary classification is supported. The type of the target is {type_of_target(targets)}: "
            f"expected two classes, found {len(classes)}; use sklearn.multiclass.OneVsRestClassifier")
    if len(classes) < 2:
        raise ValueError(f"y: expected two classes, found one class of weight above 0: {classes[0]}")
    return classes, labels.astype(np.uint8)


def _names(classes: npt.NDArray[Any]) -> tuple[str, str] | None:
    """Names for the model file; None if it cannot hold one of them."""
    first, second = map(str, classes)
    return (first, second) if fits_in_file(first) and fits_in_file(second) else None
