"""From options to batches: worker processes decode and crop ahead of the training loop."""

from __future__ import annotations

import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch.utils.data import DataLoader, Dataset

from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError, OptionsWarning
from hyperthumb.base.registry import DATASETS

from .cache import cache_in_memory
from .contract import ImageSource, SourceView
from .order import BatchPositions
from .sockets import keep_socket_names_short
from .training_set import TrainingBatch, TrainingSet, collate
from .usable import UsableSource

PREFETCHED_BATCHES = 4
"""Finished micro-batches that each worker keeps ready."""

SHARED_MEMORY = Path("/dev/shm")
"""Where PyTorch's workers put their batches for the main process."""


class _MicroBatches(Dataset["TrainingBatch | HyperthumbError"]):
    """What a worker does: a list of places in, a batch out.

    An error for the user crosses to the main process as a value; raised here, PyTorch would bury its sentence in a
    worker's traceback.
    """

    def __init__(self, training_set: TrainingSet) -> None:
        self.training_set = training_set

    def __getitem__(self, positions: list[int]) -> TrainingBatch | HyperthumbError:
        try:
            return collate([self.training_set[position] for position in positions])
        except HyperthumbError as error:
            return error


class TrainingLoader(DataLoader[TrainingBatch]):
    """The micro-batches of the rest of a run, in order, once.

    Iterating raises HyperthumbError for a photograph that cannot be used.

    Args:
        training_set: what to show.
        positions: where.
        num_workers: processes that prepare batches; 0 prepares them in this one. No batch depends on it.
        pin_memory: put batches where a GPU can fetch them.
    """

    def __init__(
        self, training_set: TrainingSet, positions: BatchPositions, num_workers: int = 0, pin_memory: bool = False
    ) -> None:
        self._training_set = training_set
        self.positions = positions
        super().__init__(
            cast("Dataset[TrainingBatch]", _MicroBatches(training_set)),
            batch_size=None,
            sampler=positions,
            collate_fn=_unchanged,
            num_workers=num_workers,
            prefetch_factor=PREFETCHED_BATCHES if num_workers else None,
            # Forked workers share the cache and the record of damaged photographs with this process.
            multiprocessing_context="fork" if num_workers else None,
            worker_init_fn=_leave_interrupts_to_the_main_process,
            pin_memory=pin_memory,
            generator=torch.Generator(),  # PyTorch draws a seed from it for the workers; the global one stays as it is
        )

    def __iter__(self) -> Iterator[TrainingBatch]:  # type: ignore[override]
        for batch in self._start_workers():
            if isinstance(batch, HyperthumbError):
                raise batch
            yield batch

    def being_read(self) -> list[str]:
        """What the processes that load data are reading at this moment and for how long, in words; the slowest first.

        For the one that waits for a batch; empty when nothing is being read.
        """
        found = self._training_set.reading.now()
        label = self._training_set.source.label
        return [f"{label(index)}, read for {seconds:.0f} s" for index, seconds in found]

    def _start_workers(self) -> Iterator[TrainingBatch]:
        batches = super().__iter__()
        if self.num_workers:
            # PyTorch answers a worker's death with an exception wherever the main process happens to be, in the middle
            # of an optimizer's step too. Without its handler the next batch says so.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        return batches


def build_source(component: Component, max_images: int | None = None, max_corrupt: int | None = None) -> ImageSource:
    """The data set that an options file names.

    Args:
        component: a class of `DATASETS` with its arguments.
        max_images: take the first ones only.
        max_corrupt: look at all of them, and leave out up to so many that cannot be used; None looks at none, and
            `load` raises.

    Raises:
        HyperthumbError: when it cannot be opened, or too much of it cannot be used.
    """
    source = component.build(DATASETS)
    if not isinstance(source, ImageSource):
        raise HyperthumbError(
            f'the dataset "{component.type}" is not a hyperthumb.data.ImageSource; let it inherit from that'
        )
    source = SourceView(source, max_images)
    return source if max_corrupt is None else UsableSource(source, max_corrupt)


def build_training_loader(
    component: Component,
    *,
    gt_size: int,
    batch_size: int,
    scale: int,
    seed: int,
    total_iterations: int,
    start_iteration: int = 0,
    rank: int = 0,
    world_size: int = 1,
    accumulate: int = 1,
    num_workers: int = 0,
    use_flip: bool = True,
    use_rot: bool = True,
    cache: Literal["none", "ram"] = "none",
    cache_limit_gb: float | None = None,
    on_corrupt: Literal["error", "skip"] = "error",
    max_corrupt: int = 10,
    max_images: int | None = None,
    pin_memory: bool = False,
) -> TrainingLoader:
    """The batches of one process for the iterations from `start_iteration` on, `accumulate` of them an iteration.

    Args are those of `BatchPositions`, `TrainingSet`, `TrainingLoader`, `build_source` and `cache_in_memory`.

    Raises:
        HyperthumbError: when the photographs cannot be opened, or used (see `TrainingSet.look_at_headers`).

    Warns:
        OptionsWarning: when the shared memory has less room than the workers' batches may take.
    """
    training_set = TrainingSet(
        build_source(component, max_images),
        seed=seed,
        size=gt_size,
        scale=scale,
        use_flip=use_flip,
        use_rot=use_rot,
        on_corrupt=on_corrupt,
        max_corrupt=max_corrupt,
        workers=num_workers,
    )
    training_set.look_at_headers()
    if cache == "ram":
        training_set.source = cache_in_memory(
            training_set.source, cache_limit_gb, world_size, keep_damaged=on_corrupt == "skip"
        )
    positions = BatchPositions(start_iteration, total_iterations, batch_size, rank, world_size, accumulate)
    if num_workers:
        keep_socket_names_short()
        _warn_of_little_shared_memory(training_set, positions, num_workers)
    return TrainingLoader(training_set, positions, num_workers, pin_memory)


def _warn_of_little_shared_memory(training_set: TrainingSet, positions: BatchPositions, num_workers: int) -> None:
    """Where a batch finds no room there, it never comes: the worker prints a traceback, and the run waits for ever."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        return  # not Linux
    # uint8 RGB; not every data set brings thumbnails, but that shows only when a photograph is decoded.
    crop = 3 * (training_set.size**2 + (training_set.size // training_set.scale) ** 2)
    batches = min(num_workers * (PREFETCHED_BATCHES + 1), len(positions))
    needed = batches * positions.batch_size * crop
    if needed > free:
        warnings.warn(
            OptionsWarning(
                f"num_worker_per_gpu: {num_workers} data workers keep up to {needed / 2**20:.1f} MiB of batches in "
                f"{SHARED_MEMORY}, which has {free / 2**20:.1f} MiB free; when it is full the run hangs. Give it more "
                "room (Docker: --shm-size=2g), or use fewer workers; num_worker_per_gpu: 0 needs none"
            ),
            stacklevel=3,
        )


def _unchanged(batch: Any) -> Any:
    return batch


def _leave_interrupts_to_the_main_process(worker: int) -> None:
    """Ctrl+C reaches every process of a terminal; the main one decides what becomes of the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
