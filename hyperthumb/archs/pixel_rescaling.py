"""The base class of the rivals: a downscaling and an upscaling network around an ordinary JPEG."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperthumb.archs.quantization import FixedTables
from hyperthumb.images.tiles import OVERLAP
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.quantize import RoundingName, find_rounding, integer_tables, per_plane
from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.models.contract import Analysis, CompressedBatch, Mapped, PixelNetwork, RescaleOutput


class PixelRescaling(PixelNetwork):
    """A rival "X & JPEG". Its thumbnail is stored as a JPEG with the standard's tables at one quality.

        hr -> downscale -> clamp 0..1 -> YCbCr 4:4:4, DCT -> / tables -> rounding
        restored <- upscale <- clamp 0..1 <- RGB <- IDCT <- * tables <-'

    `upscale` gets only the picture that a viewer shows, not the coefficients. Chroma is not subsampled, as in all files
    of this project. `baselines.NetworkJpeg` rounds the same thumbnails to 8-bit pixels and can subsample chroma, as
    papers do.

    Args:
        scale: 2, 4 or 8.
        quality: the JPEG quality as in libjpeg, 1 to 100. It is used in training and for files.
        rounding: how coefficients are rounded in training.

    Raises:
        HyperthumbError: for an unknown rounding.
    """

    tile_margin = OVERLAP  # smaller than the receptive field of some of these networks; see docs/benchmark.md

    def __init__(self, scale: int, quality: int, rounding: RoundingName) -> None:
        super().__init__()
        self.scale = scale
        self.rounding = find_rounding(rounding)
        self.quantization = FixedTables(quality)

    def network_loss(self, hr: Tensor, down: Mapped, decoded: Tensor, up: Mapped) -> Tensor | None:
        """Computes a scalar loss that only this network can compute. None if there is no such loss.

        Args:
            hr: (B, 3, H, W) RGB in 0..1.
            down: the thumbnail of `hr`.
            decoded: (B, 3, h, w) RGB in 0..1, the thumbnail after JPEG.
            up: the image restored from `decoded`.
        """
        return None

    def forward(self, hr: Tensor) -> RescaleOutput:
        self.check_sides(hr)
        down = self.downscale(hr)
        decoded, tables = self.through_jpeg(down.image)
        up = self.upscale(decoded)
        loss = self.network_loss(hr, down, decoded, up) if self.training else None
        return RescaleOutput(up.image, decoded, None, tables, loss)

    @torch.no_grad()
    def analyze(self, hr: Tensor) -> Analysis:
        self.check_sides(hr)
        coefficients = rgb_to_coefficients(inward_clamp(self.downscale(hr).image, 0, 1))
        return Analysis(coefficients, self.choose_steps(coefficients))

    @torch.no_grad()
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        tables = integer_tables(analysis.steps * rate_scale)
        quantized = torch.round(analysis.coefficients / per_plane(tables))
        return CompressedBatch(quantized.to(torch.int16), tables.to(torch.int16), None)

    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        decoded = coefficients_to_rgb(coefficients.float() * per_plane(tables.float()))
        return self.upscale(decoded).image.clamp(0, 1)

    def choose_steps(self, coefficients: Tensor) -> Tensor:
        steps: Tensor = self.quantization(coefficients)
        return steps

    def through_jpeg(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """Encodes and decodes a thumbnail (B, 3, h, w). Returns it in 0..1, and the tables (B, 2, 8, 8)."""
        coefficients = rgb_to_coefficients(inward_clamp(thumbnail, 0, 1))
        tables = self.quantization(coefficients)
        steps = per_plane(tables)
        quantize = self.rounding if self.training else torch.round
        return coefficients_to_rgb(quantize(coefficients / steps) * steps), tables
