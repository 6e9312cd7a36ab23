"""The schedules against torch's own."""

from __future__ import annotations

import pytest
import torch

from hyperthumb.config import SchedulerOptions
from hyperthumb.training.schedule import learning_rate_factor

TOTAL = 40


def torch_rates(make_scheduler, base: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = make_scheduler(optimizer)
    rates = []
    for _ in range(TOTAL):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        (SchedulerOptions(type="ConstantLR"), lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
        (
            SchedulerOptions(type="MultiStepLR", milestones=(7, 21), gamma=0.3),
            lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [7, 21], 0.3),
        ),
        (
            SchedulerOptions(type="MultiStepLR", milestones=10, gamma=0.75),
            lambda o: torch.optim.lr_scheduler.StepLR(o, 10, 0.75),
        ),
        (
            SchedulerOptions(type="CosineAnnealingLR", eta_min=1e-5),
            lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, TOTAL, 1e-5),
        ),
    ],
)
def test_the_schedule_equals_torchs(options, theirs):
    base = 2e-3
    ours = [base * learning_rate_factor(options, i, TOTAL, 0, base) for i in range(1, TOTAL + 1)]
    assert ours == pytest.approx(torch_rates(theirs, base), rel=1e-6)


def test_warm_up_rises_linearly_and_ends():
    options = SchedulerOptions(type="ConstantLR")
    factors = [learning_rate_factor(options, i, 100, 10, 1.0) for i in range(1, 13)]
    assert factors[:10] == pytest.approx([k / 10 for k in range(1, 11)])
    assert factors[10:] == [1.0, 1.0]
