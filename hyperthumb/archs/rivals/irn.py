"""IRN: Invertible Rescaling Net (Xiao et al., ECCV 2020), around a JPEG."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from hyperthumb.archs.pixel_rescaling import PixelRescaling
from hyperthumb.base.constraints import AtLeast, Between, Count
from hyperthumb.base.noise import normal
from hyperthumb.base.registry import ARCHS
from hyperthumb.jpeg.quantize import RoundingName
from hyperthumb.models.contract import Mapped

from .invertible import Chain, Coupling, HaarSplit, Invertible, level_count


@ARCHS.register()
class IRN(PixelRescaling):
    """A bijection between a picture and its thumbnail with a latent variable z, which is not stored.

        hr <-> (Haar split <-> couplings) x levels <-> thumbnail (3 channels), z (the rest)

    When an image is restored, z is drawn from N(0, 1) in training (section 3.3). In evaluation z is zero, its most
    likely value, so that a file always gives the same picture. The network's own loss (`losses.own`) is ||z||^2 divided
    by the number of HR values. The official training sums instead of averaging. Its weights correspond to 1 here, for
    this loss, for the reconstruction (`CharbonnierLoss`) and for the guide (`MSELoss`).

    The state dict has the names and shapes of the official checkpoints.

    Args:
        scale: 2, 4 or 8.
        quality: JPEG quality as in libjpeg, 1 to 100.
        rounding: how coefficients are rounded in training.
        num_block: couplings at each level; 8 in the official 4x network.
        growth: channels that each layer of a subnet adds; 32 in the official network.
        temperature: standard deviation of z in training; 1 in the official training. Few blocks cannot reduce the
            effect of z enough, so 0 is better for small networks: it is also the value in evaluation.

    Raises:
        HyperthumbError: for an unknown scale or rounding.
    """

    def __init__(
        self,
        scale: int,
        quality: Annotated[int, Between(1, 100)] = 96,
        rounding: RoundingName = "noise",
        num_block: Count = 8,
        growth: Count = 32,
        temperature: Annotated[float, AtLeast(0)] = 1.0,
    ) -> None:
        super().__init__(scale, quality, rounding)
        self.temperature = temperature
        layers: list[Invertible] = []
        channels = 3
        for _ in range(level_count(scale)):
            layers.append(HaarSplit(channels))
            channels *= 4
            layers += [Coupling(channels, growth=growth) for _ in range(num_block)]
        self.operations = Chain(layers)

    def downscale(self, hr: Tensor) -> Mapped:
        thumbnail, latent = self.operations(hr).tensor_split([3], 1)
        return Mapped(thumbnail, latent)

    def upscale(self, rgb: Tensor) -> Mapped:
        shape = (len(rgb), 3 * self.scale**2 - 3, *rgb.shape[2:])
        latent = rgb.new_zeros(shape)
        if self.training and self.temperature:
            latent = self.temperature * normal(shape, rgb.device).to(rgb.dtype)
        return Mapped(self.operations.inverse(torch.cat([rgb, latent], 1)))

    def network_loss(self, hr: Tensor, down: Mapped, decoded: Tensor, up: Mapped) -> Tensor:
        assert down.hidden is not None
        return down.hidden.float().square().sum() / hr.numel()
