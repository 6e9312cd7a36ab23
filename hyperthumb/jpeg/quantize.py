"""Quantization: tables, and roundings with a gradient for training. Evaluation and files use `torch.round`."""

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
    """Adds uniform noise as wide as the rounding error (Balle et al., 2017, section 3): (B, ...) + U(-0.5, 0.5)."""
    return values + (uniform(values.shape, values.device).to(values.dtype) - 0.5)


def straight_through(values: Tensor) -> Tensor:
    """Rounds to integers, with the gradient of the identity (Theis et al., 2017, section 2.1)."""
    return values + (torch.round(values) - values).detach()


def cubic(values: Tensor) -> Tensor:
    """round(x) + (x - round(x))^3: close to rounding, with a small gradient near integers (Shin and Song, 2017)."""
    nearest = torch.round(values.detach())
    return nearest + (values - nearest) ** 3


ROUNDINGS: dict[str, Rounding] = {"noise": noise, "straight_through": straight_through, "cubic": cubic}


def find_rounding(name: str) -> Rounding:
    """Finds a rounding by name.

    Raises:
        HyperthumbError: for an unknown name.
    """
    if name not in ROUNDINGS:
        raise HyperthumbError(f'unknown rounding "{name}"; choose one of {", ".join(ROUNDINGS)}')
    return ROUNDINGS[name]


def integer_tables(steps: Tensor) -> Tensor:
    """Rounds and clamps continuous steps to the integers that a baseline JPEG can hold, 1..255."""
    return torch.round(steps).clamp(1, 255)


def per_plane(tables: Tensor) -> Tensor:
    """(B, 2, 8, 8) to (B, 3, 1, 1, 8, 8): Cb and Cr share a table."""
    return torch.cat([tables, tables[:, 1:]], dim=1)[:, :, None, None]
