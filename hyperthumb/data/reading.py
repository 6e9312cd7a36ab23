"""Records which photographs are being read, so that a run that waits for data can report them."""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from torch.utils.data import get_worker_info


class ReadingRecord:
    """The photograph that each worker process is reading; without workers the main process reads.

    Processes that are forked later share the record.
    """

    def __init__(self, workers: int) -> None:
        slots = max(workers, 1)
        # Shared memory. A slot holds the index plus one (0: nothing) and the start, on the machine's monotonic clock.
        self._slots = np.frombuffer(mmap.mmap(-1, 16 * slots), np.float64).reshape(slots, 2)

    @contextmanager
    def of(self, index: int) -> Iterator[None]:
        """Context in which a photograph is read."""
        worker = get_worker_info()
        slot = self._slots[0 if worker is None else worker.id]
        slot[:] = index + 1, time.monotonic()
        try:
            yield
        finally:
            slot[0] = 0

    def now(self) -> list[tuple[int, float]]:
        """(index, seconds so far) of every photograph that is being read, the slowest first."""
        now = time.monotonic()
        busy = [(int(number) - 1, now - since) for number, since in self._slots.tolist() if number]
        return sorted(busy, key=lambda entry: -entry[1])
