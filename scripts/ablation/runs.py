"""Runs several trainings with equal budgets one after another, each in its own process.

A training that fails is reported, and the next one starts. A finished training is skipped. A stopped training resumes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.config import TrainOptions, dump_options, load_train_options
from hyperthumb.training.batch_size import share_step
from hyperthumb.training.checkpoint import CheckpointFolder
from hyperthumb.training.stopping import SignalListener

_CPU_SECONDS = "cpu_seconds.txt"


@dataclass(frozen=True)
class Run:
    """One training: its options file, the options, and the state of its folder."""

    file: Path
    options: TrainOptions

    @property
    def name(self) -> str:
        return self.options.name

    @property
    def folder(self) -> Path:
        return self.options.path.experiments_root / self.name

    @property
    def weights(self) -> Path:
        """The path of the last iteration's checkpoint, whether or not it exists."""
        return self.folder / "models" / f"net_g_{self.options.train.total_iter}.pth"

    @property
    def finished(self) -> bool:
        return self.options.train.total_iter in CheckpointFolder(self.folder).iterations() and self.weights.is_file()

    @property
    def budget(self) -> str:
        """For example "2,400 iterations, 157 million HR pixels"."""
        iterations = self.options.train.total_iter
        pixels = iterations * share_step(self.options).pixels
        return f"{iterations:,} iterations, {pixels / 1e6:.4g} million HR pixels"

    @property
    def cpu_seconds(self) -> float | None:
        """CPU time of all processes that `train_all` started for it, validations included; None if it started none."""
        path = self.folder / _CPU_SECONDS
        return sum(map(float, path.read_text(encoding="utf-8").split())) if path.is_file() else None

    @property
    def spent(self) -> str:
        """The budget, and the CPU time if it is known: "2,400 iterations, ..., 5.1 CPU minutes"."""
        return self.budget + ("" if self.cpu_seconds is None else f", {self.cpu_seconds / 60:.1f} CPU minutes")


@dataclass(frozen=True)
class Trained:
    """The result of `train_all`.

    Attributes:
        failed: names of the trainings that failed.
        unfinished: names of the trainings that did not finish before the deadline.
        stopped_by: the signal that stopped `train_all`, if any.
    """

    failed: list[str]
    unfinished: list[str]
    stopped_by: int | None


def open_runs(files: Sequence[Path], force: Sequence[str]) -> list[Run]:
    """Opens the trainings and checks their options, scales, budgets, names and folders before anything is trained.

    Raises:
        HyperthumbError: for the first training that fails a check.
    """
    runs = [Run(path, load_train_options(path, force)) for path in files]
    first = runs[0]
    by_folder: dict[Path, Run] = {}
    for run in runs:
        other = by_folder.setdefault(run.folder, run)
        if other is not run:
            raise HyperthumbError(f"{other.file} and {run.file} both train in {run.folder}; give them different names")
        if run.options.scale != first.options.scale:
            raise HyperthumbError(f"{run.file} and {first.file} have different scales, so they cannot be compared")
        if run.budget != first.budget:
            words = " and ".join(f"{each.budget} in {each.file}" for each in (first, run))
            raise HyperthumbError(f"compared trainings must have the same budget, but it is {words}")
        _check_folder(run)
    return runs


def train_all(runs: Sequence[Run], entry: Path, force: Sequence[str] = (), deadline: float | None = None) -> Trained:
    """Trains every unfinished run in a process that runs `entry`.

    Args:
        runs: as `open_runs` returns them.
        entry: the path of `run_train.py`.
        force: the `--force_yml` entries that the runs were opened with.
        deadline: a time of `time.monotonic()`; the running process saves a checkpoint and stops before it.
    """
    failed: list[str] = []
    for number, run in enumerate(runs):
        if run.finished:
            print(f"{run.name}: already finished, {run.folder}", file=sys.stderr)
            continue
        left = None if deadline is None else (deadline - time.monotonic()) / 60
        if left is not None and left <= 0:
            return Trained(failed, [each.name for each in runs[number:] if not each.finished], None)
        print(f"{run.name}: {number + 1} of {len(runs)}, {run.file}", file=sys.stderr)
        command = [sys.executable, str(entry), "-opt", str(run.file), "--auto_resume"]
        command += ["--max_minutes", f"{left:.3f}"] if left is not None else []
        code, stopped_by = _run(command + (["--force_yml", *force] if force else []), run.folder)
        if stopped_by is not None:
            return Trained(failed, [], stopped_by)
        if code == 0 and not run.finished:  # it stopped before the deadline
            return Trained(failed, [each.name for each in runs[number:] if not each.finished], None)
        if code:
            print(f"failed: {run.name}: the training ended with exit code {code}", file=sys.stderr)
            failed.append(run.name)
    return Trained(failed, [], None)


def _check_folder(run: Run) -> None:
    """Raises an error if the checkpoints in the folder were trained with other settings."""
    resolved = run.folder / "options.resolved.yml"
    if not resolved.is_file() or not CheckpointFolder(run.folder).iterations():
        return
    try:
        before = yaml.safe_load(resolved.read_text(encoding="utf-8"))
        differing = _differing(_shaping(before), _shaping(yaml.safe_load(dump_options(run.options))))
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise HyperthumbError(f"{resolved} cannot be read ({error}); move {run.folder} away") from error
    if differing:
        raise HyperthumbError(
            f"{run.folder} was trained with other settings ({', '.join(differing)}); move it away, or train elsewhere "
            "with --force_yml path:experiments_root=FOLDER"
        )


def _shaping(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that determine the weights, provided that every step is finite."""
    settings = {name: options[name] for name in ("scale", "manual_seed", "network_g")}
    train = {name: value for name, value in options["train"].items() if name != "skip_bad_steps"}
    handling = ("num_worker_per_gpu", "cache", "cache_limit_gb")  # how photographs are loaded, not which
    data = {name: value for name, value in options["datasets"]["train"].items() if name not in handling}
    start = options["path"]["pretrain_network_g"]
    return {**settings, "train": train, "datasets": {"train": data}, "path": {"pretrain_network_g": start}}


def _differing(first: Any, second: Any, where: str = "") -> list[str]:
    """Dotted paths of the settings in which two trees differ."""
    if not isinstance(first, dict) or not isinstance(second, dict):
        return [] if first == second else [where]
    keys = list(dict.fromkeys([*first, *second]))
    return [
        path
        for key in keys
        for path in _differing(first.get(key), second.get(key), f"{where}.{key}" if where else str(key))
    ]


def _run(command: Sequence[str], folder: Path) -> tuple[int, int | None]:
    """Runs the process and adds its CPU time to a file in the folder.

    Returns:
        Its exit code, and the signal that this process received meanwhile, if any.
    """
    before = os.times()
    with _Stops() as stops:
        # Its own session keeps Ctrl+C from reaching it twice: directly and through us. Twice would stop it at once.
        code = stops.hand_on_to(subprocess.Popen(command, start_new_session=True)).wait()
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    if folder.is_dir():
        with open(folder / _CPU_SECONDS, "a", encoding="utf-8") as file:
            file.write(f"{spent:.1f}\n")
    return code, stops.received


class _Stops(SignalListener):
    """Forwards Ctrl+C and SIGTERM to a process, which then saves and ends, instead of ending this one."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def hand_on_to(self, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        self._process = process
        if self.received is not None:
            process.send_signal(self.received)
        return process

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        if self._process is not None:
            self._process.send_signal(number)
