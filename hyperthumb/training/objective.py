"""The objective: `L = w_r * reconstruction + w_g * guide + w_b * bpp` (paper, section 3.4).

reconstruction compares the restored image with the HR image, guide compares the decoded thumbnail with the bicubic
reference, and bpp is the rate model's estimate in bits per HR pixel. A network may add its own loss (`own`), and an
options file any number of named terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import OptionsError
from hyperthumb.base.registry import LOSSES
from hyperthumb.config import LossesOptions
from hyperthumb.losses import bits_per_pixel_loss
from hyperthumb.models.contract import RescaleOutput


class LossTerms(NamedTuple):
    """Scalars of one batch: the weighted total, and each term without its weight (None if it is not used)."""

    total: Tensor
    reconstruction: Tensor
    guide: Tensor | None
    bpp: Tensor | None
    own: Tensor | None = None
    terms: Mapping[str, Tensor] = MappingProxyType({})

    def named(self) -> dict[str, Tensor]:
        """The terms that are used, for logs."""
        named = {**self._asdict(), **self.terms}
        return {name: value.detach() for name, value in named.items() if isinstance(value, Tensor)}


class Objective(nn.Module):
    """Builds the losses that the options name, and computes their weighted sum."""

    def __init__(self, options: LossesOptions) -> None:
        super().__init__()
        self.options = options
        self.reconstruction = options.reconstruction.loss.build(LOSSES)
        self.guide = options.guide.loss.build(LOSSES) if options.guide else None
        # Not a ModuleDict: it refuses names such as "keys".
        self.terms = nn.ModuleList(term.loss.build(LOSSES) for term in options.terms.values())

    def forward(self, output: RescaleOutput, hr: Tensor, reference: Tensor) -> LossTerms:
        """The terms of one batch: the network's training pass, `hr` (B, 3, H, W) and `reference` (B, 3, h, w) in 0..1.

        The decoded thumbnail should be near to the reference.

        Raises:
            OptionsError: if a loss needs an output that the network does not have.
        """
        reconstruction = self.reconstruction(output.restored, hr)
        total = self.options.reconstruction.weight * reconstruction
        guide = bpp = None
        if self.guide is not None and self.options.guide is not None:
            guide = self.guide(output.thumbnail, reference)
            total = total + self.options.guide.weight * guide
        if self.options.rate is not None:
            if output.bits is None:
                raise OptionsError("train.losses.rate is set, but the network has no rate model (network_g.rate)")
            bpp = bits_per_pixel_loss(output.bits, hr.shape[-2], hr.shape[-1])
            total = total + self.options.rate.weight * bpp
        elif output.bits is not None:
            with torch.no_grad():
                bpp = bits_per_pixel_loss(output.bits, hr.shape[-2], hr.shape[-1])
        if self.options.own is not None:
            if output.network_loss is None:
                raise OptionsError(
                    "train.losses.own is set, but the network does not define its own loss; remove this setting"
                )
            total = total + self.options.own.weight * output.network_loss
        terms = {}
        for (name, options), loss in zip(self.options.terms.items(), self.terms, strict=True):
            terms[name] = loss(*_compared(name, options.on, output, hr, reference))
            total = total + options.weight * terms[name]
        return LossTerms(total, reconstruction, guide, bpp, output.network_loss, terms)


def _compared(name: str, on: str, output: RescaleOutput, hr: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """The arguments of a named loss."""
    if on == "restored":
        return output.restored, hr
    if on == "thumbnail":
        return output.thumbnail, reference
    values: Tensor | None = getattr(output, on)
    if values is None:
        raise OptionsError(f"train.losses.{name} needs {on}, but the network has no such output; remove this loss")
    return values, torch.zeros_like(values)
