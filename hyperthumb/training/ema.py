"""Exponential moving average of a network's weights: what is validated, shipped and stored as `params_ema`."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class ExponentialMovingAverage(Generic[Network]):
    """Keeps `average = decay * average + (1 - decay) * weights`, with a warm-up so that the start is soon forgotten.

    Args:
        network: the network that is trained.
        decay: 0.999 or so; the effective decay at update k is min(decay, (1 + k) / (10 + k)).
    """

    def __init__(self, network: Network, decay: float) -> None:
        assert 0 < decay < 1
        self.decay = decay
        self.network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: Network, iteration: int) -> None:
        """Adds the weights after iteration 1, 2, ... to the average; buffers are copied, not averaged."""
        decay = min(self.decay, (1 + iteration) / (10 + iteration))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)
