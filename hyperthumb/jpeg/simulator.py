"""JPEG without the file: RGB to coefficients and back, differentiable, in full precision.

Autocast is switched off inside: in bfloat16 a DC coefficient would be off by several units. Tensors are float32, or
float64 where the caller's are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError

from .clamp import inward_clamp
from .color import rgb_to_ycbcr, ycbcr_to_rgb
from .dct import block_dct, block_idct


def rgb_to_coefficients(rgb: Tensor) -> Tensor:
    """What a 4:4:4 JPEG encoder computes before quantization.

    Args:
        rgb: (B, 3, h, w) in 0..1, sides multiples of 8. It is not rounded to 8 bits.

    Returns:
        (B, 3, h/8, w/8, 8, 8) coefficients of Y, Cb, Cr in natural order (v, u), level shifted by 128: -1024..1020.

    Raises:
        HyperthumbError: when a side is not a multiple of 8.
    """
    height, width = rgb.shape[-2:]
    if height % 8 or width % 8:
        raise HyperthumbError(f"a thumbnail of {width}x{height} is not made of 8x8 blocks; pad the image first")
    with torch.autocast(rgb.device.type, enabled=False):
        return block_dct(rgb_to_ycbcr(_full_precision(rgb)) - 128)


def coefficients_to_rgb(coefficients: Tensor, clamp: bool = True) -> Tensor:
    """What a JPEG decoder computes from dequantized coefficients, before it rounds to 8 bits.

    Args:
        coefficients: (B, 3, h/8, w/8, 8, 8), multiplied by their tables, natural order (v, u).
        clamp: as decoders do, YCbCr to 0..255 before the color conversion and RGB to 0..1 after it. Values
            outside keep the gradients that lead them back. Without it the numbers that the original's decoder
            network is fed.

    Returns:
        (B, 3, h, w) RGB; in 0..1 with `clamp`.
    """
    with torch.autocast(coefficients.device.type, enabled=False):
        ycbcr = block_idct(_full_precision(coefficients)) + 128
        if not clamp:
            return ycbcr_to_rgb(ycbcr)
        return inward_clamp(ycbcr_to_rgb(inward_clamp(ycbcr, 0, 255)), 0, 1)


def _full_precision(values: Tensor) -> Tensor:
    return values if values.dtype == torch.float64 else values.float()
