"""Stochastic Gumbel annealing: gradient descent over integers (Yang, Bamler and Mandt, 2020, section 3.2).

Between two integers, a value v is taken to be a random choice of one of them. The choice is relaxed to a mixture, so it
has a gradient, and the mixtures harden as the temperature falls.
"""

from __future__ import annotations

import torch
from torch import Tensor

_TEMPERATURES = 1.0, 0.04
_LEAST_SOFTMAX = 0.1
"""Below this temperature the mixtures harden no further, so that their gradients stay finite."""
_DROPS = ((0.85, 0.1), (0.6, 0.3), (0.0, 1.0))
_CLOSE = 1e-4


def temperature(progress: float) -> float:
    """Falls geometrically over the progress from 0 to 1."""
    first, last = _TEMPERATURES
    return float(first * (last / first) ** progress)


def learning_rate(progress: float, largest: float) -> float:
    """The largest until a progress of 0.6, then 0.3 and from 0.85 on 0.1 of it."""
    return largest * next(share for start, share in _DROPS if progress >= start)


def share_of_upper(values: Tensor, at: float, uniform: Tensor) -> Tensor:
    """How much of the next integer above is in the mixture, in 0..1; the rest is the integer below.

    The logits are -atanh(distance) / temperature. Two Gumbel variables differ by a logistic one, which a uniform one
    becomes.

    Args:
        values: of any shape.
        at: the temperature, above 0. Towards 0 the share becomes that of rounding, 0 or 1.
        uniform: random numbers in 0..1 of the same shape.
    """
    distance = (values - torch.floor(values.detach())).clamp(_CLOSE, 1 - _CLOSE)
    logits = (torch.atanh(distance) - torch.atanh(1 - distance)) / at
    noise = torch.logit(uniform, eps=1e-6)
    return torch.sigmoid((logits + noise) / max(at, _LEAST_SOFTMAX))
