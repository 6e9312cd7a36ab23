"""A clamp whose gradient can lead values back into the range."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def inward_clamp(values: Tensor, low: float, high: float) -> Tensor:
    """`values.clamp(low, high)` with a gradient that moves values outside the range back into it.

    The gradient of the plain clamp is zero outside the range, so a value that has left the range never returns. Here,
    a value above `high` keeps a positive gradient and a value below `low` keeps a negative one, because gradient
    descent moves both inwards. A gradient that would push a value further out is set to zero. Inside the range, the
    gradient passes unchanged.
    """
    if not (torch.is_grad_enabled() and values.requires_grad):
        return values.clamp(low, high)
    return _InwardClamp.apply(values, low, high)


class _InwardClamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(values)
        ctx.low, ctx.high = low, high
        return values.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (values,) = ctx.saved_tensors
        outward = ((values > ctx.high) & (gradient < 0)) | ((values < ctx.low) & (gradient > 0))
        return gradient.masked_fill(outward, 0), None, None
