"""Codecs at full size: they store the photograph itself, without a thumbnail."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import Annotated, Any

import numpy as np
from PIL import Image, features

from hyperthumb.base.constraints import Above, Between
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import Subsampling
from hyperthumb.base.registry import BASELINES
from hyperthumb.jpeg.backends.mozjpeg import encode_mozjpeg

from .rescaler import Rescaler


class FullSizeCodec(Rescaler[np.ndarray]):
    """A codec as a `Rescaler` of scale 1. It has no thumbnail, so only rate and distortion are measured."""

    scale = 1
    has_thumbnail = False

    def downscale(self, image: np.ndarray) -> np.ndarray:
        return image

    @abstractmethod
    def write(self, thumbnail: np.ndarray) -> bytes:
        """The bytes of a file with the picture, uint8 (H, W, 3)."""

    def read(self, data: bytes) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def upscale(self, thumbnail: np.ndarray, height: int, width: int) -> np.ndarray:
        return thumbnail


class PillowCodec(FullSizeCodec):
    """A codec of Pillow or of one of its plugins; `Image.save` is called with `format` and `settings`."""

    format: str
    settings: dict[str, Any]

    def write(self, thumbnail: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(thumbnail).save(buffer, self.format, **self.settings)
        return buffer.getvalue()


@BASELINES.register()
class Jpeg(PillowCodec):
    """libjpeg-turbo's JPEG.

    Args:
        quality: libjpeg's 1..100.
        subsampling: of chroma.
        optimize: write optimal Huffman tables and progressive scans.
    """

    suffix, format = ".jpg", "JPEG"

    def __init__(
        self, quality: Annotated[int, Between(1, 100)] = 75, subsampling: Subsampling = "4:2:0", optimize: bool = False
    ) -> None:
        self.name = f"JPEG {subsampling}{', optimized, progressive' if optimize else ''}"
        self.settings = {
            "quality": quality, "subsampling": subsampling, "optimize": optimize, "progressive": optimize
        }  # fmt: skip


@BASELINES.register()
class MozJpeg(FullSizeCodec):
    """mozjpeg 4.0.3 with its own defaults: trellis quantization, its tables, progressive scans.

    Args:
        quality: libjpeg's 1..100.
        subsampling: of chroma.
    """

    suffix = ".jpg"

    def __init__(self, quality: Annotated[int, Between(1, 100)] = 75, subsampling: Subsampling = "4:2:0") -> None:
        self.name = f"mozjpeg {subsampling}"
        self.quality, self.subsampling = quality, subsampling

    def write(self, thumbnail: np.ndarray) -> bytes:
        return encode_mozjpeg(thumbnail, self.quality, self.subsampling)


@BASELINES.register()
class WebP(PillowCodec):
    """libwebp, lossy, 4:2:0.

    Args:
        quality: 0..100.
        method: effort, 0 (fast) to 6 (small).

    Raises:
        HyperthumbError: when Pillow was built without WebP.
    """

    suffix, format, name = ".webp", "WEBP", "WebP"

    def __init__(
        self, quality: Annotated[int, Between(0, 100)] = 75, method: Annotated[int, Between(0, 6)] = 6
    ) -> None:
        _require("webp", "WebP")
        self.settings = {"quality": quality, "method": method}


@BASELINES.register()
class Avif(PillowCodec):
    """libavif with libaom, a still picture of AV1.

    Args:
        quality: 0..100.
        subsampling: of chroma.
        speed: 0 (small) to 10 (fast).

    Raises:
        HyperthumbError: when Pillow was built without AVIF; it needs 11.3 or newer.
    """

    suffix, format = ".avif", "AVIF"

    def __init__(
        self,
        quality: Annotated[int, Between(0, 100)] = 75,
        subsampling: Subsampling = "4:4:4",
        speed: Annotated[int, Between(0, 10)] = 6,
    ) -> None:
        _require("avif", "AVIF")
        self.name = f"AVIF {subsampling}"
        self.settings = {"quality": quality, "subsampling": subsampling, "speed": speed, "max_threads": 1}


@BASELINES.register()
class JpegXL(PillowCodec):
    """libjxl's lossy mode (VarDCT), which is tuned for the eye rather than for PSNR.

    Args:
        quality: 1..99, fractions allowed; libjxl converts it to a distance. From distance 10 on (quality 18 and below)
            libjxl 0.12 halves the picture, and files grow again.
        effort: 1 (fast) to 10 (small).

    Raises:
        HyperthumbError: when the package pillow-jxl-plugin is not installed.
    """

    suffix, format, name = ".jxl", "JXL", "JPEG XL"

    def __init__(
        self, quality: Annotated[float, Between(1, 99)] = 75, effort: Annotated[int, Between(1, 10)] = 7
    ) -> None:
        try:
            import pillow_jxl  # noqa: F401 (its import teaches Pillow the format)
        except ImportError as error:
            raise HyperthumbError("JPEG XL needs a package: pip install pillow-jxl-plugin") from error
        self.settings = {"quality": quality, "effort": effort, "num_threads": 1}


@BASELINES.register()
class Jpeg2000(PillowCodec):
    """OpenJPEG: irreversible wavelets and color transform, one layer.

    Args:
        ratio: the compression ratio; the raw picture has 24 bits per pixel, so the file has 24 / ratio bpp.

    Raises:
        HyperthumbError: when Pillow was built without JPEG 2000.
    """

    suffix, format, name = ".jp2", "JPEG2000", "JPEG 2000"

    def __init__(self, ratio: Annotated[float, Above(1)] = 20) -> None:
        _require("jpg_2000", "JPEG 2000")
        self.settings = {"quality_mode": "rates", "quality_layers": [ratio], "irreversible": True, "mct": 1}


def _require(feature: str, name: str) -> None:
    if not features.check(feature):
        raise HyperthumbError(f"this Pillow was built without {name}; run `pip install --upgrade Pillow`")
