"""The checks of two pictures that every metric makes, and strips that bound its memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hyperthumb.base.errors import HyperthumbError

Picture = NDArray[np.uint8]
"""(H, W, 3) RGB, 0..255, as on disk."""


def strips(height: int, rows: int) -> Iterator[slice]:
    """0..height in slices of so many rows, the last one with what is left."""
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def check_pair(first: Picture, second: Picture) -> None:
    """Refuses what cannot be compared sample by sample as 8-bit RGB.

    Raises:
        HyperthumbError: unless both are uint8 arrays of one shape (H, W, 3) with both sides above 0.
    """
    for picture in (first, second):
        if picture.dtype != np.uint8:
            raise HyperthumbError(f"metrics are defined on 8-bit pictures (uint8), not on {picture.dtype}")
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.size == 0:
            raise HyperthumbError(f"metrics take RGB pictures (H, W, 3), not {picture.shape}")
    if first.shape != second.shape:
        raise HyperthumbError(f"two pictures of different sizes cannot be compared: {first.shape} and {second.shape}")
