"""ComCNN and RecCNN: a compact and a reconstruction network around a JPEG (Jiang et al., TCSVT 2018)."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn

from hyperthumb.archs.blocks import conv3x3, zero_initialize
from hyperthumb.archs.pixel_rescaling import PixelRescaling
from hyperthumb.base.constraints import AtLeast, Between, Count
from hyperthumb.base.registry import ARCHS
from hyperthumb.images.pixels import full_precision
from hyperthumb.images.resize import bicubic_upscale
from hyperthumb.jpeg.quantize import RoundingName
from hyperthumb.models.contract import Mapped

from .invertible import level_count


@ARCHS.register()
class ComCNN(PixelRescaling):
    """A small network makes the thumbnail. A deep network improves the thumbnail's bicubic enlargement.

        hr -> conv, ReLU -> (strided conv, ReLU) x levels -> conv -> thumbnail
        rgb -> bicubic -> + -> restored
                  '-> conv, ReLU -> (conv, batch norm, ReLU) x (layers - 2) -> conv -'

    The paper's network only halves the picture, with one strided convolution (section III-B and table I). Here there
    is one for each halving. The paper trains the two networks in turns, and the first one without JPEG, because it has
    no differentiable JPEG (section III-C). Here they are trained together through a differentiable JPEG.

    Args:
        scale: 2, 4 or 8.
        quality: JPEG quality as in libjpeg, 1 to 100.
        rounding: how coefficients are rounded in training.
        num_feat: channels of both networks; 64 in the paper.
        num_layer: layers of the reconstruction network; 20 in the paper.

    Raises:
        HyperthumbError: for an unknown scale or rounding.
    """

    def __init__(
        self,
        scale: int,
        quality: Annotated[int, Between(1, 100)] = 96,
        rounding: RoundingName = "noise",
        num_feat: Count = 64,
        num_layer: Annotated[int, AtLeast(2)] = 20,
    ) -> None:
        super().__init__(scale, quality, rounding)
        compact: list[nn.Module] = [conv3x3(3, num_feat), nn.ReLU()]
        for _ in range(level_count(scale)):
            compact += [conv3x3(num_feat, num_feat, stride=2), nn.ReLU()]
        self.compact = nn.Sequential(*compact, conv3x3(num_feat, 3))
        mending: list[nn.Module] = [conv3x3(3, num_feat), nn.ReLU()]
        for _ in range(num_layer - 2):
            mending += [conv3x3(num_feat, num_feat, bias=False), nn.BatchNorm2d(num_feat), nn.ReLU()]
        last = conv3x3(num_feat, 3)
        self.reconstruction = nn.Sequential(*mending, last)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        zero_initialize(last)

    def downscale(self, hr: Tensor) -> Mapped:
        return Mapped(full_precision(self.compact(hr)))

    def upscale(self, rgb: Tensor) -> Mapped:
        enlarged = bicubic_upscale(full_precision(rgb).clamp(0, 1), self.scale)
        return Mapped(enlarged + full_precision(self.reconstruction(enlarged)))
