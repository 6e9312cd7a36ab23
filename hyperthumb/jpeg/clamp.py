"""A clamp that does not lose what it clamps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def inward_clamp(values: Tensor, low: float, high: float) -> Tensor:
    """`values.clamp(low, high)`, whose gradient also reaches values outside when following it leads them back.

    The plain clamp's gradient is zero outside of the range, so a value that has once left it never returns. Here a
    value above `high` still gets a positive gradient and one below `low` a negative one, since descent moves both
    inwards; a gradient that would push further out is zero. Inside the range it is the plain gradient.
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
