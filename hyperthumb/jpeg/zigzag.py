"""Converts tensors between natural and zig-zag order."""

from __future__ import annotations

import torch
from torch import Tensor

from hyperthumb.base.constants import constant

from .tables import ZIGZAG


def to_zigzag(blocks: Tensor) -> Tensor:
    """(..., 8, 8) in natural order (v, u) to (..., 64) in zig-zag order."""
    return blocks.flatten(-2).index_select(-1, _order(blocks.device, torch.int64))


def from_zigzag(vectors: Tensor) -> Tensor:
    """(..., 64) in zig-zag order to (..., 8, 8) in natural order (v, u)."""
    return vectors.index_select(-1, _inverse(vectors.device, torch.int64)).unflatten(-1, (8, 8))


@constant
def _order() -> Tensor:
    return torch.tensor(ZIGZAG)


@constant
def _inverse() -> Tensor:
    return torch.argsort(torch.tensor(ZIGZAG))
