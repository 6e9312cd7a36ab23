from __future__ import annotations

import socket

import pytest
import torch

from hyperthumb.errors import OptionsError
from hyperthumb.training.distributed import World, gather_in_order, join_world, largest, mean_over_ranks
from hyperthumb.training.seeding import seed_iteration


def test_one_process_needs_no_group():
    world = join_world("none", "auto", "cpu")
    assert world == World(0, 0, 1)
    assert largest(True, world, torch.device("cpu"))
    assert gather_in_order([1, 2], world) == [1, 2]
    assert mean_over_ranks({"a": torch.tensor(2.0)}, world) == {"a": 2.0}


@pytest.mark.parametrize(("launcher", "variable"), [("pytorch", "WORLD_SIZE"), ("slurm", "SLURM_PROCID")])
def test_a_launcher_that_did_not_launch(monkeypatch, launcher, variable):
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(OptionsError, match=variable):
        join_world(launcher, "auto", "cpu")


def test_a_port_that_another_run_has(monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        for name, value in {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
            "RANK": "0",
            "LOCAL_RANK": "0",
            "WORLD_SIZE": "2",
        }.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(OptionsError, match=f"MASTER_PORT {port} is in use"):
            join_world("pytorch", "gloo", "cpu", timeout_minutes=1)


def test_seeds_differ_by_iteration_micro_batch_and_rank():
    draws = set()
    for key in [(1, 1, 0, 0), (1, 2, 0, 0), (1, 1, 1, 0), (1, 1, 0, 1), (2, 1, 0, 0)]:
        seed_iteration(*key)
        draws.add(float(torch.rand(())))
    assert len(draws) == 5
    seed_iteration(1, 1, 0, 0)
    assert float(torch.rand(())) in draws
