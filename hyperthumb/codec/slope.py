"""Rate control by slope: spends bits on a photograph as long as they pay.

A batch has the best mean PSNR for its mean rate when one more bit per pixel would gain equally many dB in every
photograph (Shoham and Gersho 1988: the same Lagrange multiplier for all). Each photograph therefore gets the rate that
maximizes PSNR - slope x bpp, measured on files that are written and restored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hyperthumb.metrics.bpp import bits_per_pixel
from hyperthumb.metrics.psnr import psnr

from .rate_control import RatedFile

_STEP = 1.25
"""Neighboring rate scales of the search; a file is about 16 % smaller than the one before."""
_MOST_STEPS = 20
"""The search ends at 1.25^20 = 87 times the model's tables, and at 1/87."""
_BEST_PSNR = 60.0
"""dB. Rounding to 8 bits alone leaves 59 dB, so that no bits are spent on smaller errors."""


class Tried(NamedTuple):
    """A file, its bits per pixel of the photograph, and the PSNR of what it restores, in dB."""

    rated: RatedFile
    bpp: float
    psnr: float


def tried(data: bytes, rate_scale: float, photograph: np.ndarray, restored: np.ndarray) -> Tried:
    """Measures a file against the photograph, uint8 (H, W, 3)."""
    height, width = photograph.shape[:2]
    gained = min(psnr(photograph, restored), _BEST_PSNR)
    return Tried(RatedFile(data, rate_scale), bits_per_pixel(len(data), height, width), gained)


def find_slope(measure: Callable[[float], Tried], slope: float) -> RatedFile:
    """Finds the file with the highest PSNR - slope x bpp.

    The search climbs from the model's own tables in steps of 1.25, and then tries the vertex of the parabola through
    the best file and its neighbors.

    Args:
        measure: writes and restores the file at a rate scale.
        slope: dB that one more bit per pixel must gain, above 0.
    """
    files: dict[float, Tried] = {}

    def gain(step: float) -> float:
        if step not in files:
            files[step] = measure(_STEP**step)
        return files[step].psnr - slope * files[step].bpp

    direction = 1 if gain(1) > gain(0) else -1
    best = max(0, direction)
    while abs(best) < _MOST_STEPS and gain(best + direction) > gain(best):
        best += direction
    if abs(best) < _MOST_STEPS:
        below, above = gain(best - 1), gain(best + 1)
        bend = below - 2 * gain(best) + above  # below 0, unless the three files are equal
        gain(best + (below - above) / (2 * bend) if bend else best)
    return files[max(files, key=gain)].rated
