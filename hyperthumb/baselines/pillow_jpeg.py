"""Thumbnails of 8-bit pixels in an ordinary JPEG, written and read by Pillow."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from PIL import Image

from hyperthumb.base.constraints import Between
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import SUBSAMPLINGS, Subsampling
from hyperthumb.base.signature import Settings

from .rescaler import Rescaler


@dataclass(frozen=True)
class JpegSettings(Settings):
    """Settings with which libjpeg writes a thumbnail's file.

    Attributes:
        quality: 1 to 100; the paper uses 96.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0"; the paper uses 4:2:0.
        optimize: write Huffman tables that are optimal for the picture.

    Raises:
        HyperthumbError: when the quality or the subsampling does not exist.
    """

    quality: Annotated[int, Between(1, 100)] = 96
    subsampling: Subsampling = "4:2:0"
    optimize: bool = False

    def __post_init__(self) -> None:
        if self.subsampling not in SUBSAMPLINGS:
            raise HyperthumbError(f'subsampling "{self.subsampling}" is not one of {", ".join(SUBSAMPLINGS)}')
        if not 1 <= self.quality <= 100:
            raise HyperthumbError(f"quality {self.quality} is outside 1..100")

    def __str__(self) -> str:
        return f"JPEG q{self.quality} {self.subsampling}{' optimized' if self.optimize else ''}"


class PillowJpeg(Rescaler[np.ndarray]):
    """Base class of rescalers whose thumbnail is uint8 (h, w, 3) and whose file is written by libjpeg.

    Attributes:
        jpeg: settings of the file.
    """

    jpeg: JpegSettings

    def write(self, thumbnail: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(thumbnail).save(buffer, "JPEG", **dataclasses.asdict(self.jpeg))
        return buffer.getvalue()

    def read(self, data: bytes) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
