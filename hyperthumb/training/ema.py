"""The exponential moving average of a network's weights. It is validated, shipped and stored as `params_ema`."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class ExponentialMovingAverage(Generic[Network]):
    """Keeps `average = decay * average + (1 - decay) * weights`, with a smaller decay at the start of training.

    Args:
        network: the network that is trained.
        decay: between 0 and 1, for example 0.999. The decay of update k is min(decay, (1 + k) / (10 + k)).
    """

    def __init__(self, network: Network, decay: float) -> None:
        assert 0 < decay < 1
        self.decay = decay
        self.network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: Network, iteration: int) -> None:
        """Adds the weights after iteration 1, 2, ... to the average. Buffers are copied, not averaged."""
        decay = min(self.decay, (1 + iteration) / (10 + iteration))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)
