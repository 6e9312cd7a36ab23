"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004), with its window and constants."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyperthumb.base.errors import HyperthumbError, TooSmallError

from .images import Picture, strips
from .psnr import luma

WINDOW = 11
SIGMA = 1.5
LUMINANCE_CONSTANT = (0.01 * 255) ** 2
CONTRAST_CONSTANT = (0.03 * 255) ** 2

_STRIP = 128
"""Rows of the map computed at a time: the filtered planes of a 6K picture fit a cache only in strips."""

_WEIGHTS = [math.exp(-((k - WINDOW // 2) ** 2) / (2 * SIGMA**2)) for k in range(WINDOW)]
_WEIGHTS = [weight / sum(_WEIGHTS) for weight in _WEIGHTS]

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
    rows, columns = first.shape[0] - WINDOW + 1, first.shape[1] - WINDOW + 1
    total = 0.0
    for wanted in strips(rows, _STRIP):
        seen = slice(wanted.start, wanted.stop + WINDOW - 1)
        total += float(np.sum(_ssim_map(plane(first[seen]), plane(second[seen]))))
    return total / (rows * columns)


def _check(first: NDArray[np.generic], second: NDArray[np.generic]) -> None:
    if first.shape != second.shape:
        raise HyperthumbError(f"two pictures of different sizes cannot be compared: {first.shape} and {second.shape}")
    height, width = first.shape[:2]
    if min(height, width) < WINDOW:
        raise TooSmallError(f"SSIM needs pictures of at least {WINDOW}x{WINDOW} pixels, not {width}x{height}")


def _ssim_map(first: Plane, second: Plane) -> Plane:
    """Equation 13 of the paper at every valid position: (H - 10, W - 10)."""
    mean_first, mean_second = _blur(first), _blur(second)
    product, squares = mean_first * mean_second, mean_first**2 + mean_second**2
    covariance = _blur(first * second) - product
    variances = _blur(first**2 + second**2) - squares
    luminance = (2 * product + LUMINANCE_CONSTANT) / (squares + LUMINANCE_CONSTANT)
    return luminance * (2 * covariance + CONTRAST_CONSTANT) / (variances + CONTRAST_CONSTANT)


def _blur(plane: Plane) -> Plane:
    """The Gaussian window, separably, valid positions only."""
    rows, columns = plane.shape[0] - WINDOW + 1, plane.shape[1] - WINDOW + 1
    plane = np.sum([weight * plane[k : k + rows] for k, weight in enumerate(_WEIGHTS)], axis=0)
    return np.sum([weight * plane[:, k : k + columns] for k, weight in enumerate(_WEIGHTS)], axis=0)
