"""The contract between a rescaling network and the code that trains, measures or ships it.

Trainer, evaluator and codec know a network by this page alone. Every network defines `forward`, `analyze`, `quantize`
and `restore`. The other methods have defaults, with which it runs on whole photographs, has no rate model, and cannot
be refined for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError

if TYPE_CHECKING:
    from .inference import Analyzer, Restorer

Precision = Literal["fp32", "bf16"]


class RescaleOutput(NamedTuple):
    """The result of one training pass.

    Attributes:
        restored: (B, 3, H, W) RGB, nominally 0..1, not clamped.
        thumbnail: (B, 3, h, w) RGB in 0..1: the decoded thumbnail as a viewer shows it, before rounding to 8 bits.
        bits: (B,) the rate model's estimate for each image's coefficients, or None without a rate model.
        tables: (B, 2, 8, 8) quantization tables (Y; Cb and Cr) in natural order, or None for a network without them.
        network_loss: a scalar, a loss that only the network itself can compute; None without one.
    """

    restored: Tensor
    thumbnail: Tensor
    bits: Tensor | None
    tables: Tensor | None
    network_loss: Tensor | None = None


class Analysis(NamedTuple):
    """A batch on its way into files, before anything is rounded.

    Attributes:
        coefficients: (B, 3, h/8, w/8, 8, 8) DCT coefficients of the thumbnails.
        steps: (B, 2, 8, 8) positive, continuous quantization steps, for Y and for both chroma planes.
    """

    coefficients: Tensor
    steps: Tensor


class CompressedBatch(NamedTuple):
    """The content of a batch's files: integers, exactly as the entropy coder gets them.

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


class Differentiable(NamedTuple):
    """The functions that refinement descends through. Gradients arrive at the coefficients; weights are constants.

    Attributes:
        decode: dequantized coefficients (B, 3, h/8, w/8, 8, 8) to the restored image (B, 3, H, W), not clamped.
        rate: quantized coefficients of the same shape to (B,) bits; None without a rate model.
    """

    decode: Callable[[Tensor], Tensor]
    rate: Callable[[Tensor], Tensor] | None


class RescalingNetwork(nn.Module, ABC):
    """A network that makes a thumbnail of an HR image and restores the image from it.

    Every tensor of an HR image has sides that are multiples of `multiple`; the caller pads (by replication) and crops.

    Attributes:
        scale: 1, 2, 4 or 8.
        tile_margin: how many HR pixels around a tile the network must see on each side to compute it as it would in
            the whole photograph: the radius of its receptive field. Large photographs then run in tiles, in bounded
            memory; a network that says so defines `choose_steps`. None runs it on whole photographs.
    """

    scale: int
    tile_margin: int | None = None

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
        """The training pass: takes (B, 3, H, W) RGB in 0..1, returns everything that the objective needs.

        In `train()` mode quantization is differentiable, in `eval()` mode it is the file's: integers around zero.
        """

    @abstractmethod
    def analyze(self, hr: Tensor) -> Analysis:
        """Does everything that is expensive in compressing (B, 3, H, W) RGB in 0..1."""

    @abstractmethod
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        """The integers of the files. `rate_scale` multiplies the tables: above 1, smaller files."""

    @torch.no_grad()
    def compress(self, hr: Tensor, rate_scale: float = 1.0) -> CompressedBatch:
        """`analyze` and `quantize` in one. To make files of one image at several rates, call `analyze` once."""
        return self.quantize(self.analyze(hr), rate_scale)

    @abstractmethod
    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..1, clamped, from the integers that `compress` returned or a file holds."""

    def analyzer(self) -> Analyzer:
        """`analyze`, prepared for many photographs of any size."""
        from .inference import Analyzer

        return Analyzer(self)

    def restorer(self, precision: Precision = "fp32") -> Restorer:
        """`restore`, prepared for many thumbnails of any size.

        Raises:
            HyperthumbError: for a precision that the network does not have.
        """
        from .inference import Restorer

        return Restorer(self, precision)

    def choose_steps(self, coefficients: Tensor) -> Tensor:
        """The steps of an `Analysis`, (B, 2, 8, 8), from the whole photograph's coefficients.

        Networks with a `tile_margin` define it: the coefficients come from tiles, the steps from all of them.
        """
        raise NotImplementedError(f"{type(self).__name__} has a tile_margin, so it has to define choose_steps")

    def differentiable(self) -> Differentiable:
        """The functions that refinement descends through, on copies of the weights where it changes their layout.

        Raises:
            HyperthumbError: when the network cannot be refined for, which is the default.
        """
        raise HyperthumbError(f"thumbnails of {type(self).__name__} cannot be refined: it does not define how")

    def detach_rate_model(self) -> nn.Module | None:
        """Takes the rate model out of the network and returns it; None without one.

        Files are made and restored without it, a little faster.
        """
        return None

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
        """The rate model's parameters that the objective trains; they may have their own learning rate."""
        return iter(())

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters that only `auxiliary_loss` trains, such as an entropy bottleneck's quantiles."""
        return iter(())

    def auxiliary_loss(self) -> Tensor | None:
        """A scalar that trains `auxiliary_parameters`, or None."""
        return None


class Mapped(NamedTuple):
    """The result of one direction of a `PixelNetwork`.

    Attributes:
        image: (B, 3, ., .) RGB, nominally 0..1, not clamped: the thumbnail, or the restored image.
        hidden: what else the network's own loss needs.
    """

    image: Tensor
    hidden: Tensor | None = None


class PixelNetwork(RescalingNetwork):
    """A network whose thumbnail is pixels alone, so that any program's JPEG files can store it."""

    @abstractmethod
    def downscale(self, hr: Tensor) -> Mapped:
        """(B, 3, H, W) RGB in 0..1, sides multiples of `scale`, to the thumbnail (B, 3, H/scale, W/scale)."""

    @abstractmethod
    def upscale(self, rgb: Tensor) -> Mapped:
        """A decoded thumbnail (B, 3, h, w) in 0..1 to the restored image; in `eval()` mode the same every time."""
