"""Linear layers in a row, composed into one convolution when a network is only run."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ComposedConvolution(nn.Module):
    """Convolutions and PixelShuffles with nothing between them: PixelShuffle(s) of one 5x5 convolution.

    EDSR has no activation after its body, so two (conv 24 -> 96, PixelShuffle 2) and conv 24 -> 3 are, away from the
    borders, one linear map from a 5x5 neighbourhood to 4x4x3 numbers: 29 thousand multiplications a thumbnail pixel
    instead of 114, and nothing that is ever written at 2x and 4x the thumbnail's size but the result. Where layers pad
    with zeros at the borders of their own, larger pictures, the composed map would see what its layers do not; that
    reaches less than one input pixel inwards, and there the layers themselves are run.

    The trained layers stay what they are: this is made of them at load time and takes no part in a checkpoint.

    Args:
        layers: the stack, (B, inputs, h, w) to (B, outputs, h * scale, w * scale), affine, each input pixel reaching
            no further than two pixels.
        inputs: its input channels.
        scale: its enlargement.
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
        """(1, inputs, h, w) to (1, outputs, h * scale, w * scale), as `layers` but for float rounding."""
        return self.rows(x, above=self.REACH, below=self.REACH)

    def rows(self, window: Tensor, above: int, below: int) -> Tensor:
        """The output rows of a window of a picture.

        Args:
            window: (1, inputs, n, w): the rows wanted and two on either side, as far as the picture has them.
            above: how many of the two above the picture has not.
            below: the same below.

        Returns:
            (1, outputs, (n + above + below - 4) * scale, w * scale).
        """
        window = window.to(self.weight.dtype)
        # Fewer pixels than both frames with what they depend on: composing would have nothing left to do.
        if window.shape[3] <= 2 * (self._FRAME + self.REACH) or window.shape[2] <= self._FRAME + self.REACH:
            return self._crop(self.layers(window), window, above, below)
        padded = F.pad(window, (0, 0, above, below)) if above or below else window
        result = F.pixel_shuffle(F.conv2d(padded, self.weight, self.bias, padding=(0, self.REACH)), self.scale)
        slab, frame = self._FRAME + self.REACH, self._FRAME * self.scale
        for inside, outside in ((slice(None, slab), slice(None, frame)), (slice(-slab, None), slice(-frame, None))):
            strip = window[..., inside]
            result[..., outside] = self._crop(self.layers(strip), strip, above, below)[..., outside]
        if above == self.REACH:
            result[:, :, :frame] = self.layers(window[:, :, :slab])[:, :, :frame]
        if below == self.REACH:
            result[:, :, -frame:] = self.layers(window[:, :, -slab:])[:, :, -frame:]
        return result

    def _crop(self, result: Tensor, window: Tensor, above: int, below: int) -> Tensor:
        """Without the rows that only the wanted ones depend on."""
        first, last = self.REACH - above, window.shape[2] - (self.REACH - below)
        return result[:, :, first * self.scale : last * self.scale]


@torch.no_grad()
def _compose(layers: nn.Module, inputs: int, scale: int, reach: int) -> tuple[Tensor, Tensor]:
    """The stack's kernel (outputs * scale^2, inputs, 5, 5) and bias, by its answers to single pixels.

    A picture of 5x5 holds every path from its centre to what the centre reaches, and every path that leads to the
    centre: the zeros beyond its borders change none of these answers.
    """
    first = next(layers.parameters())
    double = copy.deepcopy(layers).cpu().double()
    side = 2 * reach + 1
    pictures = torch.zeros(inputs + 1, inputs, side, side, dtype=torch.float64)
    pictures[range(inputs), range(inputs), reach, reach] = 1
    answers = F.pixel_unshuffle(double(pictures), scale)
    rest = answers[-1]
    # The output two pixels to the right of an impulse sees it through the kernel's leftmost tap.
    weight = (answers[:-1] - rest).flip(2, 3).transpose(0, 1)
    return weight.to(first.dtype).to(first.device), rest[:, reach, reach].to(first.dtype).to(first.device)
