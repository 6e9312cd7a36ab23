"""The steps of HCFlow (Liang et al., ICCV 2021): normalization, permutation and invertible couplings."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hyperthumb.images.pixels import full_precision

from .invertible import DenseSubnet, Invertible


class ActNorm(Invertible):
    """(x + bias) * exp(logs), with a bias and a scale for each channel (Glow, Kingma and Dhariwal, 2018, section 3.1).

    It starts as the identity, as in the official rescaling configuration.
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
    """An invertible 1x1 convolution whose initial weights are orthogonal (Glow, section 3.2)."""

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
    """Splits a subnet's output (B, 2 C, h, w) into log scales, in -0.5..0.5, and shifts, both (B, C, h, w)."""
    return 0.318 * torch.atan(2 * answer[:, 1::2]), answer[:, 0::2]


class HighByLow(Invertible):
    """Shifts and scales the high band: high becomes (high + shift) * scale, both computed from the low band."""

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
    """Shifts the low band by a number that is computed from the high band."""

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
    """Normalization, then a coupling of the low band (the first 3 channels) and the high band (the others).

    Args:
        channels: channels of both bands together.
        number: index of the step in its level, from 0. Even steps change the high band, odd steps the low band.
        growth: growth of the subnet.
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
    """A 3x3 convolution that starts at zero; each output channel is multiplied by exp(3 logs) (Glow, section 3.3)."""

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
    """Shifts and scales the second half of the channels by numbers computed from the first half and the features."""

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
    """Normalization, permutation, and a coupling that also gets features of the coarser picture.

    Args:
        channels: channels of the detail that is transformed.
        features: channels of the features.
        hidden: channels inside the subnet.
    """

    def __init__(self, channels: int, features: int, hidden: int) -> None:
        super().__init__()
        self.actnorm = ActNorm(channels)
        self.permute = Permutation(channels)
        self.affine = _ConditionalCoupling(channels, features, hidden)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Transforms (B, channels, h, w), given features (B, features, h, w)."""
        return self.affine(self.permute(self.actnorm(x)), features)

    def inverse(self, y: Tensor, features: Tensor) -> Tensor:
        """The inverse of `forward` for the same features."""
        return self.actnorm.inverse(self.permute.inverse(self.affine.inverse(y, features)))
