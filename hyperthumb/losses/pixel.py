"""Losses between two batches of pictures: the mean over every sample of every picture.

The paper's L_recon is `L1Loss` on the restored HR image and its L_guide `MSELoss` on the decoded thumbnail,
both with RGB in 0..1. Half-precision inputs are summed in float32 even under autocast; float64 stays so.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.registry import LOSSES


@LOSSES.register()
class L1Loss(nn.Module):
    """mean |prediction - target| (L_recon of the paper)."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar.

        Args:
            prediction: (B, C, H, W) float, the gradient flows into it.
            target: the same shape.

        Raises:
            HyperthumbError: when the shapes differ.
        """
        return F.l1_loss(*_comparable(prediction, target))


@LOSSES.register()
class MSELoss(nn.Module):
    """mean (prediction - target)^2 (L_guide of the paper)."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar; arguments and errors as for `L1Loss`."""
        return F.mse_loss(*_comparable(prediction, target))


@LOSSES.register()
class LogMSELoss(nn.Module):
    """mean over pictures of 2 eps log(1 + MSE / eps): a picture's MSE counts less the larger it is.

    A set's PSNR is the mean of logarithms, so a decibel of a hard photograph is worth as much as one of an easy one;
    plain MSE spends the bits on the hard ones. The gradient is twice that of MSE for easy pictures, and that of MSE
    at MSE = eps.

    Args:
        eps: the MSE where the weight is halved, in units of the pictures (0..1); above 0. 1e-3 is 30 dB.

    Raises:
        HyperthumbError: when eps is not a finite number above 0.
    """

    def __init__(self, eps: float = 1e-3) -> None:
        super().__init__()
        if not (math.isfinite(eps) and eps > 0):
            raise HyperthumbError(f"LogMSELoss: eps must be a finite number above 0, not {eps}")
        self.eps = eps

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar; arguments and errors as for `L1Loss`."""
        mean_squared = F.mse_loss(*_comparable(prediction, target), reduction="none").flatten(1).mean(1)
        return 2 * self.eps * torch.log1p(mean_squared / self.eps).mean()


@LOSSES.register()
class CharbonnierLoss(nn.Module):
    """mean sqrt((prediction - target)^2 + eps^2): L1 with a rounded tip (Charbonnier et al., ICIP 1994).

    Args:
        eps: where L1 turns into a parabola, in units of the pictures (0..1); above 0.

    Raises:
        HyperthumbError: when eps is not a finite number above 0 (at 0, equal samples have no gradient).
    """

    def __init__(self, eps: float = 1e-3) -> None:
        super().__init__()
        if not (math.isfinite(eps) and eps > 0):
            raise HyperthumbError(f"CharbonnierLoss: eps must be a finite number above 0, not {eps}")
        self.eps = eps

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar; arguments and errors as for `L1Loss`."""
        prediction, target = _comparable(prediction, target)
        return torch.sqrt((prediction - target).square() + self.eps**2).mean()


def _comparable(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both in float32 or wider, after refusing shapes that would silently broadcast."""
    if prediction.shape != target.shape:
        raise HyperthumbError(
            f"a loss compares pictures of one size, not {tuple(prediction.shape)} with "
            f"{tuple(target.shape)}; does the network's scale agree with the data's?"
        )
    dtype = torch.promote_types(torch.promote_types(prediction.dtype, target.dtype), torch.float32)
    return prediction.to(dtype), target.to(dtype)
