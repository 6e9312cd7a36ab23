"""The eight orientations of a picture, by their EXIF numbers (Exif 3.0, tag 0x0112)."""

from __future__ import annotations

from typing import NamedTuple

UPRIGHT = 1


class Steps(NamedTuple):
    """How to turn a stored picture upright: transpose it, then reverse its columns, then its rows."""

    transposes: bool
    mirrors: bool
    flips: bool


STEPS: dict[int, Steps] = {
    1: Steps(False, False, False),
    2: Steps(False, True, False),
    3: Steps(False, True, True),
    4: Steps(False, False, True),
    5: Steps(True, False, False),
    6: Steps(True, True, False),
    7: Steps(True, True, True),
    8: Steps(True, False, True),
}

IN_WORDS: dict[int, str] = {
    1: "not turned",
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "transposed",
    6: "turned by 90 degrees clockwise",
    7: "transposed along the other diagonal",
    8: "turned by 90 degrees counterclockwise",
}


def inverse(orientation: int) -> int:
    """The orientation that undoes another. Only the two quarter turns are not their own inverse."""
    return {6: 8, 8: 6}.get(orientation, orientation)


def turned_place(place: tuple[slice, slice], height: int, width: int, orientation: int) -> tuple[slice, slice]:
    """Where the rows and columns of a picture of this size lie after applying the orientation."""
    steps, (rows, columns) = STEPS[orientation], place
    if steps.transposes:
        rows, columns, height, width = columns, rows, width, height
    if steps.mirrors:
        columns = slice(width - columns.stop, width - columns.start)
    if steps.flips:
        rows = slice(height - rows.stop, height - rows.start)
    return rows, columns


def turned_size(height: int, width: int, orientation: int) -> tuple[int, int]:
    """(height, width) of a picture after applying the orientation."""
    return (width, height) if STEPS[orientation].transposes else (height, width)
