"""Bicubic & JPEG & Bicubic: the first row of the paper's table."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

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
        return _to_uint8(bicubic_downscale(_to_float(image), self.scale))

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
        return _to_uint8(bicubic_upscale(_to_float(thumbnail), self.scale))[:height, :width]


def _to_float(image: np.ndarray) -> torch.Tensor:
    return torch.tensor(image).permute(2, 0, 1).unsqueeze(0).float() / 255


def _to_uint8(image: torch.Tensor) -> np.ndarray:
    return image[0].clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).contiguous().numpy()
