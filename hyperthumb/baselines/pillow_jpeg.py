"""Thumbnails of 8-bit pixels in an ordinary JPEG or PNG, written and read by Pillow."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from PIL import Image

from hyperthumb.base.constraints import Between
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import SUBSAMPLINGS, Subsampling
from hyperthumb.base.signature import Settings

from .rescaler import Rescaler


@dataclass(frozen=True)
class JpegSettings(Settings):
    """Settings of a thumbnail's file.

    Attributes:
        thumbnail: `jpeg`, which libjpeg writes, or `png`, which loses nothing and has none of the other settings.
        quality: 1 to 100; the paper uses 96.
        subsampling: chroma, "4:4:4", "4:2:2" or "4:2:0"; the paper uses 4:2:0.
        optimize: write Huffman tables that are optimal for the picture.

    Raises:
        HyperthumbError: when the quality or the subsampling does not exist, or a PNG has settings of a JPEG.
    """

    thumbnail: Literal["jpeg", "png"] = "jpeg"
    quality: Annotated[int, Between(1, 100)] = 96
    subsampling: Subsampling = "4:2:0"
    optimize: bool = False

    def __post_init__(self) -> None:
        if self.subsampling not in SUBSAMPLINGS:
            raise HyperthumbError(f'subsampling "{self.subsampling}" is not one of {", ".join(SUBSAMPLINGS)}')
        if not 1 <= self.quality <= 100:
            raise HyperthumbError(f"quality {self.quality} is outside 1..100")
        if self.thumbnail == "png" and dataclasses.replace(self, thumbnail="jpeg") != JpegSettings():
            raise HyperthumbError("a PNG has no quality, subsampling or optimize; leave them out with `thumbnail: png`")

    @property
    def suffix(self) -> str:
        """Of the file's name."""
        return {"jpeg": ".jpg", "png": ".png"}[self.thumbnail]

    def __str__(self) -> str:
        if self.thumbnail == "png":
            return "PNG"
        return f"JPEG q{self.quality} {self.subsampling}{' optimized' if self.optimize else ''}"


class PillowJpeg(Rescaler[np.ndarray]):
    """Base class of rescalers whose thumbnail is uint8 (h, w, 3) and whose file is an ordinary JPEG or PNG.

    Attributes:
        jpeg: settings of the file.
    """

    jpeg: JpegSettings

    def write(self, thumbnail: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        if self.jpeg.thumbnail == "png":
            Image.fromarray(thumbnail).save(buffer, "PNG", optimize=True)
        else:
            settings = dataclasses.asdict(self.jpeg)
            del settings["thumbnail"]
            Image.fromarray(thumbnail).save(buffer, "JPEG", **settings)
        return buffer.getvalue()

    def read(self, data: bytes) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
