"""Full-range BT.601 color, as JFIF 1.02 (page 3) defines it for JPEG files.

The conversions are written plane by plane and not as matrix products: a GPU may compute products in reduced precision
(TF32), which is too coarse for coefficients.
"""

from __future__ import annotations

import torch
from torch import Tensor


def rgb_to_ycbcr(rgb: Tensor) -> Tensor:
    """(..., 3, h, w) RGB in 0..1 to YCbCr in 0..255, with Cb and Cr centred on 128; not rounded."""
    red, green, blue = (rgb * 255).unbind(-3)
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    cb = -0.168736 * red - 0.331264 * green + 0.5 * blue + 128
    cr = 0.5 * red - 0.418688 * green - 0.081312 * blue + 128
    return torch.stack([y, cb, cr], dim=-3)


def ycbcr_to_rgb(ycbcr: Tensor) -> Tensor:
    """(..., 3, h, w) YCbCr in 0..255 to RGB, nominally in 0..1; not clamped and not rounded."""
    y, cb, cr = ycbcr.unbind(-3)
    cb, cr = cb - 128, cr - 128
    red = y + 1.402 * cr
    green = y - 0.344136 * cb - 0.714136 * cr
    blue = y + 1.772 * cb
    return torch.stack([red, green, blue], dim=-3) / 255
