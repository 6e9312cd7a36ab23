"""The paper's encoder: a residual dense U-Net on space-to-depth pixels (section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hyperthumb.base.constraints import Count
from hyperthumb.base.registry import ENCODERS
from hyperthumb.images.pixels import full_precision
from hyperthumb.images.resize import bicubic_downscale

from .blocks import RGB_MEAN, ResidualDenseBlock, conv3x3, zero_initialize


@ENCODERS.register()
class RDBUNet(nn.Module):
    """Makes the thumbnail from the HR image.

        hr - mean -> PixelUnshuffle(s) -> conv -> dense --------------------------> up -> conv -> + mean -> thumbnail
                                                    '-> down -> dense -------> up --'
                                                                  '-> down --'

    Args:
        scale: 1, 2, 4 or 8.
        num_feat: channels at the thumbnail's size. Each of the two lower levels doubles them.
        growth: growth of the first dense block. Each of the two lower levels doubles it.
        skip: add the network's output to the bicubic downscale.
    """

    def __init__(self, scale: int, num_feat: Count = 64, growth: Count = 32, skip: bool = False) -> None:
        super().__init__()
        self.scale, self.skip = scale, skip
        self.unshuffle = nn.PixelUnshuffle(scale)
        self.conv_first = conv3x3(3 * scale * scale, num_feat)
        self.activation = nn.LeakyReLU(0.1, inplace=True)
        self.dense = ResidualDenseBlock(num_feat, growth)
        self.down = nn.ModuleList(_Down(num_feat << level, growth << level + 1) for level in range(2))
        self.up = nn.ModuleList(_Up(num_feat << level, growth << level + 1) for level in range(2))
        self.conv_last = conv3x3(num_feat, 3, bias=False)
        if skip:
            zero_initialize(self.conv_last)
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(RGB_MEAN).view(1, 3, 1, 1), persistent=False)

    def forward(self, hr: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..1 to (B, 3, H/scale, W/scale), not clamped; H and W are multiples of 4 * scale."""
        x = self.dense(self.activation(self.conv_first(self.unshuffle(hr - self.mean))))
        levels = []
        for down in self.down:
            levels.append(x)
            x = down(x)
        for up in reversed(self.up):
            x = up(x, levels.pop())
        x = self.conv_last(x)
        return bicubic_downscale(full_precision(hr), self.scale) + x if self.skip else x + self.mean


class _Down(nn.Module):
    """Halves the size and doubles the channels."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(features, 2 * features, stride=2, bias=False)
        self.conv2 = conv3x3(2 * features, 2 * features, bias=False)
        self.activation = nn.LeakyReLU(0.1, inplace=True)
        self.dense = ResidualDenseBlock(2 * features, growth)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.activation(self.conv2(self.activation(self.conv1(x)))))


class _Up(nn.Module):
    """Doubles the size, halves the channels, and concatenates the skip connection of this size."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.enlarge = conv3x3(2 * features, 4 * features)
        self.shuffle = nn.PixelShuffle(2)
        self.conv1 = conv3x3(2 * features, features, bias=False)
        self.conv2 = conv3x3(features, features, bias=False)
        self.activation = nn.LeakyReLU(0.1, inplace=True)
        self.dense = ResidualDenseBlock(features, growth)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        x = torch.cat([beside, self.shuffle(self.enlarge(x))], dim=1)
        return self.dense(self.activation(self.conv2(self.activation(self.conv1(x)))))
