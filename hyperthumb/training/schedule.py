"""The learning rate as a pure function of the iteration, so checkpoints need no state for it."""

from __future__ import annotations

import bisect
import math

from hyperthumb.config import SchedulerOptions


def learning_rate_factor(
    scheduler: SchedulerOptions, iteration: int, total_iter: int, warmup_iter: int, base_lr: float
) -> float:
    """The factor of the base learning rate at an iteration.

    Args:
        scheduler: the curve. MultiStepLR multiplies by `gamma` at each milestone; if `milestones` is a single number,
            then every `milestones` iterations. CosineAnnealingLR falls from the base rate to `eta_min` over the run
            (Loshchilov & Hutter 2017, eq. 5).
        iteration: number of the step, 1..total_iter.
        total_iter: number of iterations of the run.
        warmup_iter: number of iterations in which a factor rises linearly from 1/warmup_iter to 1. It multiplies the
            curve.
        base_lr: the optimizer's learning rate. `eta_min` is divided by it.

    Returns:
        A factor in 0..1.
    """
    done = iteration - 1
    factor = 1.0
    if scheduler.type == "MultiStepLR":
        milestones = scheduler.milestones or []
        passed = done // milestones if isinstance(milestones, int) else bisect.bisect_right(sorted(milestones), done)
        factor = scheduler.gamma**passed
    elif scheduler.type == "CosineAnnealingLR":
        floor = scheduler.eta_min / base_lr
        factor = floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done / max(total_iter, 1)))
    if iteration < warmup_iter:
        factor *= iteration / warmup_iter
    return factor
