"""Annealing: mixtures of two integers that become rounding."""

from __future__ import annotations

import pytest
import torch

from hyperthumb.codec.annealing import learning_rate, share_of_upper, temperature

VALUES = torch.tensor([-1.7, -0.2, 0.0, 0.3, 0.49, 0.51, 2.0, 2.9])


def uniform(seed: int = 0, count: int = 1) -> torch.Tensor:
    return torch.rand(count, len(VALUES), generator=torch.Generator().manual_seed(seed))


def test_a_temperature_near_zero_rounds():
    mixed = torch.floor(VALUES) + share_of_upper(VALUES, 1e-4, uniform())
    assert torch.allclose(mixed, torch.round(VALUES), atol=1e-5)


def test_the_share_is_larger_where_the_upper_integer_is_nearer():
    means = share_of_upper(VALUES, 0.5, uniform(count=4000)).mean(0)
    assert (means[[0, 3, 4]] < 0.5).all()
    assert (means[[1, 5, 7]] > 0.5).all()
    assert means[3] < means[4] < means[5] < means[7]


def test_gradients_lead_upwards_and_are_finite():
    for at in (1.0, 0.04):
        values = VALUES.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(share_of_upper(values, at, uniform()).sum(), values)
        assert torch.isfinite(gradient).all()
        assert (gradient >= 0).all()
    assert gradient.max() < 1e3


def test_schedules():
    assert (temperature(0), temperature(0.5), temperature(1)) == pytest.approx((1, 0.2, 0.04))
    assert [learning_rate(at, 2.0) for at in (0, 0.59, 0.6, 0.85, 1)] == pytest.approx([2, 2, 0.6, 0.2, 0.2])
