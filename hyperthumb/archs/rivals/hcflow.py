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
    """Three residual dense blocks, a fifth of whose result is added (ESRGAN, Wang et al., 2018)."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.RDB1, self.RDB2, self.RDB3 = (ResidualDenseBlock(features, growth) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.RDB3(self.RDB2(self.RDB1(x)))


class ConditionalFlow(nn.Module):
    """What a level splits off, as a variable that is standard normal given the coarser picture (section 3.3).

        coarse (and the next level's features) -> RRDBs -> features -> mean and scale of what is split off
        detail <-> steps that see the features <-> (z * scale + mean)

    Args:
        inputs: channels of `coarse`, with the features of the next coarser level where there is one.
        channels: of the detail.
        sizes: of all levels.
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
        """(B, inputs, h, w) to (B, num_feat, h, w)."""
        first = self.conv_first(coarse)
        return first + self.trunk_conv1(self.RRDB_trunk1(self.RRDB_trunk0(first)))

    def forward(self, detail: Tensor, features: Tensor) -> Tensor:
        """(B, channels, h, w) to z of the same shape."""
        for step in self.additional_flow_steps:
            detail = step(detail, features)
        logs, mean = scale_and_shift(self.f(features))
        return (detail - mean) * (-logs).exp()

    def inverse(self, latent: Tensor | None, features: Tensor) -> Tensor:
        """The detail of a z; None is the most likely one, zero."""
        logs, mean = scale_and_shift(self.f(features))
        detail = mean if latent is None else mean + latent * logs.exp()
        for step in reversed(self.additional_flow_steps):
            assert isinstance(step, ConditionalFlowStep)
            detail = step.inverse(detail, features)
        return detail


class _Flow(nn.Module):
    """The levels; `layers` counts a place without weights for each split, as the official checkpoints do."""

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
        """A level's split and steps, and what it does with the detail."""
        first = level * (self.steps + 2)
        split = getattr(self, f"level{level}_condFlow")
        assert isinstance(split, ConditionalFlow)
        return Chain(list(self.layers)[first : first + self.steps + 1]), split

    def forward(self, hr: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The thumbnail, and z of each level from the finest."""
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
        """The picture; z is normal with this standard deviation."""
        coarse, features = thumbnail, None
        for level in reversed(range(self.levels)):
            steps, split = self.level(level)
            features = split.features(_beside(coarse, features))
            shape = (len(coarse), split.f.out_channels // 2, *coarse.shape[2:])
            latent = temperature * normal(shape, coarse.device).to(coarse.dtype) if temperature else None
            coarse = steps.inverse(torch.cat([coarse, split.inverse(latent, features)], 1))
        return coarse


def _beside(coarse: Tensor, features: Tensor | None) -> Tensor:
    """A level's picture, with the features of the next coarser one where there is one, at twice its size."""
    if features is None:
        return coarse
    return torch.cat([coarse, F.interpolate(features, scale_factor=2.0, mode="nearest")], 1)


@dataclass(frozen=True)
class FlowSizes(Settings):
    """How large the flow is; see `HCFlow`."""

    num_step: Count = 14
    num_split_step: Count = 6
    growth: Count = 32
    split_hidden: Count = 64
    split_feat: Count = 64
    split_growth: Count = 16
    split_block: tuple[Count, Count] = (2, 1)


@ARCHS.register()
class HCFlow(PixelRescaling):
    """A flow whose levels split off detail that is normal given what remains.

        hr <-> (Haar split <-> steps <-> split off z given the rest) x levels <-> thumbnail

    For the way back z is drawn from N(0, 1) in training and zero in evaluation (the official "heat 0"). The own term is
    the mean of z^2 over all levels; the official weights are 1e-5 for it, 0.05 for the guide (`MSELoss`) and 1 for
    `L1Loss`.

    Names and shapes in the state dict are those of the official checkpoints.

    Args:
        scale: 2, 4 or 8.
        quality: of the JPEG.
        rounding: of its coefficients in training.
        num_step: steps of a level, the conditional ones included (K); the official network has 14.
        num_split_step: the conditional ones; there 6.
        growth: of the dense subnets of the others.
        split_hidden: channels in the conditional steps' subnets.
        split_feat: features that they see.
        split_growth: of the dense blocks that make the features.
        split_block: RRDBs in both parts of those.
        temperature: standard deviation of z on the way back in training, 1 in the official one; at 0 the network is
            trained as it is measured.

    Raises:
        HyperthumbError: for a scale or a rounding that does not exist, or more conditional steps than steps.
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
            raise HyperthumbError(f"num_split_step are some of num_step; {conditional} of {steps} are too many")
        self.flow = _Flow(level_count(scale), sizes)

    def downscale(self, hr: Tensor) -> Mapped:
        thumbnail, latents = self.flow(hr)
        return Mapped(thumbnail, torch.cat([latent.flatten(1) for latent in latents], 1))

    def upscale(self, rgb: Tensor) -> Mapped:
        return Mapped(self.flow.inverse(rgb, self.temperature if self.training else 0))

    def network_loss(self, hr: Tensor, down: Mapped, decoded: Tensor, up: Mapped) -> Tensor:
        assert down.hidden is not None
        return down.hidden.float().square().mean()
