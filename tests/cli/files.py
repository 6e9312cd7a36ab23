"""Photographs for the tool's tests, in the current folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.support import photograph


def save(name: str, height: int = 41, width: int = 50, seed: int = 0, **settings: object) -> np.ndarray:
    pixels = photograph(height, width, seed)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(name, **settings)
    return pixels


def read(name: str) -> np.ndarray:
    with Image.open(name) as image:
        return np.asarray(image)
