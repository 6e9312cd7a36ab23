"""Which photograph each place of a training run shows. Nothing here has a state: a place is a number, its photograph
a function of the seed and that number, so a run can start anywhere and be split among any number of processes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

_WORD = 1 << 64
ORDER_STREAM, CROP_STREAM, NOISE_STREAM = 0, 1, 2


def random_words(seed: int, number: int, stream: int, count: int) -> np.ndarray:
    """`count` uint64 random words that depend on the three other arguments alone.

    Philox (Salmon et al., 2011) is a counter-based generator: seed and number are its key, `stream` keeps uses apart.
    Raw words, because NumPy promises those, and not its distributions, to stay the same in later versions.
    """
    counter = np.array([0, 0, 0, stream], dtype=np.uint64)
    key = np.array([seed % _WORD, number % _WORD], dtype=np.uint64)
    return np.random.Philox(counter=counter, key=key).random_raw(count)


def image_index(seed: int, position: int, count: int) -> int:
    """The photograph at a place: `position // count` is the epoch, and each epoch shows each photograph once.

    Args:
        seed: the run's.
        position: the place, counted from the start of the run over all processes.
        count: how many photographs there are.

    Returns:
        An index in 0 .. count - 1.
    """
    epoch, place = divmod(position, count)
    return int(_permutation(seed, epoch, count)[place])


@functools.lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.argsort(random_words(seed, epoch, ORDER_STREAM, count), kind="stable")


class BatchPositions(Sampler[list[int]]):
    """The places of one process's micro-batches, in order.

    Iteration i takes the places i * G .. (i + 1) * G - 1, where G = batch_size * world_size * accumulate; of these,
    micro-batch m on rank r takes the `batch_size` from (m * world_size + r) * batch_size. So ranks and micro-batches
    together see what one process with one batch of G would.

    Args:
        start_iteration: iterations that are done already.
        total_iterations: iterations of the whole run.
        batch_size: of one micro-batch on one process.
        rank: this process, of `world_size`.
        world_size: how many processes.
        accumulate: micro-batches an iteration.
    """

    def __init__(
        self,
        start_iteration: int,
        total_iterations: int,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        accumulate: int = 1,
    ) -> None:
        assert 0 <= rank < world_size
        assert batch_size >= 1
        assert accumulate >= 1
        self.iterations = range(start_iteration, total_iterations)
        self.batch_size, self.rank, self.world_size, self.accumulate = batch_size, rank, world_size, accumulate

    def __iter__(self) -> Iterator[list[int]]:
        for iteration in self.iterations:
            for micro_batch in range(self.accumulate):
                yield self.at(iteration, micro_batch)

    def at(self, iteration: int, micro_batch: int) -> list[int]:
        """The places of one micro-batch; iterations are counted from 0 here."""
        block = (iteration * self.accumulate + micro_batch) * self.world_size + self.rank
        return list(range(block * self.batch_size, (block + 1) * self.batch_size))

    def __len__(self) -> int:
        return len(self.iterations) * self.accumulate
