"""The network of EDSR (Lim et al., 2017), from which the paper's decoder is built."""

from __future__ import annotations

from torch import Tensor, nn

from .blocks import ResidualBlock, conv3x3


class EDSRBody(nn.Module):
    """conv -> residual blocks -> conv, + -> (conv -> PixelShuffle(2)) x log2(upscale) -> conv.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        num_feat: channels of the residual blocks.
        num_block: number of residual blocks.
        upscale: a power of two.
    """

    def __init__(self, inputs: int, outputs: int, num_feat: int, num_block: int, upscale: int) -> None:
        super().__init__()
        self.conv_first = conv3x3(inputs, num_feat)
        self.body = nn.Sequential(*(ResidualBlock(num_feat) for _ in range(num_block)))
        self.conv_after_body = conv3x3(num_feat, num_feat)
        doublings = upscale.bit_length() - 1
        assert upscale == 1 << doublings, f"{upscale} is not a power of two"
        self.upsample = nn.Sequential(
            *(layer for _ in range(doublings) for layer in (conv3x3(num_feat, 4 * num_feat), nn.PixelShuffle(2)))
        )
        self.conv_last = conv3x3(num_feat, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) to (B, outputs, h * upscale, w * upscale)."""
        x = self.conv_first(x)
        return self.conv_last(self.upsample(x + self.conv_after_body(self.body(x))))
