"""Rate control: finds the scale of the quantization tables that gives a file of the requested size.

Tables are the rounded products of the network's steps and one factor, the rate scale. They change only at factors at
which an entry rounds to the next integer, so the search tries one factor per interval. Sizes are those of complete
files. They fall as the factor grows, though not at every step.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hyperthumb.base.errors import HyperthumbError, ThumbnailError
from hyperthumb.base.wording import in_bytes

CLOSE_ENOUGH = 0.995
"""The search ends at this share of the allowed bytes. A smaller file is returned only if no tables come closer."""
_AIM = 0.9975
_CLOSE_REFINED = 0.99
_TRIES = 3
_FALL = 0.8
"""Sizes are roughly proportional to the factor to the power of minus this. It is used until two sizes are known."""
_NEIGHBOURS = 4
_COARSE = (1.0, 0.8, 0.65, 0.5)
"""Shares of the largest factor at which to look for the least size. The coarsest tables do not always give it."""


class RatedFile(NamedTuple):
    """A file and its rate scale."""

    data: bytes
    rate_scale: float


def in_bpp(pixels: int, size: int) -> str:
    """The rate of a file of `size` bytes for a message, rounded up, so that a request for this rate succeeds."""
    return f"{math.ceil(8e4 * size / pixels) / 1e4:g} bpp ({in_bytes(size)})"


def check_wish(bpp: float | None, max_bytes: int | None, rate_scale: float | None) -> None:
    """Raises HyperthumbError for more than one wish, or one that is not a number above 0."""
    wishes = {"bpp": bpp, "max_bytes": max_bytes, "rate_scale": rate_scale}
    given = {name: value for name, value in wishes.items() if value is not None}
    if len(given) > 1:
        raise HyperthumbError(f"give only one of bpp, max_bytes and rate_scale, not {' and '.join(given)}")
    for name, value in given.items():
        check_positive(name, value)


def check_positive(name: str, value: float) -> None:
    """Raises HyperthumbError unless the value is a number above 0; `name` is the argument's."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < value < math.inf:
        raise HyperthumbError(f"{name} must be a number above 0, not {value!r}")


def find_rate(
    steps: np.ndarray,
    write: Callable[[float], bytes],
    max_bytes: int,
    in_words: Callable[[int], str] = in_bytes,
) -> RatedFile:
    """Finds the largest file of at most `max_bytes`, or one of at least 99.5 % of that.

    Args:
        steps: the network's positive steps, of any shape; tables are their rounded multiples, clamped to 1..255.
        write: writes the file at a rate scale.
        max_bytes: the limit. If even tables of 1 give a smaller file, that file is the result.
        in_words: formats a number of bytes for the error message.

    Raises:
        ThumbnailError: if no file is small enough; the message states the least size.
    """
    search = _Search(distinct_scales(steps), write, max_bytes)
    found = search.run() or search.run_coarse()
    if found is None:
        raise ThumbnailError(
            f"the thumbnail of this photograph cannot be as small as {in_words(max_bytes)}; the least possible size is "
            f"{in_words(search.least)}"
        )
    return found


def find_refined_rate(
    steps: np.ndarray,
    write: Callable[[float], bytes],
    write_refined: Callable[[float], bytes],
    max_bytes: int,
    plain: RatedFile,
) -> RatedFile:
    """Tries three refined files and returns the largest of at most `max_bytes`, or `plain` if none fits.

    Refining costs far more than computing a size, and changes the size by a factor that hardly depends on the rate.
    Therefore the search uses unrefined files, and its target is the limit divided by that factor.

    Args:
        steps: as in `find_rate`.
        write: writes the unrefined file at a rate scale.
        write_refined: writes the refined file at a rate scale.
        max_bytes: the limit.
        plain: the result of `find_rate` for this limit.
    """
    best: RatedFile | None = None
    tried: set[float] = set()
    candidate, aim = plain, max_bytes
    while candidate.rate_scale not in tried and len(tried) < _TRIES:
        tried.add(candidate.rate_scale)
        data = write_refined(candidate.rate_scale)
        if len(data) <= max_bytes and (best is None or len(data) > len(best.data)):
            best = RatedFile(data, candidate.rate_scale)
            if len(data) >= _CLOSE_REFINED * max_bytes:
                break
        aim = math.floor(_AIM * max_bytes * len(candidate.data) / len(data))
        try:
            candidate = find_rate(steps, write, aim)
        except ThumbnailError:  # no unrefined file is that small
            break
    return best or plain


