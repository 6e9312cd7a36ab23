"""Metrics on 8-bit pictures, for use without the rest of hyperthumb.

Pictures are uint8 arrays (H, W, 3), RGB. `psnr`, `ssim` and `bits_per_pixel` are pure functions. `measure` computes all
of them at once, inside the crop and on the channels of a `Protocol`.

`LpipsMetric` needs PyTorch and torchvision, which are imported when that name is first used. The others need NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hyperthumb.base.lazy import lazy_names

from .bpp import bits_per_pixel
from .protocol import Protocol, get_protocol
from .psnr import luma, psnr, psnr_luma
from .scores import PSNR_CAP, QUALITY, SECONDS, Distance, ImageScores, Scores, mean_scores, measure
from .ssim import ssim, ssim_luma

if TYPE_CHECKING:
    from .lpips import LpipsMetric, LpipsUnavailable

__all__ = [
    "PSNR_CAP",
    "QUALITY",
    "SECONDS",
    "Distance",
    "ImageScores",
    "LpipsMetric",
    "LpipsUnavailable",
    "Protocol",
    "Scores",
    "bits_per_pixel",
    "get_protocol",
    "luma",
    "mean_scores",
    "measure",
    "psnr",
    "psnr_luma",
    "ssim",
    "ssim_luma",
]

__getattr__ = lazy_names(__name__, {"LpipsMetric": "lpips", "LpipsUnavailable": "lpips"})
