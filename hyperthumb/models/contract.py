"""The contract between a rescaling network and the code that trains, measures or ships it.

Trainer, evaluator and codec use a network only through this interface. Every network defines `forward`, `analyze`,
`quantize` and `restore`. With the defaults of the other methods, a network runs on whole photographs, has no rate
model, and does not support refinement.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.limits import Precision

if TYPE_CHECKING:
    from .inference import Analyzer, Restorer


class RescaleOutput(NamedTuple):
    """The result of one training pass.

    Attributes:
        restored: (B, 3, H, W) RGB, nominally 0..1, not clamped.
        thumbnail: (B, 3, h, w) RGB in 0..1: the decoded thumbnail as a viewer shows it, before rounding to 8 bits.
        bits: (B,) the rate model's estimate for each image's coefficients, or None without a rate model.
        tables: (B, 2, 8, 8) quantization tables (Y; Cb and Cr) in natural order, or None for a network without them.
        network_loss: a scalar, a loss that only the network itself can compute; None without one.
        coefficients: (B, 3, h/8, w/8, 8, 8) the quantized coefficients, for losses on them; None where there are none.
    """

    restored: Tensor
    thumbnail: Tensor
    bits: Tensor | None
    tables: Tensor | None
    network_loss: Tensor | None = None
    coefficients: Tensor | None = None


class Analysis(NamedTuple):
    """The unquantized content of a batch's files.

    Attributes:
        coefficients: (B, 3, h/8, w/8, 8, 8) DCT coefficients of the thumbnails.
        steps: (B, 2, 8, 8) positive, continuous quantization steps, for Y and for both chroma planes.
    """

    coefficients: Tensor
    steps: Tensor


class CompressedBatch(NamedTuple):
    """The content of a batch's files: the integers that the entropy coder codes.

    Attributes:
        coefficients: (B, 3, h/8, w/8, 8, 8) int16 quantized DCT coefficients, Y, Cb, Cr, natural order (v, u).
        tables: (B, 2, 8, 8) int16 in 1..255, for Y and for both chroma planes, natural order.
        bits: (B,) the rate model's estimate, or None.
    """

    coefficients: Tensor
    tables: Tensor
    bits: Tensor | None


class Graphs(NamedTuple):
    """A network as graphs of plain layers, for export. Coefficients are (1, 192, h/8, w/8) in zig-zag order.

    Attributes:
        encoder: maps the picture (1, H, W, 3) uint8 to the thumbnail's unquantized coefficients.
        tables: maps those coefficients to continuous tables (1, 2, 8, 8).
        decoder: maps dequantized coefficients to (1, 3, H, W) in 0..1 and to the picture (1, H, W, 3) uint8.
    """

    encoder: nn.Module
    tables: nn.Module
    decoder: nn.Module


class RescalingNetwork(nn.Module, ABC):
    """A network that makes a thumbnail of an HR image and restores the image from it.

    The sides of HR images must be multiples of `multiple`. The caller pads by replication, and crops the result.

    Attributes:
        scale: 1, 2, 4 or 8.
        tile_margin: HR pixels that the network must see on each side of a tile: the radius of its receptive field.
            Large photographs are processed in tiles with this margin, which bounds the memory. A network with a
            margin must define `choose_steps`. None: the network processes whole photographs only.
    """

    scale: int
    tile_margin: int | None = None

    @property
    def multiple(self) -> int:
        """H and W must be multiples of this: 8x8 blocks at the thumbnail's size."""
        return 8 * self.scale

    def check_sides(self, hr: Tensor) -> None:
        """Checks that H and W of (B, 3, H, W) are multiples of `multiple`.

        Raises:
            HyperthumbError: when they are not.
        """
        height, width = hr.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise HyperthumbError(
                f"an image of {width}x{height} cannot be divided into blocks; pad both sides to multiples of "
                f"{self.multiple}"
            )

    @abstractmethod
    def forward(self, hr: Tensor) -> RescaleOutput:
        """Runs the training pass on (B, 3, H, W) RGB in 0..1 and returns everything that the objective needs.

        In `train()` mode quantization is differentiable. In `eval()` mode coefficients are rounded as in a file.
        """

    @abstractmethod
    def analyze(self, hr: Tensor) -> Analysis:
        """Does the expensive part of compressing (B, 3, H, W) RGB in 0..1."""

    @abstractmethod
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        """Rounds to the integers of the files. `rate_scale` multiplies the tables; above 1 it makes files smaller."""

    @torch.no_grad()
    def compress(self, hr: Tensor, rate_scale: float = 1.0) -> CompressedBatch:
        """Calls `analyze` and `quantize`. For several rates of one image, call `analyze` once and `quantize` often."""
        return self.quantize(self.analyze(hr), rate_scale)

    @abstractmethod
    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        """Restores (B, 3, H, W) RGB, clamped to 0..1, from the integers that `compress` returns or a file holds."""

    def analyzer(self) -> Analyzer:
        """Prepares `analyze` for many photographs of any size."""
        from .inference import Analyzer

        return Analyzer(self)

    def restorer(self, precision: Precision = "fp32") -> Restorer:
        """Prepares `restore` for many thumbnails of any size.

        Raises:
            HyperthumbError: when the network does not support the precision.
        """
        from .inference import Restorer

        return Restorer(self, precision)

    def choose_steps(self, coefficients: Tensor) -> Tensor:
        """Computes the steps of an `Analysis`, (B, 2, 8, 8), from the whole photograph's coefficients.

        Networks with a `tile_margin` must define this method, because their coefficients are computed in tiles.
        """
        raise NotImplementedError(f"{type(self).__name__} has a tile_margin, so it must define choose_steps")

    def differentiable(self) -> Callable[[Tensor], Tensor]:
        """The decoder that refinement differentiates with respect to its input. Its weights are constant.

        It maps dequantized coefficients (B, 3, h/8, w/8, 8, 8) to the restored image (B, 3, H, W), not clamped. It must
        not change the network's own weights.

        Raises:
            HyperthumbError: when the network does not support refinement, which is the default.
        """
        raise HyperthumbError(f"thumbnails of {type(self).__name__} cannot be refined: it lacks `differentiable`")

    def adaptable(self, rate_scale: float) -> RescalingNetwork:
        """A copy whose encoder can be trained for one photograph. Its tables are multiplied by `rate_scale`.

        Only the parameters of the encoder and of the table predictor require gradients. The copy shares nothing with
        the network.

        Raises:
            HyperthumbError: when the network does not support this, which is the default.
        """
        raise HyperthumbError(
            f"the encoder of {type(self).__name__} cannot be refined: it lacks `adaptable`; refine the coefficients"
        )

    def detach_rate_model(self) -> nn.Module | None:
        """Removes the rate model from the network and returns it; returns None without a rate model.

        Writing and restoring files does not need it and is a little faster without it.
        """
        return None

    def adapt_weights(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Renames the weights of a checkpoint that uses other parameter names, such as a published one."""
        return weights

    def graphs(self) -> Graphs:
        """The graphs for export. They share the network's weights.

        Raises:
            HyperthumbError: when the network does not support export, which is the default.
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
        hidden: a further tensor that the network's own loss needs.
    """

    image: Tensor
    hidden: Tensor | None = None


class PixelNetwork(RescalingNetwork):
    """A network that needs only the thumbnail's pixels, so that an ordinary JPEG file can store it."""

    @abstractmethod
    def downscale(self, hr: Tensor) -> Mapped:
        """Makes the thumbnail (B, 3, H/scale, W/scale) of (B, 3, H, W) RGB in 0..1; `scale` divides H and W."""

    @abstractmethod
    def upscale(self, rgb: Tensor) -> Mapped:
        """Restores the image from a decoded thumbnail (B, 3, h, w) in 0..1; deterministic in `eval()` mode."""
