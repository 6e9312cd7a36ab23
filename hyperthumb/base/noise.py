"""Random numbers of training that belong to a crop, not to the process that happens to train on it.

They are a hash of the crop's two keys, of how many draws the pass made before, and of the place in the tensor. No
generator is drawn from, so a crop sees the same noise on any device, in any micro-batch and on any of any number of
processes. All of it is integer arithmetic on tensors, which `torch.compile` takes as it is.
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
    """The keys of the pass under way (None: outside of `noise_by`), and how often it has drawn."""

    keys: Tensor | None = None
    draws: int = 0


_source = _Source()


@contextmanager
def noise_by(keys: Tensor) -> Iterator[None]:
    """Inside, what `uniform` and `normal` give is a function of the keys.

    Args:
        keys: (B, 2) int64 in 0 .. 2^32 - 1, a pair for each crop of the batch, on the batch's device.
    """
    _source.keys, _source.draws = keys, 0
    try:
        yield
    finally:
        _source.keys = None


def uniform(shape: Sequence[int], device: torch.device) -> Tensor:
    """Numbers in 0 <= u < 1, float32, multiples of 2^-24.

    Outside of `noise_by` the keys come from PyTorch's global generator.

    Args:
        shape: its first entry counts the crops; each crop's numbers depend on its own keys alone.
        device: where the keys are.
    """
    keys, draws = _source.keys, _source.draws
    if keys is None:
        keys, draws = torch.randint(_WORD + 1, (shape[0], 2), device=device), 0
    assert len(keys) == shape[0], f"noise for {shape[0]} crops, but the batch has {len(keys)}"
    # Two keyed rounds: with one key alone, two crops' numbers could be the same ones, shifted.
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
    """A bijection of 0 .. 2^32 - 1 whose every input bit flips each output bit half of the time.

    The shifts and multipliers are C. Wellons' "lowbias32" (hash prospector, 2018). The second multiplier is written as
    the negative that equals it modulo 2^32: so no product leaves 64 bits.
    """
    words = words ^ words >> 16
    words = words * 0x7FEB352D & _WORD
    words = words ^ words >> 15
    words = words * (0x846CA68B - (1 << 32)) & _WORD
    return words ^ words >> 16
