"""Pictures known by their pixels: a digest that survives being stored again as PNG, BMP or TIFF."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

CHECKSUMS = Path(__file__).with_name("pixel_checksums.txt")


class KnownPicture(NamedTuple):
    """A picture as it should be.

    Attributes:
        height: in pixels, upright.
        width: likewise.
        sha256: what `pixel_digest` gives, in hexadecimal.
    """

    height: int
    width: int
    sha256: str


def pixel_digest(pixels: np.ndarray) -> str:
    """SHA-256 of the line `HxWx3` and of a uint8 (H, W, 3) RGB image's samples, row by row; in hexadecimal."""
    assert pixels.dtype == np.uint8
    height, width, _ = pixels.shape
    digest = hashlib.sha256(f"{height}x{width}x3\n".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def known_pictures(set_name: str) -> dict[str, tuple[KnownPicture, ...]]:
    """The pictures of a set by name, each in every layout that is known of it; nothing for a set that is not listed."""
    known: dict[str, tuple[KnownPicture, ...]] = {}
    for line in CHECKSUMS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{set_name} "):
            _, name, size, sha256 = line.split()
            height, width = map(int, size.split("x"))
            known[name] = (*known.get(name, ()), KnownPicture(height, width, sha256))
    return known
