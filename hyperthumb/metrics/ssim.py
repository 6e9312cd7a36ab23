"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004), with its window and constants; by skimage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyperthumb.base.errors import HyperthumbError, TooSmallError

from .images import Picture, strips
from .psnr import luma

WINDOW = 11
SIGMA = 1.5

_STRIP = 128
"""Rows of the map computed at a time: the filtered planes of a 6K picture fit a cache only in strips."""

Plane = NDArray[np.float64]


def ssim(first: NDArray[np.generic], second: NDArray[np.generic]) -> float:
    """Mean of the SSIM map with an 11x11 Gaussian window, where the window lies wholly inside the picture.

    Args:
        first: (H, W) or (H, W, C), range 0..255 (constants for a data range of 255); both sides 11 or more.
        second: the same shape.

    Returns:
        -1..1, 1 for equal pictures; for several channels the mean of theirs.

    Raises:
        TooSmallError: for a picture smaller than the window.
        HyperthumbError: for differing shapes.
    """
    _check(first, second)
    if first.ndim == 3:
        channels = range(first.shape[2])
        return float(np.mean([ssim(first[:, :, channel], second[:, :, channel]) for channel in channels]))
    return _mean_over_strips(first, second, lambda strip: strip.astype(np.float64))


def ssim_luma(first: Picture, second: Picture) -> float:
    """`ssim` of the pictures' `luma`, which is never held whole.

    Args:
        first: (H, W, 3) uint8 RGB, both sides 11 or more.
        second: the same shape.

    Raises:
        TooSmallError: for a picture smaller than the window.
        HyperthumbError: for differing shapes.
    """
    _check(first, second)
    return _mean_over_strips(first, second, luma)


def _mean_over_strips(
    first: NDArray[np.generic], second: NDArray[np.generic], plane: Callable[[NDArray[Any]], Plane]
) -> float:
    """The mean of the map between the planes (rows, W) of both pictures, which are made a few rows at a time."""
    from skimage.metrics import structural_similarity

    settings = {"gaussian_weights": True, "sigma": SIGMA, "use_sample_covariance": False, "data_range": 255}
    rows, total = first.shape[0] - WINDOW + 1, 0.0
    for wanted in strips(rows, _STRIP):  # of the map; its window sees more
        seen = slice(wanted.start, wanted.stop + WINDOW - 1)
        mean = structural_similarity(plane(first[seen]), plane(second[seen]), **settings)
        total += (wanted.stop - wanted.start) * float(mean)
    return total / rows


def _check(first: NDArray[np.generic], second: NDArray[np.generic]) -> None:
    if first.shape != second.shape:
        raise HyperthumbError(f"two pictures of different sizes cannot be compared: {first.shape} and {second.shape}")
    height, width = first.shape[:2]
    if min(height, width) < WINDOW:
        raise TooSmallError(f"SSIM needs pictures of at least {WINDOW}x{WINDOW} pixels, not {width}x{height}")
