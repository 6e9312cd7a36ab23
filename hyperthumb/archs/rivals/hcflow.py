"""HCFlow: Hierarchical Conditional Flow (Liang et al., ICCV 2021) in its rescaling form, around a JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hyperthumb.archs.blocks import ResidualDenseBlock, conv3x3
from hyperthumb.archs.pixel_rescaling import PixelRescaling
from hyperthumb.base.constraints import AtLeast, Between, Count
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.noise import normal
from hyperthumb.base.registry import ARCHS
from hyperthumb.base.signature import Settings
from hyperthumb.jpeg.quantize import RoundingName
from hyperthumb.models.contract import Mapped

from .flow_steps import ConditionalFlowStep, FlowStep, ZeroConv, scale_and_shift
from .invertible import Chain, HaarSplit, level_count


class _RRDB(nn.Module):
    """Three residual dense blocks. Their output times 0.2 is added to x (ESRGAN, Wang et al., 2018)."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.RDB1, self.RDB2, self.RDB3 = (ResidualDenseBlock(features, growth) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.RDB3(self.RDB2(self.RDB1(x)))


class ConditionalFlow(nn.Module):
    """Maps the detail of a level to z, which is standard normal given the coarser picture (section 3.3).

        coarse (and the features of the next level) -> RRDBs -> features -> mean and scale
        detail <-> steps that also get the features <-> z * scale + mean

    Args:
        inputs: channels of `coarse`, including the features of the next coarser level if there is one.
        channels: channels of the detail.
        sizes: sizes of the flow.
    """

    def __init__(self, inputs: int, channels: int, sizes: FlowSizes) -> None:
        super().__init__()
        num_feat = sizes.split_feat
        self.conv_first = conv3x3(inputs, num_feat)
        self.RRDB_trunk0, self.RRDB_trunk1 = (
            nn.Sequential(*(_RRDB(num_feat, sizes.split_growth) for _ in range(count))) for count in sizes.split_block
        )
        self.trunk_conv1 = conv3x3(num_feat, num_feat)
        self.additional_flow_steps = nn.ModuleList(
            ConditionalFlowStep(channels, num_feat, sizes.split_hidden) for _ in range(sizes.num_split_step)
        )
        self.f = ZeroConv(num_feat, 2 * channels)

    def features(self, coarse: Tensor) -> Tensor:
        """Computes features (B, num_feat, h, w) from (B, inputs, h, w)."""
        first = self.conv_first(coarse)
        return first + self.trunk_conv1(self.RRDB_trunk1(self.RRDB_trunk0(first)))

    def forward(self, detail: Tensor, features: Tensor) -> Tensor:
        """Maps detail (B, channels, h, w) to z of the same shape."""
        for step in self.additional_flow_steps:
            detail = step(detail, features)
        logs, mean = scale_and_shift(self.f(features))
        return (detail - mean) * (-logs).exp()

    def inverse(self, latent: Tensor | None, features: Tensor) -> Tensor:
        """Maps z to the detail. None stands for the most likely z, which is zero."""
        logs, mean = scale_and_shift(self.f(features))
        detail = mean if latent is None else mean + latent * logs.exp()
        for step in reversed(self.additional_flow_steps):
            assert isinstance(step, ConditionalFlowStep)
            detail = step.inverse(detail, features)
        return detail


