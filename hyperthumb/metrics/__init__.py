"""Metrics on 8-bit pictures: pure functions, and one row of numbers an image.

`hyperthumb.metrics.lpips` is not imported here: it needs torch and torchvision, the others need numpy alone.
"""

from .bpp import bits_per_pixel
from .protocol import Protocol, get_protocol
from .psnr import luma, psnr
from .row import PSNR_CAP, MetricMean, MetricRow, accumulate, measure
from .ssim import ssim

__all__ = [
    "PSNR_CAP",
    "MetricMean",
    "MetricRow",
    "Protocol",
    "accumulate",
    "bits_per_pixel",
    "get_protocol",
    "luma",
    "measure",
    "psnr",
    "ssim",
]
