"""Cross-validation: many networks that share one Gram matrix of the images."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from . import _core
from ._core import Bytes, Floats, Memory, core
from ._images import Weights, as_array, byte_images, byte_labels, example_weights
from ._job import Job
from ._training import run
from ._weights import balanced, check_learned
from .errors import DivergedError
from .options import MOST, MOST_THREADS, Keywords, Options, check_integer

if TYPE_CHECKING:
    from typing_extensions import Unpack

_Places = npt.NDArray[np.intp]


class Splitter(Protocol):
    """What scikit-learn's splitters have, such as StratifiedKFold."""

    def split(self, X: Any, y: Any, groups: Any) -> Iterable[tuple[npt.ArrayLike, npt.ArrayLike]]: ...


class Split(NamedTuple):
    """One split of the images, as places in the data.

    Attributes
    ----------
    train : array of int
        The images that the network learns.
    test : array of int
        The images that are held out.
    """

    train: _Places
    test: _Places


class Scores(NamedTuple):
    """How good the answers to held-out images are.

    Attributes
    ----------
    examples : int
        How many answers were judged.
    accuracy : float
    low, high : float
        The 95 % interval of the accuracy.
    log_loss : float
        In nats.
    log_loss_error : float
        The standard error of the log loss.
    auc : float
        The area under the ROC curve.
    guessing : float
        The accuracy of always naming the larger class.
    guessing_log_loss : float
        The log loss of always answering with the shares of the classes.
    calibration_error : float
        The expected calibration error: how far probabilities are from the share of class 1, on average.
    """

    examples: int
    accuracy: float
    low: float
    high: float
    log_loss: float
    log_loss_error: float
    auc: float
    guessing: float
    guessing_log_loss: float
    calibration_error: float


@dataclass(frozen=True)
class Result:
    """How good the networks with one combination of options are.

    Attributes
    ----------
    parameters : dict
        The options from the grid.
    logits : list of arrays
        For each split the logits of its held-out images, in their order; NaN if the training diverged.
    accuracies : array (splits)
        The share of held-out images that are classified correctly, as cross_val_score computes it.
    log_losses : array (splits)
        The mean of -log(probability of the image's class): cross_val_score's neg_log_loss, negated.
    probabilities : array (m)
        For each image the mean probability of class 1 over the splits that hold it out; NaN if none does.
    scores : Scores
        Of all held-out answers together.
    """

    parameters: dict[str, Any]
    logits: list[Floats]
    accuracies: Floats
    log_losses: Floats
    probabilities: Floats
    scores: Scores


