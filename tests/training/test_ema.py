from __future__ import annotations

import torch
from torch import nn

from hyperthumb.training.ema import ExponentialMovingAverage


def test_the_average_is_the_weighted_mean_of_all_steps():
    network = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(network.weight)
    ema = ExponentialMovingAverage(network, decay=0.5)
    expected = 0.0
    for iteration, value in enumerate((1.0, 4.0, -2.0), start=1):
        nn.init.constant_(network.weight, value)
        ema.update(network, iteration)
        decay = min(0.5, (1 + iteration) / (10 + iteration))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(ema.network.weight, torch.full((1, 2), expected))


def test_buffers_are_copied_and_the_network_is_not_changed():
    network = nn.BatchNorm1d(3)
    ema = ExponentialMovingAverage(network, decay=0.9)
    network(torch.randn(8, 3))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    ema.update(network, 1)
    torch.testing.assert_close(ema.network.running_mean, network.running_mean)
    assert not any(p.requires_grad for p in ema.network.parameters())
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
