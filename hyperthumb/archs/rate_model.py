"""Estimates of how many bits the coefficients take, differentiable, for the objective's rate term.

The likelihood is that of the values given: integers around zero at test time, because only those can be in a JPEG, and
their noisy stand-ins in training. An estimate knows nothing of run lengths or headers; the file is the truth.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from ..constraints import Above
from ..jpeg.clamp import inward_clamp
from ..jpeg.zigzag import to_zigzag
from ..registry import RATE_MODELS


class RateModel(nn.Module, ABC):
    """A prior over quantized coefficients, one for Y's and one for the chroma planes' 64 frequencies."""

    def forward(self, quantized: Tensor) -> Tensor:
        """(B, 3, h/8, w/8, 8, 8) quantized coefficients in natural order to (B,) bits, positive, in float32."""
        with torch.autocast(quantized.device.type, enabled=False):
            return self.bits(to_zigzag(quantized).flatten(2, 3))

    @abstractmethod
    def bits(self, vectors: Tensor) -> Tensor:
        """(B, 3, blocks, 64) zig-zag vectors to (B,) bits."""

    def rate_parameters(self) -> Iterator[nn.Parameter]:
        """What the objective trains."""
        return self.parameters()

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        """What `auxiliary_loss` trains."""
        return iter(())

    def auxiliary_loss(self) -> Tensor | None:
        """A loss of the model's own, or None."""
        return None


@RATE_MODELS.register("factorized")
class FactorizedRate(RateModel):
    """The paper's prior: a learned distribution for each frequency (Balle et al., 2018, appendix 6.1), by CompressAI.

    It starts wide and takes thousands of steps at a network's learning rate to fit; give it its own (`optim_rate`).

    Args:
        init_scale: half width of the distributions at the start.
    """

    def __init__(self, init_scale: Annotated[float, Above(0)] = 10.0) -> None:
        super().__init__()
        from compressai.entropy_models import EntropyBottleneck

        # Never call their update(): it changes the shapes of buffers, and the checkpoint no longer loads.
        self.luma = EntropyBottleneck(64, init_scale=init_scale)
        self.chroma = EntropyBottleneck(64, init_scale=init_scale)

    def bits(self, vectors: Tensor) -> Tensor:
        luma = self._bits(self.luma, vectors[:, 0])
        return luma + self._bits(self.chroma, vectors[:, 1:].flatten(1, 2))

    def _bits(self, bottleneck: Any, vectors: Tensor) -> Tensor:
        values = vectors.permute(2, 0, 1)  # (64, B, blocks): a distribution for each frequency
        flat = values.reshape(64, 1, -1)
        lower = bottleneck._logits_cumulative(flat - 0.5, stop_gradient=False)
        upper = bottleneck._logits_cumulative(flat + 0.5, stop_gradient=False)
        # In the upper tail both sigmoids are 1 to float precision; their mirror images in the lower tail are not.
        sign = torch.where(lower + upper > 0, -1.0, 1.0)
        likelihood = (torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower)).abs()
        bounded = bottleneck.likelihood_lower_bound(likelihood)
        return -bounded.log2().view(values.shape).sum((0, 2))

    def medians(self) -> Tensor:
        """(2, 64) medians of both priors in zig-zag order, which the original's evaluation rounds around."""
        return torch.stack([self.luma.quantiles[:, 0, 1], self.chroma.quantiles[:, 0, 1]]).detach()

    def rate_parameters(self) -> Iterator[nn.Parameter]:
        return (p for name, p in self.named_parameters() if not name.endswith("quantiles"))

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        return iter((self.luma.quantiles, self.chroma.quantiles))

    def auxiliary_loss(self) -> Tensor:
        """How far the quantiles are from those of the priors (CompressAI's `EntropyBottleneck.loss`)."""
        with torch.autocast(self.luma.quantiles.device.type, enabled=False):
            return self.luma.loss() + self.chroma.loss()


@RATE_MODELS.register("laplace")
class LaplaceRate(RateModel):
    """A Laplace distribution around zero for each frequency, with one learned scale each: 128 numbers, quick to fit.

    The probability of x is that of the interval x - 0.5 .. x + 0.5, computed in logarithms: no tail underflows, so
    every value keeps a gradient.
    """

    def __init__(self) -> None:
        super().__init__()
        scales = torch.ones(2, 64)
        scales[:, 0] = 16.0  # DC is an order of magnitude larger than the rest
        self.log_scales = nn.Parameter(scales.log())

    def bits(self, vectors: Tensor) -> Tensor:
        luma, chroma = torch.exp(-inward_clamp(self.log_scales, -4, 7))
        inverse = torch.stack([luma, chroma, chroma]).unsqueeze(1)  # (3, 1, 64)
        size = vectors.abs()
        # Away from zero the interval lies in one exponential tail; around it, it is one less both tails.
        tail = (0.5 - size) * inverse + torch.log(-torch.expm1(-inverse))
        both = torch.expm1(-(0.5 - size).clamp(min=0) * inverse) + torch.expm1(-(0.5 + size) * inverse)
        log_likelihood = torch.where(size >= 0.5, tail, torch.log(-both)) - math.log(2)
        return -log_likelihood.sum((1, 2, 3)) / math.log(2)
