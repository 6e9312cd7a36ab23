"""Loads training batches in order. Worker processes decode and crop ahead of the training loop."""

from __future__ import annotations

import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import cast

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
"""The folder in which PyTorch's workers pass their batches to the main process."""


class _MicroBatches(Dataset["TrainingBatch | HyperthumbError"]):
    """The work of a worker process: makes a batch from a list of places.

    A HyperthumbError is returned to the main process as a value. If it were raised here, PyTorch would hide its message
    in a worker's traceback.
    """

    def __init__(self, training_set: TrainingSet) -> None:
        self.training_set = training_set

    def __getitem__(self, places: list[int]) -> TrainingBatch | HyperthumbError:
        try:
            return collate([self.training_set[place] for place in places], places)
        except HyperthumbError as error:
            return error


class TrainingLoader(DataLoader[TrainingBatch]):
    """Iterates once over the remaining micro-batches of a run, in order.

    Iterating raises `HyperthumbError` when a photograph cannot be used, and `WorkersLostError` when a worker process
    has died.

    Args:
        training_set: the crops. Its options say how many worker processes prepare batches; the batches do not depend
            on that number.
        positions: the places of each batch.
        pin_memory: put batches into pinned memory, for a GPU.
    """

    def __init__(self, training_set: TrainingSet, positions: BatchPositions, pin_memory: bool = False) -> None:
        self._training_set = training_set
        workers = training_set.options.num_worker_per_gpu
        super().__init__(
            cast("Dataset[TrainingBatch]", _MicroBatches(training_set)),
            batch_size=None,
            sampler=positions,
            collate_fn=lambda batch: batch,
            num_workers=workers,
            prefetch_factor=PREFETCHED_BATCHES if workers else None,
            # Forked workers share the cache and the record of unusable photographs with this process.
            multiprocessing_context="fork" if workers else None,
            worker_init_fn=_ignore_interrupts,
            pin_memory=pin_memory,
            generator=torch.Generator(),  # PyTorch draws the workers' seed from it, not from the global one
        )

    def __iter__(self) -> Iterator[TrainingBatch]:  # type: ignore[override]
        batches = super().__iter__()
        if self.num_workers:
            # When a worker dies, PyTorch's handler interrupts the main process anywhere, even in an optimizer step.
            # Without that handler, fetching the next batch reports it.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except (RuntimeError, EOFError, ConnectionError, FileNotFoundError) as error:
                if self.num_workers and _reports_a_dead_worker(error):
                    raise WorkersLostError(
                        f"a process that loads data has died: {error}. Was it killed, perhaps because memory ran out? "
                        "The checkpoint holds the last step: continue with --auto_resume"
                    ) from error
                raise
            if isinstance(batch, HyperthumbError):
                raise batch
            yield batch

    def being_read(self) -> str:
        """Lists the files that are being read now and for how long, the slowest first, as a message."""
        label = self._training_set.source.label
        busy = [f"{label(index)}, read for {seconds:.0f} s" for index, seconds in self._training_set.reading.now()]
        return "; ".join(busy) or "no file is being read"


def build_source(component: Component, max_images: int | None = None, max_corrupt: int | None = None) -> ImageSource:
    """Opens the data set that an options file names.

    Args:
        component: a class of `DATASETS` with its arguments.
        max_images: use only this many photographs, from the first on; None uses all.
        max_corrupt: decode all photographs, and leave out up to this many that cannot be used. None does not decode
            them; then `load` raises.

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
    """Builds the loader of one process. An iteration takes as many micro-batches from it as are accumulated.

    `positions` is this process's share of the run. `pin_memory` puts batches into pinned memory, for a GPU.

    Raises:
        HyperthumbError: when the photographs cannot be opened, or used (see `TrainingSet.check_headers`).

    Warns:
        OptionsWarning: when the workers' batches may not fit into shared memory.
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
    """Whether an error of PyTorch means that a worker died, which also can break the connection to it.

    A message that begins with "Caught" is of an exception in a worker that did not die.
    """
    text = str(error)
    died = "DataLoader worker (pid" in text or not isinstance(error, RuntimeError)
    return died and not text.startswith("Caught ")


def _warn_of_little_shared_memory(training_set: TrainingSet, positions: BatchPositions) -> None:
    """Warns that a run may hang: if a batch does not fit, the worker prints a traceback and the batch never arrives."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        return  # not Linux
    workers = training_set.options.num_worker_per_gpu
    # uint8 RGB. Whether a data set has thumbnails is known only after decoding, so they are counted.
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


def _ignore_interrupts(worker: int) -> None:
    """Ignores Ctrl+C, which a terminal sends to every process: only the main process handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
