"""Random numbers for training that depend on the crop, not on the process that trains on it.

Each number is a hash of the crop's two keys, the number of earlier draws in the pass, and the position in the tensor.
No random generator is involved, so a crop gets the same noise on every device, in every micro-batch and with any number
of processes. The hash is integer arithmetic on tensors, so `torch.compile` can compile it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

_WORD = (1 << 32) - 1
_GOLDEN = 0x1E3779B9


class _Source:
    """The keys of the current pass (None outside `noise_by`), and the number of its draws so far."""

    keys: Tensor | None = None
    draws: int = 0


_source = _Source()


@contextmanager
def noise_by(keys: Tensor) -> Iterator[None]:
    """Context in which the keys determine the numbers of `uniform` and `normal`.

    Args:
        keys: (B, 2) int64 in 0 .. 2^32 - 1, one pair per crop of the batch, on the batch's device.
    """
    _source.keys, _source.draws = keys, 0
    try:
        yield
    finally:
        _source.keys = None


def uniform(shape: Sequence[int], device: torch.device) -> Tensor:
    """Uniform random numbers in 0 <= u < 1, float32, multiples of 2^-24.

    Outside `noise_by`, the keys come from PyTorch's global generator.

    Args:
        shape: the first entry is the number of crops; a crop's numbers depend only on its own keys.
        device: the device of the keys.
    """
    keys, draws = _source.keys, _source.draws
    if keys is None:
        keys, draws = torch.randint(_WORD + 1, (shape[0], 2), device=device), 0
    assert len(keys) == shape[0], f"noise for {shape[0]} crops, but the batch has {len(keys)}"
    # Two keyed rounds: with a single key, the numbers of one crop could be a shifted copy of another's.
    first, second = (keys + _GOLDEN * draws & _WORD).view(shape[0], 2, 1).unbind(1)
    _source.draws += 1
    places = torch.arange(math.prod(shape[1:]), device=device)
    hashed = _mix(_mix(places * _GOLDEN + first & _WORD) ^ second)
    return ((hashed >> 8).float() * 2**-24).view(tuple(shape))


def normal(shape: Sequence[int], device: torch.device) -> Tensor:
    """Standard normal numbers, float32 (Box and Muller, 1958); arguments as for `uniform`."""
    radius = torch.sqrt(-2 * torch.log1p(-uniform(shape, device)))
    return radius * torch.cos(2 * math.pi * uniform(shape, device))


def _mix(words: Tensor) -> Tensor:
    """A bijection of 0 .. 2^32 - 1 in which every input bit flips each output bit with probability 1/2.

    The shifts and multipliers are those of "lowbias32" (C. Wellons, hash prospector, 2018). The second multiplier is
    replaced by the negative number that equals it modulo 2^32, so that no product overflows 64 bits.
    """
    words = words ^ words >> 16
    words = words * 0x7FEB352D & _WORD
    words = words ^ words >> 15
    words = words * (0x846CA68B - (1 << 32)) & _WORD
    return words ^ words >> 16
