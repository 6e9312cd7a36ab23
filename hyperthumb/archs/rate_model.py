"""Differentiable estimates of how many bits the coefficients take, for the objective's rate term.

The input is integers in `eval()` mode, because a JPEG stores integers, and noisy values in training. Only the size of
the written file is the true rate.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from hyperthumb.base.constraints import Above
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import RATE_MODELS
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.zigzag import to_zigzag


class RateModel(nn.Module, ABC):
    """A prior for quantized coefficients: one for the 64 frequencies of Y and one for those of Cb and Cr.

    Attributes:
        in_model_files: whether model files include the rate model, so that they can estimate rates. True only for
            small rate models of this package that need only torch.
    """

    in_model_files: ClassVar[bool] = False

    def forward(self, quantized: Tensor) -> Tensor:
        """Estimates (B,) positive bits, float32, for (B, 3, h/8, w/8, 8, 8) quantized coefficients in natural order."""
        with torch.autocast(quantized.device.type, enabled=False):
            return self.bits(to_zigzag(quantized).flatten(2, 3))

    @abstractmethod
    def bits(self, vectors: Tensor) -> Tensor:
        """Estimates (B,) bits for (B, 3, blocks, 64) zig-zag vectors."""

    def rate_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters that the objective trains."""
        return self.parameters()

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters that `auxiliary_loss` trains."""
        return iter(())

    def auxiliary_loss(self) -> Tensor | None:
        """The rate model's own loss, or None if it has none."""
        return None


@RATE_MODELS.register("factorized")
class FactorizedRate(RateModel):
    """The paper's prior: a learned distribution for each frequency (Balle et al., 2018, appendix 6.1), from CompressAI.

    The distributions start wide. At a network's learning rate they need thousands of steps to fit, so give them their
    own learning rate (`optim_rate`).

    Args:
        init_scale: half width of the distributions at the start.
    """

    def __init__(self, init_scale: Annotated[float, Above(0)] = 10.0) -> None:
        super().__init__()
        from compressai.entropy_models import EntropyBottleneck

        # Never call update() on these: it changes the shapes of buffers, so the checkpoint could not be loaded.
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
        # In the upper tail both sigmoids round to 1. The difference is computed at their mirror images instead.
        sign = torch.where(lower + upper > 0, -1.0, 1.0)
        likelihood = (torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower)).abs()
        bounded = bottleneck.likelihood_lower_bound(likelihood)
        return -bounded.log2().view(values.shape).sum((0, 2))

    def medians(self) -> Tensor:
        """(2, 64) medians of both priors in zig-zag order. The original's evaluation rounds to these plus integers."""
        return torch.stack([self.luma.quantiles[:, 0, 1], self.chroma.quantiles[:, 0, 1]]).detach()

    def rate_parameters(self) -> Iterator[nn.Parameter]:
        return (p for name, p in self.named_parameters() if not name.endswith("quantiles"))

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        return iter((self.luma.quantiles, self.chroma.quantiles))

    def auxiliary_loss(self) -> Tensor:
        """The distance of the quantiles from those of the priors (CompressAI's `EntropyBottleneck.loss`)."""
        with torch.autocast(self.luma.quantiles.device.type, enabled=False):
            return self.luma.loss() + self.chroma.loss()


@RATE_MODELS.register("laplace")
class LaplaceRate(RateModel):
    """A zero-mean Laplace distribution with a learned scale for each frequency: 128 parameters, which train quickly.

    The probability of x is that of the interval x - 0.5 .. x + 0.5. It is computed in logarithms, so the tails do not
    underflow and every value has a gradient.
    """

    in_model_files = True

    def __init__(self) -> None:
        super().__init__()
        log_scales = torch.zeros(2, 64)
        log_scales[:, 0] = math.log(16)  # DC is an order of magnitude larger than the rest
        self.log_scales = nn.Parameter(log_scales)

    def bits(self, vectors: Tensor) -> Tensor:
        luma, chroma = torch.exp(-inward_clamp(self.log_scales, -4, 7))
        inverse = torch.stack([luma, chroma, chroma]).unsqueeze(1)  # (3, 1, 64)
        size = vectors.abs()
        # Away from zero the interval lies in one exponential tail. Around zero its probability is 1 minus both tails.
        tail = (0.5 - size) * inverse + torch.log(-torch.expm1(-inverse))
        both = torch.expm1(-(0.5 - size).clamp(min=0) * inverse) + torch.expm1(-(0.5 + size) * inverse)
        log_likelihood = torch.where(size >= 0.5, tail, torch.log(-both)) - math.log(2)
        return -log_likelihood.sum((1, 2, 3)) / math.log(2)


