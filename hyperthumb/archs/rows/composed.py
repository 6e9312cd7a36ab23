"""Composes consecutive linear layers into one convolution, for networks that are not trained further."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ComposedConvolution(nn.Module):
    """Consecutive convolutions and PixelShuffles as one 5x5 convolution and PixelShuffle(scale).

    EDSR has no activation after its body. Away from the borders, its layers conv 24 -> 96, PixelShuffle(2), conv 24 ->
    96, PixelShuffle(2) and conv 24 -> 3 are therefore one linear map from a 5x5 neighborhood to 4x4x3 values. The
    composed map takes 29 thousand multiplications per thumbnail pixel instead of 114 thousand, and it writes nothing
    but the result at 2 and 4 times the thumbnail's size.

    The layers pad their own, larger inputs with zeros at the borders. The composed map cannot do that, so its results
    would differ within one input pixel of the borders. There the layers themselves are run.

    This module is made from trained layers at load time. It is not part of a checkpoint.

    Args:
        layers: affine layers that map (B, inputs, h, w) to (B, outputs, h * scale, w * scale). An input pixel must not
            affect outputs that are more than two input pixels away.
        inputs: channels of the input.
        scale: the factor by which the layers enlarge.
    """

    REACH = 2
    _FRAME = 1

    def __init__(self, layers: nn.Module, inputs: int, scale: int) -> None:
        super().__init__()
        self.layers, self.scale = layers, scale
        weight, bias = _compose(layers, inputs, scale, self.REACH)
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last), requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (1, inputs, h, w) to (1, outputs, h * scale, w * scale): the result of `layers` up to float rounding."""
        return self.rows(x, above=self.REACH, below=self.REACH)

    def rows(self, window: Tensor, above: int, below: int) -> Tensor:
        """Computes some output rows of a picture.

        Args:
            window: (1, inputs, n, w): the input rows with two more rows on either side, as far as the picture has them.
            above: number of rows, 0 to 2, that are missing from the window because they are above the picture.
            below: number of rows, 0 to 2, that are missing because they are below the picture.

        Returns:
            (1, outputs, (n + above + below - 4) * scale, w * scale).
        """
        window = window.to(self.weight.dtype)
        # The window has only pixels that the layers themselves have to compute.
        if window.shape[3] <= 2 * (self._FRAME + self.REACH) or window.shape[2] <= self._FRAME + self.REACH:
            return self._crop(self.layers(window), window, above, below)
        padded = F.pad(window, (0, 0, above, below)) if above or below else window
        result = F.pixel_shuffle(F.conv2d(padded, self.weight, self.bias, padding=(0, self.REACH)), self.scale)
        depth, frame = self._FRAME + self.REACH, self._FRAME * self.scale
        for inside, outside in ((slice(None, depth), slice(None, frame)), (slice(-depth, None), slice(-frame, None))):
            border = window[..., inside]
            result[..., outside] = self._crop(self.layers(border), border, above, below)[..., outside]
        if above == self.REACH:
            result[:, :, :frame] = self.layers(window[:, :, :depth])[:, :, :frame]
        if below == self.REACH:
            result[:, :, -frame:] = self.layers(window[:, :, -depth:])[:, :, -frame:]
        return result

    def _crop(self, result: Tensor, window: Tensor, above: int, below: int) -> Tensor:
        """Removes the output of the rows that were added to the window on either side."""
        first, last = self.REACH - above, window.shape[2] - (self.REACH - below)
        return result[:, :, first * self.scale : last * self.scale]


@torch.no_grad()
def _compose(layers: nn.Module, inputs: int, scale: int, reach: int) -> tuple[Tensor, Tensor]:
    """Computes the kernel (outputs * scale^2, inputs, 5, 5) and the bias from the layers' output for single pixels.

    Pictures of 5x5 pixels are large enough: every path through the layers from or to the center stays inside them, so
    the zero padding does not affect the result.
    """
    first = next(layers.parameters())
    double = copy.deepcopy(layers).cpu().double()
    side = 2 * reach + 1
    pictures = torch.zeros(inputs + 1, inputs, side, side, dtype=torch.float64)
    pictures[range(inputs), range(inputs), reach, reach] = 1
    responses = F.pixel_unshuffle(double(pictures), scale)
    bias = responses[-1]  # the response to a picture of zeros
    # The kernel is flipped: the output two pixels to the right of an impulse gets it through the leftmost weight.
    weight = (responses[:-1] - bias).flip(2, 3).transpose(0, 1)
    return weight.to(first.dtype).to(first.device), bias[:, reach, reach].to(first.dtype).to(first.device)
