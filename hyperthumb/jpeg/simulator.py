"""JPEG without the file: RGB to coefficients and back, differentiable, in full precision.

Autocast is switched off inside: in bfloat16 a DC coefficient would be off by several units. Tensors are float32, or
float64 where the caller's are.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError

from .clamp import inward_clamp
from .color import rgb_to_ycbcr, ycbcr_to_rgb
from .dct import block_dct, block_idct
from .quantize import RoundingName, find_rounding, per_plane


class SimulatedJpeg(NamedTuple):
    """What is in a JPEG file, and what a viewer shows of it.

    Attributes:
        rgb: (B, 3, h, w) RGB in 0..1, not rounded to 8 bits.
        quantized: (B, 3, h/8, w/8, 8, 8) coefficients of Y, Cb and Cr over their tables, after the rounding, in
            natural order (v, u).
    """

    rgb: Tensor
    quantized: Tensor


class JpegSimulator(nn.Module):
    """A 4:4:4 JPEG file as a differentiable layer; the gradient flows into the pictures and into the tables.

        rgb -> YCbCr, DCT -> / tables -> rounding -> quantized -> * tables -> IDCT, RGB, clamp -> rgb

    In `train()` mode the rounding has a gradient. In `eval()` mode it makes the integers of a file.

    >>> import torch
    >>> from hyperthumb.jpeg import JpegSimulator, standard_tables
    >>> pictures = torch.rand(2, 3, 16, 24, requires_grad=True)
    >>> tables = torch.tensor(standard_tables(75), dtype=torch.float32, requires_grad=True)
    >>> output = JpegSimulator("straight_through")(pictures, tables)
    >>> output.rgb.shape, output.quantized.shape
    (torch.Size([2, 3, 16, 24]), torch.Size([2, 3, 2, 3, 8, 8]))
    >>> (output.rgb - pictures).square().mean().backward()
    >>> pictures.grad.shape, tables.grad.shape
    (torch.Size([2, 3, 16, 24]), torch.Size([2, 8, 8]))

    Args:
        rounding: `straight_through`, `noise` or `cubic`: the rounding in `train()` mode.

    Raises:
        HyperthumbError: for another rounding.
    """

    def __init__(self, rounding: RoundingName = "straight_through") -> None:
        super().__init__()
        self.rounding = find_rounding(rounding)

    def forward(self, rgb: Tensor, tables: Tensor) -> SimulatedJpeg:
        """Pictures through JPEG.

        Args:
            rgb: (B, 3, h, w) in 0..1, sides multiples of 8.
            tables: (2, 8, 8), or (B, 2, 8, 8) for tables of each picture's own: for Y, and for Cb and Cr, in natural
                order. A file holds integers in 1..255 only (`integer_tables`).

        Raises:
            HyperthumbError: when a side is not a multiple of 8, or for tables of another shape.
        """
        if tables.shape not in ((2, 8, 8), (len(rgb), 2, 8, 8)):
            raise HyperthumbError(
                f"the tables have the shape {tuple(tables.shape)}; give (2, 8, 8), or ({len(rgb)}, 2, 8, 8) for "
                f"{len(rgb)} pictures"
            )
        steps = per_plane(_full_precision(tables.expand(len(rgb), 2, 8, 8)))
        values = rgb_to_coefficients(rgb) / steps
        quantized = self.rounding(values) if self.training else torch.round(values)
        return SimulatedJpeg(coefficients_to_rgb(quantized * steps), quantized)


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
