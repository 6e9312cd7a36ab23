"""JPEG as a differentiable layer: RGB to coefficients and back, in full precision.

The functions here switch autocast off, because in bfloat16 a DC coefficient would be wrong by several units. They
compute in float64 if the input is float64, else in float32.
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
    """The output of `JpegSimulator`.

    Attributes:
        rgb: (B, 3, h, w) decoded pictures, RGB in 0..1, not rounded to 8 bits.
        quantized: (B, 3, h/8, w/8, 8, 8) coefficients of Y, Cb and Cr, divided by their tables and rounded, in natural
            order (v, u).
    """

    rgb: Tensor
    quantized: Tensor


class JpegSimulator(nn.Module):
    """A 4:4:4 JPEG file as a differentiable layer. Gradients flow to the pictures and to the tables.

        rgb -> YCbCr, DCT -> / tables -> rounding -> quantized -> * tables -> IDCT, RGB, clamp -> rgb

    In `train()` mode the rounding has a gradient. In `eval()` mode it gives the integers that a file stores.

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
        rounding: the rounding in `train()` mode: `straight_through`, `noise` or `cubic`.

    Raises:
        HyperthumbError: for an unknown rounding.
    """

    def __init__(self, rounding: RoundingName = "straight_through") -> None:
        super().__init__()
        self.rounding = find_rounding(rounding)

    def forward(self, rgb: Tensor, tables: Tensor) -> SimulatedJpeg:
        """Encodes and decodes pictures.

        Args:
            rgb: (B, 3, h, w) in 0..1, sides multiples of 8.
            tables: (2, 8, 8) for Y and for chroma, in natural order; or (B, 2, 8, 8) for different tables per picture.
                A file can hold only integers in 1..255 (`integer_tables`).

        Raises:
            HyperthumbError: if a side is not a multiple of 8, or the tables have another shape.
        """
        if tables.shape not in ((2, 8, 8), (len(rgb), 2, 8, 8)):
            raise HyperthumbError(
                f"the tables have the shape {tuple(tables.shape)}; it must be (2, 8, 8), or ({len(rgb)}, 2, 8, 8) for "
                f"{len(rgb)} pictures"
            )
        steps = per_plane(_full_precision(tables.expand(len(rgb), 2, 8, 8)))
        values = rgb_to_coefficients(rgb) / steps
        quantized = self.rounding(values) if self.training else torch.round(values)
        return SimulatedJpeg(coefficients_to_rgb(quantized * steps), quantized)


def rgb_to_coefficients(rgb: Tensor) -> Tensor:
    """Computes the coefficients that a 4:4:4 JPEG encoder would quantize, without rounding the input to 8 bits.

    Args:
        rgb: (B, 3, h, w) in 0..1, sides multiples of 8.

    Returns:
        (B, 3, h/8, w/8, 8, 8) coefficients of Y, Cb, Cr in natural order (v, u), level shifted by 128: -1024..1020.

    Raises:
        HyperthumbError: if a side is not a multiple of 8.
    """
    height, width = rgb.shape[-2:]
    if height % 8 or width % 8:
        raise HyperthumbError(f"the sides of {width}x{height} are not multiples of 8; pad the image first")
    with torch.autocast(rgb.device.type, enabled=False):
        return block_dct(rgb_to_ycbcr(_full_precision(rgb)) - 128)


def coefficients_to_rgb(coefficients: Tensor, clamp: bool = True) -> Tensor:
    """Computes the picture that a JPEG decoder would round to 8 bits.

    Args:
        coefficients: (B, 3, h/8, w/8, 8, 8), multiplied by their tables, in natural order (v, u).
        clamp: clamp YCbCr to 0..255 before the color conversion and RGB to 0..1 after it, as decoders do. Values
            outside keep the gradients that move them back (`inward_clamp`). The original's decoder network gets
            unclamped values.

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
