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
    """A small network makes the thumbnail, a deep one mends its bicubic enlargement.

        hr -> conv, ReLU -> (strided conv, ReLU) x levels -> conv -> thumbnail
        rgb -> bicubic -> + -> restored
                  '-> conv, ReLU -> (conv, batch norm, ReLU) x (layers - 2) -> conv -'

    The paper halves the picture: one strided convolution, here one a level (section III-B and table I). It trains both
    networks in turns, the first through the second alone, because it had no JPEG with a gradient (section III-C); here
    both train together through one.

    Args:
        scale: 2, 4 or 8.
        quality: of the JPEG.
        rounding: of its coefficients in training.
        num_feat: channels of both networks; the paper's are 64.
        num_layer: layers of the reconstruction network; the paper's are 20.

    Raises:
        HyperthumbError: for a scale or a rounding that does not exist.
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
