"""SIGKILL at whatever moment, then --auto_resume: the weights of a run that was never killed, bit for bit."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.support import tiny_training, write_options

ROOT = Path(__file__).parents[2]
CHANGES = {
    "train:total_iter": 40,
    "logger:save_checkpoint_freq": 5,
    "val:val_freq": 20,
    "datasets:train:num_worker_per_gpu": 1,
}


def command(folder: Path, *arguments: str) -> list[str]:
    path = write_options(folder / "options.yml", tiny_training(folder, **CHANGES))
    return [sys.executable, str(ROOT / "run_train.py"), "-opt", str(path), *arguments]


def final_weights(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    return torch.load(folder / "experiments/tiny/models/net_g_40.pth", weights_only=True)


@pytest.mark.parametrize("kills", [2])
def test_killed_run_ends_with_the_same_weights(tmp_path, kills):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    subprocess.run(command(whole), check=True, capture_output=True, timeout=240)
    states = killed / "experiments/tiny/training_states"
    for kill in range(kills):
        process = subprocess.Popen(
            command(killed, "--auto_resume"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _wait_for(lambda kill=kill: len(list(states.glob("*.state"))) > 2 * kill, process)
        process.kill()
        process.wait(timeout=60)
        assert not (states / "40.state").exists(), "the run ended before it could be killed"
    subprocess.run(command(killed, "--auto_resume"), check=True, capture_output=True, timeout=240)
    first, second = final_weights(whole), final_weights(killed)
    assert first.keys() == second.keys() == {"params", "params_ema"}
    for key in first:
        for name, value in first[key].items():
            assert torch.equal(value, second[key][name]), f"{key} {name}"
    tables = [(folder / "experiments/tiny/metrics.csv").read_text() for folder in (whole, killed)]
    assert tables[0] == tables[1]


def _wait_for(condition, process: subprocess.Popen, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the run ended by itself"
        assert time.monotonic() < deadline, "no checkpoint in time"
        time.sleep(0.02)
