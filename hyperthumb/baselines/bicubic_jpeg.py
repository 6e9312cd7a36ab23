"""Bicubic & JPEG & Bicubic: the first row of the paper's table."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from hyperthumb.pixels import to_picture, to_tensor
from hyperthumb.registry import BASELINES
from hyperthumb.resize import bicubic_downscale, bicubic_upscale

from .rescaler import Rescaler

_SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


@BASELINES.register()
class BicubicJpeg(Rescaler[np.ndarray]):
    """Antialiased bicubic down, a JPEG from libjpeg, bicubic up.

    Args:
        scale: the factor.
        quality: libjpeg's 1..100; the paper's row is 96.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0"; the paper's row is 4:2:0.
        optimize: Huffman tables made for the picture.
    """

    def __init__(self, scale: int = 4, quality: int = 96, subsampling: str = "4:2:0", optimize: bool = False) -> None:
        if subsampling not in _SUBSAMPLING:
            raise ValueError(f'subsampling "{subsampling}" is not one of {", ".join(_SUBSAMPLING)}')
        if not 1 <= quality <= 100:
            raise ValueError(f"quality {quality} is outside 1..100")
        self.scale = scale
        self.quality = quality
        self.subsampling = subsampling
        self.optimize = optimize
        self.name = f"Bicubic & JPEG q{quality} {subsampling}{' optimized' if optimize else ''} & Bicubic"

    def downscale(self, image: np.ndarray) -> np.ndarray:
        """MATLAB's `imresize`, rounded to 8 bits: the paper's y_ref, which thumbnails are compared with."""
        return to_picture(bicubic_downscale(to_tensor(image), self.scale))

    def write(self, thumbnail: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(thumbnail).save(
            buffer,
            "JPEG",
            quality=self.quality,
            subsampling=_SUBSAMPLING[self.subsampling],
            optimize=self.optimize,
        )
        return buffer.getvalue()

    def read(self, data: bytes) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def upscale(self, thumbnail: np.ndarray, height: int, width: int) -> np.ndarray:
        return to_picture(bicubic_upscale(to_tensor(thumbnail), self.scale))[:height, :width]
