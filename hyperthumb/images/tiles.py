"""Rectangular tiles that cover a picture. Each is processed together with a margin around it.

If the margin is at least as wide as the neighborhood that a network or filter sees, the result equals that of the whole
picture. With a narrower margin it differs along the seams.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hyperthumb.base.errors import HyperthumbError

TILE, OVERLAP = 768, 128
"""HR pixels of a network's tile and of its margin on each side. Together they are a million pixels, and a large network
needs 1 to 3 KB for each."""


class Tile(NamedTuple):
    """A rectangle of a picture.

    Attributes:
        seen: the rows and columns that are processed.
        own: the rows and columns of `seen` whose result is kept. Those of all tiles make up the picture.
    """

    seen: tuple[slice, slice]
    own: tuple[slice, slice]

    @property
    def inner(self) -> tuple[slice, slice]:
        """`own`, relative to the start of `seen`."""
        pairs = zip(self.own, self.seen, strict=True)
        rows, columns = (slice(own.start - seen.start, own.stop - seen.start) for own, seen in pairs)
        return rows, columns


def cover(size: Sequence[int], side: int | None, margin: int, multiple: int = 1) -> Iterator[Tile]:
    """Covers a picture with tiles of about equal size.

    An axis that is not longer than a tile with both margins is not divided.

    Args:
        size: rows and columns of the picture, in pixels or in blocks.
        side: the largest side of a tile without margins, before rounding up to `multiple`; None makes a single tile.
        margin: the margin on each side within the picture, rounded up to `multiple`.
        multiple: tiles begin at multiples of this, and end at multiples or at the picture's end.
    """
    columns = _parts(size[1], side, margin, multiple)
    for rows in _parts(size[0], side, margin, multiple):
        for column in columns:
            yield Tile((rows[0], column[0]), (rows[1], column[1]))


def cover_small(size: Sequence[int], scale: int, side: int | None, margin: int, multiple: int = 1) -> Iterator[Tile]:
    """Covers a picture that is `scale` times smaller than the picture to which `side` and `margin` refer."""
    return cover(size, None if side is None else max(side // scale, 1), -(-margin // scale), multiple)


def check_tile(tile: int | None) -> None:
    """Refuses a size of tiles that holds no pixel. None, which lets us choose, is fine.

    Raises:
        HyperthumbError: when `tile` is below 1.
    """
    if tile is not None and tile < 1:
        raise HyperthumbError(f"a tile must have 1 row or more, not {tile}")


def map_tiles(
    picture: np.ndarray, tiles: Iterable[Tile], function: Callable[[np.ndarray], np.ndarray], up: int = 1, down: int = 1
) -> np.ndarray:
    """Applies a function to a picture tile by tile.

    Args:
        picture: (H, W, 3).
        tiles: tiles that cover the picture. Edges inside the picture are multiples of `down`.
        function: maps a part (n, m, 3) of the picture to uint8 (ceil(n * up / down), ceil(m * up / down), 3).
        up: the factor by which the function enlarges.
        down: the factor by which the function shrinks.

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
    """Scales rows and columns by `up / down`; starts are rounded down and stops are rounded up."""
    rows, columns = (slice(side.start * up // down, -(-side.stop * up // down)) for side in place)
    return rows, columns


def _parts(length: int, side: int | None, margin: int, multiple: int) -> list[tuple[slice, slice]]:
    """The (seen, own) ranges of the tiles along one axis."""
    margin = -(-margin // multiple) * multiple
    if side is None or length <= side + 2 * margin:
        return [(slice(0, length), slice(0, length))]
    count = math.ceil(length / side)
    edges = [*(length * part // count // multiple * multiple for part in range(count)), length]
    own = [slice(start, stop) for start, stop in pairwise(edges) if start < stop]
    return [(slice(max(part.start - margin, 0), min(part.stop + margin, length)), part) for part in own]
