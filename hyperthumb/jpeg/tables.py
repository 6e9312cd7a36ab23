"""Quantization tables and the zig-zag order, as numpy arrays in natural order.

Natural order is (v, u), where v is the vertical frequency and u the horizontal one. Files, the predictor of tables and
the rate model use zig-zag order instead (ITU-T T.81, figure 5).
"""

from __future__ import annotations

import numpy as np

from hyperthumb.base.errors import HyperthumbError

ZIGZAG: tuple[int, ...] = tuple(
    v * 8 + u
    for v, u in sorted(
        ((v, u) for v in range(8) for u in range(8)),
        # The direction alternates from one anti-diagonal v + u to the next.
        key=lambda place: (sum(place), place[0] if sum(place) % 2 else place[1]),
    )
)
"""Natural index v * 8 + u of each zig-zag position."""

STANDARD_TABLES = np.array(
    [
        [
            [16, 11, 10, 16, 24, 40, 51, 61],
            [12, 12, 14, 19, 26, 58, 60, 55],
            [14, 13, 16, 24, 40, 57, 69, 56],
            [14, 17, 22, 29, 51, 87, 80, 62],
            [18, 22, 37, 56, 68, 109, 103, 77],
            [24, 35, 55, 64, 81, 104, 113, 92],
            [49, 64, 78, 87, 103, 121, 120, 101],
            [72, 92, 95, 98, 112, 100, 103, 99],
        ],
        [
            [17, 18, 24, 47, 99, 99, 99, 99],
            [18, 21, 26, 66, 99, 99, 99, 99],
            [24, 26, 56, 99, 99, 99, 99, 99],
            [47, 66, 99, 99, 99, 99, 99, 99],
            [99, 99, 99, 99, 99, 99, 99, 99],
            [99, 99, 99, 99, 99, 99, 99, 99],
            [99, 99, 99, 99, 99, 99, 99, 99],
            [99, 99, 99, 99, 99, 99, 99, 99],
        ],
    ],
    dtype=np.int64,
)
"""(2, 8, 8): luminance and chrominance, ITU-T T.81, tables K.1 and K.2."""


def standard_tables(quality: int) -> np.ndarray:
    """The standard's tables, scaled to a quality as in libjpeg (jcparam.c, `jpeg_quality_scaling`).

    >>> from hyperthumb.jpeg import standard_tables
    >>> luma, chroma = standard_tables(75)
    >>> print(luma[:2])  # the two lowest vertical frequencies
    [[ 8  6  5  8 12 20 26 31]
     [ 6  6  7 10 13 29 30 28]]

    Args:
        quality: 1 (coarsest) to 100 (all ones).

    Returns:
        (2, 8, 8) int64 in 1..255, for Y and for chroma, in natural order.

    Raises:
        HyperthumbError: for a quality outside 1..100.
    """
    if not 1 <= quality <= 100:
        raise HyperthumbError(f"the JPEG quality must be 1 to 100, not {quality}")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((STANDARD_TABLES * percent + 50) // 100, 1, 255)