class CrossValidation:
    """How often networks will be right about images that they have not seen.

    For each split a network learns all images but the held-out ones, and then classifies these. All networks share the Gram
    matrix of the images, which is computed once, so each takes milliseconds:

        validation = nnkernel.CrossValidation(images, labels, center=True, threads=2)
        results = validation.run({"learning_rate": [0.003, 0.0075], "weight_decay": [0, 0.1, 1]})
        best = min(results, key=lambda result: result.scores.log_loss)

    Parameters
    ----------
    images, labels, weights
        As for ``train``. Images are not copied: leave them as they are until the last ``run``.
    folds : int, splitter or iterable of (train, test)
        A number of folds, dealt at random by ``seed`` with about the same share of each class in each, as
        nn-cli cross-validate does. As many folds as images leave each image out once. Or a splitter of scikit-learn, or
        pairs of places (or masks) in the data.
    block : int
        So many images of a class that follow each other stay in one fold. Use it for frames taken one after another.
    groups : array (m)
        For splitters that need groups.
    threads : int
        Each thread trains whole networks; the numbers stay the same.
    **options
        The options of all networks: those of ``Options``.

    Attributes
    ----------
    options : Options
    splits : list of Split

    With ``center`` the mean of all images is taken off, held-out ones included: their pixels count, their labels never do.
    """

    def __init__(
        self,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        weights: npt.ArrayLike | None = None,
        folds: int | Splitter | Iterable[tuple[npt.ArrayLike, npt.ArrayLike]] = 5,
        block: int = 1,
        groups: npt.ArrayLike | None = None,
        threads: int = 1,
        **options: Unpack[Keywords],
    ) -> None:
        self.options = Options(**options)
        self._images = byte_images(images)
        self._labels = byte_labels(labels, len(self._images))
        self._weights = None if weights is None else example_weights(weights, len(self._images))
        self._threads = check_integer("threads", threads, 1, MOST_THREADS)
        self._grams: dict[tuple[str, bool], Memory] = {}
        self.splits = _splits(folds, block, self.options.seed, self._labels, groups)

    def run(
        self,
        grid: Mapping[str, Sequence[Any]] | None = None,
        *,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> list[Result]:
        """A result for each combination of the options in the grid, the last name's values fastest.

        Networks that differ in ``iterations`` alone are trained once. on_progress is called with the networks that are
        trained and their number.
        """
        candidates = self._candidates(grid or {})
        networks = [(candidate, split) for candidate in candidates for split in self.splits]
        self._form_grams(candidates)
        answers = iter(_in_threads(self._answers, networks, self._threads, on_progress))
        results: dict[int, Result] = {}
        for candidate in candidates:
            by_split = [next(answers) for _ in self.splits]
            for place, parameters, iterations in candidate.members:
                point = iterations // candidate.step
                results[place] = self._result(parameters, [logits[point] for logits in by_split])
        return [results[place] for place in range(len(results))]

    def _candidates(self, grid: Mapping[str, Sequence[Any]]) -> list[_Candidate]:
        _check_grid(grid)
        if self.options.hold_out or self.options.keep_best:
            raise ValueError("hold_out, keep_best: expected neither, as the folds hold images out")
        candidates: dict[tuple[int, ...], _Candidate] = {}
        for place, chosen in enumerate(itertools.product(*(range(len(values)) for values in grid.values()))):
            parameters = {name: grid[name][index] for name, index in zip(grid, chosen)}
            options = self.options.changed(parameters)
            if options.iterations < 1:
                raise ValueError(f"iterations: expected 1 or more, found {options.iterations}")
            key = tuple(index for name, index in zip(grid, chosen) if name != "iterations")
            candidate = candidates.setdefault(key, _Candidate(options, []))
            candidate.members.append((place, parameters, int(options.iterations)))
        return list(candidates.values())

    def _form_grams(self, candidates: list[_Candidate]) -> None:
        for candidate in candidates:
            key = candidate.gram_key
            if key in self._grams or self._job(candidate, None).method == "primal":
                continue
            job = self._job(candidate, None).as_gram()
            arena = job.begin()
            for _ in run(job, arena, self._threads):
                pass
            self._grams[key] = arena

    def _job(self, candidate: _Candidate, weights: Weights | None) -> Job:
        return Job(candidate.network_options, self._images, self._labels, weights=weights)

    def _answers(self, network: tuple[_Candidate, Split], is_over: threading.Event) -> Floats:
        """The logits of a split's held-out images after 0, step, 2 step ... iterations: (points + 1, held out)."""
        candidate, split = network
        job = self._job(candidate, self._split_weights(candidate, split))
        if job.method == "dual":
            job.core.gram = self._grams[candidate.gram_key].address
        logits = np.full((candidate.iterations // candidate.step + 1, len(self._labels)), np.nan)
        job.core.held_out_logits = logits.ctypes.data
        arena = job.begin()
        try:
            for _ in run(job, arena):
                if is_over.is_set():
                    raise CancelledError
                if job.progress(arena).cost_iteration == candidate.iterations:
                    break
        except DivergedError:
            logits[:] = np.nan
        return logits[:, split.test]

    def _split_weights(self, candidate: _Candidate, split: Split) -> Weights:
        weights: Weights = np.bincount(split.train, minlength=len(self._labels)).astype(np.float32)
        if self._weights is not None:
            weights *= self._weights
        check_learned(weights, self._labels)
        return balanced(weights, self._labels) if candidate.options.balance else weights

    def _result(self, parameters: dict[str, Any], logits: list[Floats]) -> Result:
        scores = [_core.score(z, self._labels[split.test]) for z, split in zip(logits, self.splits)]
        order, pooled = _in_order(self.splits, logits)
        total = _core.score(pooled, self._labels[order])
        return Result(
            parameters, logits, np.array([score.accuracy for score in scores]), np.array([score.log_loss for score in scores]),
            _mean_probabilities(order, pooled, len(self._labels)),
            Scores(*(getattr(total, name) for name in Scores._fields)))


@dataclass(frozen=True)
class _Candidate:
    """Combinations of options that differ in the iterations alone: one network for each split."""

    options: Options
    members: list[tuple[int, dict[str, Any], int]]  #: the place of the result, the parameters, and the iterations

    @property
    def iterations(self) -> int:
        return max(iterations for _, _, iterations in self.members)

    @property
    def step(self) -> int:
        """Iterations from one point to the next."""
        return math.gcd(*(iterations for _, _, iterations in self.members))

    @property
    def network_options(self) -> Options:
        """The last logits are due before an iteration more."""
        return self.options.changed({"iterations": self.iterations + 1, "cost_every": self.step})

    @property
    def gram_key(self) -> tuple[str, bool]:
        return self.options.dtype, self.options.mirror


def _check_grid(grid: Any) -> None:
    if not isinstance(grid, Mapping):
        raise ValueError(f"grid: expected options with a list of values each, found {grid!r}")
    for name, values in grid.items():
        if name in ("hold_out", "keep_best", "cost_every"):
            raise ValueError(f"grid: {name} does not change what folds hold out")
        if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
            raise ValueError(f"grid: expected a list of values for {name}, found {values!r}")


def _splits(
    folds: int | Splitter | Iterable[tuple[npt.ArrayLike, npt.ArrayLike]], block: int, seed: int, labels: Bytes,
    groups: npt.ArrayLike | None,
) -> list[Split]:
    if isinstance(folds, (int, np.integer)):
        return _dealt(int(folds), check_integer("block", block, 1, MOST), seed, labels)
    if isinstance(folds, str) or not (hasattr(folds, "split") or isinstance(folds, Iterable)):
        raise ValueError(f"folds: expected a whole number, a splitter, or pairs (train, test) of places, found {folds!r}")
    pairs = folds.split(np.zeros(len(labels)), labels, groups) if hasattr(folds, "split") else folds
    splits = [_split(pair, len(labels)) for pair in pairs]
    if not splits:
        raise ValueError("folds: expected one or more, found none")
    for number, split in enumerate(splits):
        if both := set(split.train.tolist()) & set(split.test.tolist()):
            raise ValueError(f"folds: expected images that teach or are held out, found image {min(both)} doing both in split {number}")
        if len(split.test) == 0 or len(np.unique(labels[split.train])) < len(np.unique(labels)):
            learned = np.bincount(labels[split.train], minlength=2).tolist()
            raise ValueError(
                f"folds: expected held-out images, and images to learn of each class, found {len(split.test)} held out and "
                f"{learned} of class 0 and 1 to learn in split {number}")
    return splits


def _split(pair: Any, count: int) -> Split:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"folds: expected pairs (train, test) of places, found {pair!r}")
    return Split(_places(pair[0], count), _places(pair[1], count))


def _places(places: npt.ArrayLike, count: int) -> _Places:
    found = as_array(places, "folds")
    if found.shape == (0,):
        return found.astype(np.intp)
    if found.dtype == np.bool_ and found.shape == (count,):
        return np.flatnonzero(found)
    if found.ndim != 1 or not np.issubdtype(found.dtype, np.integer) or ((found < 0) | (found >= count)).any():
        raise ValueError(f"folds: expected places of 0...{count - 1}, found {places!r}")
    return found.astype(np.intp)


def _dealt(count: int, block: int, seed: int, labels: Bytes) -> list[Split]:
    """Folds as nn-cli deals them."""
    most = min(_core.MAX_FOLDS, len(labels) - 1)
    if not (2 <= count <= most or count == len(labels)):
        raise ValueError(f"folds: expected 2...{most}, or {len(labels)} to leave one out, found {count}")
    fold = np.empty(len(labels), np.uint32)
    status = core.nnk_deal_folds(
        _core.Folds(count, block, seed), labels.ctypes.data, len(labels), fold.ctypes.data)
    if status < 0:
        sizes = np.bincount(labels, minlength=2).tolist()
        raise ValueError(f"folds: expected two blocks or more of each class, found {sizes} images in blocks of {block}")
    return [Split(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(count)]


def _in_order(splits: list[Split], logits: list[Floats]) -> tuple[_Places, Floats]:
    """The places of all held-out images in the order of the data, and their logits."""
    places = np.concatenate([split.test for split in splits])
    order = np.argsort(places, kind="stable")
    return places[order], np.concatenate(logits)[order]


def _mean_probabilities(places: _Places, logits: Floats, count: int) -> Floats:
    sums = np.zeros(count)
    for place, logit in zip(places.tolist(), logits.tolist()):
        sums[place] += core.nnk_probability(logit)
    counts = np.bincount(places, minlength=count)
    means: Floats = np.divide(sums, counts, out=np.full(count, np.nan), where=counts > 0)
    return means


def _in_threads(
    work: Callable[[Any, threading.Event], Floats], items: list[Any], threads: int,
    on_progress: Callable[[int, int], object] | None,
) -> list[Floats]:
    """The results of work(item, is_over), in order. The caller's thread only waits, and so notices Ctrl-C at once."""
    is_over = threading.Event()
    finished: SimpleQueue[Future[Floats]] = SimpleQueue()
    with ThreadPoolExecutor(threads) as pool:
        try:
            futures = [pool.submit(work, item, is_over) for item in items]
            for future in futures:
                future.add_done_callback(finished.put)
            for done in range(1, len(futures) + 1):
                _get(finished).result()  # raises what the work has raised
                if on_progress:
                    on_progress(done, len(futures))
            return [future.result() for future in futures]
        except BaseException:
            is_over.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _get(finished: SimpleQueue[Future[Floats]]) -> Future[Floats]:
    """The next one, waiting in short turns: a signal that another thread gets would not end a longer one."""
    while True:
        try:
            return finished.get(timeout=0.1)
        except Empty:
            pass
