"""Identifies pictures by a digest of their pixels, which is the same in every lossless format."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

CHECKSUMS = Path(__file__).with_name("pixel_checksums.txt")


class KnownPicture(NamedTuple):
    """The size and digest of a picture.

    Attributes:
        height: the height of the upright picture in pixels.
        width: the width of the upright picture in pixels.
        sha256: its `pixel_digest`.
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
    """The pictures of a set by name, each in all known variants; empty if the set is not listed."""
    known: dict[str, tuple[KnownPicture, ...]] = {}
    for line in CHECKSUMS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{set_name} "):
            _, name, size, sha256 = line.split()
            height, width = map(int, size.split("x"))
            known[name] = (*known.get(name, ()), KnownPicture(height, width, sha256))
    return known
