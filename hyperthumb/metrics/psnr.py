"""Peak signal-to-noise ratio of 8-bit pictures, and the luma it is often measured on."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .images import Picture, check_pair, strips

_STRIP = 256
"""Rows worked on at a time: numbers of 4 or 8 bytes for every pixel of a large photograph are never held at once."""


def psnr(first: Picture, second: Picture) -> float:
    """10 log10(255^2 / MSE) over all three channels of whole pictures.

    >>> import numpy as np
    >>> from hyperthumb.metrics import psnr
    >>> black = np.zeros((4, 6, 3), np.uint8)
    >>> round(psnr(black, black + 1), 2), psnr(black, black)
    (48.13, inf)

    Args:
        first: (H, W, 3) uint8 RGB.
        second: the same shape.

    Returns:
        dB; `inf` for equal pictures.

    Raises:
        HyperthumbError: for another type or shape.
    """
    check_pair(first, second)
    total = 0  # integers, so that the order of the sum does not matter
    for rows in strips(first.shape[0], _STRIP):
        difference = first[rows].astype(np.int32) - second[rows]
        total += int(np.sum(np.square(difference), dtype=np.int64))
    return psnr_of_error(total / first.size)


def psnr_luma(first: Picture, second: Picture) -> float:
    """10 log10(255^2 / MSE) of the pictures' `luma`; arguments, result and errors as for `psnr`.

    The peak stays 255 although luma spans 16..235: that is how the super-resolution literature computes it.
    """
    check_pair(first, second)
    height, width = first.shape[:2]
    sums = [np.sum(np.square(luma(first[rows]) - luma(second[rows]))) for rows in strips(height, _STRIP)]
    return psnr_of_error(math.fsum(sums) / (height * width))


def luma(picture: Picture) -> NDArray[np.float64]:
    """Y of ITU-R BT.601 in studio range, as MATLAB's `rgb2ycbcr` and BasicSR define it, but not rounded.

    Args:
        picture: (H, W, 3) uint8 RGB.

    Returns:
        (H, W) float64 in 16..235.
    """
    red, green, blue = (picture[:, :, channel].astype(np.float64) for channel in range(3))
    return 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255


def psnr_of_error(mean_squared_error: float) -> float:
    """dB for a mean squared error in squared 8-bit levels; `inf` for 0."""
    return 10 * math.log10(255**2 / mean_squared_error) if mean_squared_error > 0 else math.inf
