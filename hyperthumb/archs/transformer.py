"""An encoder of transformer blocks: attention within windows of the unshuffled pixels, convolutions between them.

Window attention follows Swin (Liu et al., ICCV 2021). Depthwise convolutions in the feed-forward part carry information
across the windows' borders, as in Restormer (Zamir et al., CVPR 2022), so that no window has to be shifted.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hyperthumb.base.constraints import Count
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import ENCODERS
from hyperthumb.images.pixels import full_precision
from hyperthumb.images.resize import bicubic_downscale

from .blocks import conv3x3, initialize, zero_initialize

WINDOW = 8
"""Thumbnail pixels on a side of a window. Each window is one of JPEG's blocks, so windows fill every thumbnail."""
_EXPANSION = 2


@ENCODERS.register()
class TransformerEncoder(nn.Module):
    """hr -> PixelUnshuffle(s) -> conv -> transformer blocks -> conv -> + bicubic downscale.

    Args:
        scale: 2, 4 or 8.
        num_feat: channels, a multiple of `num_heads`.
        num_block: transformer blocks.
        num_heads: heads of each attention.
        skip: add the network's output to the bicubic downscale instead of to mid-grey.

    Raises:
        HyperthumbError: when the heads do not divide the channels.
    """

    def __init__(
        self, scale: int, num_feat: Count = 60, num_block: Count = 6, num_heads: Count = 6, skip: bool = True
    ) -> None:
        super().__init__()
        if num_feat % num_heads:
            raise HyperthumbError(f"num_feat must be a multiple of num_heads: {num_feat} is not one of {num_heads}")
        self.scale, self.skip = scale, skip
        self.unshuffle = nn.PixelUnshuffle(scale)
        self.conv_first = conv3x3(3 * scale * scale, num_feat)
        self.body = nn.Sequential(*(TransformerBlock(num_feat, num_heads) for _ in range(num_block)))
        self.conv_last = conv3x3(num_feat, 3)
        if skip:
            zero_initialize(self.conv_last)

    def forward(self, hr: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..1 to (B, 3, H/scale, W/scale), not clamped; H and W are multiples of 8 * scale."""
        learned = self.conv_last(self.body(self.conv_first(self.unshuffle(hr - 0.5))))
        return full_precision(learned) + (bicubic_downscale(full_precision(hr), self.scale) if self.skip else 0.5)


class TransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x)); both branches keep (B, features, h, w)."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        hidden = _EXPANSION * features
        self.attention = nn.Sequential(
            ChannelNorm(features),
            nn.Conv2d(features, 3 * features, 1),
            nn.PixelUnshuffle(WINDOW),
            WindowAttention(features, heads),
            nn.PixelShuffle(WINDOW),
            nn.Conv2d(features, features, 1),
        )
        self.feed_forward = nn.Sequential(
            ChannelNorm(features),
            nn.Conv2d(features, hidden, 1),
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden),
            nn.GELU(),
            nn.Conv2d(hidden, features, 1),
        )
        for branch in (self.attention, self.feed_forward):
            initialize(branch[-1], 0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return x + self.feed_forward(x)


class ChannelNorm(nn.Module):
    """Layer normalization of the channels of each pixel: (B, features, h, w) to the same shape."""

    pointwise = True

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(features)), nn.Parameter(torch.zeros(features))

    def forward(self, x: Tensor) -> Tensor:
        normalized = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias)
        return normalized.permute(0, 3, 1, 2)


class WindowAttention(nn.Module):
    """Attention among the pixels of each window, with a learned bias for each relative position.

    A window is one pixel of the input, whose channels are the window's queries, keys and values.

    Args:
        features: channels of a thumbnail pixel, a multiple of `heads`.
        heads: each attends with `features / heads` channels.
    """

    pointwise = True

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.features, self.heads = features, heads
        self.bias = nn.Parameter(torch.zeros(heads * (2 * WINDOW - 1) ** 2))
        place = torch.cartesian_prod(torch.arange(WINDOW), torch.arange(WINDOW))
        down, across = (place[:, None] - place + WINDOW - 1).unbind(-1)
        self.relative: Tensor
        self.register_buffer("relative", down * (2 * WINDOW - 1) + across, persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        """(B, 3 * features * 64, n, m) as PixelUnshuffle makes them, to (B, features * 64, n, m)."""
        batch, _, rows, columns = windows.shape
        channels, pixels = self.features // self.heads, WINDOW * WINDOW
        parts = windows.permute(0, 2, 3, 1).reshape(-1, 3, self.heads, channels, pixels).transpose(3, 4)
        query, key, value = parts.unbind(1)  # each (B * n * m, heads, 64, channels)
        bias = self.bias.view(self.heads, -1)[:, self.relative].to(query.dtype)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias[None])
        planes = attended.transpose(2, 3).reshape(batch, rows, columns, self.features * pixels)
        return planes.permute(0, 3, 1, 2)
