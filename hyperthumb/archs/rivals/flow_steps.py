"""The steps of HCFlow (Liang et al., ICCV 2021): normalization, permutation and couplings with exact inverses."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hyperthumb.images.pixels import full_precision

from .invertible import DenseSubnet, Invertible


class ActNorm(Invertible):
    """(x + bias) * exp(logs), a number of each for a channel (Glow, Kingma and Dhariwal, 2018, section 3.1).

    It starts as the identity: training in the official rescaling configuration does so too.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.logs = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.bias) * self.logs.exp()

    def inverse(self, y: Tensor) -> Tensor:
        return y * (-self.logs).exp() - self.bias


class Permutation(Invertible):
    """An invertible 1x1 convolution, orthogonal at the start (Glow, section 3.2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.orthogonal_(torch.empty(channels, channels)))

    def forward(self, x: Tensor) -> Tensor:
        return self._mix(x, self.weight)

    def inverse(self, y: Tensor) -> Tensor:
        return self._mix(y, torch.linalg.inv(self.weight.double()).to(self.weight.dtype))

    @staticmethod
    def _mix(x: Tensor, weight: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return F.conv2d(full_precision(x), weight[:, :, None, None])


def scale_and_shift(answer: Tensor) -> tuple[Tensor, Tensor]:
    """A subnet's answer (B, 2 C, h, w) as logarithms of scales, within -0.5 .. 0.5, and shifts, both (B, C, h, w)."""
    return 0.318 * torch.atan(2 * answer[:, 1::2]), answer[:, 0::2]


class HighByLow(Invertible):
    """The high band is shifted and scaled by what the low one says, (high + shift) * scale."""

    def __init__(self, channels: int, low: int, growth: int) -> None:
        super().__init__()
        self.sizes = [low, channels - low]
        self.f = DenseSubnet(low, 2 * (channels - low), growth)

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.split(self.sizes, 1)
        logs, shift = scale_and_shift(self.f(low))
        return torch.cat([low, (high + shift) * logs.exp()], 1)

    def inverse(self, y: Tensor) -> Tensor:
        low, high = y.split(self.sizes, 1)
        logs, shift = scale_and_shift(self.f(low))
        return torch.cat([low, high * (-logs).exp() - shift], 1)


class LowByHigh(Invertible):
    """The low band is shifted by what the high one says."""

    def __init__(self, channels: int, low: int, growth: int) -> None:
        super().__init__()
        self.sizes = [low, channels - low]
        self.f = DenseSubnet(channels - low, low, growth)

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.split(self.sizes, 1)
        return torch.cat([low + self.f(high), high], 1)

    def inverse(self, y: Tensor) -> Tensor:
        low, high = y.split(self.sizes, 1)
        return torch.cat([low - self.f(high), high], 1)


class FlowStep(Invertible):
    """Normalization and a coupling of the first 3 channels with the others; steps alternate who changes whom.

    Args:
        channels: of both bands together.
        number: counts the steps of a level from 0; at even ones the low band changes the high one.
        growth: of the subnet.
    """

    def __init__(self, channels: int, number: int, growth: int) -> None:
        super().__init__()
        self.actnorm = ActNorm(channels)
        kind = LowByHigh if number % 2 else HighByLow
        self.affine: Invertible = kind(channels, 3, growth)

    def forward(self, x: Tensor) -> Tensor:
        return self.affine(self.actnorm(x))

    def inverse(self, y: Tensor) -> Tensor:
        return self.actnorm.inverse(self.affine.inverse(y))


class _NormalizedConv(nn.Conv2d):
    """A convolution without bias, then `ActNorm` (Glow's subnets)."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__(inputs, outputs, side, padding=side // 2, bias=False)
        self.actnorm = ActNorm(outputs)
        nn.init.normal_(self.weight, 0, 0.05)

    def forward(self, x: Tensor) -> Tensor:
        return self.actnorm(super().forward(x))


class ZeroConv(nn.Conv2d):
    """A 3x3 convolution that starts at zero, times exp(3 logs) a channel (Glow, section 3.3)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)
        self.logs = nn.Parameter(torch.zeros(outputs, 1, 1))
        nn.init.zeros_(self.weight)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (3 * self.logs).exp()


class _ThreeConvs(nn.Module):
    def __init__(self, inputs: int, outputs: int, hidden: int) -> None:
        super().__init__()
        self.conv1 = _NormalizedConv(inputs, hidden, 3)
        self.conv2 = _NormalizedConv(hidden, hidden, 1)
        self.conv3 = ZeroConv(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(torch.relu(self.conv2(torch.relu(self.conv1(x)))))


class _ConditionalCoupling(nn.Module):
    """The second half of the channels is shifted and scaled by what the first half and the features say."""

    def __init__(self, channels: int, features: int, hidden: int) -> None:
        super().__init__()
        first = channels // 2
        self.sizes = [first, channels - first]
        self.f = _ThreeConvs(first + features, 2 * (channels - first), hidden)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        first, second = x.split(self.sizes, 1)
        logs, shift = scale_and_shift(self.f(torch.cat([first, features], 1)))
        return torch.cat([first, (second + shift) * logs.exp()], 1)

    def inverse(self, y: Tensor, features: Tensor) -> Tensor:
        first, second = y.split(self.sizes, 1)
        logs, shift = scale_and_shift(self.f(torch.cat([first, features], 1)))
        return torch.cat([first, second * (-logs).exp() - shift], 1)


class ConditionalFlowStep(nn.Module):
    """Normalization, permutation, and a coupling that also sees features of the coarser picture.

    Args:
        channels: of what is mapped.
        features: channels of the features.
        hidden: channels in the subnet.
    """

    def __init__(self, channels: int, features: int, hidden: int) -> None:
        super().__init__()
        self.actnorm = ActNorm(channels)
        self.permute = Permutation(channels)
        self.affine = _ConditionalCoupling(channels, features, hidden)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """(B, channels, h, w) given (B, features, h, w) of the same size."""
        return self.affine(self.permute(self.actnorm(x)), features)

    def inverse(self, y: Tensor, features: Tensor) -> Tensor:
        """Back again, given the same features."""
        return self.actnorm.inverse(self.permute.inverse(self.affine.inverse(y, features)))
