"""The order of photographs in a training run.

A place is a number, and its photograph is a function of the seed and that number. There is no state, so a run can start
anywhere and can be divided among any number of processes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

_WORD = 1 << 64
ORDER_STREAM, CROP_STREAM, NOISE_STREAM = 0, 1, 2


def random_words(seed: int, number: int, stream: int, count: int) -> np.ndarray:
    """`count` random uint64 words that depend only on the other three arguments.

    Philox (Salmon et al., 2011) is a counter-based generator. Seed and number are its key; `stream` separates uses.
    NumPy guarantees that the raw words stay the same in later versions, but not its distributions.
    """
    counter = np.array([0, 0, 0, stream], dtype=np.uint64)
    key = np.array([seed % _WORD, number % _WORD], dtype=np.uint64)
    return np.random.Philox(counter=counter, key=key).random_raw(count)


def image_index(seed: int, position: int, count: int) -> int:
    """The index of the photograph at a place of a run, counted from its start over all processes.

    `position // count` is the epoch, and each epoch shows each of the `count` photographs once.
    """
    epoch, place = divmod(position, count)
    return int(_permutation(seed, epoch, count)[place])


@functools.lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.argsort(random_words(seed, epoch, ORDER_STREAM, count), kind="stable")


class BatchPositions(Sampler[list[int]]):
    """The places of one process's micro-batches, in order, without the iterations before `start_iteration`.

    Iteration i uses the places i * G .. (i + 1) * G - 1, where G = batch_size * world_size * accumulate. Of these,
    micro-batch m on rank r uses `batch_size` places from (m * world_size + r) * batch_size on. All ranks and
    micro-batches together use the same crops as one process with a batch of G.
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
        self.batches = range(start_iteration * accumulate, total_iterations * accumulate)
        self.batch_size, self.rank, self.world_size = batch_size, rank, world_size

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self.batches:
            start = (batch * self.world_size + self.rank) * self.batch_size
            yield list(range(start, start + self.batch_size))

    def __len__(self) -> int:
        return len(self.batches)
