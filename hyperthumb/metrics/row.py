"""One image's numbers, and their mean over a dataset."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError, TooSmallError

from .bpp import bits_per_pixel
from .images import Picture
from .protocol import Protocol
from .psnr import psnr

PSNR_CAP = 100.0
"""dB that a row gives for equal pictures, and for any closer than this: means and JSON need a finite one."""

Distance = Callable[[Picture, Picture], float]


@dataclass(frozen=True)
class MetricRow:
    """What was measured on one image; None where something was not measured.

    Attributes:
        image: its name.
        height: H of the HR image, unpadded.
        width: W of the HR image, unpadded.
        bytes: of the .jpg on disk.
        bpp: 8 * bytes / (H * W).
        psnr_rgb: dB inside the protocol's crop, at most `PSNR_CAP`; None when the crop leaves nothing.
        psnr_y: dB of luma inside the same crop, at most `PSNR_CAP`; None when the crop leaves nothing.
        ssim: of the protocol's channels inside the same crop; None when that is smaller than SSIM's window.
        lpips: of the whole image.
        thumb_psnr: dB (RGB, whole image) of the decoded thumbnail against the bicubic reference, at most
            `PSNR_CAP`.
        rate_estimate_bpp: the rate model's bits / (H * W).
        seconds_encode: from the HR image to the file's bytes.
        seconds_decode: from the file's bytes to the restored image.
        seconds_downscale: of `seconds_encode`, all but writing the file.
        seconds_upscale: of `seconds_decode`, all but reading the file.
    """

    image: str
    height: int
    width: int
    bytes: int
    bpp: float
    psnr_rgb: float | None
    psnr_y: float | None
    ssim: float | None
    lpips: float | None = None
    thumb_psnr: float | None = None
    rate_estimate_bpp: float | None = None
    seconds_encode: float | None = None
    seconds_decode: float | None = None
    seconds_downscale: float | None = None
    seconds_upscale: float | None = None


@dataclass(frozen=True)
class MetricMean:
    """Means over a dataset's images; times are medians. None where any image lacks the number.

    The fields are those of `MetricRow`; `count` is the number of images.
    """

    count: int
    bpp: float
    psnr_rgb: float | None
    psnr_y: float | None
    ssim: float | None
    lpips: float | None
    thumb_psnr: float | None
    rate_estimate_bpp: float | None
    seconds_encode: float | None
    seconds_decode: float | None
    seconds_downscale: float | None
    seconds_upscale: float | None


def measure(
    image: str,
    hr: Picture,
    restored: Picture,
    num_bytes: int,
    protocol: Protocol,
    *,
    thumbnail: Picture | None = None,
    reference: Picture | None = None,
    rate_estimate_bits: float | None = None,
    lpips: Distance | None = None,
    seconds_encode: float | None = None,
    seconds_decode: float | None = None,
    seconds_downscale: float | None = None,
    seconds_upscale: float | None = None,
) -> MetricRow:
    """Every number of one image. PSNR, SSIM and LPIPS of one that is too small for them are None, with a warning.

    Args:
        image: its name, for the row and for messages.
        hr: (H, W, 3) uint8 RGB, unpadded.
        restored: the same shape.
        num_bytes: size of the .jpg on disk.
        protocol: crop and channels.
        thumbnail: (h, w, 3) uint8 as a viewer decodes the file; with `reference` it gives `thumb_psnr`.
        reference: (h, w, 3) uint8, the antialiased bicubic downscale of `hr`.
        rate_estimate_bits: the rate model's estimate for the whole file, in bits.
        lpips: a distance between two pictures, such as `hyperthumb.metrics.lpips.LpipsMetric`.
        seconds_encode: see `MetricRow`.
        seconds_decode: see `MetricRow`.
        seconds_downscale: see `MetricRow`.
        seconds_upscale: see `MetricRow`.

    Raises:
        HyperthumbError: for pictures that cannot be compared; the message begins with `image`.
    """
    height, width = hr.shape[:2]
    try:
        inside = _measure_inside_crop(protocol, hr, restored, image)
        return MetricRow(
            image=image,
            height=height,
            width=width,
            bytes=num_bytes,
            bpp=bits_per_pixel(num_bytes, height, width),
            psnr_rgb=inside.psnr_rgb,
            psnr_y=inside.psnr_y,
            ssim=inside.ssim,
            lpips=None if lpips is None else _if_large_enough(lpips, hr, restored, image),
            thumb_psnr=None if thumbnail is None or reference is None else min(psnr(thumbnail, reference), PSNR_CAP),
            rate_estimate_bpp=None if rate_estimate_bits is None else float(rate_estimate_bits) / (height * width),
            seconds_encode=seconds_encode,
            seconds_decode=seconds_decode,
            seconds_downscale=seconds_downscale,
            seconds_upscale=seconds_upscale,
        )
    except HyperthumbError as error:
        raise HyperthumbError(f"{image}: {error}") from error


class _InsideCrop(NamedTuple):
    """The numbers that are taken inside the protocol's crop."""

    psnr_rgb: float | None
    psnr_y: float | None
    ssim: float | None


def _measure_inside_crop(protocol: Protocol, hr: Picture, restored: Picture, image: str) -> _InsideCrop:
    try:
        protocol.cropped(hr)
    except TooSmallError as error:
        warnings.warn(f"{image}: {error}; its PSNR and SSIM, and the means of those columns, stay empty", stacklevel=3)
        return _InsideCrop(None, None, None)
    return _InsideCrop(
        psnr_rgb=min(protocol.psnr_rgb(hr, restored), PSNR_CAP),
        psnr_y=min(protocol.psnr_y(hr, restored), PSNR_CAP),
        ssim=_if_large_enough(protocol.ssim, hr, restored, image),
    )


def _if_large_enough(distance: Distance, hr: Picture, restored: Picture, image: str) -> float | None:
    try:
        return distance(hr, restored)
    except TooSmallError as error:
        warnings.warn(f"{image}: {error}; that cell, and the mean of its column, stay empty", stacklevel=4)
        return None


def accumulate(rows: Sequence[MetricRow]) -> MetricMean:
    """The mean of a dataset: of each image's number, never of pooled pixels.

    Raises:
        HyperthumbError: without any row.
    """
    if not rows:
        raise HyperthumbError("no image was measured, so there is no mean")
    return MetricMean(
        count=len(rows),
        bpp=statistics.fmean(row.bpp for row in rows),
        psnr_rgb=_over_all([row.psnr_rgb for row in rows], statistics.fmean),
        psnr_y=_over_all([row.psnr_y for row in rows], statistics.fmean),
        ssim=_over_all([row.ssim for row in rows], statistics.fmean),
        lpips=_over_all([row.lpips for row in rows], statistics.fmean),
        thumb_psnr=_over_all([row.thumb_psnr for row in rows], statistics.fmean),
        rate_estimate_bpp=_over_all([row.rate_estimate_bpp for row in rows], statistics.fmean),
        seconds_encode=_over_all([row.seconds_encode for row in rows], statistics.median),
        seconds_decode=_over_all([row.seconds_decode for row in rows], statistics.median),
        seconds_downscale=_over_all([row.seconds_downscale for row in rows], statistics.median),
        seconds_upscale=_over_all([row.seconds_upscale for row in rows], statistics.median),
    )


def _over_all(values: list[float | None], average: Callable[[list[float]], float]) -> float | None:
    """A mean over some of the images would pass for one over all of them, so it is not given."""
    known = [value for value in values if value is not None]
    return average(known) if len(known) == len(values) else None
