"""mozjpeg's encoder, by way of jpeglib, which brings it along."""

from __future__ import annotations

import numpy as np

from hyperthumb.base.limits import Subsampling

from .scratch import scratch_file

_VERSION = "mozjpeg403"
_LUMA_FACTORS: dict[Subsampling, tuple[int, int]] = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2)}
"""Vertical and horizontal; chroma has 1 and 1."""


def encode_mozjpeg(pixels: np.ndarray, quality: int, subsampling: Subsampling = "4:2:0") -> bytes:
    """A picture as mozjpeg's own defaults make it: trellis quantization, its tables, progressive with searched scans.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        quality: 1 to 100, of libjpeg's scale with mozjpeg's tables.
        subsampling: of chroma, "4:4:4", "4:2:2" or "4:2:0".

    Raises:
        ThumbnailError: when the temporary folder is full.
    """
    import jpeglib

    # jpeglib has one library at a time for the whole process; the block gives back the one that was in use.
    with scratch_file() as path, jpeglib.version(_VERSION):
        image = jpeglib.from_spatial(np.ascontiguousarray(pixels))
        image.samp_factor = (_LUMA_FACTORS[subsampling], (1, 1), (1, 1))
        image.write_spatial(str(path), qt=quality)
        return path.read_bytes()
