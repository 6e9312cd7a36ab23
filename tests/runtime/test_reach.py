"""How far a graph sees, against networks whose reach is known."""

from __future__ import annotations

import torch
from torch import nn

from hyperthumb.archs.graphs import EncoderGraph
from hyperthumb.runtime.reach import WHOLE, decoder_reach, encoder_reach


class Blocks(nn.Module):
    """Coefficients to a picture through one convolution over blocks."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(192, 192, kernel, padding=kernel // 2)

    def forward(self, coefficients):
        return nn.functional.pixel_shuffle(self.conv(coefficients), 8)


def test_a_convolution_over_blocks_reaches_half_its_kernel():
    assert [decoder_reach(Blocks(kernel), 1) for kernel in (1, 3, 11)] == [0, 1, 5]


def test_pooling_reaches_the_whole_picture():
    class Pooled(Blocks):
        def forward(self, coefficients):
            return super().forward(coefficients - coefficients.mean((2, 3), keepdim=True))

    assert decoder_reach(Pooled(1), 1) == WHOLE


def test_an_encoder_reaches_as_many_blocks_as_its_pixels_need():
    unshuffle = nn.PixelUnshuffle(2)
    near = nn.Sequential(unshuffle, nn.Conv2d(12, 3, 3, padding=1))
    far = nn.Sequential(unshuffle, nn.Conv2d(12, 3, 19, padding=9))
    assert (encoder_reach(EncoderGraph(near), 2), encoder_reach(EncoderGraph(far), 2)) == (1, 2)
    assert torch.isfinite(near[1].weight).all()
