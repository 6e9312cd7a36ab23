"""Thumbnails of 8-bit pixels in an ordinary JPEG, as any program writes and reads one."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import SUBSAMPLINGS, Subsampling

from .rescaler import Rescaler


class PillowJpeg(Rescaler[np.ndarray]):
    """What rescalers have in common whose thumbnail is uint8 (h, w, 3) and whose file is libjpeg's.

    Args:
        scale: the factor.
        quality: libjpeg's 1..100.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0".
        optimize: Huffman tables made for the picture.

    Raises:
        HyperthumbError: for a quality or a subsampling that does not exist.
    """

    def __init__(self, scale: int, quality: int, subsampling: Subsampling, optimize: bool) -> None:
        if subsampling not in SUBSAMPLINGS:
            raise HyperthumbError(f'subsampling "{subsampling}" is not one of {", ".join(SUBSAMPLINGS)}')
        if not 1 <= quality <= 100:
            raise HyperthumbError(f"quality {quality} is outside 1..100")
        self.scale = scale
        self.quality = quality
        self.subsampling = subsampling
        self.optimize = optimize

    @property
    def jpeg_name(self) -> str:
        """The file's part of a row's name."""
        return f"JPEG q{self.quality} {self.subsampling}{' optimized' if self.optimize else ''}"

    def write(self, thumbnail: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        settings = {"quality": self.quality, "subsampling": self.subsampling, "optimize": self.optimize}
        Image.fromarray(thumbnail).save(buffer, "JPEG", **settings)
        return buffer.getvalue()

    def read(self, data: bytes) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
