"""A long run takes no more memory and no more open files than a short one."""

from __future__ import annotations

import getpass
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.warm import WarmProcess

from .whole_process import Training, children

SETTLED, LAST = 300, 3000
"""Iterations after which caches and pools have their size, and of the whole run."""


class Sample(NamedTuple):
    """What /proc says of a process and its data workers."""

    iteration: int
    main_mib: float
    workers_mib: float
    open_files: int
    worker_open_files: int


def sample(training: Training, process: WarmProcess) -> Sample:
    workers = children(process.pid)
    return Sample(
        training.iteration(),
        _resident_mib(process.pid),
        sum(map(_resident_mib, workers)),
        _open_files(process.pid),
        sum(map(_open_files, workers)),
    )


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def slope(samples: list[Sample], column: str) -> float:
    """Growth in 1000 iterations: the line of least squares."""
    line = np.polyfit([s.iteration for s in samples], [float(getattr(s, column)) for s in samples], 1)
    return float(1000 * line[0])


@pytest.mark.long
def test_memory_and_open_files_stay_flat(tmp_path):
    changes = {
        "train:total_iter": LAST,
        "val:val_freq": 100,
        "val:save_img": True,
        "logger:save_checkpoint_freq": 100,
        "logger:print_freq": 10,
        "logger:keep_last": 2,
        "logger:use_tb_logger": True,
        "datasets:train:num_worker_per_gpu": 2,
    }
    training = Training(tmp_path / "run", **changes)
    shared_before = set(os.listdir("/dev/shm"))
    process = training.start()
    samples: list[Sample] = []
    while process.poll() is None:
        try:
            samples.append(sample(training, process))
        except (OSError, IndexError):  # it ended between two looks
            continue
        time.sleep(0.25)
    assert process.returncode == 0, training.said()
    # In the last iteration the workers have gone.
    settled = [s for s in samples if SETTLED <= s.iteration < LAST]
    growth = {column: slope(settled, column) for column in Sample._fields[1:]}
    print(f"{len(settled)} samples from {settled[0]} to {settled[-1]}; growth in 1000 iterations: {growth}")
    assert len(settled) >= 50
    assert growth["main_mib"] < 4
    assert growth["workers_mib"] < 4
    assert abs(growth["open_files"]) < 1
    assert abs(growth["worker_open_files"]) < 1
    assert {name for name in set(os.listdir("/dev/shm")) - shared_before if name.startswith("torch_")} == set()
    # Importing TensorBoard's part of PyTorch makes the folder of its compiler's cache.
    assert {path.name for path in training.temporary.iterdir()} <= {f"torchinductor_{getpass.getuser()}"}