class _Flow(nn.Module):
    """All levels. `layers` has an entry without weights for each split, because the official checkpoints count it."""

    def __init__(self, levels: int, sizes: FlowSizes) -> None:
        super().__init__()
        self.levels, self.steps = levels, sizes.num_step - sizes.num_split_step
        self.kept: list[int] = []
        layers: list[nn.Module] = []
        channels = 3
        for level in range(levels):
            layers.append(HaarSplit(channels))
            channels *= 4
            layers += [FlowStep(channels, number, sizes.growth) for number in range(self.steps)]
            layers.append(nn.Identity())
            last = level == levels - 1
            kept = 3 if last else channels // 2
            split = ConditionalFlow(kept if last else kept + sizes.split_feat, channels - kept, sizes)
            setattr(self, f"level{level}_condFlow", split)
            self.kept.append(kept)
            channels = kept
        self.layers = nn.ModuleList(layers)

    def level(self, level: int) -> tuple[Chain, ConditionalFlow]:
        """The Haar split and the steps of a level, and the flow for its detail."""
        first = level * (self.steps + 2)
        split = getattr(self, f"level{level}_condFlow")
        assert isinstance(split, ConditionalFlow)
        return Chain(list(self.layers)[first : first + self.steps + 1]), split

    def forward(self, hr: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Maps a picture to the thumbnail and to z of each level, from the finest level."""
        coarse, details, pictures = hr, [], []
        for level in range(self.levels):
            steps, _ = self.level(level)
            coarse, detail = steps(coarse).tensor_split([self.kept[level]], 1)
            pictures.append(coarse)
            details.append(detail)
        latents, features = [], None
        for level in reversed(range(self.levels)):
            _, split = self.level(level)
            features = split.features(_beside(pictures[level], features))
            latents.append(split(details[level], features))
        return coarse, latents[::-1]

    def inverse(self, thumbnail: Tensor, temperature: float) -> Tensor:
        """Restores the picture with random z of standard deviation `temperature`."""
        coarse, features = thumbnail, None
        for level in reversed(range(self.levels)):
            steps, split = self.level(level)
            features = split.features(_beside(coarse, features))
            shape = (len(coarse), split.f.out_channels // 2, *coarse.shape[2:])
            latent = temperature * normal(shape, coarse.device).to(coarse.dtype) if temperature else None
            coarse = steps.inverse(torch.cat([coarse, split.inverse(latent, features)], 1))
        return coarse


def _beside(coarse: Tensor, features: Tensor | None) -> Tensor:
    """The picture of a level, concatenated with the enlarged features of the next coarser level if there is one."""
    if features is None:
        return coarse
    return torch.cat([coarse, F.interpolate(features, scale_factor=2.0, mode="nearest")], 1)


@dataclass(frozen=True)
class FlowSizes(Settings):
    """The sizes of the flow; see `HCFlow`."""

    num_step: Count = 14
    num_split_step: Count = 6
    growth: Count = 32
    split_hidden: Count = 64
    split_feat: Count = 64
    split_growth: Count = 16
    split_block: tuple[Count, Count] = (2, 1)


@ARCHS.register()
class HCFlow(PixelRescaling):
    """An invertible flow. Each level separates detail, which is normally distributed given the coarser picture.

        hr <-> (Haar split <-> steps <-> separate z, given the rest) x levels <-> thumbnail

    When an image is restored, z is drawn from N(0, 1) in training and set to zero in evaluation (the official "heat
    0"). The network's own loss (`losses.own`) is the mean of z^2 over all levels. The official weights are 1e-5 for it,
    0.05 for the guide (`MSELoss`) and 1 for the reconstruction (`L1Loss`).

    The state dict has the names and shapes of the official checkpoints.

    Args:
        scale: 2, 4 or 8.
        quality: JPEG quality as in libjpeg, 1 to 100.
        rounding: how coefficients are rounded in training.
        num_step: steps of a level, including the conditional ones (K); 14 in the official network.
        num_split_step: conditional steps of a level; 6 in the official network.
        growth: growth of the dense subnets in the unconditional steps.
        split_hidden: channels inside the subnets of the conditional steps.
        split_feat: channels of the features that the conditional steps get.
        split_growth: growth of the dense blocks that compute these features.
        split_block: numbers of RRDBs in the two parts of the network that computes these features.
        temperature: standard deviation of z in training; 1 in the official training. At 0 the network is trained as it
            is evaluated.

    Raises:
        HyperthumbError: for an unknown scale or rounding, or if num_split_step is larger than num_step.
    """

    def __init__(
        self,
        scale: int,
        quality: Annotated[int, Between(1, 100)] = 96,
        rounding: RoundingName = "noise",
        sizes: FlowSizes = FlowSizes(),
        temperature: Annotated[float, AtLeast(0)] = 1.0,
    ) -> None:
        super().__init__(scale, quality, rounding)
        self.temperature = temperature
        steps, conditional = sizes.num_step, sizes.num_split_step
        if conditional > steps:
            raise HyperthumbError(f"num_split_step must be at most num_step ({steps}), not {conditional}")
        self.flow = _Flow(level_count(scale), sizes)

    def downscale(self, hr: Tensor) -> Mapped:
        thumbnail, latents = self.flow(hr)
        return Mapped(thumbnail, torch.cat([latent.flatten(1) for latent in latents], 1))

    def upscale(self, rgb: Tensor) -> Mapped:
        return Mapped(self.flow.inverse(rgb, self.temperature if self.training else 0))

    def network_loss(self, hr: Tensor, down: Mapped, decoded: Tensor, up: Mapped) -> Tensor:
        assert down.hidden is not None
        return down.hidden.float().square().mean()
