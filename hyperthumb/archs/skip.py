"""The bicubic picture that a `skip: true` network adds its residual to, in full precision whatever autocast says."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperthumb.images.resize import bicubic_downscale, bicubic_upscale


def bicubic_thumbnail(hr: Tensor, scale: int) -> Tensor:
    """(B, 3, H, W) to (B, 3, H/scale, W/scale), antialiased."""
    with torch.autocast(hr.device.type, enabled=False):
        return bicubic_downscale(full_precision(hr), scale)


def bicubic_enlargement(rgb: Tensor, scale: int) -> Tensor:
    """(B, 3, h, w) to (B, 3, h * scale, w * scale), of the picture as a viewer shows it: clamped to 0..1."""
    with torch.autocast(rgb.device.type, enabled=False):
        return bicubic_upscale(full_precision(rgb).clamp(0, 1), scale)


def full_precision(image: Tensor) -> Tensor:
    """At least float32: bfloat16 has steps of a whole level of 256 near white."""
    return image if image.dtype == torch.float64 else image.float()
