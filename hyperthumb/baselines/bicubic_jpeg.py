"""Bicubic & JPEG & Bicubic: the first row of the paper's table."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from hyperthumb.constraints import Between
from hyperthumb.pixels import to_picture, to_tensor
from hyperthumb.registry import BASELINES
from hyperthumb.resize import bicubic_downscale, bicubic_upscale

from .pillow_jpeg import PillowJpeg


@BASELINES.register()
class BicubicJpeg(PillowJpeg):
    """Antialiased bicubic down, a JPEG from libjpeg, bicubic up.

    Args:
        scale: the factor.
        quality: libjpeg's 1..100; the paper's row is 96.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0"; the paper's row is 4:2:0.
        optimize: Huffman tables made for the picture.

    Raises:
        HyperthumbError: for a quality or a subsampling that does not exist.
    """

    def __init__(
        self,
        scale: int = 4,
        quality: Annotated[int, Between(1, 100)] = 96,
        subsampling: str = "4:2:0",
        optimize: bool = False,
    ) -> None:
        super().__init__(scale, quality, subsampling, optimize)
        self.name = f"Bicubic & {self.jpeg_name} & Bicubic"

    def downscale(self, image: np.ndarray) -> np.ndarray:
        """MATLAB's `imresize`, rounded to 8 bits: the paper's y_ref, which thumbnails are compared with."""
        return to_picture(bicubic_downscale(to_tensor(image), self.scale))

    def upscale(self, thumbnail: np.ndarray, height: int, width: int) -> np.ndarray:
        return to_picture(bicubic_upscale(to_tensor(thumbnail), self.scale))[:height, :width]
