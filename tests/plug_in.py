"""Networks as users write them: they know `hyperthumb.registry`, `hyperthumb.rescaling` and the JPEG simulator only."""

from __future__ import annotations

from collections.abc import Callable

import torch
from hyperthumb.registry import ARCHS
from hyperthumb.rescaling import Analysis, CompressedBatch, RescaleOutput, RescalingNetwork
from torch import Tensor, nn

from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients


class LogRate(nn.Module):
    """Bits as a multiple of log2(1 + |q|)."""

    def __init__(self) -> None:
        super().__init__()
        self.price = nn.Parameter(torch.tensor(1.5))

    def forward(self, quantized: Tensor) -> Tensor:
        return (1 + quantized.abs()).log2().flatten(1).sum(1) * self.price.exp() + 1


@ARCHS.register()
class WholePlugIn(RescalingNetwork):
    """Defines what every network has to define, and nothing else."""

    def __init__(self, scale: int, features: int = 6) -> None:
        super().__init__()
        self.scale = scale
        self.shrink = nn.Conv2d(3, 3, 1)
        self.mend = nn.Sequential(
            nn.Conv2d(3, features, 5, padding=2),
            nn.Softplus(),
            nn.Conv2d(features, 3 * scale * scale, 3, padding=1),
            nn.PixelShuffle(scale),
        )
        self.steps = nn.Parameter(torch.full((2, 8, 8), 9.0))

    def forward(self, hr: Tensor) -> RescaleOutput:
        analysis = self.analyze_with_gradients(hr)
        tables = per_plane(analysis.steps)
        values = analysis.coefficients / tables
        quantized = values + (values.round() - values).detach()
        return RescaleOutput(
            self.decode(quantized * tables), coefficients_to_rgb(quantized * tables), self.bits(quantized), None
        )

    @torch.no_grad()
    def analyze(self, hr: Tensor) -> Analysis:
        return self.analyze_with_gradients(hr)

    def analyze_with_gradients(self, hr: Tensor) -> Analysis:
        small = nn.functional.avg_pool2d(hr, self.scale)
        coefficients = rgb_to_coefficients((small + 0.1 * self.shrink(small)).clamp(0, 1))
        return Analysis(coefficients, self.choose_steps(coefficients))

    def choose_steps(self, coefficients: Tensor) -> Tensor:
        """Finer steps for photographs with little contrast: they depend on the whole photograph."""
        contrast = coefficients[..., 1:].abs().mean((1, 2, 3, 4, 5)).view(-1, 1, 1, 1)
        return (self.steps * (1 + contrast / 10)).clamp(1, 255)

    @torch.no_grad()
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        tables = (analysis.steps * rate_scale).round().clamp(1, 255)
        quantized = (analysis.coefficients / per_plane(tables)).round()
        return CompressedBatch(quantized.to(torch.int16), tables.to(torch.int16), self.bits(quantized))

    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        return self.decode(coefficients.float() * per_plane(tables.float())).clamp(0, 1)

    def decode(self, dequantized: Tensor) -> Tensor:
        rgb = coefficients_to_rgb(dequantized)
        return nn.functional.interpolate(rgb, scale_factor=self.scale) + 0.1 * self.mend(rgb)

    def bits(self, quantized: Tensor) -> Tensor | None:
        return None


@ARCHS.register()
class PlugIn(WholePlugIn):
    """The same with everything that is optional: a rate model, tiles, refinement."""

    def __init__(self, scale: int, features: int = 6) -> None:
        super().__init__(scale, features)
        self.rate: LogRate | None = LogRate()
        self.tile_margin = 3 * scale  # a 5x5 and a 3x3 convolution at the thumbnail's size

    def bits(self, quantized: Tensor) -> Tensor | None:
        return None if self.rate is None else self.rate(quantized)

    def differentiable(self) -> Callable[[Tensor], Tensor]:
        return self.decode

    def detach_rate_model(self) -> nn.Module | None:
        rate, self.rate = self.rate, None
        return rate


def per_plane(tables: Tensor) -> Tensor:
    return torch.cat([tables, tables[:, 1:]], 1)[:, :, None, None]
