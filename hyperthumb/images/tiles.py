"""Rectangles that cover a picture, each to be worked on together with a margin of what lies around it.

For networks and filters that see a neighbourhood. Where the margin is as wide as what they see the result is that of
the whole picture; where it is narrower the difference sits along the seams.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

TILE, OVERLAP = 768, 128
"""HR pixels of a network's tile and of its margin on each side: a million in all, 1 to 3 KB each in large networks."""


class Tile(NamedTuple):
    """A rectangle of a picture.

    Attributes:
        seen: rows and columns that are worked on.
        own: the rows and columns among them whose result is kept. Those of all tiles make up the picture.
    """

    seen: tuple[slice, slice]
    own: tuple[slice, slice]

    @property
    def inner(self) -> tuple[slice, slice]:
        """`own`, counted from where `seen` begins."""
        rows, columns = (_moved(own, -seen.start) for own, seen in zip(self.own, self.seen, strict=True))
        return rows, columns


def cover(size: Sequence[int], side: int | None, margin: int, multiple: int = 1) -> Iterator[Tile]:
    """Tiles of about equal size.

    Along an axis that is no longer than a tile with both margins there is only one.

    Args:
        size: rows and columns of the picture, in whatever it consists of: pixels, blocks.
        side: the most that a tile keeps of an axis, but for rounding up to `multiple`; None is one tile for all.
        margin: what it sees on either side of that, where the picture goes on; rounded up to `multiple`.
        multiple: tiles begin at multiples of this, and end at them or where the picture ends.
    """
    columns = _parts(size[1], side, margin, multiple)
    for rows in _parts(size[0], side, margin, multiple):
        for column in columns:
            yield Tile((rows[0], column[0]), (rows[1], column[1]))


def cover_small(size: Sequence[int], scale: int, side: int | None, margin: int, multiple: int = 1) -> Iterator[Tile]:
    """`cover` of a picture that is `scale` times smaller than the one whose tiles have this side and margin."""
    return cover(size, None if side is None else max(side // scale, 1), -(-margin // scale), multiple)


def map_tiles(
    picture: np.ndarray, tiles: Iterable[Tile], function: Callable[[np.ndarray], np.ndarray], up: int = 1, down: int = 1
) -> np.ndarray:
    """A function's result for a picture, made of its results for tiles.

    Args:
        picture: (H, W, 3).
        tiles: of it; their edges multiples of `down`, but for the picture's own.
        function: takes a part (n, m, 3) of the picture to uint8 (ceil(n * up / down), ceil(m * up / down), 3).
        up: how many times it enlarges.
        down: how many times it shrinks.

    Returns:
        uint8, (ceil(H * up / down), ceil(W * up / down), 3).
    """
    height, width = (-(-side * up // down) for side in picture.shape[:2])
    result = np.empty((height, width, 3), np.uint8)
    for tile in tiles:
        part = function(picture[tile.seen])
        result[scaled(tile.own, up, down)] = part[scaled(tile.inner, up, down)]
    return result


def scaled(place: tuple[slice, slice], up: int, down: int = 1) -> tuple[slice, slice]:
    """A place in a picture that is so many times larger or smaller; what is begun counts."""
    rows, columns = (slice(side.start * up // down, -(-side.stop * up // down)) for side in place)
    return rows, columns


def _parts(length: int, side: int | None, margin: int, multiple: int) -> list[tuple[slice, slice]]:
    """What is seen and what is kept along one axis."""
    margin = -(-margin // multiple) * multiple
    if side is None or length <= side + 2 * margin:
        return [(slice(0, length), slice(0, length))]
    count = math.ceil(length / side)
    edges = [*(length * part // count // multiple * multiple for part in range(count)), length]
    own = [slice(start, stop) for start, stop in pairwise(edges) if start < stop]
    return [(slice(max(part.start - margin, 0), min(part.stop + margin, length)), part) for part in own]


def _moved(place: slice, distance: int) -> slice:
    return slice(place.start + distance, place.stop + distance)
