"""Parts of invertible rescaling networks: a Haar split, dense subnets, and couplings."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hyperthumb.archs.blocks import conv3x3, zero_initialize
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.images.pixels import full_precision


class Invertible(nn.Module, ABC):
    """A lossless map of pictures: `inverse(forward(x))` equals x up to float rounding."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) to the same number of values, perhaps in another shape."""

    @abstractmethod
    def inverse(self, y: Tensor) -> Tensor:
        """The inverse of `forward`."""


class Chain(nn.ModuleList):
    """A sequence of invertible layers. Their names in a state dict are their indices."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in self:
            x = layer(x)
        return x

    def inverse(self, y: Tensor) -> Tensor:
        """The inverse of `forward`."""
        for layer in reversed(self):
            assert isinstance(layer, Invertible)
            y = layer.inverse(y)
        return y


class HaarSplit(Invertible):
    """One level of the Haar transform (IRN, Xiao et al., ECCV 2020, section 3.2).

    It maps (B, C, H, W) to (B, 4 C, H/2, W/2). The first C channels are the averages of 2x2 pixels. C channels each of
    horizontal, vertical and diagonal differences follow, also divided by 4.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        signs = [[[1, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]]
        # It is not trained. The official checkpoints hold it under this name, as a frozen parameter.
        self.haar_weights: Tensor
        self.register_buffer("haar_weights", torch.tensor(signs).float()[:, None].repeat(channels, 1, 1, 1))
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):  # in bfloat16 the inverse would be wrong by whole levels
            x = full_precision(x)
            bands = F.conv2d(x, self.haar_weights.to(x.dtype), stride=2, groups=self.channels) / 4
        return bands.unflatten(1, (self.channels, 4)).transpose(1, 2).flatten(1, 2)

    def inverse(self, y: Tensor) -> Tensor:
        with torch.autocast(y.device.type, enabled=False):
            y = full_precision(y)
            bands = y.unflatten(1, (4, self.channels)).transpose(1, 2).flatten(1, 2)
            return F.conv_transpose2d(bands, self.haar_weights.to(y.dtype), stride=2, groups=self.channels)


class DenseSubnet(nn.Module):
    """Five densely connected convolutions whose output is zero before training (IRN, supplement).

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        growth: channels that each of the first four convolutions adds.
    """

    def __init__(self, inputs: int, outputs: int, growth: int = 32) -> None:
        super().__init__()
        self.conv1 = conv3x3(inputs, growth)
        self.conv2 = conv3x3(inputs + growth, growth)
        self.conv3 = conv3x3(inputs + 2 * growth, growth)
        self.conv4 = conv3x3(inputs + 3 * growth, growth)
        self.conv5 = zero_initialize(conv3x3(inputs + 4 * growth, outputs))
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            nn.init.xavier_normal_(conv.weight, gain=0.1)
            assert conv.bias is not None
            nn.init.zeros_(conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = torch.cat([x, F.leaky_relu(conv(x), 0.2)], 1)
        return self.conv5(x)


class Coupling(Invertible):
    """IRN's block (section 3.2): the high band changes the low band, which then changes the high band.

        low  = low + F(high)
        high = high * exp(clamped H(low)) + G(low)

    Args:
        channels: channels of both bands together.
        low: number of the first channels that form the low band.
        growth: growth of the subnets.
    """

    def __init__(self, channels: int, low: int = 3, growth: int = 32) -> None:
        super().__init__()
        self.sizes = [low, channels - low]
        self.F = DenseSubnet(channels - low, low, growth)
        self.G = DenseSubnet(low, channels - low, growth)
        self.H = DenseSubnet(low, channels - low, growth)

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.split(self.sizes, 1)
        low = low + self.F(high)
        return torch.cat([low, high * log_scale(self.H(low)).exp() + self.G(low)], 1)

    def inverse(self, y: Tensor) -> Tensor:
        low, high = y.split(self.sizes, 1)
        high = (high - self.G(low)) * (-log_scale(self.H(low))).exp()
        return torch.cat([low - self.F(high), high], 1)


def log_scale(x: Tensor) -> Tensor:
    """Converts a subnet's output to the logarithm of a scale in -1..1, as in the official configuration."""
    return 2 * torch.sigmoid(x) - 1


def level_count(scale: int) -> int:
    """The number of times that a network of this scale halves the picture.

    Raises:
        HyperthumbError: for a scale other than 2, 4 and 8.
    """
    if scale not in (2, 4, 8):
        raise HyperthumbError(f"the scale of this network must be 2, 4 or 8, not {scale}")
    return scale.bit_length() - 1
