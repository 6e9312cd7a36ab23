"""A small encoder and decoder for CPUs and first experiments. All layers run at the thumbnail's size.

With `skip`, the untrained pair equals bicubic downscaling, JPEG and bicubic upscaling. Training improves on that.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from hyperthumb.base.constraints import Count, CountOrZero
from hyperthumb.base.registry import DECODERS, ENCODERS
from hyperthumb.images.pixels import full_precision
from hyperthumb.images.resize import bicubic_downscale, bicubic_phases

from .blocks import ResidualBlock, conv3x3, zero_initialize

# Coefficients of photographs are tens to hundreds. Divided by 64 they suit a convolution's initial weights.
_COEFFICIENT_UNIT = 64.0


@ENCODERS.register()
class LiteEncoder(nn.Module):
    """hr -> PixelUnshuffle(s) -> conv -> residual blocks -> conv -> + bicubic downscale.

    Args:
        scale: 2, 4 or 8.
        num_feat: channels.
        num_block: residual blocks.
        skip: add the network's output to the bicubic downscale instead of to mid-grey.
    """

    def __init__(self, scale: int, num_feat: Count = 64, num_block: CountOrZero = 4, skip: bool = True) -> None:
        super().__init__()
        self.scale, self.skip = scale, skip
        self.unshuffle = nn.PixelUnshuffle(scale)
        self.conv_first = conv3x3(3 * scale * scale, num_feat)
        self.body = nn.Sequential(*(ResidualBlock(num_feat) for _ in range(num_block)))
        self.conv_last = conv3x3(num_feat, 3)
        if skip:
            zero_initialize(self.conv_last)

    def forward(self, hr: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..1 to (B, 3, H/scale, W/scale), not clamped; H and W are multiples of `scale`."""
        learned = self.conv_last(self.body(self.conv_first(self.unshuffle(hr - 0.5))))
        return full_precision(learned) + (bicubic_downscale(full_precision(hr), self.scale) if self.skip else 0.5)


@DECODERS.register()
class LiteDecoder(nn.Module):
    """Residual blocks at the thumbnail's size, one PixelShuffle at the end.

        rgb (B, 3, h, w) -> conv -> + -> residual blocks -> conv -> + bicubic upscale -> PixelShuffle(s)
        coefficients (B, 192, h/8, w/8) -> 1x1 conv -> nearest x 8 -'

    Args:
        scale: 2, 4 or 8.
        num_feat: channels.
        num_block: residual blocks.
        skip: add the network's output to the bicubic upscale instead of to mid-grey.
        frequency: use the coefficients as well as the thumbnail's pixels.
    """

    takes_coefficients = True

    def __init__(
        self,
        scale: int,
        num_feat: Count = 40,
        num_block: CountOrZero = 8,
        skip: bool = True,
        frequency: bool = True,
    ) -> None:
        super().__init__()
        self.scale, self.skip = scale, skip
        self.conv_first = conv3x3(3, num_feat)
        self.inject = nn.Conv2d(192, num_feat, 1) if frequency else None
        self.body = nn.Sequential(*(ResidualBlock(num_feat) for _ in range(num_block)))
        self.conv_last = conv3x3(num_feat, 3 * scale * scale)
        if skip:
            zero_initialize(self.conv_last)

    def forward(self, rgb: Tensor, coefficients: Tensor) -> Tensor:
        """Restores the image; the shapes are those of `FrequencyAwareDecoder.forward`."""
        x = self.conv_first(rgb - 0.5)
        if self.inject is not None:
            injected = self.inject(coefficients / _COEFFICIENT_UNIT)
            x = x + F.interpolate(injected, scale_factor=8, mode="nearest")
        learned = self.conv_last(x + self.body(x))
        base = bicubic_phases(full_precision(rgb).clamp(0, 1), self.scale) if self.skip else 0.5
        return F.pixel_shuffle(full_precision(learned) + base, self.scale)
