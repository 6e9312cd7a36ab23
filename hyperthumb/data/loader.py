"""Training batches in order: worker processes decode and crop ahead of the training loop."""

from __future__ import annotations

import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from torch.utils.data import DataLoader, Dataset

from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError, OptionsWarning, WorkersLostError
from hyperthumb.base.registry import DATASETS
from hyperthumb.config import DatasetOptions

from .cache import cache_in_memory
from .contract import ImageSource, SourceView
from .order import BatchPositions
from .sockets import keep_socket_names_short
from .training_set import TrainingBatch, TrainingSet, collate
from .unusable import without_unusable

PREFETCHED_BATCHES = 4
"""Finished micro-batches that each worker keeps ready."""

SHARED_MEMORY = Path("/dev/shm")
"""Where PyTorch's workers put their batches for the main process."""


class _MicroBatches(Dataset["TrainingBatch | HyperthumbError"]):
    """The work of a worker process: a list of places in, a batch out.

    A user's error travels to the main process as a value. If it were raised here, PyTorch would bury its sentence in a
    worker's traceback.
    """

    def __init__(self, training_set: TrainingSet) -> None:
        self.training_set = training_set

    def __getitem__(self, places: list[int]) -> TrainingBatch | HyperthumbError:
        try:
            return collate([self.training_set[place] for place in places], places)
        except HyperthumbError as error:
            return error


class TrainingLoader(DataLoader[TrainingBatch]):
    """The micro-batches of the rest of a run, in order, once.

    Iterating raises `HyperthumbError` for a photograph that cannot be used, and `WorkersLostError` when a worker
    process has died.

    Args:
        training_set: the photographs and how crops are cut from them. Its options say how many worker processes
            prepare batches; no batch depends on that number.
        positions: the places of the run that each batch shows.
        pin_memory: put batches where a GPU can fetch them.
    """

    def __init__(self, training_set: TrainingSet, positions: BatchPositions, pin_memory: bool = False) -> None:
        self._training_set = training_set
        workers = training_set.options.num_worker_per_gpu
        super().__init__(
            cast("Dataset[TrainingBatch]", _MicroBatches(training_set)),
            batch_size=None,
            sampler=positions,
            collate_fn=_unchanged,
            num_workers=workers,
            prefetch_factor=PREFETCHED_BATCHES if workers else None,
            # Forked workers share the cache and the record of unusable photographs with this process.
            multiprocessing_context="fork" if workers else None,
            worker_init_fn=_ignore_interrupts,
            pin_memory=pin_memory,
            generator=torch.Generator(),  # PyTorch draws the workers' seed from it and leaves the global one alone
        )

    def __iter__(self) -> Iterator[TrainingBatch]:  # type: ignore[override]
        batches = super().__iter__()
        if self.num_workers:
            # When a worker dies, PyTorch's handler raises wherever the main process happens to be, even in the middle
            # of an optimizer step. Without that handler the next batch reports it.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except (RuntimeError, EOFError, ConnectionError, FileNotFoundError) as error:
                if self.num_workers and _reports_a_dead_worker(error):
                    raise WorkersLostError(
                        f"the processes that load data are gone: {error}. Were they killed, perhaps for lack of "
                        "memory? The checkpoint holds the last step: continue with --auto_resume"
                    ) from error
                raise
            if isinstance(batch, HyperthumbError):
                raise batch
            yield batch

    def being_read(self) -> str:
        """What the processes that load data are reading now and for how long, the slowest first; in words."""
        label = self._training_set.source.label
        busy = [f"{label(index)}, read for {seconds:.0f} s" for index, seconds in self._training_set.reading.now()]
        return "; ".join(busy) or "no file is being read"


def build_source(component: Component, max_images: int | None = None, max_corrupt: int | None = None) -> ImageSource:
    """Opens the data set that an options file names.

    Args:
        component: a class of `DATASETS` with its arguments.
        max_images: take only the first ones.
        max_corrupt: decode all of them, and leave out up to this many that cannot be used; None decodes none, and
            `load` raises.

    Raises:
        HyperthumbError: when it cannot be opened, or too many photographs cannot be used.
    """
    source = component.build(DATASETS)
    if not isinstance(source, ImageSource):
        raise HyperthumbError(
            f'the dataset "{component.type}" is not a hyperthumb.data.ImageSource; make it inherit from that class'
        )
    source = SourceView(source)
    if max_images is not None:
        source = SourceView(source, range(min(max_images, len(source))))
    return source if max_corrupt is None else without_unusable(source, max_corrupt)


def build_training_loader(
    options: DatasetOptions, positions: BatchPositions, scale: int, seed: int, pin_memory: bool = False
) -> TrainingLoader:
    """The batches of one process, `positions.accumulate` of them an iteration.

    Args:
        options: the training set, with a `gt_size`.
        positions: this process's share of the run.
        scale: of the thumbnails.
        seed: the run's.
        pin_memory: put batches where a GPU can fetch them.

    Raises:
        HyperthumbError: when the photographs cannot be opened, or used (see `TrainingSet.check_headers`).

    Warns:
        OptionsWarning: when the shared memory has less room than the workers' batches may take.
    """
    training_set = TrainingSet(build_source(options.source, options.max_images), options, scale, seed)
    training_set.check_headers()
    if options.cache == "ram":
        skips = options.on_corrupt == "skip"
        training_set.source = cache_in_memory(
            training_set.source, options.cache_limit_gb, positions.world_size, keep_damaged=skips
        )
    if options.num_worker_per_gpu:
        keep_socket_names_short()
        _warn_of_little_shared_memory(training_set, positions)
    return TrainingLoader(training_set, positions, pin_memory)


def _reports_a_dead_worker(error: Exception) -> bool:
    """Whether PyTorch means that a worker died. A worker that dies while it hands over a batch breaks the connection.

    "Caught ..." begins an error that a living worker raised itself.
    """
    text = str(error)
    died = "DataLoader worker (pid" in text or not isinstance(error, RuntimeError)
    return died and not text.startswith("Caught ")


def _warn_of_little_shared_memory(training_set: TrainingSet, positions: BatchPositions) -> None:
    """A batch that finds no room there never arrives: the worker prints a traceback, and the run waits for ever."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        return  # not Linux
    workers = training_set.options.num_worker_per_gpu
    # uint8 RGB. Not every data set brings thumbnails, but only decoding a photograph shows it.
    crop = 3 * (training_set.size**2 + (training_set.size // training_set.scale) ** 2)
    batches = min(workers * (PREFETCHED_BATCHES + 1), len(positions))
    needed = batches * positions.batch_size * crop
    if needed > free:
        warnings.warn(
            OptionsWarning(
                f"num_worker_per_gpu: {workers} data workers keep up to {needed / 2**20:.1f} MiB of batches in "
                f"{SHARED_MEMORY}, which has {free / 2**20:.1f} MiB free; when it is full the run hangs. Give it more "
                "room (Docker: --shm-size=2g), or use fewer workers; num_worker_per_gpu: 0 needs none"
            ),
            stacklevel=3,
        )


def _unchanged(batch: Any) -> Any:
    return batch


def _ignore_interrupts(worker: int) -> None:
    """Ctrl+C reaches every process of a terminal; the main process alone decides what happens to the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
