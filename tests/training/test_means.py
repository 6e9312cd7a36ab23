from __future__ import annotations

import math

import pytest
import torch

from hyperthumb.training.distributed import World
from hyperthumb.training.means import LossMeans


def terms(total: float, bpp: float) -> dict[str, torch.Tensor]:
    return {"total": torch.tensor(total), "bpp": torch.tensor(bpp)}


def test_means_start_again_after_each_line():
    means = LossMeans()
    for total, bpp in ((1, 0.5), (3, 0.25), (8, 0.75)):
        means.add(terms(total, bpp))
    assert means.take(World()) == {"total": 4, "bpp": 0.5}
    means.add(terms(10, 1))
    assert means.take(World()) == {"total": 10, "bpp": 1}


def test_a_batch_that_is_not_finite_does_not_hide_the_others():
    means = LossMeans()
    for total in (1, math.inf, 2, math.nan):
        means.add(terms(total, 0.5))
    assert means.take(World()) == {"total": 1.5, "bpp": 0.5}
    means.add(terms(math.nan, 0.5))
    assert math.isnan(means.take(World())["total"])


def test_a_mean_over_several_processes_weighs_all_batches_alike(monkeypatch):
    """Of two processes, the other one had three batches; this one's second batch was not finite."""
    means = LossMeans()
    means.add(terms(4, 1))
    means.add(terms(math.inf, 1))
    monkeypatch.setattr(
        "hyperthumb.training.means.mean_over_ranks",
        lambda values, world: {
            name: (float(value) + other) / 2 for (name, value), other in zip(values.items(), (6, 3, 3), strict=True)
        },
    )
    assert means.take(World(size=2)) == pytest.approx({"total": 2.5, "bpp": 1})
