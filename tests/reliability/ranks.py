"""Runs of whole processes: one, several under torchrun, and modules that inject what goes wrong."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import torch

from tests.support import tiny_training, write_options
from tests.warm import WarmProcess

ROOT = Path(__file__).parents[2]
TRAIN = str(ROOT / "run_train.py")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node"]


def options_file(folder: Path, **changes: object) -> Path:
    """Options of a tiny run in this folder, which is made; `changes` are a:b paths, None as `val` drops it."""
    folder.mkdir(parents=True, exist_ok=True)
    options = tiny_training(folder, **changes)
    if options["datasets"]["val"] is None:
        del options["datasets"]["val"]
    return write_options(folder / "options.yml", options)


def command(options: Path, processes: int = 1, *arguments: str) -> list[str]:
    """The command line of a run, after `python`."""
    if processes == 1:
        return [TRAIN, "-opt", str(options), *arguments]
    launch = [*TORCHRUN, str(processes), TRAIN, "-opt", str(options), "--launcher", "pytorch"]
    return [*launch, *arguments]


def environment(plugins: Path | None = None, **variables: str) -> dict[str, str]:
    """One thread a process, as on a shared machine, and a folder whose modules `plugins:` finds."""
    path = {"PYTHONPATH": str(plugins)} if plugins else {}
    return {**os.environ, "OMP_NUM_THREADS": "1", **path, **variables}


def train(
    options: Path, processes: int = 1, *arguments: str, plugins: Path | None = None, seconds: float = 1200
) -> subprocess.CompletedProcess[str]:
    """Runs to the end and returns exit code and output, stderr in stdout."""
    output = options.parent / f"output{time.monotonic_ns()}"
    words = command(options, processes, *arguments)
    code = WarmProcess(words, output, cwd=ROOT, env=environment(plugins)).wait(seconds)
    return subprocess.CompletedProcess(words, code, output.read_text())


def finished(result: subprocess.CompletedProcess[str]) -> None:
    """Asserts that a run ended well."""
    assert result.returncode == 0, result.stdout


def weights(folder: Path, iteration: int) -> dict[str, torch.Tensor]:
    """Trained and averaged weights of a checkpoint, under one roof."""
    content = torch.load(folder / f"experiments/tiny/models/net_g_{iteration}.pth", weights_only=True)
    return {f"{key} {name}": value for key, part in content.items() for name, value in part.items()}


def largest_difference(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    """Between two checkpoints' weights."""
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first if first[name].numel())


def checkpoints(folder: Path) -> list[int]:
    """Iterations that can be resumed; each one's weights and optimizer states are whole and finite."""
    found = sorted(int(path.stem) for path in (folder / "experiments/tiny/training_states").glob("*.state"))
    for iteration in found:
        assert all(bool(value.isfinite().all()) for value in weights(folder, iteration).values())
        state = torch.load(folder / f"experiments/tiny/training_states/{iteration}.state", weights_only=True)
        for optimizer in state["optimizers"].values():
            for entry in optimizer["state"].values():
                assert all(bool(v.isfinite().all()) for v in entry.values() if isinstance(v, torch.Tensor))
    return found


def write_plugin(folder: Path, body: str) -> Path:
    """A module `faults` for `plugins: [faults]`; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "faults.py").write_text(body, encoding="utf-8")
    return folder


BAD_LOSS = '''
"""L1 that goes wrong as `kind` says, from pass `at` of process `rank` on, `times` times."""

import os

import torch
import torch.nn.functional as F
from torch import nn

from hyperthumb.base.registry import LOSSES


class Spoil(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value):
        return value.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * float("inf")


@LOSSES.register()
class Bad(nn.Module):
    def __init__(self, kind: str, at: int, times: int = 1, rank: int = 0):
        super().__init__()
        self.kind, self.passes = kind, range(at, at + times)
        self.here = int(os.environ.get("RANK", "0")) == rank
        self.count = 0

    def forward(self, prediction, target):
        self.count += 1
        loss = F.l1_loss(prediction.float(), target)
        if not self.here or self.count not in self.passes:
            return loss
        if self.kind == "nan_loss":
            return loss + float("nan")  # its gradient stays finite: only the loss says it
        return loss * float("inf") if self.kind == "inf_loss" else Spoil.apply(loss)
'''
