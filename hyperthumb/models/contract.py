"""The contract between a rescaling network and whoever trains, measures or ships it.

The trainer and the evaluator know a network by this page alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError


class RescaleOutput(NamedTuple):
    """What one training pass gives.

    Attributes:
        restored: (B, 3, H, W) RGB, nominally 0..1, not clamped.
        thumbnail: (B, 3, h, w) RGB in 0..1: the decoded thumbnail as a viewer shows it, before rounding to 8 bits.
        bits: (B,) the rate model's estimate for each image's coefficients, or None without a rate model.
        tables: (B, 2, 8, 8) quantization tables (Y; Cb and Cr) in natural order, or None for a network without them.
        own: a scalar, the term of the objective that only the network itself can compute; None without one.
    """

    restored: Tensor
    thumbnail: Tensor
    bits: Tensor | None
    tables: Tensor | None
    own: Tensor | None = None


class Analysis(NamedTuple):
    """A batch on its way into files, before anything is rounded.

    Attributes:
        coefficients: (B, 3, h/8, w/8, 8, 8) DCT coefficients of the thumbnails.
        steps: (B, 2, 8, 8) positive, continuous quantization steps, for Y and for both chroma planes.
    """

    coefficients: Tensor
    steps: Tensor


class CompressedBatch(NamedTuple):
    """What goes into the files of a batch: integers, exactly as the entropy coder gets them.

    Attributes:
        coefficients: (B, 3, h/8, w/8, 8, 8) int16 quantized DCT coefficients, Y, Cb, Cr, natural order (v, u).
        tables: (B, 2, 8, 8) int16 in 1..255, for Y and for both chroma planes, natural order.
        bits: (B,) the rate model's estimate, or None.
    """

    coefficients: Tensor
    tables: Tensor
    bits: Tensor | None


class Graphs(NamedTuple):
    """A network as graphs of plain layers for exporters; coefficients are (1, 192, h/8, w/8), in zig-zag order.

    Attributes:
        encoder: picture (1, H, W, 3) uint8 to the thumbnail's coefficients before quantization.
        tables: those coefficients to continuous tables (1, 2, 8, 8).
        decoder: dequantized coefficients to (1, 3, H, W) in 0..1, and to the picture (1, H, W, 3) uint8.
    """

    encoder: nn.Module
    tables: nn.Module
    decoder: nn.Module


class RescalingNetwork(nn.Module, ABC):
    """A network that makes a thumbnail of an HR image and restores the image from it.

    Every tensor of an HR image has sides that are multiples of `multiple`; who calls pads (by replication) and crops.
    """

    scale: int

    @property
    def multiple(self) -> int:
        """H and W must be multiples of this: 8x8 blocks at the thumbnail's size."""
        return 8 * self.scale

    def check_sides(self, hr: Tensor) -> None:
        """Refuses (B, 3, H, W) whose sides are not multiples of `multiple`.

        Raises:
            HyperthumbError: for such a tensor.
        """
        height, width = hr.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise HyperthumbError(
                f"an image of {width}x{height} does not divide into blocks; pad both sides to multiples of "
                f"{self.multiple}"
            )

    @abstractmethod
    def forward(self, hr: Tensor) -> RescaleOutput:
        """The training pass: (B, 3, H, W) RGB in 0..1 in, everything the objective needs out.

        In `train()` mode quantization is differentiable, in `eval()` mode it is the file's: integers around zero.
        """

    @abstractmethod
    def analyze(self, hr: Tensor) -> Analysis:
        """All that is expensive in compressing (B, 3, H, W) RGB in 0..1."""

    @abstractmethod
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        """The integers of the files. `rate_scale` multiplies the tables: above 1, smaller files."""

    @torch.no_grad()
    def compress(self, hr: Tensor, rate_scale: float = 1.0) -> CompressedBatch:
        """`analyze` and `quantize` in one; several rates of one image need the first but once."""
        return self.quantize(self.analyze(hr), rate_scale)

    @abstractmethod
    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..1, clamped, from what `compress` gave or a file holds."""

    def adapt_weights(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Weights by this network's names, where a checkpoint may hold them by others (a published one's)."""
        return weights

    def graphs(self) -> Graphs:
        """The network for exporters; they share its weights.

        Raises:
            HyperthumbError: when it cannot be taken apart, which is the default.
        """
        raise HyperthumbError(f"{type(self).__name__} cannot be exported: it does not define `graphs`")

    def rate_parameters(self) -> Iterator[nn.Parameter]:
        """The rate model's parameters that the objective trains; they may have a learning rate of their own."""
        return iter(())

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters trained by `auxiliary_loss` alone, such as an entropy bottleneck's quantiles."""
        return iter(())

    def auxiliary_loss(self) -> Tensor | None:
        """A scalar that trains `auxiliary_parameters`, or None."""
        return None
