"""Pictures whose sides have to be multiples of something; without PyTorch."""

from __future__ import annotations

import numpy as np


def pad_to_multiple(image: np.ndarray, multiple: int) -> np.ndarray:
    """Repeats the last row and column of (H, W, 3) until both sides are multiples of `multiple`.

    The array itself is returned if it needs no padding and torch can use its memory (it is contiguous and writable).
    """
    height, width = image.shape[:2]
    if height % multiple == width % multiple == 0:
        return np.require(image, requirements=["C", "W"])
    return np.pad(image, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge")
