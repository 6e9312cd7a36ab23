"""SIGTERM and Ctrl+C save and say so, wherever the run is; a second one stops at once. And what dies with what."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.warm import WarmProcess

from .whole_process import Training, children, freeze, wait_for, wait_until_gone

ENDLESS = {
    "train:total_iter": 100_000,
    "logger:save_checkpoint_freq": 100_000,
    "logger:print_freq": 1,
    "val:val_freq": 100_000,
    "datasets:train:num_worker_per_gpu": 1,
}
TERM, INTERRUPT, KILL = signal.SIGTERM, signal.SIGINT, signal.SIGKILL


def started(training: Training, iteration: int = 3) -> WarmProcess:
    process = training.start()
    wait_for(lambda: training.iteration() >= iteration, process, training)
    return process


def assert_stopped_with_a_checkpoint(training: Training, process: WarmProcess, code: int) -> None:
    assert process.wait(timeout=120) == code, training.said()
    (saved,) = training.states()
    # Its report may be that of the step before, when the signal took the data workers along.
    assert saved in (training.iteration(), training.iteration() + 1), training.said()
    assert "continue with --auto_resume" in training.said()
    assert "Traceback" not in training.said()


@pytest.mark.parametrize(("number", "code", "whole_group"), [(TERM, 143, False), (INTERRUPT, 130, True)])
def test_a_signal_leaves_a_checkpoint_of_the_last_step(tmp_path, number, code, whole_group):
    training = Training(tmp_path / "run", **ENDLESS)
    process = started(training)
    workers = children(process.pid)
    assert workers
    os.killpg(process.pid, number) if whole_group else process.send_signal(number)
    assert_stopped_with_a_checkpoint(training, process, code)
    wait_until_gone(workers, 15)


def test_a_second_signal_stops_at_once_though_the_data_hangs(tmp_path):
    """A worker that stands still is what a dead network disk looks like: the step waits, and so would a clean exit."""
    training = Training(tmp_path / "run", **ENDLESS)
    process = started(training)
    (worker,) = children(process.pid)
    freeze(worker)
    shown = -1
    while training.iteration() != shown:  # until what was ready is used up
        shown = training.iteration()
        time.sleep(1.5)
    process.send_signal(TERM)
    time.sleep(1.5)
    assert process.poll() is None
    process.send_signal(TERM)
    asked = time.monotonic()
    assert process.wait(timeout=10) == 143
    assert time.monotonic() - asked < 5
    assert training.states() == []
    assert "a second signal" in training.said()
    os.kill(worker, signal.SIGCONT)
    wait_until_gone([worker], 30)


def test_a_dead_data_worker_ends_the_run_with_a_checkpoint(tmp_path):
    """As the kernel ends one when memory runs out."""
    training = Training(tmp_path / "run", **ENDLESS)
    process = started(training)
    (worker,) = children(process.pid)
    os.kill(worker, KILL)
    assert process.wait(timeout=120) == 1
    assert "a process that loads data has died" in training.said()
    assert "Traceback" not in training.said()
    assert training.states() == [training.iteration()]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_signals_at_random_moments_leave_checkpoints(tmp_path, seed):
    """To one process or to the whole group, with workers about to hand over a batch."""
    chance = random.Random(seed)
    number, code = ((TERM, 143), (INTERRUPT, 130))[seed % 2]
    training = Training(tmp_path / "run", **{**ENDLESS, "datasets:train:num_worker_per_gpu": 1 + seed % 3})
    process = started(training, chance.randint(1, 30))
    time.sleep(chance.uniform(0, 0.2))
    os.killpg(process.pid, number) if seed % 4 < 2 else process.send_signal(number)
    assert_stopped_with_a_checkpoint(training, process, code)


@pytest.mark.long
def test_a_signal_interrupts_a_validation_and_resuming_repeats_it(tmp_path):
    changes = {"train:total_iter": 12, "val:val_freq": 10, "logger:print_freq": 1, "val:refine": 20}
    whole, stopped = (Training(tmp_path / name, **changes) for name in ("whole", "stopped"))
    whole.finish()
    process = stopped.start()
    wait_for(
        lambda: stopped.iteration() == 10 and any(p.name.startswith("tmp") for p in stopped.temporary.iterdir()),
        process,
        stopped,
    )
    process.send_signal(TERM)
    assert process.wait(timeout=120) == 143
    assert "stopped at iteration 10" in stopped.said()
    assert stopped.states()[-1] == 10
    assert "\n10," not in (stopped.root / "metrics.csv").read_text()
    stopped.finish("--auto_resume")
    assert (stopped.root / "metrics.csv").read_bytes() == (whole.root / "metrics.csv").read_bytes()
    weights = "models/net_g_12.pth"
    assert (stopped.root / weights).read_bytes() == (whole.root / weights).read_bytes()
