"""What coefficients cost in a JPEG file: code lengths from the file's own statistics, and the cost of single changes.

A baseline file codes each nonzero AC coefficient as a symbol (the number of zeros before it, the number of its bits)
and then its bits; a symbol of its own ends a block (ITU-T T.81, F.1.2.2). The tables are made for the file, so a
symbol's price is its ideal length, -log2 of its share among all symbols. The scans of the profile `small` split blocks
otherwise and save some percent, nearly evenly. DC is coded as differences of consecutive blocks (F.1.2.1), which are
priced by a geometric distribution.

Coefficients are (1, 3, h/8, w/8, 8, 8) integers as floats, in natural order. Luma and chroma have tables of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .zigzag import from_zigzag, to_zigzag

_AC, _RUNS, _SIZES = 63, 16, 11
_KINDS = (0, 1, 1)
"""The tables of Y, Cb and Cr."""
_PRIOR = 16.0
"""Symbols that are taken as seen before the file's own, so that rare ones have a price."""


class Statistics(NamedTuple):
    """Sums over blocks, so those of two parts of a picture add up.

    Attributes:
        symbols: (2, 16, 11) counts of AC symbols (run, size), for luma and chroma. Size 0 is the end of a block (run 0)
            or 16 zeros (run 15).
        dc: (2, 3) of the differences between the DC of consecutive blocks: the sum of their sizes, how many are not
            zero, and how many there are.
    """

    symbols: Tensor
    dc: Tensor

    def plus(self, other: Statistics) -> Statistics:
        """The statistics of both parts."""
        return Statistics(self.symbols + other.symbols, self.dc + other.dc)

    def minus(self, part: Statistics) -> Statistics:
        """The statistics of the rest."""
        return Statistics(self.symbols - part.symbols, self.dc - part.dc)


class Prices(NamedTuple):
    """Bits for what a file holds.

    Attributes:
        ac: (2, 63, 11) bits of a nonzero coefficient of so many bits after so many zeros: 0 to 62, those above 15 by
            further symbols. At (0, 0) the end of a block; the rest of size 0 is not used.
        dc: (2, 3) bits for what `Statistics.dc` counts; one is the sign's.
    """

    ac: Tensor
    dc: Tensor


class _Neighbours(NamedTuple):
    """Of each AC coefficient, (3, blocks, 63) in zig-zag order: the zeros before it, those up to the next nonzero one,
    and that one's size, 0 where there is none."""

    before: Tensor
    after: Tensor
    next_size: Tensor