FEATURES = (
    "file", "blocks", "luma_dc", "luma_count", "luma_size", "chroma_dc", "chroma_count", "chroma_size"
)  # fmt: skip
"""The names of the features that `magnitude_features` counts."""

SMALL_WEIGHTS = (2510.29, 4.49, 4.50, 4.64, 0.46, 3.31, 1.41, 2.02)
"""Bits for each of FEATURES in files of the profile `small`.

Fitted by `scripts/measure_rate_model.py EXPERIMENT EXPERIMENT FOLDER --step 2` to files of two networks of scale 4 with
LiteEncoder and LiteDecoder (one trained with L1 and Adam, one with MSE and Muon): three crops of each of 42 training
photographs.
"""


@RATE_MODELS.register("magnitude")
class MagnitudeRate(RateModel):
    """Estimates the size of the whole JPEG file, including its header, as a weighted sum of `magnitude_features`.

    The other models estimate the bits of an ideal coder that ignores runs of zeros and neighboring blocks. The weights
    of this one were fitted to real files and are not trained (docs/appendix/rate_models.md).

    At integers, each feature is what the coder counts. Values between integers occur only in training. There each
    feature is interpolated linearly, which equals the coder's mean over a random rounding to one of the two neighbors.
    (log2(1 + |q|) itself would be 1.44 times as steep at zero.) Averaged over uniform noise, the gradient at zero is
    zero, so coefficients that are only noise cost almost nothing. The cost rises to that of a nonzero coefficient
    within half a step, and larger values cost little more. The rate term therefore acts mainly on small coefficients.

    >>> import torch
    >>> from hyperthumb.archs.rate_model import MagnitudeRate
    >>> quantized = torch.zeros(1, 3, 2, 3, 8, 8, requires_grad=True)  # 2 x 3 blocks of each of Y, Cb and Cr
    >>> bits = MagnitudeRate()(quantized)
    >>> round(bits.item())  # a file of empty blocks: header, and the end of each block
    2537
    >>> bits.sum().backward()
    >>> quantized.grad.shape
    torch.Size([1, 3, 2, 3, 8, 8])

    Args:
        weights: bits for each feature, in the order of FEATURES. None means SMALL_WEIGHTS.

    Raises:
        HyperthumbError: if the number of weights is wrong, or one is negative.
    """

    in_model_files = True

    weights: Tensor

    def __init__(self, weights: list[float] | None = None) -> None:
        super().__init__()
        weights = list(SMALL_WEIGHTS) if weights is None else weights
        if len(weights) != len(FEATURES) or min(weights) < 0:
            raise HyperthumbError(
                f"the rate model magnitude needs {len(FEATURES)} weights of 0 or more: {', '.join(FEATURES)}"
            )
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32))

    def bits(self, vectors: Tensor) -> Tensor:
        return magnitude_features(vectors) @ self.weights


def magnitude_features(vectors: Tensor) -> Tensor:
    """Counts what a JPEG coder spends bits on, with linear interpolation between integers.

    Three features are computed for Y, and three for both chroma planes together:

    - the sum of log2(1 + |d|) over the differences d between the DC of consecutive blocks in raster order (ITU-T T.81,
      F.1.2.1);
    - the number of nonzero AC coefficients;
    - the sum of log2(1 + |q|) over AC coefficients, roughly the number of bits after each Huffman code.

    The other two are 1 for the file, and the number of blocks.

    Args:
        vectors: (B, 3, blocks, 64) zig-zag vectors.

    Returns:
        (B, 8) in the order of FEATURES.
    """
    dc = _log2_line(vectors[..., 0].diff(dim=2, prepend=torch.zeros_like(vectors[:, :, :1, 0])).abs()).sum(2)
    ac = vectors[..., 1:].abs()
    count, size = ac.clamp(max=1).sum((2, 3)), _log2_line(ac).sum((2, 3))
    planes = torch.stack([dc, count, size], dim=2)  # (B, 3, 3): planes, terms
    ones = torch.ones_like(dc[:, :1])
    return torch.cat([ones, ones * vectors.shape[2], planes[:, 0], planes[:, 1] + planes[:, 2]], dim=1)


def _log2_line(size: Tensor) -> Tensor:
    """log2(1 + size) at integers, interpolated linearly between them."""
    below = size.detach().floor()
    return torch.log2(1 + below) + (size - below) * torch.log2((2 + below) / (1 + below))
