"""The score record: what was measured on one image, and the mean over a data set.

Validation, `run_test.py`, benchmarks and reports all use this one record. A new metric is a field here, a name in
`QUALITY` and a line in `measure`.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hyperthumb.base.errors import HyperthumbError, TooSmallError

from .bpp import bits_per_pixel
from .images import Picture
from .protocol import Protocol
from .psnr import psnr

PSNR_CAP = 100.0
"""dB recorded for equal pictures, and for closer ones than this: means and JSON need a finite number."""

Distance = Callable[[Picture, Picture], float]
"""A metric of two pictures, such as `hyperthumb.metrics.lpips.LpipsMetric`."""

QUALITY = ("psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr", "rate_estimate_bpp")
"""Fields of `Scores` that depend only on the pictures and the file."""

SECONDS = ("seconds_encode", "seconds_decode", "seconds_downscale", "seconds_upscale")
"""Fields of `Scores` that depend on the machine."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Rate, quality and times of one image, or of a data set; None where something was not measured.

    Of a data set, rate and quality are means of the images' numbers, and times are medians.

    Attributes:
        bpp: 8 * bytes / (H * W).
        psnr_rgb: dB inside the protocol's crop, at most `PSNR_CAP`; None when the picture is smaller than the crop.
        psnr_y: dB of luma inside the same crop, at most `PSNR_CAP`; None when the picture is smaller than the crop.
        ssim: of the protocol's channels inside the same crop; None when that is smaller than SSIM's window.
        lpips: of the whole image.
        thumb_psnr: dB (RGB, whole image) of the decoded thumbnail against the bicubic reference, at most `PSNR_CAP`;
            None for methods without a thumbnail.
        rate_estimate_bpp: the rate model's bits / (H * W).
        seconds_encode: from the HR image to the file's bytes.
        seconds_decode: from the file's bytes to the restored image.
        seconds_downscale: `seconds_encode` without writing the file.
        seconds_upscale: `seconds_decode` without reading the file.
    """

    bpp: float
    psnr_rgb: float | None = None
    psnr_y: float | None = None
    ssim: float | None = None
    lpips: float | None = None
    thumb_psnr: float | None = None
    rate_estimate_bpp: float | None = None
    seconds_encode: float | None = None
    seconds_decode: float | None = None
    seconds_downscale: float | None = None
    seconds_upscale: float | None = None


@dataclass(frozen=True, kw_only=True)
class ImageScores(Scores):
    """The scores of one image.

    Attributes:
        image: its name.
        height: H of the HR image, unpadded.
        width: W of the HR image, unpadded.
        bytes: size of the file on disk.
    """

    image: str
    height: int
    width: int
    bytes: int


def measure(
    image: str,
    hr: Picture,
    restored: Picture,
    num_bytes: int,
    protocol: Protocol,
    *,
    thumbnails: tuple[Picture, Picture] | None = None,
    lpips: Distance | None = None,
    rate_estimate_bits: float | None = None,
) -> ImageScores:
    """All scores of one image except the times. A metric that needs a larger picture is None, with a warning.

    >>> import numpy as np
    >>> from hyperthumb.metrics import get_protocol, measure
    >>> hr = np.full((64, 96, 3), 128, np.uint8)
    >>> scores = measure("grey", hr, hr + 2, num_bytes=768, protocol=get_protocol("paper", scale=4))
    >>> scores.bpp, round(scores.psnr_rgb, 2), round(scores.ssim, 4)
    (1.0, 42.11, 0.9999)

    Args:
        image: its name, for the record and for messages.
        hr: (H, W, 3) uint8 RGB, unpadded.
        restored: the same shape.
        num_bytes: size of the file on disk.
        protocol: crop and channels.
        thumbnails: two (h, w, 3) uint8: the file as a viewer decodes it, and the antialiased bicubic downscale of `hr`.
        lpips: the metric, None to leave it out.
        rate_estimate_bits: the rate model's estimate for the whole file, in bits.

    Raises:
        HyperthumbError: for pictures that cannot be compared; the message begins with `image`.
    """
    height, width = hr.shape[:2]
    scores: dict[str, float | None] = {}
    try:
        if _leaves_something(protocol, hr, image):
            scores["psnr_rgb"] = min(protocol.psnr_rgb(hr, restored), PSNR_CAP)
            scores["psnr_y"] = min(protocol.psnr_y(hr, restored), PSNR_CAP)
            scores["ssim"] = _if_large_enough(protocol.ssim, hr, restored, image)
        if lpips is not None:
            scores["lpips"] = _if_large_enough(lpips, hr, restored, image)
        if thumbnails is not None:
            scores["thumb_psnr"] = min(psnr(*thumbnails), PSNR_CAP)
        if rate_estimate_bits is not None:
            scores["rate_estimate_bpp"] = float(rate_estimate_bits) / (height * width)
        bpp = bits_per_pixel(num_bytes, height, width)
        return ImageScores(image=image, height=height, width=width, bytes=num_bytes, bpp=bpp, **scores)
    except HyperthumbError as error:
        raise HyperthumbError(f"{image}: {error}") from error


def _leaves_something(protocol: Protocol, hr: Picture, image: str) -> bool:
    try:
        protocol.cropped(hr)
        return True
    except TooSmallError as error:
        warnings.warn(f"{image}: {error}; its PSNR and SSIM, and the means of those columns, stay empty", stacklevel=3)
        return False


def _if_large_enough(distance: Distance, hr: Picture, restored: Picture, image: str) -> float | None:
    try:
        return distance(hr, restored)
    except TooSmallError as error:
        warnings.warn(f"{image}: {error}; that cell, and the mean of its column, stay empty", stacklevel=3)
        return None


def mean_scores(images: Sequence[Scores]) -> Scores:
    """The scores of a data set: the mean of each image's number, never of pooled pixels; the median of times.

    A mean over a part of the images would pass for one over all of them, so a number that any image lacks is None.

    Raises:
        HyperthumbError: without any image.
    """
    if not images:
        raise HyperthumbError("a mean needs at least one image")
    means = {name: _over_all(images, name, statistics.fmean) for name in QUALITY}
    medians = {name: _over_all(images, name, statistics.median) for name in SECONDS}
    return Scores(bpp=statistics.fmean(image.bpp for image in images), **means, **medians)


def _over_all(images: Sequence[Scores], name: str, average: Callable[[list[float]], float]) -> float | None:
    values: list[float | None] = [getattr(image, name) for image in images]
    known = [value for value in values if value is not None]
    return average(known) if len(known) == len(values) else None
