"""Networks of others in front of and behind an ordinary JPEG: all that such a rival shares with the next one."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from hyperthumb.archs.quantization import FixedTables
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.quantize import RoundingName, find_rounding, integer_tables, per_plane
from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.models.contract import Analysis, CompressedBatch, RescaleOutput, RescalingNetwork


class Mapped(NamedTuple):
    """What one direction of a network gives.

    Attributes:
        image: (B, 3, ., .) RGB, nominally 0..1, not clamped: the thumbnail, or the restored picture.
        hidden: what else of it the network's own term of the objective looks at.
    """

    image: Tensor
    hidden: Tensor | None = None


class PixelRescaling(RescalingNetwork):
    """A rival "X & JPEG": a thumbnail of pixels that is stored with the standard's tables at one quality.

        hr -> downscale -> clamp 0..1 -> YCbCr 4:4:4, DCT -> / tables -> rounding
        restored <- upscale <- clamp 0..1 <- RGB <- IDCT <- * tables <-'

    Nothing of the coefficients but the picture that a viewer shows reaches `upscale`. Chroma is not subsampled on this
    path, as nowhere in the project's files; `baselines.NetworkJpeg` stores the same thumbnails as others do.

    Args:
        scale: the factor.
        quality: libjpeg's, 1 to 100: of training, and of the files that a `NetworkRescaler` writes.
        rounding: of the coefficients in training.

    Raises:
        HyperthumbError: for a rounding that does not exist.
    """

    def __init__(self, scale: int, quality: int, rounding: RoundingName) -> None:
        super().__init__()
        self.scale = scale
        self.rounding = find_rounding(rounding)
        self.quantization = FixedTables(quality)

    @abstractmethod
    def downscale(self, hr: Tensor) -> Mapped:
        """(B, 3, H, W) RGB in 0..1, sides multiples of `scale`, to the thumbnail (B, 3, H/scale, W/scale)."""

    @abstractmethod
    def upscale(self, rgb: Tensor) -> Mapped:
        """A decoded thumbnail (B, 3, h, w) in 0..1 to the restored picture; in `eval()` mode always the same one."""

    def own_term(self, hr: Tensor, down: Mapped, decoded: Tensor, up: Mapped) -> Tensor | None:
        """A term of the objective that only this network can compute, as a scalar; None without one.

        Args:
            hr: (B, 3, H, W).
            down: of it.
            decoded: (B, 3, h, w), its thumbnail after JPEG.
            up: of that.
        """
        return None

    def forward(self, hr: Tensor) -> RescaleOutput:
        self.check_sides(hr)
        down = self.downscale(hr)
        decoded, tables = self.through_jpeg(down.image)
        up = self.upscale(decoded)
        own = self.own_term(hr, down, decoded, up) if self.training else None
        return RescaleOutput(up.image, decoded, None, tables, own)

    @torch.no_grad()
    def analyze(self, hr: Tensor) -> Analysis:
        self.check_sides(hr)
        coefficients = rgb_to_coefficients(inward_clamp(self.downscale(hr).image, 0, 1))
        return Analysis(coefficients, self.quantization(coefficients))

    @torch.no_grad()
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        tables = integer_tables(analysis.steps * rate_scale)
        quantized = torch.round(analysis.coefficients / per_plane(tables))
        return CompressedBatch(quantized.to(torch.int16), tables.to(torch.int16), None)

    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        decoded = coefficients_to_rgb(coefficients.float() * per_plane(tables.float()))
        return self.upscale(decoded).image.clamp(0, 1)

    def through_jpeg(self, thumbnail: Tensor) -> tuple[Tensor, Tensor]:
        """A thumbnail (B, 3, h, w) as it comes out of its file, in 0..1, and the tables (B, 2, 8, 8)."""
        coefficients = rgb_to_coefficients(inward_clamp(thumbnail, 0, 1))
        tables = self.quantization(coefficients)
        steps = per_plane(tables)
        quantize = self.rounding if self.training else torch.round
        return coefficients_to_rgb(quantize(coefficients / steps) * steps), tables
