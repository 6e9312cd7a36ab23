from __future__ import annotations

import socket

import pytest
import torch

from hyperthumb.base.errors import OptionsError
from hyperthumb.training.determinism import seed_iteration
from hyperthumb.training.distributed import World, gather_in_order, join_world, largest, mean_over_ranks


def test_one_process_needs_no_group():
    world = join_world("none", "auto", "cpu")
    assert world == World(0, 0, 1)
    assert largest(True, world, torch.device("cpu"))
    assert gather_in_order([1, 2], world) == [1, 2]
    assert mean_over_ranks({"a": torch.tensor(2.0)}, world) == {"a": 2.0}


@pytest.mark.parametrize(("launcher", "variable"), [("pytorch", "WORLD_SIZE"), ("slurm", "SLURM_PROCID")])
def test_a_launcher_without_its_variables_is_an_error(monkeypatch, launcher, variable):
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(OptionsError, match=variable):
        join_world(launcher, "auto", "cpu")


def test_a_port_in_use_is_an_error(monkeypatch):
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


TORCHRUN = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


def set_all(monkeypatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_several_processes_without_a_launcher_are_an_error(monkeypatch):
    set_all(monkeypatch, TORCHRUN | {"WORLD_SIZE": "4"})
    with pytest.raises(OptionsError, match=r"torchrun started 4 processes, but --launcher is none: add --launcher py"):
        join_world("none", "auto", "cpu")


@pytest.mark.parametrize(
    "changes", [{"WORLD_SIZE": "1"}, {"WORLD_SIZE": "two"}, {"LOCAL_RANK": ""}], ids=["one", "not a number", "no rank"]
)
def test_a_single_process_needs_no_launcher(monkeypatch, changes):
    set_all(monkeypatch, TORCHRUN | changes)
    assert join_world("none", "auto", "cpu") == World()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("RANK", "first", 'RANK is "first"'),
        ("RANK", "-1", 'RANK is "-1"'),
        ("RANK", "\u00b2", "RANK is"),
        ("RANK", "2", "RANK is 2 and WORLD_SIZE is 2"),
        ("LOCAL_RANK", "0.5", 'LOCAL_RANK is "0.5"'),
        ("WORLD_SIZE", "two", 'WORLD_SIZE is "two"'),
        ("WORLD_SIZE", "0", "WORLD_SIZE is 0"),
        ("MASTER_PORT", "http", 'MASTER_PORT is "http"'),
        ("MASTER_PORT", "0", "MASTER_PORT is 0; .* 1 to 65535"),
        ("MASTER_PORT", "65536", "MASTER_PORT is 65536"),
        ("MASTER_PORT", "", "needs MASTER_PORT"),
        ("MASTER_ADDR", "", "needs MASTER_ADDR"),
    ],
)
def test_senseless_launcher_variables_are_named(monkeypatch, name, value, complaint):
    set_all(monkeypatch, TORCHRUN | {name: value})
    with pytest.raises(OptionsError, match=complaint):
        join_world("pytorch", "gloo", "cpu", timeout_minutes=1)


def test_senseless_slurm_variables_are_named(monkeypatch):
    set_all(monkeypatch, TORCHRUN | {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NTASKS": "2(x3)"})
    with pytest.raises(OptionsError, match="SLURM_NTASKS"):
        join_world("slurm", "gloo", "cpu", timeout_minutes=1)
