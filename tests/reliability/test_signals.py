"""SIGTERM and Ctrl+C save and say so, also when they reach the data workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import tiny_training, write_options

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("whole_group", [False, True])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_a_checkpoint_of_the_last_step(tmp_path, number, code, whole_group):
    changes = {
        "train:total_iter": 100_000,
        "logger:save_checkpoint_freq": 100_000,
        "logger:print_freq": 5,
        "datasets:train:num_worker_per_gpu": 1,
    }
    options = tiny_training(tmp_path, **changes)
    del options["datasets"]["val"]
    path = write_options(tmp_path / "options.yml", options)
    command = [sys.executable, str(ROOT / "run_train.py"), "-opt", str(path)]
    with open(tmp_path / "output", "w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + 120
    while "it/s" not in (tmp_path / "output").read_text():
        assert process.poll() is None, (tmp_path / "output").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if whole_group:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert process.wait(timeout=60) == code, (tmp_path / "output").read_text()
    states = list((tmp_path / "experiments/tiny/training_states").glob("*.state"))
    assert len(states) == 1
    assert "Traceback" not in (tmp_path / "output").read_text()
