"""The paper's decoder: EDSR on the decoded thumbnail, with a branch for its coefficients (section 3.3)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from hyperthumb.base.constraints import Count, CountOrZero
from hyperthumb.base.registry import DECODERS
from hyperthumb.images.pixels import full_precision
from hyperthumb.images.resize import bicubic_upscale

from .blocks import RGB_MEAN, conv3x3, zero_initialize
from .edsr import EDSRBody
from .rows.composed import ComposedConvolution

# Coefficients are in the hundreds, so the original divides the branch's output by 10.
BRANCH_RANGE = 10.0


@DECODERS.register()
class FrequencyAwareDecoder(nn.Module):
    """Restores the HR image from the thumbnail and its coefficients.

        rgb (B, 3, h, w) -----------------------------------> concat -> EDSR, x scale -> + mean -> restored (B, 3, H, W)
        coefficients (B, 192, h/8, w/8) -> EDSR, x 8 -> / 10 ---'

    The mean color is added at the end but not subtracted at the start, as in the original.

    Args:
        scale: 2, 4 or 8.
        num_feat: channels of the spatial network.
        num_block: residual blocks of the spatial network.
        branch_num_feat: channels of the frequency branch.
        branch_num_block: residual blocks of the frequency branch.
        branch_out: channels that the branch adds to the thumbnail's three.
        skip: add the network's output to the bicubic upscale.
    """

    takes_coefficients = True

    def __init__(
        self,
        scale: int,
        num_feat: Count = 24,
        num_block: CountOrZero = 16,
        branch_num_feat: Count = 24,
        branch_num_block: CountOrZero = 16,
        branch_out: Count = 24,
        skip: bool = False,
    ) -> None:
        super().__init__()
        self.scale, self.skip = scale, skip
        self.branch = EDSRBody(192, branch_out, branch_num_feat, branch_num_block, upscale=8)
        self.main = EDSRBody(3 + branch_out, 3, num_feat, num_block, upscale=scale)
        if skip:
            zero_initialize(self.main.conv_last)
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(RGB_MEAN).view(1, 3, 1, 1), persistent=False)

    def forward(self, rgb: Tensor, coefficients: Tensor) -> Tensor:
        """Restores the image, not clamped.

        Args:
            rgb: (B, 3, h, w) decoded thumbnail, nominally in 0..1, not clamped.
            coefficients: (B, 192, h/8, w/8) dequantized coefficients: Y, Cb, Cr, 64 each in zig-zag order.

        Returns:
            (B, 3, h * scale, w * scale) RGB, nominally in 0..1.
        """
        branch = self.branch(coefficients) / BRANCH_RANGE
        restored = self.main(torch.cat([rgb, branch], dim=1))
        if self.skip:
            return bicubic_upscale(full_precision(rgb).clamp(0, 1), self.scale) + restored
        return restored + self.mean

    def for_inference(self) -> nn.Module:
        """A faster module with a copy of the weights. It computes the same numbers up to float rounding."""
        return _FusedDecoder(self)


class _FusedDecoder(nn.Module):
    """`FrequencyAwareDecoder` with consecutive linear layers composed. No layer runs at sizes between h x w and H x W.

    coefficients -> conv, blocks, conv -> composed: upsampling to h x w, conv, first conv of `main` -----.
    rgb -------------------------------------------------> the first conv of `main` for three channels -> +
    restored <- + mean <- composed: upsampling to H x W, conv <- conv, blocks <---------------------------'
    """

    def __init__(self, decoder: FrequencyAwareDecoder) -> None:
        super().__init__()
        decoder = copy.deepcopy(decoder).eval().requires_grad_(False)
        self.scale, self.skip, self.mean = decoder.scale, decoder.skip, decoder.mean
        main, branch = decoder.main, decoder.branch
        first = main.conv_first
        features, branch_out = first.out_channels, branch.conv_last.out_channels
        assert first.bias is not None
        self.from_rgb, from_branch = conv3x3(3, features, bias=False), conv3x3(branch_out, features)
        self.from_rgb.weight.data = first.weight[:, :3].contiguous()
        from_branch.weight.data = first.weight[:, 3:] / BRANCH_RANGE
        from_branch.bias = first.bias
        to_features = nn.Sequential(branch.upsample, branch.conv_last, from_branch).requires_grad_(False)
        self.to_features = ComposedConvolution(to_features, branch.conv_first.out_channels, scale=8)
        to_picture = nn.Sequential(main.upsample, main.conv_last)
        self.to_picture = ComposedConvolution(to_picture, features, decoder.scale)
        self.branch_first, self.branch_body, self.branch_after = branch.conv_first, branch.body, branch.conv_after_body
        self.main_body, self.main_after = main.body, main.conv_after_body

    def forward(self, rgb: Tensor, coefficients: Tensor) -> Tensor:
        branch = self.branch_first(coefficients)
        x = self.to_features(branch + self.branch_after(self.branch_body(branch))) + self.from_rgb(rgb)
        restored = self.to_picture(x + self.main_after(self.main_body(x)))
        if self.skip:
            return bicubic_upscale(full_precision(rgb).clamp(0, 1), self.scale) + restored
        return restored + self.mean
