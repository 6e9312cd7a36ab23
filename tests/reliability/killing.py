"""The moments at which a training is killed, and the comparison of what it leaves with a run that never was."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import defaultdict
from typing import Any, NamedTuple

import torch

from tests.warm import WarmProcess

from .whole_process import Training, children, freeze, wait_until_gone

CHANGES: dict[str, object] = {
    "train:total_iter": 60,
    "logger:save_checkpoint_freq": 5,
    "val:val_freq": 20,
    "logger:print_freq": 1,
    "logger:use_tb_logger": True,
    "datasets:train:num_worker_per_gpu": 1,
    "network_g:encoder:num_feat": 48,  # checkpoints of a few MB, whose writing takes a while
    "network_g:decoder:num_feat": 48,
}
LAST = 60
KINDS = ("step", "weights", "between", "state", "validation", "row")
SCRAP = re.compile(r"\.[0-9a-f]{16}\.tmp")


class Moment(NamedTuple):
    """When to kill.

    Attributes:
        kind: `step`: between two reports; `weights`, `state`: in the middle of the writing of that file; `between`:
            the weights are there, their state is not; `validation`: thumbnails are being written and measured; `row`:
            its row is in metrics.csv, the checkpoint is not.
        iteration: the first chance after it is taken.
        delay: seconds to wait then, for `step`.
        group: kill the data workers as well.
    """

    kind: str
    iteration: int
    delay: float
    group: bool

    @classmethod
    def draw(cls, chance: random.Random, kind: str) -> Moment:
        return cls(kind, chance.randint(1, LAST - 5), chance.uniform(0, 0.1), chance.random() < 0.5)

    def is_now(self, training: Training) -> bool:
        models, states = training.root / "models", training.root / "training_states"
        if self.kind in ("weights", "state"):
            folder = models if self.kind == "weights" else states
            return any(SCRAP.fullmatch(name) for name in os.listdir(folder))
        if self.kind == "between":
            return any(not (states / f"{path.stem[6:]}.state").exists() for path in models.glob("net_g_[0-9]*.pth"))
        if self.kind == "validation":
            return any(name.startswith("tmp") for name in os.listdir(training.temporary))
        if self.kind == "row":
            *_, row = (training.root / "metrics.csv").read_text().splitlines()
            done = row.partition(",")[0]
            return done.isdigit() and int(done) > 0 and not (states / f"{done}.state").exists()
        return True

    def strike(self, process: WarmProcess, training: Training) -> bool:
        """SIGKILL at this moment, which no data worker survives for long; False when the run ended before it.

        The process is frozen first and looked at again, so that it is known to have been killed there.
        """
        assert not list(training.temporary.iterdir())
        deadline = time.monotonic() + 600
        while training.iteration() < self.iteration and process.poll() is None:
            assert time.monotonic() < deadline, training.said()
            time.sleep(0.005)
        while process.poll() is None:
            assert time.monotonic() < deadline, training.said()
            if self.is_now(training):
                time.sleep(self.delay if self.kind == "step" else 0)
                freeze(process.pid)
                if self.is_now(training):
                    workers = children(process.pid)
                    os.killpg(process.pid, signal.SIGKILL) if self.group else process.kill()
                    assert process.wait(timeout=60) == -signal.SIGKILL
                    wait_until_gone(workers, 30)
                    return True
                os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.0005)
        return False


def assert_nothing_lost(whole: Training, killed: Training) -> None:
    """Weights, average, optimizers, metrics.csv, log and TensorBoard of the two runs are the same."""
    for name in (f"net_g_{LAST}.pth", "net_g_latest.pth"):
        assert (whole.root / "models" / name).read_bytes() == (killed.root / "models" / name).read_bytes(), name
    first, second = (torch.load(t.root / f"training_states/{LAST}.state", weights_only=True) for t in (whole, killed))
    for state in (first, second):
        assert state.pop("validation_seconds") > 0
    assert_equal(first, second, "state")
    assert (whole.root / "metrics.csv").read_bytes() == (killed.root / "metrics.csv").read_bytes()
    assert_equal(reports(whole), reports(killed), "log")
    assert_equal(scalars(whole), scalars(killed), "TensorBoard")
    assert whole.states() == killed.states()
    scraps = [path for path in killed.root.rglob("*.tmp") if path.is_file()]
    assert not scraps


def assert_equal(first: Any, second: Any, where: str) -> None:
    """Equality to the last bit of what nested dicts and lists hold."""
    if isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype and torch.equal(first, second), where  # noqa: PT018
    elif isinstance(first, dict):
        assert first.keys() == second.keys(), f"{where}: {sorted(first.keys() ^ second.keys(), key=str)}"
        for key in first:
            assert_equal(first[key], second[key], f"{where}: {key}")
    elif isinstance(first, list | tuple):
        assert len(first) == len(second), where
        for number, (a, b) in enumerate(zip(first, second, strict=True)):
            assert_equal(a, b, f"{where}: {number}")
    else:
        assert first == second, where


def reports(training: Training) -> dict[str, list[str]]:
    """What all logs say of each iteration and each validation, without times; said again, it must be the same."""
    said: dict[str, set[str]] = defaultdict(set)
    for log in training.root.glob("train_tiny_*.log"):
        text = log.read_text()
        for iteration, rates, terms in re.findall(r"iter ([\d,]+)/\S+  lr (\S+) .*\|  (.*)", text):
            said[f"iteration {iteration}"].add(f"{rates} {terms}")
        for iteration, numbers in re.findall(r"validation at ([\d,]+) on val \S+ \S+ \S+ (.*)", text):
            said[f"validation {iteration}"].add(numbers)
    assert len(said) > LAST
    return {key: sorted(values) for key, values in said.items()}


def scalars(training: Training) -> dict[str, dict[int, list[float]]]:
    """Losses, learning rates and validations of TensorBoard, by iteration."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(training.folder / "tb_logger/tiny"), size_guidance={"scalars": 0}).Reload()
    points: dict[str, dict[int, list[float]]] = {}
    for tag in events.Tags()["scalars"]:
        if not tag.startswith("speed/"):
            by_step = points.setdefault(tag, {})
            for event in events.Scalars(tag):
                by_step[event.step] = sorted({*by_step.get(event.step, []), event.value})
    assert points
    return points