def distinct_scales(steps: np.ndarray) -> np.ndarray:
    """One rate scale for each different pair of tables, in ascending order. The scale of the model's own tables is 1.

    Args:
        steps: the network's positive steps, of any shape.
    """
    halves = np.arange(1, 255) + 0.5
    changes = np.unique(halves / np.asarray(steps, np.float64).reshape(-1, 1))
    edges = np.concatenate([changes[:1] / 2, changes, changes[-1:] * 2])
    scales = np.sqrt(edges[:-1] * edges[1:])
    own = np.searchsorted(changes, 1.0)
    scales[own] = 1.0
    return scales


class _Search:
    """Searches by interpolation in logarithms, and keeps the largest file that fits."""

    def __init__(self, scales: np.ndarray, write: Callable[[float], bytes], max_bytes: int) -> None:
        self.scales, self.write, self.max_bytes = scales, write, max_bytes
        self.aim = _AIM * max(max_bytes, 1)
        self.logarithms = np.log(scales)
        self.sizes: dict[int, int] = {}
        self.best: RatedFile | None = None
        self.least = 0

    def run(self) -> RatedFile | None:
        """Searches all scales. None if all files that were written are too large."""
        # Files up to `above` are assumed to be too large, files from `below` on to be small enough.
        above, below = -1, len(self.scales)
        place = int(np.flatnonzero(self.scales == 1.0)[0])
        reach, sides = math.log(1.5), [0, 0]
        while below - above > 1:
            fits = self._look(place) <= self.max_bytes
            if fits and self.sizes[place] >= CLOSE_ENOUGH * self.max_bytes:
                return self.best
            above, below = (above, place) if fits else (place, below)
            sides = [sides[0] + 1, 0] if fits else [0, sides[1] + 1]
            if above >= 0 and below < len(self.scales):
                wanted = self._between(above, below, halve=max(sides) > 2)
            else:
                wanted = self._beyond(place, reach)
                reach *= 2
            nearest = int(np.searchsorted(self.logarithms, wanted))
            place = min(max(nearest, above + 1), below - 1)
        if self.best is not None and below > 0 and len(self.best.data) < 0.98 * self.max_bytes:
            # The sizes jump here. If they also go up and down, the file of a neighboring scale may be closer.
            for neighbour in range(max(0, above - _NEIGHBOURS), min(len(self.scales), below + _NEIGHBOURS + 1)):
                self._look(neighbour)
        return self.best

    def run_coarse(self) -> RatedFile | None:
        """Tries a few of the coarsest tables. `least` becomes the size of their smallest file."""
        places = {self._at(self.logarithms[-1] + math.log(share)) for share in _COARSE}
        self.least = min(self._look(place) for place in sorted(places))
        return self.best

    def _look(self, place: int) -> int:
        if place not in self.sizes:
            scale = float(self.scales[place])
            data = self.write(scale)
            self.sizes[place] = len(data)
            if len(data) <= self.max_bytes and (self.best is None or len(data) > len(self.best.data)):
                self.best = RatedFile(data, scale)
        return self.sizes[place]

    def _between(self, above: int, below: int, halve: bool) -> float:
        """The scale, as a logarithm, at which the size is expected, between a file too large and one that fits."""
        left, right = self.logarithms[above], self.logarithms[below]
        if halve:  # interpolation converges slowly if the curve bends
            return (left + right) / 2
        large, small, aim = (math.log(x) for x in (self.sizes[above], self.sizes[below], self.aim))
        share = (large - aim) / (large - small)
        return left + min(max(share, 0.02), 0.98) * (right - left)

    def _beyond(self, place: int, reach: float) -> float:
        """The next scale, as a logarithm, while all files are too large or all fit: at least `reach` away."""
        distance = math.log(self.sizes[place] / self.aim) / _FALL
        return self.logarithms[place] + math.copysign(max(abs(distance), reach), distance)

    def _at(self, logarithm: float) -> int:
        return min(int(np.searchsorted(self.logarithms, logarithm - 1e-9)), len(self.scales) - 1)
