"""What the core trains: options and examples as an nnk_job (train.h), with all the memory that it points to."""

from __future__ import annotations

import ctypes

from . import _core
from ._core import Bytes, Memory, core
from ._images import Weights, mirror_of
from .options import Options

_DUAL_MEMORY = 1 << 30  # bytes: the most that the dual method may take if the caller did not name it


class Job:
    """A job on images (m, ...) with labels (m), and weights of the examples (m) or None: all 1."""

    def __init__(
        self, options: Options, images: Bytes, labels: Bytes, *, weights: Weights | None = None, weights_rule: int = 0,
        class_names: tuple[str, str] | None = None,
    ) -> None:
        self.options, self.images, self.labels, self.weights = options, images, labels, weights
        self.image_bytes = images[0].size
        self.sizes = options.sizes(self.image_bytes)
        if self.image_bytes > _core.MAX_INPUTS:
            raise ValueError(f"images: expected at most {_core.MAX_INPUTS} bytes each, found {self.image_bytes}")
        self._topology = _core.topology(self.sizes)
        mirror = mirror_of(images) if options.mirror else _core.Mirror()
        self.columns = len(images) * (2 if options.mirror else 1)
        if self.columns > _core.MAX_EXAMPLES:
            raise ValueError(f"mirror: expected at most {_core.MAX_EXAMPLES // 2} images, found {len(images)}")
        self.core = _core.Job(
            topology=ctypes.pointer(self._topology),
            arithmetic=core.nnk_fastest(_core.DTYPES[options.dtype]),
            initializer=_core.INITIALIZERS[options.initializer],
            seed=options.seed, iterations=options.iterations, cost_every=options.cost_every,
            examples=len(images), learning_rate=options.learning_rate, labels=labels.ctypes.data,
            class_names=_core.class_names(class_names), images=_core.Source(images.ctypes.data, None, None),
            weights=None if weights is None else weights.ctypes.data, weight_decay=options.weight_decay,
            mirror=mirror, center=options.center, own_contrast=options.own_contrast, keep_best=options.keep_best,
            weights_rule=weights_rule, shards=options.virtual_shards or 0)
        self._set_start()
        self._set_method()

    def _set_start(self) -> None:
        start = self.options.start
        if start is None:
            return
        if start.sizes != self.sizes:
            raise ValueError(f"start: expected a model of sizes {self.sizes}, found {start.sizes}")
        if start.own_contrast != self.options.own_contrast:
            raise ValueError(
                f"start: expected a model with own_contrast={self.options.own_contrast}, found {start.own_contrast}")
        self.core.start = ctypes.pointer(start._model)

    def _set_method(self) -> None:
        can_dual = len(self.sizes) > 2 and self.image_bytes <= _core.MAX_DUAL_INPUTS
        if self.options.method == "dual" and not can_dual:
            raise ValueError(
                f"method: 'dual' needs a hidden layer and images of at most {_core.MAX_DUAL_INPUTS} bytes, "
                f"found the sizes {self.sizes}")
        self.method = self.options.method or ("dual" if can_dual and self._dual_is_better() else "primal")
        self._use(_core.DUAL_WIDE if self.method == "dual" else _core.PRIMAL)

    def _dual_is_better(self) -> bool:
        """Whether the dual method has fewer multiply-adds in layer 1, and fits in _DUAL_MEMORY.

        With m columns of n bytes and u units: primal 2 u n m in each iteration; dual at most u m^2, and before and after
        2 u n m + n m^2 / 2, or n m^2 / 4 with mirror images, as half of their products are known from the others.
        """
        m, n, u, steps = float(self.columns), float(self.sizes[0]), float(self.sizes[1]), float(self.options.iterations)
        primal = steps * 2 * u * n * m
        dual = steps * u * m * m + 2 * u * n * m + n * m * m / (4 if self.options.mirror else 2)
        self._use(_core.DUAL_WIDE)
        return dual < primal and 0 < core.nnk_train_bytes(self.core) <= _DUAL_MEMORY

    def _use(self, method: int) -> None:
        self.core.method = core.nnk_method_of(method)

    def as_gram(self) -> Job:
        """This job, turned into one that forms the Gram matrix of its images."""
        self._use(_core.GRAM)
        self.core.weights = None
        return self

    def begin(self) -> Memory:
        """A new arena, with the job begun in it."""
        size = core.nnk_train_bytes(self.core)
        if size == 0:
            raise ValueError(f"expected images and layers that fit in memory, found {len(self.images)} x {self.sizes}")
        try:
            arena = Memory(size)
        except MemoryError:
            raise MemoryError(f"training: the system does not give {size} bytes of memory") from None
        _core.check(core.nnk_train_begin(self.core, arena.address, size), "training")
        return arena

    def progress(self, arena: Memory) -> _core.Progress:
        progress = _core.Progress()
        _core.check(core.nnk_train_progress(self.core, arena.address, progress), "progress")
        return progress

    def scratch(self) -> Memory:
        """The memory that each helping thread needs."""
        return Memory(core.nnk_train_scratch_bytes(self.core))
