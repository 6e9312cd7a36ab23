"""SAIN: Self-Asymmetric Invertible Network (Yang et al., AAAI 2023), which models the JPEG between its two halves."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hyperthumb.archs.pixel_rescaling import PixelRescaling
from hyperthumb.base.constraints import AtLeast, Between, Count
from hyperthumb.base.noise import normal, uniform
from hyperthumb.base.registry import ARCHS
from hyperthumb.images.resize import bicubic_downscale
from hyperthumb.jpeg.quantize import RoundingName
from hyperthumb.models.contract import Mapped

from .invertible import Chain, Coupling, DenseSubnet, HaarSplit, Invertible, level_count, log_scale


class EnhancedCoupling(Invertible):
    """A coupling with a sharp low band as an intermediate result (E-InvBlock, section 3.2).

        sharp = low + E(high)
        low   = sharp - F(high)
        high  = high * exp(clamped H(low)) + G(low)

    Args:
        channels: channels of both bands together. The low band has 3.
        growth: growth of the subnets.
    """

    def __init__(self, channels: int, growth: int = 32) -> None:
        super().__init__()
        self.sizes = [3, channels - 3]
        self.E = DenseSubnet(channels - 3, 3, growth)
        self.F = DenseSubnet(channels - 3, 3, growth)
        self.G = DenseSubnet(3, channels - 3, growth)
        self.H = DenseSubnet(3, channels - 3, growth)

    def forward(self, x: Tensor) -> Tensor:
        return self.with_sharp(x)[0]

    def inverse(self, y: Tensor) -> Tensor:
        return self.inverse_with_sharp(y)[0]

    def with_sharp(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the result of `forward` and the sharp low band (B, 3, h, w)."""
        low, high = x.split(self.sizes, 1)
        sharp = low + self.E(high)
        low = sharp - self.F(high)
        return torch.cat([low, high * log_scale(self.H(low)).exp() + self.G(low)], 1), sharp

    def inverse_with_sharp(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the result of `inverse` and the sharp low band (B, 3, h, w)."""
        low, high = y.split(self.sizes, 1)
        high = (high - self.G(low)) * (-log_scale(self.H(low))).exp()
        sharp = low + self.F(high)
        return torch.cat([sharp - self.E(high), high], 1), sharp


class GaussianMixture(nn.Module):
    """One Gaussian mixture for all values of the latent variable (section 3.3).

    Args:
        components: number of Gaussians.
    """

    def __init__(self, components: int) -> None:
        super().__init__()
        # Rows: logits of the weights, means, logarithms of the variances. Equal components would remain equal.
        self.gmm_para = nn.Parameter(1e-4 * torch.randn(3, components))

    def sample(self, shape: tuple[int, ...]) -> Tensor:
        """Draws independent values of shape (B, ...). Gumbel-softmax gives gradients for all parameters."""
        logits, means, log_variances = self.gmm_para
        gumbel = -torch.log(-torch.log(uniform((*shape, len(logits)), logits.device)))
        soft = (logits + gumbel).softmax(-1)
        chosen = F.one_hot(soft.argmax(-1), len(logits)) + soft - soft.detach()
        deviation = (0.5 * (chosen @ log_variances.clamp(-20, 20))).exp()
        return chosen @ means + deviation * normal(shape, deviation.device)

    def mean(self) -> Tensor:
        """The mean of the mixture, a scalar."""
        logits, means, _ = self.gmm_para
        return logits.softmax(0) @ means


@ARCHS.register()
class SAIN(PixelRescaling):
    """Two bijections in sequence: from the picture to the stored thumbnail, and on to a simulation of its JPEG.

        hr -> Haar splits -> enhanced couplings ----------> couplings -> simulated JPEG thumbnail, z
                                  '-> sharp: the thumbnail -> JPEG -.
        restored <- Haar <- enhanced couplings <- couplings <--------' , z drawn from a mixture

    The thumbnail is taken after the enhanced couplings. Restoring starts at the end of the chain: the couplings in
    between model JPEG and its inverse. z is random in training. In evaluation it is the mean of the mixture, so that a
    file always gives the same picture.

    The network's own loss (`losses.own`) is the sum of three mean squared errors (section 3.4): between the simulated
    thumbnail and the decoded one, between the simulated thumbnail and the decoded bicubic one, and between the sharp
    thumbnail and the one that restoring finds. The official weights are 0.25 for it, 0.25 for the guide (`MSELoss`) and
    1 for the reconstruction (`L1Loss`).

    The state dict has the names and shapes of the official checkpoints.

    Args:
        scale: 2, 4 or 8.
        quality: JPEG quality as in libjpeg, 1 to 100; 75 in the official training.
        rounding: how coefficients are rounded in training.
        e_block: number of enhanced couplings; 10 in the official 4x network.
        v_block: number of couplings that model JPEG; 6 in the official network.
        num_component: number of Gaussians in the mixture; 5 in the official network.
        growth: channels that each layer of a subnet adds; 32 in the official network.
        temperature: factor of z; 1 in the official training. Few blocks cannot reduce the effect of z enough, so 0 is
            better for small networks.

    Raises:
        HyperthumbError: for an unknown scale or rounding.
    """

    def __init__(
        self,
        scale: int,
        quality: Annotated[int, Between(1, 100)] = 75,
        rounding: RoundingName = "noise",
        e_block: Count = 10,
        v_block: Count = 6,
        num_component: Count = 5,
        growth: Count = 32,
        temperature: Annotated[float, AtLeast(0)] = 1.0,
    ) -> None:
        super().__init__(scale, quality, rounding)
        self.temperature = temperature
        channels = 3 * scale**2
        self.haar_operations = Chain(HaarSplit(3 * 4**level) for level in range(level_count(scale)))
        self.down_operations = Chain(EnhancedCoupling(channels, growth) for _ in range(e_block))
        self.comp_operations = Chain(Coupling(channels, growth=growth) for _ in range(v_block))
        self.gmm = GaussianMixture(num_component)

    def downscale(self, hr: Tensor) -> Mapped:
        first, last = self._halfway()
        bands, sharp = last.with_sharp(first(self.haar_operations(hr)))
        return Mapped(sharp, self.comp_operations(bands)[:, :3] if self.training else None)

    def upscale(self, rgb: Tensor) -> Mapped:
        shape = (len(rgb), 3 * self.scale**2 - 3, *rgb.shape[2:])
        latent = self.gmm.sample(shape) if self.training else self.gmm.mean().expand(shape)
        return self.inverse(torch.cat([rgb, self.temperature * latent.to(rgb.dtype)], 1))

    def inverse(self, simulated: Tensor) -> Mapped:
        """Restores the image from the decoded thumbnail and the latent variable, together (B, 3 scale^2, h, w)."""
        first, last = self._halfway()
        bands, sharp = last.inverse_with_sharp(self.comp_operations.inverse(simulated))
        return Mapped(self.haar_operations.inverse(first.inverse(bands)), sharp)

    def network_loss(self, hr: Tensor, down: Mapped, decoded: Tensor, up: Mapped) -> Tensor:
        assert down.hidden is not None
        assert up.hidden is not None
        with torch.no_grad():
            reference, _ = self.through_jpeg(bicubic_downscale(hr, self.scale))
        simulated = down.hidden.float()
        errors = simulated - decoded.detach(), simulated - reference, down.image.float() - up.hidden.float()
        return torch.stack([error.square().mean() for error in errors]).sum()

    def _halfway(self) -> tuple[Chain, EnhancedCoupling]:
        """The enhanced couplings except the last one, and the last one, whose sharp band is the thumbnail."""
        *first, last = self.down_operations
        assert isinstance(last, EnhancedCoupling)
        return Chain(first), last