def statistics_of(whole: Tensor) -> Statistics:
    """Counts the symbols of baseline JPEG in the integers `whole`."""
    ac = _ac(whole)
    before, _, _ = _neighbours(ac)
    sizes, nonzero = _size(ac), ac != 0
    symbols = torch.zeros(2, _RUNS, _SIZES, device=whole.device)
    dc = torch.zeros(2, 3, device=whole.device)
    steps = _dc_steps(whole).abs()
    for plane, kind in enumerate(_KINDS):
        runs, size = before[plane][nonzero[plane]], sizes[plane][nonzero[plane]]
        places = runs % _RUNS * _SIZES + size
        symbols[kind].view(-1).index_add_(0, places, torch.ones(len(places), device=whole.device))
        symbols[kind, 15, 0] += (runs // _RUNS).sum()
        symbols[kind, 0, 0] += (ac[plane, :, -1] == 0).sum()
        dc[kind] += torch.stack([steps[plane].sum(), (steps[plane] != 0).sum(), torch.ones_like(steps[plane]).sum()])
    return Statistics(symbols, dc)


def prices_of(statistics: Statistics) -> Prices:
    """The ideal code lengths for these statistics."""
    counts = statistics.symbols.clone()
    counts[:, [0, 15], 0] += 0.5  # the end of a block, and 16 zeros
    runs = counts[..., 1:].sum(2, keepdim=True) + 0.1
    sizes = counts[..., 1:].sum(1, keepdim=True) + 0.1
    expected = runs * sizes
    counts[..., 1:] += _PRIOR * expected / expected.sum((1, 2), keepdim=True)
    lengths = torch.log2(counts.sum((1, 2), keepdim=True) / counts.clamp(min=1e-6))
    run = torch.arange(_AC, device=counts.device)
    bits_after = torch.arange(_SIZES, device=counts.device)
    ac = lengths[:, run % _RUNS] + (run // _RUNS)[:, None] * lengths[:, 15, 0].view(2, 1, 1) + bits_after
    ac[:, 0, 0] = lengths[:, 0, 0]
    mean = (statistics.dc[:, 0] / statistics.dc[:, 2].clamp(min=1)).clamp(min=0.01)
    return Prices(ac, torch.stack([torch.log2(1 + 1 / mean), torch.ones_like(mean), torch.log2(1 + mean)], dim=1))


def bits_of(statistics: Statistics, prices: Prices) -> float:
    """The bits of everything that was counted: a file without its header."""
    symbols, dc = statistics
    zeros = prices.ac[:, _RUNS, 1] - prices.ac[:, 0, 1]
    ac = (symbols[..., 1:] * prices.ac[:, :_RUNS, 1:]).sum() + (symbols[:, 15, 0] * zeros).sum()
    ends = (symbols[:, 0, 0] * prices.ac[:, 0, 0]).sum()
    return float(ac + ends + (dc * prices.dc).sum())


def costs_of_rounding_up(whole: Tensor, low: Tensor, prices: Prices) -> Tensor:
    """The bits by which the file grows if one coefficient is `low + 1` and not `low`, all others as in `whole`.

    Args:
        whole: the picture's integers.
        low: other integers of the same shape, each taken alone.
        prices: of the file.

    Returns:
        The shape of `whole`.
    """
    bits_of_sizes = _bits_of_sizes(_neighbours(_ac(whole)), prices.ac)
    up = bits_of_sizes(_size(_ac(low) + 1)) - bits_of_sizes(_size(_ac(low)))
    dc = _dc_bits(whole, low[..., 0, 0] + 1, prices.dc) - _dc_bits(whole, low[..., 0, 0], prices.dc)
    vectors = torch.cat([dc[0].flatten(1)[..., None], up], dim=2)
    return from_zigzag(vectors).view_as(whole)


def _ac(whole: Tensor) -> Tensor:
    """(3, blocks, 63) in zig-zag order."""
    return to_zigzag(whole[0]).flatten(1, 2)[..., 1:]


def _size(values: Tensor) -> Tensor:
    """The number of bits of |values|, int64: 0 of 0, 1 of 1, 2 of 2 and 3; at most 10."""
    return torch.bucketize(values.abs(), 2.0 ** torch.arange(_SIZES - 1, device=values.device), right=True)


def _neighbours(ac: Tensor) -> _Neighbours:
    place = torch.arange(_AC, device=ac.device).expand_as(ac)
    nonzero = ac != 0
    last = torch.where(nonzero, place, -1).cummax(2).values
    before = torch.cat([torch.full_like(last[..., :1], -1), last[..., :-1]], dim=2)
    first = torch.where(nonzero, place, _AC).flip(2).cummin(2).values.flip(2)
    after = torch.cat([first[..., 1:], torch.full_like(first[..., :1], _AC)], dim=2)
    sizes = torch.nn.functional.pad(_size(ac), (0, 1))
    return _Neighbours(place - before - 1, after - place - 1, sizes.gather(2, after))


def _bits_of_sizes(context: _Neighbours, bits: Tensor) -> Callable[[Tensor], Tensor]:
    """What each coefficient and the next nonzero one, or the end of the block, cost if it has this size."""
    before, after, next_size = context
    kind = torch.tensor(_KINDS, device=bits.device).view(3, 1, 1) * _AC * _SIZES
    flat = bits.reshape(-1)
    end, is_last = flat[kind], next_size == 0
    no_end = torch.arange(_AC, device=bits.device) == _AC - 1
    skipped = torch.where(is_last, end, flat[kind + (before + 1 + after).clamp(max=_AC - 1) * _SIZES + next_size])
    behind = torch.where(is_last, end.masked_fill(no_end, 0), flat[kind + after * _SIZES + next_size])
    row = kind + before * _SIZES
    return lambda size: torch.where(size > 0, flat[row + size] + behind, skipped)


def _dc_steps(whole: Tensor) -> Tensor:
    """(3, blocks) differences between the DC of consecutive blocks; the first against 0."""
    dc = whole[0, ..., 0, 0].flatten(1)
    return dc.diff(dim=1, prepend=torch.zeros_like(dc[:, :1]))


def _dc_bits(whole: Tensor, values: Tensor, bits: Tensor) -> Tensor:
    """What each DC's difference to the block before and that of the next block cost if it has this value."""
    dc = whole[0, ..., 0, 0].flatten(1)
    ours = values[0].flatten(1)
    zero = torch.zeros_like(dc[:, :1])
    to_before = (ours - torch.cat([zero, dc[:, :-1]], dim=1)).abs()
    to_next = torch.cat([dc[:, 1:] - ours[:, :-1], zero], dim=1).abs()
    slope = bits[torch.tensor(_KINDS, device=bits.device), 0, None]
    sign = to_before.clamp(max=1) + to_next.clamp(max=1)
    return (slope * (to_before + to_next) + sign).view_as(values)
