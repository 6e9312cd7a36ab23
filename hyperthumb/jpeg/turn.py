"""Turns the coefficients of a picture without decoding them, as jpegtran does.

Mirroring a block changes the sign of its odd frequencies, because cos((2x + 1) u pi / 16) of ITU-T T.81, A.3.3, is odd
about the middle of the block for odd u. Transposing a block transposes its coefficients.
"""

from __future__ import annotations

import numpy as np

from hyperthumb.base.orientation import STEPS

BLOCK = 8
_SIGNS = np.where(np.arange(BLOCK) % 2, -1, 1).astype(np.int16)


def turn_coefficients(coefficients: np.ndarray, height: int, width: int, orientation: int) -> np.ndarray:
    """Turns the coefficients of a picture.

    A JPEG can have partial blocks only at the right and lower edges. This function, like jpegtran (libjpeg's
    transupp.c), keeps partial blocks in place and reverses only the whole blocks. The turns still form the dihedral
    group: each axis is reversed or not, and the axes are exchanged or not.

    Args:
        coefficients: (planes, ceil(height/8), ceil(width/8), 8, 8) signed integers in natural order (v, u).
        height: rows of the picture.
        width: columns of the picture.
        orientation: an EXIF number, 1 to 8 (`base.orientation`).

    Returns:
        The turned coefficients, with rows and columns exchanged where the orientation transposes.
    """
    steps = STEPS[orientation]
    if steps.transposes:
        coefficients = coefficients.transpose(0, 2, 1, 4, 3)
        height, width = width, height
    turned = np.array(coefficients) if steps.mirrors or steps.flips else np.ascontiguousarray(coefficients)
    if steps.mirrors:
        whole = turned[:, :, : width // BLOCK]
        whole[:] = whole[:, :, ::-1] * _SIGNS
    if steps.flips:
        whole = turned[:, : height // BLOCK]
        whole[:] = whole[:, ::-1] * _SIGNS[:, None]
    return turned


def turn_tables(tables: np.ndarray, orientation: int) -> np.ndarray:
    """Turns (..., 8, 8) quantization tables. Only transposing changes them."""
    return np.ascontiguousarray(tables.swapaxes(-1, -2) if STEPS[orientation].transposes else tables)
