"""Losses between two batches of pictures, averaged over all samples of all pictures.

The paper's L_recon is `L1Loss` on the restored HR image. Its L_guide is `MSELoss` on the decoded thumbnail. Both take
RGB in 0..1. Half-precision inputs are summed in float32 even under autocast; float64 inputs are summed in float64.
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
        """Computes the loss, a scalar.

        Args:
            prediction: (B, C, H, W) float; the gradient is taken with respect to it.
            target: of the same shape.

        Raises:
            HyperthumbError: when the shapes differ.
        """
        return F.l1_loss(*comparable(prediction, target))


@LOSSES.register()
class MSELoss(nn.Module):
    """mean (prediction - target)^2 (L_guide of the paper)."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss as a scalar; arguments and errors as for `L1Loss`."""
        return F.mse_loss(*comparable(prediction, target))


@LOSSES.register()
class LogMSELoss(nn.Module):
    """mean over pictures of 2 eps log(1 + MSE / eps): the larger a picture's MSE, the smaller its weight.

    The PSNR of a set is a mean of logarithms, so a decibel counts the same for hard and easy photographs. Plain MSE
    favors the hard ones. The gradient is twice that of MSE when MSE is far below eps, and equal to it at MSE = eps.

    Args:
        eps: the MSE at which the weight is halved, for pictures in 0..1; above 0. 1e-3 is 30 dB.

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
        mean_squared = F.mse_loss(*comparable(prediction, target), reduction="none").flatten(1).mean(1)
        return 2 * self.eps * torch.log1p(mean_squared / self.eps).mean()


@LOSSES.register()
class CharbonnierLoss(nn.Module):
    """mean sqrt((prediction - target)^2 + eps^2): L1 that is smooth at zero (Charbonnier et al., ICIP 1994).

    Args:
        eps: the difference below which the loss is nearly quadratic, for pictures in 0..1; above 0.

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
        prediction, target = comparable(prediction, target)
        return torch.sqrt((prediction - target).square() + self.eps**2).mean()


def comparable(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Converts both to float32 or wider. Refuses different shapes, which would silently broadcast."""
    if prediction.shape != target.shape:
        raise HyperthumbError(
            f"a loss needs two batches of the same shape, not {tuple(prediction.shape)} and "
            f"{tuple(target.shape)}; check that the network's scale equals the data's"
        )
    dtype = torch.promote_types(torch.promote_types(prediction.dtype, target.dtype), torch.float32)
    return prediction.to(dtype), target.to(dtype)
