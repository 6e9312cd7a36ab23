"""A part of a photograph: where it lies before the turns that viewers see, and which blocks it takes to restore it."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.orientation import inverse, turned_place, turned_size

Place = tuple[slice, slice]
"""Rows and columns."""


def find_place(region: Sequence[int], size: tuple[int, int], turns: Sequence[int]) -> Place:
    """Rows and columns of a region in the photograph before it is turned.

    Args:
        region: left, top, width and height in the photograph as it is shown, after all turns.
        size: height and width of the photograph before the turns.
        turns: orientations, in the order in which they are applied.

    Raises:
        HyperthumbError: when the region is empty or not inside the photograph; names the photograph's size.
    """
    sizes = [size]
    for orientation in turns:
        sizes.append(turned_size(*sizes[-1], orientation))
    place = _check(region, *sizes.pop())
    for before, orientation in zip(reversed(sizes), reversed(turns), strict=True):
        place = turned_place(place, *turned_size(*before, orientation), inverse(orientation))
    return place


def window(place: Place, blocks: Sequence[int], reach: int, multiple: int) -> Place:
    """The rows and columns of blocks that the pixels in a place depend on.

    Args:
        place: rows and columns of HR pixels.
        blocks: rows and columns of blocks in the file.
        reach: see `Engine.reach`.
        multiple: HR pixels along a block.
    """
    if reach < 0:
        return slice(0, blocks[0]), slice(0, blocks[1])
    rows, columns = (
        slice(max(part.start // multiple - reach, 0), min(-(-part.stop // multiple) + reach, count))
        for part, count in zip(place, blocks, strict=True)
    )
    return rows, columns


def _check(region: Sequence[int], height: int, width: int) -> Place:
    try:
        left, top, columns, rows = (operator.index(value) for value in region)
    except (TypeError, ValueError) as error:
        raise HyperthumbError(f"a region is four whole numbers, left, top, width and height, not {region!r}") from error
    if columns < 1 or rows < 1:
        raise HyperthumbError(f"the region of {columns}x{rows} pixels is empty; the photograph has {width}x{height}")
    if left < 0 or top < 0 or left + columns > width or top + rows > height:
        raise HyperthumbError(
            f"the region of {columns}x{rows} pixels at {left},{top} is not inside the photograph, which has "
            f"{width}x{height} pixels"
        )
    return slice(top, top + rows), slice(left, left + columns)
