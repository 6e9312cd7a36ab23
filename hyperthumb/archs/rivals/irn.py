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
    """A bijection between the picture and its thumbnail with a latent variable that is thrown away.

        hr <-> (Haar split <-> couplings) x levels <-> thumbnail (3 channels), z (the rest)

    For the way back z is drawn from N(0, 1) in training (section 3.3) and zero, its most likely value, in evaluation,
    so that a file always restores to the same picture. The own term is ||z||^2 over the number of HR values: the
    weights of the official training, which sums instead of averaging, are then 1 each for it, `CharbonnierLoss` and
    `MSELoss`.

    Names and shapes in the state dict are those of the official checkpoints.

    Args:
        scale: 2, 4 or 8.
        quality: of the JPEG.
        rounding: of its coefficients in training.
        num_block: couplings at each level; the official 4x network has 8.
        growth: channels that a subnet's layers add.
        temperature: standard deviation of z on the way back in training, 1 in the official one. Blocks can shrink it
            only so far, so small networks do better at 0, which is what they are measured with.

    Raises:
        HyperthumbError: for a scale or a rounding that does not exist.
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
