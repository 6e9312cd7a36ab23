from __future__ import annotations

import pytest
import torch

from hyperthumb.errors import OptionsError
from hyperthumb.training.distributed import World, any_rank, gather_in_order, join_world, mean_over_ranks
from hyperthumb.training.seeding import seed_iteration


def test_one_process_needs_no_group():
    world = join_world("none", "auto", "cpu")
    assert world == World(0, 0, 1)
    assert any_rank(True, world, torch.device("cpu"))
    assert gather_in_order([1, 2], world) == [1, 2]
    assert mean_over_ranks({"a": torch.tensor(2.0)}, world) == {"a": 2.0}


@pytest.mark.parametrize(("launcher", "variable"), [("pytorch", "WORLD_SIZE"), ("slurm", "SLURM_PROCID")])
def test_a_launcher_that_did_not_launch(monkeypatch, launcher, variable):
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(OptionsError, match=variable):
        join_world(launcher, "auto", "cpu")


def test_seeds_differ_by_iteration_micro_batch_and_rank():
    draws = set()
    for key in [(1, 1, 0, 0), (1, 2, 0, 0), (1, 1, 1, 0), (1, 1, 0, 1), (2, 1, 0, 0)]:
        seed_iteration(*key)
        draws.add(float(torch.rand(())))
    assert len(draws) == 5
    seed_iteration(1, 1, 0, 0)
    assert float(torch.rand(())) in draws
