"""mozjpeg's encoder, which is part of jpeglib."""

from __future__ import annotations

import numpy as np

from hyperthumb.base.limits import Subsampling

from .scratch import scratch_file

_VERSION = "mozjpeg403"
_LUMA_FACTORS: dict[Subsampling, tuple[int, int]] = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2)}
"""Vertical and horizontal sampling factors of luma; those of chroma are 1 and 1."""


def encode_mozjpeg(pixels: np.ndarray, quality: int, subsampling: Subsampling = "4:2:0") -> bytes:
    """Encodes a picture with mozjpeg's defaults: trellis quantization, its own tables, searched progressive scans.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        quality: 1 to 100, as in libjpeg, but for mozjpeg's tables.
        subsampling: of chroma, "4:4:4", "4:2:2" or "4:2:0".

    Raises:
        ThumbnailError: if the temporary folder cannot be used.
    """
    import jpeglib

    # jpeglib uses one library at a time in the whole process. The with block restores the one that was in use.
    with scratch_file() as path, jpeglib.version(_VERSION):
        image = jpeglib.from_spatial(np.ascontiguousarray(pixels))
        image.samp_factor = (_LUMA_FACTORS[subsampling], (1, 1), (1, 1))
        image.write_spatial(str(path), qt=quality)
        return path.read_bytes()
