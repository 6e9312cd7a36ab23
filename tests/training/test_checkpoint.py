from __future__ import annotations

import os
import pickle

import pytest
import torch

from hyperthumb.errors import CheckpointError
from hyperthumb.training.checkpoint import CheckpointFolder

STATE = {"optimizers": {}, "scaler": {}, "validated": True, "validation_seconds": 0.0}


@pytest.fixture
def folder(tmp_path) -> CheckpointFolder:
    (tmp_path / "models").mkdir()
    (tmp_path / "training_states").mkdir()
    return CheckpointFolder(tmp_path)


def save(folder: CheckpointFolder, iteration: int) -> None:
    folder.save(iteration, {"params": {"w": torch.full((2,), float(iteration))}}, STATE)


def test_newest_is_the_last_saved(folder):
    save(folder, 5)
    save(folder, 10)
    resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 10
    assert resume.weights["params"]["w"].tolist() == [10.0, 10.0]
    latest = torch.load(folder.models / "net_g_latest.pth", weights_only=True)
    assert latest["params"]["w"].tolist() == [10.0, 10.0]


def test_nothing_to_resume(folder):
    assert folder.newest() is None


@pytest.mark.parametrize("victim", ["models/net_g_10.pth", "training_states/10.state"])
def test_a_damaged_checkpoint_is_passed_over(folder, victim):
    save(folder, 5)
    save(folder, 10)
    path = folder.models.parent / victim
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(UserWarning, match="passing over"):
        resume = folder.newest()
    assert resume is not None
    assert resume.iteration == 5


def test_keep_last(tmp_path, folder):
    folder.keep_last = 2
    for iteration in (1, 2, 3, 4):
        save(folder, iteration)
    assert folder.iterations() == [3, 4]
    assert sorted(p.name for p in folder.models.iterdir()) == ["net_g_3.pth", "net_g_4.pth", "net_g_latest.pth"]


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_a_state_that_runs_code_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(folder, 5)
    with open(folder.states / "7.state", "wb") as file:
        pickle.dump({"iteration": 7, "bomb": Bomb()}, file)
    with pytest.raises(CheckpointError, match="refused"):
        folder.read(folder.states / "7.state")
    assert not (tmp_path / "exploded").exists()
