"""The same seed gives the same bytes: with any number of data workers, and as in tests/golden on any machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.golden.make_demo_losses import GOLDEN, demo_losses

from .whole_process import Training

CHANGES = {"train:total_iter": 12, "logger:save_checkpoint_freq": 100, "val:val_freq": 100}

# AVX2 in place of AVX-512, plain code in place of both, or two threads in place of one change these losses by up to
# 3e-5 of their size: sums in another order, which 20 steps make larger. This is 20 times that; a learning rate that is
# 1 % higher changes `guide` by 2e-3.
TOLERANCE = 6e-4


def digest_of_a_run(folder: Path, **changes: object) -> str:
    training = Training(folder, **CHANGES, **changes)
    training.finish()
    return hashlib.sha256((training.root / "models/net_g_12.pth").read_bytes()).hexdigest()


def test_any_number_of_data_workers_gives_the_same_bytes(tmp_path):
    digests = {
        workers: digest_of_a_run(tmp_path / str(workers), **{"datasets:train:num_worker_per_gpu": workers})
        for workers in (0, 1, 3)
    }
    assert len(set(digests.values())) == 1, digests


@pytest.mark.long
def test_deterministic_changes_nothing_on_a_cpu(tmp_path):
    assert digest_of_a_run(tmp_path / "a") == digest_of_a_run(tmp_path / "b", deterministic=True)
    assert digest_of_a_run(tmp_path / "c", manual_seed=4) != digest_of_a_run(tmp_path / "d")


def test_the_first_losses_of_the_demo_are_the_golden_ones(tmp_path):
    golden = json.loads(GOLDEN.read_text())["losses"]
    measured = demo_losses(tmp_path)
    assert measured.keys() == golden.keys()
    for name, values in golden.items():
        assert len(values) == 20
        assert measured[name] == pytest.approx(values, rel=TOLERANCE), name
