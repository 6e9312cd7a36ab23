"""Metrics on 8-bit pictures: pure functions, and the record of what they found.

`hyperthumb.metrics.lpips` is not imported here: it needs torch and torchvision, and the others need only numpy.
"""

from .bpp import bits_per_pixel
from .protocol import Protocol, get_protocol
from .psnr import luma, psnr
from .scores import PSNR_CAP, QUALITY, SECONDS, Distance, ImageScores, Scores, mean_scores, measure
from .ssim import ssim

__all__ = [
    "PSNR_CAP",
    "QUALITY",
    "SECONDS",
    "Distance",
    "ImageScores",
    "Protocol",
    "Scores",
    "bits_per_pixel",
    "get_protocol",
    "luma",
    "mean_scores",
    "measure",
    "psnr",
    "ssim",
]
