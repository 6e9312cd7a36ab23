"""Whether the picture in a file is the one that its marker was written for, perhaps turned since."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np

from hyperthumb.base.orientation import STEPS, UPRIGHT, inverse, turned_size

from .marker import Origin, check_picture
from .turn import BLOCK, turn_coefficients, turn_tables


class State(Enum):
    """What has become of a thumbnail file since hyperthumb wrote it."""

    UNMARKED = "the file has no marker"
    INTACT = "the picture is the one that was written"
    CUT = "only the whole blocks are the ones that were written; partial blocks at the edges are gone or changed"
    CHANGED = "the picture is another one"
    DOUBTFUL = "the picture is another one, and the marker may be another program's segment"


class Match(NamedTuple):
    """A file's picture as it was written.

    Attributes:
        state: INTACT, CUT, CHANGED or DOUBTFUL.
        orientation: how the file's picture was turned after it was written, as EXIF counts (1 to 8).
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8), turned back.
        tables: (2, 8, 8), turned back.
        height: rows, turned back.
        width: columns, turned back.
        hr_size: the photograph's rows and columns; None for a picture that the marker does not describe.
    """

    state: State
    orientation: int
    coefficients: np.ndarray
    tables: np.ndarray
    height: int
    width: int
    hr_size: tuple[int, int] | None = None


def match(origin: Origin, coefficients: np.ndarray, tables: np.ndarray, height: int, width: int) -> Match:
    """Finds the turn after which a file's picture fits its marker.

    Args:
        origin: what the marker says.
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) integers, as the file holds them.
        tables: (2, 8, 8) integers in 1..255, as the file holds them.
        height: of the file's picture.
        width: of the file's picture.

    Returns:
        The picture turned back. One that does not fit in any orientation is returned as it is.
    """
    best = Match(State.CHANGED if origin.is_sealed else State.DOUBTFUL, UPRIGHT, coefficients, tables, height, width)
    has_whole_blocks = origin.is_sealed and min(height, width) >= BLOCK
    for orientation in STEPS:
        written = (
            turn_coefficients(coefficients, height, width, inverse(orientation)),
            turn_tables(tables, inverse(orientation)),
            *turned_size(height, width, inverse(orientation)),
        )
        checks = check_picture(origin.fields, origin.version, *written)
        if checks == origin.checks:
            return Match(State.INTACT, orientation, *written, origin.photograph_size(*written[2:]))
        if has_whole_blocks and best.state is State.CHANGED and checks.whole_blocks == origin.checks.whole_blocks:
            best = Match(State.CUT, orientation, *written, _size_of_cut(origin, orientation, *written[2:]))
    return best


def _size_of_cut(origin: Origin, orientation: int, height: int, width: int) -> tuple[int, int]:
    """The photograph's rows and columns where partial blocks may be gone.

    What the photograph lacks at an edge is known while a partial block is there. It is known, too, if the turn does not
    reverse that axis, because nothing had to be cut off then.
    """
    hr_height, hr_width = origin.photograph_size(height, width)
    back, was_turned = STEPS[inverse(orientation)], orientation != UPRIGHT
    has_bottom = height % BLOCK or (was_turned and not back.flips)
    has_right = width % BLOCK or (was_turned and not back.mirrors)
    return hr_height if has_bottom else height * origin.scale, hr_width if has_right else width * origin.scale
