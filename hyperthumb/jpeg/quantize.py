"""Quantization: tables, and roundings with a gradient for training. Evaluation uses `torch.round`, as files do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.noise import uniform

Rounding = Callable[[Tensor], Tensor]

RoundingName = Literal["noise", "straight_through", "cubic"]


def noise(values: Tensor) -> Tensor:
    """Uniform noise of the rounding error's width (Balle et al., 2017, section 3): values (B, ...) + U(-0.5, 0.5)."""
    return values + (uniform(values.shape, values.device).to(values.dtype) - 0.5)


def straight_through(values: Tensor) -> Tensor:
    """Integers, with the gradient of the identity (Theis et al., 2017, section 2.1)."""
    return values + (torch.round(values) - values).detach()


def cubic(values: Tensor) -> Tensor:
    """round(x) + (x - round(x))^3: near to the integers, and its gradient is small there (Shin and Song, 2017)."""
    nearest = torch.round(values.detach())
    return nearest + (values - nearest) ** 3


ROUNDINGS: dict[str, Rounding] = {"noise": noise, "straight_through": straight_through, "cubic": cubic}


def find_rounding(name: str) -> Rounding:
    """The rounding of that name.

    Raises:
        HyperthumbError: when there is none.
    """
    if name not in ROUNDINGS:
        raise HyperthumbError(f'unknown rounding "{name}" (known: {", ".join(ROUNDINGS)})')
    return ROUNDINGS[name]


def integer_tables(steps: Tensor) -> Tensor:
    """Continuous steps as the integers that a baseline JPEG can hold."""
    return torch.round(steps).clamp(1, 255)


def per_plane(tables: Tensor) -> Tensor:
    """(B, 2, 8, 8) to (B, 3, 1, 1, 8, 8): Cb and Cr share a table."""
    return torch.cat([tables, tables[:, 1:]], dim=1)[:, :, None, None]
