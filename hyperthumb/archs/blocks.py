"""Convolutional blocks that several networks share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

RGB_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean color of DIV2K in 0..1, the original's constant."""


def conv3x3(inputs: int, outputs: int, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size, or divides it by `stride`."""
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=bias)


def initialize(module: nn.Module, gain: float) -> None:
    """Sets Kaiming-normal weights times `gain`, and zero biases. A small gain starts residual branches near zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            with torch.no_grad():
                layer.weight.mul_(gain)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def zero_initialize(layer: nn.Conv2d) -> nn.Conv2d:
    """Sets weights and bias to zero, so that a branch that ends in this layer contributes nothing at first."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class ResidualBlock(nn.Module):
    """x + conv(ReLU(conv(x))), without normalisation (EDSR, Lim et al., 2017, figure 2)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(features, features)
        self.conv2 = conv3x3(features, features)
        initialize(self, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(torch.relu(self.conv1(x)))


class ResidualDenseBlock(nn.Module):
    """Five densely connected convolutions. Their output times 0.2 is added to x (ESRGAN, Wang et al., 2018).

    Args:
        features: channels of the input and the output.
        growth: channels that each of the first four convolutions adds.
    """

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(features, growth)
        self.conv2 = conv3x3(features + growth, growth)
        self.conv3 = conv3x3(features + 2 * growth, growth)
        self.conv4 = conv3x3(features + 3 * growth, growth)
        self.conv5 = conv3x3(features + 4 * growth, features)
        self.activation = nn.LeakyReLU(0.2, inplace=True)
        initialize(self, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat([seen, self.activation(conv(seen))], dim=1)
        return x + 0.2 * self.conv5(seen)
