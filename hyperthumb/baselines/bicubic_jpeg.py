"""Bicubic & JPEG & Bicubic: the first row of the paper's table."""

from __future__ import annotations

import numpy as np

from hyperthumb.base.registry import BASELINES
from hyperthumb.images.pixels import to_picture, to_tensor
from hyperthumb.images.resize import bicubic_downscale, bicubic_upscale
from hyperthumb.images.tiles import cover, cover_small, map_tiles

from .pillow_jpeg import JpegSettings, PillowJpeg

_TILE = 2048
_REACH = 2
"""Thumbnail pixels that the kernel reaches to either side. With this margin, tiles equal the whole picture."""


@BASELINES.register()
class BicubicJpeg(PillowJpeg):
    """Antialiased bicubic down, a JPEG from libjpeg, bicubic up.

    Args:
        scale: the factor.
        thumbnail: the file's format, `jpeg` or `png`.
        quality: libjpeg's 1..100; the paper's row is 96.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0"; the paper's row is 4:2:0.
        optimize: write Huffman tables that are optimal for the picture.

    Raises:
        HyperthumbError: when the quality or the subsampling does not exist.
    """

    def __init__(self, scale: int = 4, jpeg: JpegSettings = JpegSettings()) -> None:
        self.scale, self.jpeg, self.suffix = scale, jpeg, jpeg.suffix
        self.name = f"Bicubic & {jpeg} & Bicubic"

    def downscale(self, image: np.ndarray) -> np.ndarray:
        """MATLAB's `imresize`, rounded to 8 bits: the paper's y_ref, with which thumbnails are compared."""

        def shrink(part: np.ndarray) -> np.ndarray:
            return to_picture(bicubic_downscale(to_tensor(part), self.scale))

        tiles = cover(image.shape[:2], _TILE, _REACH * self.scale, self.scale)
        return map_tiles(image, tiles, shrink, down=self.scale)

    def upscale(self, thumbnail: np.ndarray, height: int, width: int) -> np.ndarray:
        def enlarge(part: np.ndarray) -> np.ndarray:
            return to_picture(bicubic_upscale(to_tensor(part), self.scale))

        tiles = cover_small(thumbnail.shape[:2], self.scale, _TILE, _REACH * self.scale)
        return map_tiles(thumbnail, tiles, enlarge, up=self.scale)[:height, :width]
