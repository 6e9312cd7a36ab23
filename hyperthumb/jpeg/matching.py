"""Compares the picture in a file with the checks in its marker, in all eight orientations."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np

from hyperthumb.base.orientation import STEPS, UPRIGHT, inverse, turned_size

from .marker import Origin, check_picture
from .turn import BLOCK, turn_coefficients, turn_tables


class State(Enum):
    """Whether the picture of a thumbnail file is the one that hyperthumb wrote."""

    UNMARKED = "the file has no marker"
    INTACT = "the picture is unchanged"
    CUT = "the whole blocks are unchanged; partial blocks at the edges are missing or changed"
    CHANGED = "the picture was changed"
    DOUBTFUL = "the picture does not match the marker, which may be another program's segment"


class Match(NamedTuple):
    """The picture of a file, turned back to how it was written.

    Attributes:
        state: INTACT, CUT, CHANGED or DOUBTFUL.
        orientation: how the picture was turned after it was written, as an EXIF number (1 to 8).
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8), turned back.
        tables: (2, 8, 8), turned back.
        height: rows of the picture, turned back.
        width: columns of the picture, turned back.
        hr_size: rows and columns of the photograph; None if the picture does not match the marker.
    """

    state: State
    orientation: int
    coefficients: np.ndarray
    tables: np.ndarray
    height: int
    width: int
    hr_size: tuple[int, int] | None = None


def match(origin: Origin, coefficients: np.ndarray, tables: np.ndarray, height: int, width: int) -> Match:
    """Finds the orientation in which the picture of a file matches its marker.

    Args:
        origin: the marker.
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) integers, as the file holds them.
        tables: (2, 8, 8) integers in 1..255, as the file holds them.
        height: rows of the file's picture.
        width: columns of the file's picture.

    Returns:
        The picture turned back. A picture that matches in no orientation is returned as it is.
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
    """Rows and columns of the photograph if partial blocks may be missing.

    The marker's missing rows and columns still apply along an axis that has a partial block. They also apply if the
    picture was turned and the turn does not reverse that axis, because then nothing had to be removed there.
    """
    hr_height, hr_width = origin.photograph_size(height, width)
    back, was_turned = STEPS[inverse(orientation)], orientation != UPRIGHT
    has_bottom = height % BLOCK or (was_turned and not back.flips)
    has_right = width % BLOCK or (was_turned and not back.mirrors)
    return hr_height if has_bottom else height * origin.scale, hr_width if has_right else width * origin.scale
