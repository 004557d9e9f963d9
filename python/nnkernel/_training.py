"""Training one network."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

import numpy.typing as npt

from . import _core
from ._core import Memory, core
from ._images import byte_images, byte_labels, example_weights
from ._job import Job
from ._weights import check_learned, weights_of
from .errors import DivergedError
from .model import Model
from .options import MOST_THREADS, Keywords, Options, check_integer

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Cost(NamedTuple):
    """The cost of a network at one iteration: the mean of -log(probability of the image's class).

    Attributes
    ----------
    iteration : int
        The gradient steps before it.
    cost : float
        Of the images that are learned.
    held_out_cost : float
        Of the held-out images; 0 if there are none.
    """

    iteration: int
    cost: float
    held_out_cost: float


def train(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    class_names: tuple[str, str] | None = None,
    threads: int = 1,
    on_cost: Callable[[Cost], object] | None = None,
    on_progress: Callable[[int, int], object] | None = None,
    **options: Unpack[Keywords],
) -> Model:
    """Trains a network on images. The same arguments give the same bytes on every machine.

    Parameters
    ----------
    images : array of uint8, (m, height, width, 3), (m, height, width) or (m, bytes of an image)
    labels : array (m), each 0 or 1
    weights : array (m) or None
        Finite and 0 or above; an image of weight 0 is held out. None: all are 1.
    class_names : (str, str) or None
        The names of class 0 and class 1 in the model, up to 31 bytes of UTF-8 each.
    threads : int
        Threads that share the work where it pays; the bytes stay the same.
    on_cost : callable
        Called with a ``Cost`` every ``cost_every`` iterations.
    on_progress : callable
        Called about 100 times a second with the number of iterations done and of all.
    **options
        Those of ``Options``.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        An argument is wrong.
    DivergedError
        The learning rate is too high.

    An exception in a callback, and Ctrl-C, end the training at once.
    """
    chosen = Options(**options)
    threads = check_integer("threads", threads, 1, MOST_THREADS)
    images = byte_images(images)
    labels = byte_labels(labels, len(images))
    given = None if weights is None else example_weights(weights, len(images))
    made, rule = weights_of(chosen, labels, given)
    if made is not None:
        check_learned(made, labels)
    if chosen.keep_best and (made is None or (made > 0).all()):
        raise ValueError("keep_best: expected held-out images (hold_out, or weights of 0), found none")
    job = Job(chosen, images, labels, weights=made, weights_rule=rule, class_names=class_names)
    arena = job.begin()
    for status in run(job, arena, threads):
        if on_progress or on_cost:
            _report(job, arena, status, on_cost, on_progress)
    return finish(job, arena)


def _report(
    job: Job, arena: Memory, status: int, on_cost: Callable[[Cost], object] | None,
    on_progress: Callable[[int, int], object] | None,
) -> None:
    now = job.progress(arena)
    if on_progress:
        on_progress(now.iteration, job.options.iterations)
    if on_cost and status == _core.COST:
        on_cost(Cost(now.cost_iteration, now.cost, now.held_out_cost))


def run(job: Job, arena: Memory, threads: int = 1) -> Iterator[int]:
    """Trains, and yields the status of each call of the core; the last one is OK."""
    pace = _Pace()
    with _Team(job, threads) as team:
        status = _core.MORE
        while status > 0:
            began = time.perf_counter()
            status = team.run(arena, pace.slices)
            if status < 0:
                _check(job, arena, status)
            if status == _core.MORE:  # after a cost, the call has done less than it was asked for
                pace.follow(time.perf_counter() - began, job.progress(arena).stage == _core.SETUP)
            yield status


class _Pace:
    """How many slices of work a call does, so that it returns after about 10 ms and Python can handle Ctrl-C.

    A slice of one phase can take a thousand times as long as one of another, so the slowest of the recent ones counts. In
    the setup each phase comes once, so a call does few slices.
    """

    def __init__(self) -> None:
        self.slices = 1
        self._slowest = 0.0  # seconds of a slice

    def follow(self, seconds: float, in_setup: bool) -> None:
        self._slowest = max(seconds / self.slices, 0.9 * self._slowest)
        wanted = int(0.01 / max(self._slowest, 1e-8))
        self.slices = max(1, min(wanted, 16 if in_setup else 2 * self.slices))


def _check(job: Job, arena: Memory, status: int) -> None:
    if status != _core.E_DIVERGED:
        _core.check(status, "training")
    done = job.progress(arena).iteration
    raise DivergedError(
        f"training: the cost is no longer finite after iteration {done}: expected a learning rate below "
        f"{job.options.learning_rate}", status)


def finish(job: Job, arena: Memory) -> Model:
    """The model of a job that has run."""
    file = _core.FileInMemory()
    while _core.check(core.nnk_train_finish(job.core, arena.address, file.sink), "model") > 0:
        pass
    return Model(bytes(file.bytes))


class _Team:
    """The threads that share a job's work (team.h). Where there is nothing to share, the helpers sleep."""

    def __init__(self, job: Job, threads: int) -> None:
        self._job = job
        self._core = _core.Team(threads=threads, yield_=_YIELD)
        self._wanted = [threading.Event() for _ in range(threads - 1)]
        self._over = False
        self._threads = [
            threading.Thread(target=self._help, args=(wanted, job.scratch()), daemon=True) for wanted in self._wanted]

    def __enter__(self) -> _Team:
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:  # Ctrl-C, or the system gives no more threads
            self._dismiss()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._dismiss()

    def _dismiss(self) -> None:
        self._over = True
        self._want(len(self._wanted))
        for thread in self._threads:
            if thread.is_alive():  # one that has not started cannot be joined
                thread.join()

    def run(self, arena: Memory, slices: int) -> int:
        if self._wanted:
            self._want(core.nnk_team_shares(self._core, self._job.core, arena.address))
        status: int = core.nnk_team_run(self._core, self._job.core, arena.address, slices)
        return status

    def _want(self, helpers: int) -> None:
        for index, wanted in enumerate(self._wanted):
            if index < helpers:
                wanted.set()
            else:
                wanted.clear()

    def _help(self, wanted: threading.Event, scratch: Memory) -> None:
        while not self._over:
            core.nnk_team_help(self._core, scratch.address)
            wanted.wait()


def _yield_address() -> ctypes.c_void_p:
    """The function that a waiting thread calls to let others run. Without one, it spins."""
    if sys.platform == "win32":
        return ctypes.cast(ctypes.windll.kernel32.SwitchToThread, ctypes.c_void_p)
    return ctypes.cast(ctypes.CDLL(None).sched_yield, ctypes.c_void_p)


_YIELD = _yield_address()
