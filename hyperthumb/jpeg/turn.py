"""Turning the coefficients of a picture without decoding them, as jpegtran does.

Mirroring a block changes the sign of its odd frequencies, transposing a block transposes its coefficients: cos((2x + 1)
u pi / 16) of ITU-T T.81, A.3.3, is odd about the block's middle for odd u.
"""

from __future__ import annotations

import numpy as np

from hyperthumb.base.orientation import STEPS

BLOCK = 8
_SIGNS = np.where(np.arange(BLOCK) % 2, -1, 1).astype(np.int16)


def turn_coefficients(coefficients: np.ndarray, height: int, width: int, orientation: int) -> np.ndarray:
    """The coefficients of the turned picture.

    A JPEG can have partial blocks at the right and lower edges only, so jpegtran leaves them there and reverses the
    whole blocks before them (libjpeg's transupp.c); this does the same. With partial blocks, too, the turns form the
    dihedral group: each axis is reversed or not, and the axes change places or not.

    Args:
        coefficients: (planes, ceil(height/8), ceil(width/8), 8, 8) signed integers in natural order (v, u).
        height: the picture's rows.
        width: the picture's columns.
        orientation: 1 to 8, see `base.orientation`.
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
    """(..., 8, 8) quantization tables of the turned picture; only transposing changes them."""
    return np.ascontiguousarray(tables.swapaxes(-1, -2) if STEPS[orientation].transposes else tables)
