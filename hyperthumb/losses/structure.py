"""Losses on the structure of pictures: similarity at several scales, frequencies, and what a network perceives.

As the pixel losses they compare two batches of RGB pictures in 0..1, in float32 or wider.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from hyperthumb.base.constraints import Existing
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import LOSSES

from .pixel import comparable


@LOSSES.register()
class MSSSIMLoss(nn.Module):
    """1 - MS-SSIM with its five scales (Wang, Simoncelli and Bovik, 2003), by the package pytorch-msssim."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar, 0 for equal pictures; arguments as for `L1Loss`, sides of 161 pixels or more.

        Raises:
            HyperthumbError: when the shapes differ, or a side is below 161 pixels.
        """
        from pytorch_msssim import ms_ssim

        prediction, target = _large_enough("MSSSIMLoss", 161, *comparable(prediction, target))
        similarity: Tensor = ms_ssim(prediction, target, data_range=1.0)
        return 1 - similarity


@LOSSES.register()
class FourierLoss(nn.Module):
    """mean |F(prediction) - F(target)|: L1 between orthonormal Fourier transforms (Cho et al., ICCV 2021)."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar; arguments and errors as for `L1Loss`."""
        prediction, target = comparable(prediction, target)
        return torch.fft.fft2(prediction - target, norm="ortho").abs().mean()


@LOSSES.register()
class LPIPSLoss(nn.Module):
    """LPIPS (Zhang et al., CVPR 2018), by the authors' package. Its weights stay as they are.

    Args:
        net: the backbone.
        backbone_weights: torchvision's state dict for it; None takes torchvision's own, from its cache or the network.

    Raises:
        HyperthumbError: when the package or the backbone cannot be had.
    """

    def __init__(
        self,
        net: Literal["alex", "vgg", "squeeze"] = "alex",
        backbone_weights: Annotated[Path, Existing()] | None = None,
    ) -> None:
        super().__init__()
        from hyperthumb.metrics.lpips import LpipsMetric

        self.network = LpipsMetric.create(net, backbone_weights, setting="`backbone_weights` of this LPIPSLoss").network

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar, 0 for equal pictures; arguments as for `L1Loss`, sides of 32 pixels or more.

        Raises:
            HyperthumbError: when the shapes differ, or a side is below 32 pixels.
        """
        prediction, target = _large_enough("LPIPSLoss", 32, *comparable(prediction, target))
        distances: Tensor = self.network(2 * prediction - 1, 2 * target - 1)
        return distances.mean()


def _large_enough(name: str, smallest: int, prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    height, width = prediction.shape[-2:]
    if min(height, width) < smallest:
        raise HyperthumbError(
            f"{name} needs sides of {smallest} pixels or more, not {width}x{height}; give larger crops (gt_size)"
        )
    return prediction, target
