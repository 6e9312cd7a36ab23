"""A HyperThumbnail as three graphs of plain layers, which can be exported for any picture size.

    picture (1, H, W, 3) uint8 --[encoder]--> coefficients (1, 192, H/8s, W/8s)
    coefficients --[tables]--> steps (1, 2, 8, 8)
    dequantized coefficients --[decoder]--> restored (1, 3, H, W) in 0..1, and picture (1, H, W, 3) uint8

The 192 channels are Y, Cb and Cr, 64 coefficients each in zig-zag order. The DCT of all blocks is a PixelUnshuffle and
a 1x1 convolution, so no graph depends on the picture's size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hyperthumb.jpeg.color import rgb_to_ycbcr, ycbcr_to_rgb
from hyperthumb.jpeg.dct import block_dct
from hyperthumb.jpeg.zigzag import from_zigzag, to_zigzag


class EncoderGraph(nn.Module):
    """Computes a thumbnail's coefficients, before quantization, from a photograph.

    Args:
        encoder: maps (1, 3, H, W) in 0..1 to (1, 3, H/s, W/s); None leaves the photograph unchanged.
    """

    def __init__(self, encoder: nn.Module | None) -> None:
        super().__init__()
        self.encoder = encoder
        self.transform: Tensor
        self.register_buffer("transform", _dct_kernel(), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        hr = picture.permute(0, 3, 1, 2).float() / 255
        thumbnail = hr if self.encoder is None else self.encoder(hr)
        pixels = F.pixel_unshuffle(rgb_to_ycbcr(thumbnail.clamp(0, 1)) - 128, 8)
        return F.conv2d(pixels, self.transform, groups=3)


class TablesGraph(nn.Module):
    """Computes the continuous quantization tables from the coefficients. The caller rounds them."""

    def __init__(self, quantization: nn.Module) -> None:
        super().__init__()
        self.quantization = quantization

    def forward(self, coefficients: Tensor) -> Tensor:
        vectors = coefficients.unflatten(1, (3, 64)).permute(0, 1, 3, 4, 2)
        return self.quantization(from_zigzag(vectors))


class DecoderGraph(nn.Module):
    """Restores the photograph from dequantized coefficients.

    Args:
        decoder: the network's decoder; None returns the thumbnail itself.
    """

    def __init__(self, decoder: nn.Module | None) -> None:
        super().__init__()
        self.decoder = decoder
        self.transform: Tensor
        self.register_buffer("transform", _idct_kernel(), persistent=False)

    def forward(self, coefficients: Tensor) -> tuple[Tensor, Tensor]:
        ycbcr = F.pixel_shuffle(F.conv2d(coefficients, self.transform, groups=3), 8) + 128
        if self.decoder is not None and getattr(self.decoder, "takes_coefficients", False):
            restored = self.decoder(ycbcr_to_rgb(ycbcr), coefficients).clamp(0, 1)
        else:
            thumbnail = ycbcr_to_rgb(ycbcr.clamp(0, 255)).clamp(0, 1)
            restored = thumbnail if self.decoder is None else self.decoder(thumbnail).clamp(0, 1)
        return restored, (restored * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def _basis() -> Tensor:
    """(64, 64): row k holds the orthonormal DCT of a block whose pixel k is 1, in zig-zag order."""
    return to_zigzag(block_dct(torch.eye(64).reshape(64, 8, 8))).reshape(64, 64)


def _dct_kernel() -> Tensor:
    """(192, 64, 1, 1): a grouped convolution from the 64 pixels of each plane's blocks to 64 zig-zag coefficients."""
    return _basis().T.reshape(64, 64, 1, 1).repeat(3, 1, 1, 1)


def _idct_kernel() -> Tensor:
    """The inverse of `_dct_kernel`, which is its transpose for each plane."""
    return _basis().reshape(64, 64, 1, 1).repeat(3, 1, 1, 1)
