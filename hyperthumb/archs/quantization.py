"""Quantization tables: predicted for each image (section 3.2 of the paper), or one pair for all images.

Each class maps the unquantized coefficients (B, 3, h/8, w/8, 8, 8) in natural order to tables (B, 2, 8, 8): one for Y
and one for both chroma planes. The steps are continuous. The network rounds them and clamps them to 1..255. All
computation is in float32 with autocast off.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from hyperthumb.base.constraints import Between, Count, CountOrZero
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import QUANTIZATIONS
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.tables import standard_tables
from hyperthumb.jpeg.zigzag import from_zigzag, to_zigzag


class Quantization(nn.Module, ABC):
    """Computes continuous tables from coefficients."""

    trainable = True
    """Whether the steps need a differentiable rounding in training. Fixed tables do not, because they are integers."""

    def forward(self, coefficients: Tensor) -> Tensor:
        """(B, 3, h/8, w/8, 8, 8) to (B, 2, 8, 8) positive steps."""
        with torch.autocast(coefficients.device.type, enabled=False):
            return self.steps(coefficients)

    @abstractmethod
    def steps(self, coefficients: Tensor) -> Tensor:
        """Computes what `forward` returns, with autocast off."""


class _BlockMLP(nn.Module):
    """A perceptron on the 64 coefficients of a block: 64 -> hidden -> ... -> hidden -> 64, with LeakyReLU between."""

    def __init__(self, num_hidden: int, num_layers: int) -> None:
        super().__init__()
        self.first = nn.Linear(64, num_hidden)
        self.hidden = nn.ModuleList(nn.Linear(num_hidden, num_hidden) for _ in range(num_layers))
        self.last = nn.Linear(num_hidden, 64)
        self.activation = nn.LeakyReLU(0.01, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.first(x))
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.last(x)


def _of_luma_and_chroma(coefficients: Tensor) -> tuple[Tensor, Tensor]:
    """(B, blocks, 64) zig-zag vectors of Y, and of Cb and Cr together."""
    vectors = to_zigzag(coefficients)
    return vectors[:, 0].flatten(1, 2), vectors[:, 1:].flatten(1, 3)


@QUANTIZATIONS.register("predicted")
class PredictedTables(Quantization):
    """The paper's predictor: a perceptron on each block's coefficients, ReLU, pooling over the blocks, + 1.49.

    Because 1.49 rounds to 1, a frequency with a ReLU output of zero gets the finest step.

    Args:
        num_hidden: width of the perceptron.
        num_layers: number of hidden-to-hidden layers.
        pool: average or maximum over the blocks of an image.
    """

    def __init__(
        self, num_hidden: Count = 192, num_layers: CountOrZero = 2, pool: Literal["avg", "max"] = "avg"
    ) -> None:
        super().__init__()
        if pool not in ("avg", "max"):
            raise HyperthumbError(f'pool must be "avg" or "max", not "{pool}"')
        self.pool = pool
        self.luma = _BlockMLP(num_hidden, num_layers)
        self.chroma = _BlockMLP(num_hidden, num_layers)

    def steps(self, coefficients: Tensor) -> Tensor:
        luma, chroma = _of_luma_and_chroma(coefficients)
        activations = torch.relu(self.luma(luma)), torch.relu(self.chroma(chroma))
        pooled = [x.mean(1) if self.pool == "avg" else x.amax(1) for x in activations]
        return from_zigzag(torch.stack(pooled, 1)) + 1.49


@QUANTIZATIONS.register("predicted_log")
class PredictedLogTables(Quantization):
    """A predictor in logarithms: steps = exp(learned base + 0.3 * mean over blocks of MLP(sign(c) log(1 + |c|))).

    The logarithm brings DC and AC coefficients to the same magnitude. The exponential has a gradient everywhere, so no
    frequency can get stuck. The last layer starts at zero, so training starts from flat tables.

    Args:
        initial_step: value of all steps at the start, 1 to 255.
        num_hidden: width of the perceptron.
        num_layers: number of hidden-to-hidden layers.
    """

    def __init__(
        self, initial_step: Annotated[float, Between(1, 255)] = 9.0, num_hidden: Count = 64, num_layers: CountOrZero = 1
    ) -> None:
        super().__init__()
        if not 1 <= initial_step <= 255:
            raise HyperthumbError(f"initial_step must be in 1..255, not {initial_step}")
        self.base = nn.Parameter(torch.full((2, 64), math.log(initial_step)))
        self.luma = _BlockMLP(num_hidden, num_layers)
        self.chroma = _BlockMLP(num_hidden, num_layers)
        for perceptron in (self.luma, self.chroma):
            nn.init.zeros_(perceptron.last.weight)
            nn.init.zeros_(perceptron.last.bias)

    def steps(self, coefficients: Tensor) -> Tensor:
        luma, chroma = _of_luma_and_chroma(coefficients.sign() * coefficients.abs().log1p())
        offsets = torch.stack([self.luma(luma).mean(1), self.chroma(chroma).mean(1)], 1)
        # This keeps the exponential from overflowing. Tables are clamped to 1..255 later.
        return from_zigzag(inward_clamp(self.base + 0.3 * offsets, -1, 7).exp())


@QUANTIZATIONS.register("fixed")
class FixedTables(Quantization):
    """The JPEG standard's tables at a given quality. They are not trained.

    Args:
        quality: JPEG quality as in libjpeg, 1 to 100.
    """

    trainable = False

    def __init__(self, quality: Annotated[int, Between(1, 100)] = 75) -> None:
        super().__init__()
        self.tables: Tensor
        self.register_buffer("tables", torch.from_numpy(standard_tables(quality)).float(), persistent=False)

    def steps(self, coefficients: Tensor) -> Tensor:
        return self.tables.to(coefficients.dtype).expand(len(coefficients), -1, -1, -1)


@QUANTIZATIONS.register("learned")
class LearnedTables(Quantization):
    """One trained pair of tables for all images. Its logarithms are trained, so all steps change at one relative rate.

    Args:
        initial: quality of the standard tables from which training starts, 1 to 100.
    """

    def __init__(self, initial: Annotated[int, Between(1, 100)] = 75) -> None:
        super().__init__()
        self.log_tables = nn.Parameter(torch.from_numpy(standard_tables(initial)).float().log())

    def steps(self, coefficients: Tensor) -> Tensor:
        return inward_clamp(self.log_tables, -1, 7).exp().expand(len(coefficients), -1, -1, -1)


class ScaledTables(Quantization):
    """The tables of another `Quantization` times a factor. Options files cannot name it."""

    def __init__(self, tables: Quantization, factor: float) -> None:
        super().__init__()
        self.tables, self.factor, self.trainable = tables, factor, tables.trainable

    def steps(self, coefficients: Tensor) -> Tensor:
        return self.factor * self.tables.steps(coefficients)
