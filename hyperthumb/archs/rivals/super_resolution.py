"""Super-resolution of a bicubic thumbnail after JPEG: the rows "EDSR" and "SwinIR" of the paper's table 1."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor
from torch.nn import functional as F

from hyperthumb.archs.pixel_rescaling import PixelRescaling
from hyperthumb.base.component import Component
from hyperthumb.base.constraints import Between, Count
from hyperthumb.base.registry import ARCHS, DECODERS, PartOf
from hyperthumb.images.pixels import full_precision
from hyperthumb.images.resize import bicubic_downscale, bicubic_upscale
from hyperthumb.jpeg.quantize import RoundingName
from hyperthumb.models.build import build_enlarger
from hyperthumb.models.contract import Mapped


@ARCHS.register()
class BicubicThenNetwork(PixelRescaling):
    """The thumbnail is bicubic. Only the network that enlarges it is trained, on thumbnails as JPEG leaves them.

        hr -> antialiased bicubic -> thumbnail
        rgb -> network -> (+ bicubic enlargement) -> restored

    Args:
        scale: 2, 4 or 8.
        network: maps (B, 3, h, w) RGB in 0..1 to (B, 3, scale h, scale w): a decoder of ours without the frequency
            branch, or one of BasicSR's, such as `{type: EDSR, num_in_ch: 3, num_out_ch: 3}`.
        quality: JPEG quality as in libjpeg, 1 to 100.
        rounding: how coefficients are rounded in training. The default rounds as files do; no gradient has to pass.
        skip: add the bicubic enlargement to the network's output, which shortens the training; official networks have
            no such skip.
        multiple: the network's input is padded by replication to multiples of this; SwinIR needs its window size.

    Raises:
        HyperthumbError: for an unknown rounding.
        OptionsError: when the network needs coefficients.
    """

    def __init__(
        self,
        scale: int,
        network: Annotated[Component, PartOf(DECODERS)],
        quality: Annotated[int, Between(1, 100)] = 96,
        rounding: RoundingName = "straight_through",
        skip: bool = False,
        multiple: Count = 1,
    ) -> None:
        super().__init__(scale, quality, rounding)
        self.network = build_enlarger(network, scale)
        self.skip, self.padding_multiple = skip, multiple

    def downscale(self, hr: Tensor) -> Mapped:
        return Mapped(bicubic_downscale(full_precision(hr), self.scale))

    def upscale(self, rgb: Tensor) -> Mapped:
        height, width = rgb.shape[-2:]
        below, right = -height % self.padding_multiple, -width % self.padding_multiple
        padded = F.pad(full_precision(rgb).clamp(0, 1), (0, right, 0, below), mode="replicate")
        restored = full_precision(self.network(padded))
        if self.skip:
            restored = restored + bicubic_upscale(padded, self.scale)
        return Mapped(restored[..., : height * self.scale, : width * self.scale])
