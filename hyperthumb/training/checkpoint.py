"""Checkpoint files. They are written atomically, and loading them does not run code.

A checkpoint consists of two files: the weights, `models/net_g_<iteration>.pth` ({"params", "params_ema"} as in
BasicSR), and the training state, `training_states/<iteration>.state` (`TrainState.progress`). The state is written
last. If it exists, so do its weights, and `net_g_latest.pth` is not older.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import shutil
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import CheckpointError, HyperthumbError
from hyperthumb.base.files import scrap_beside, write_atomically, writing
from hyperthumb.base.wording import whole_number
from hyperthumb.models.weights import choose_weights, read_safely


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0  # a bool is not a number here


_STATE: dict[str, Callable[[Any], bool]] = {
    "iteration": _is_count,
    "optimizers": lambda value: isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()),
    "scaler": lambda value: isinstance(value, dict),
    "validated": lambda value: type(value) is bool,
    "validation_seconds": lambda value: type(value) in (int, float) and 0 <= value < math.inf,
    "skipped_steps": _is_count,
}
_OPTIONAL = {"skipped_steps"}  # early versions did not have it


class Resume(NamedTuple):
    """A checkpoint to resume from. `experiment` is the folder of its experiment."""

    experiment: Path
    iteration: int
    weights: dict[str, dict[str, Tensor]]
    state: dict[str, Any]


class CheckpointFolder:
    """The checkpoints of one experiment, of which the last `keep_last` are kept (None: all)."""

    def __init__(self, experiment: Path, keep_last: int | None = None) -> None:
        self.root = experiment
        self.models = experiment / "models"
        self.states = experiment / "training_states"
        self.keep_last = keep_last
        self._damaged: set[int] = set()

    def save(self, iteration: int, weights: dict[str, dict[str, Tensor]], state: dict[str, Any]) -> Path:
        """Writes the weights, `net_g_latest.pth`, then the state; then removes checkpoints beyond `keep_last`.

        Raises:
            HyperthumbError: if the checkpoint cannot be written. The earlier checkpoints are kept.
        """
        path, state_path = self.models / f"net_g_{iteration}.pth", self.states / f"{iteration}.state"
        write_atomically(path, partial(torch.save, weights), durable=True)
        try:
            # In the other order, a run that is killed in between would leave older weights under that name.
            self._point_latest_at(path)
            write_atomically(state_path, partial(torch.save, {"iteration": iteration, **state}), durable=True)
        except HyperthumbError:
            if not state_path.exists():
                self._forget_weights(path)
            raise
        self._damaged.discard(iteration)
        self._remove_old(iteration)
        return path

    def _forget_weights(self, path: Path) -> None:
        """Removes weights whose state could not be written: they are not a checkpoint, and the disk may be full."""
        with contextlib.suppress(OSError, HyperthumbError):
            path.unlink(missing_ok=True)
            before = [self.models / f"net_g_{iteration}.pth" for iteration in self.iterations()]
            if before:
                self._point_latest_at(before[-1])
            else:
                (self.models / "net_g_latest.pth").unlink(missing_ok=True)

    def _point_latest_at(self, path: Path) -> None:
        latest = self.models / "net_g_latest.pth"
        scrap = scrap_beside(latest)
        try:
            os.link(path, scrap)
            os.replace(scrap, latest)
        except OSError:  # a file system without hard links
            with open(path, "rb") as source:
                write_atomically(latest, partial(shutil.copyfileobj, source))
        finally:
            with contextlib.suppress(OSError):
                scrap.unlink(missing_ok=True)

    def _remove_old(self, saved: int) -> None:
        """Removes old checkpoints. It keeps the last `keep_last` good ones, including the one of iteration `saved`.

        Checkpoints of later iterations are kept too. They are from a run before this one was resumed, and may be
        damaged.
        """
        good = [iteration for iteration in self.iterations() if iteration <= saved and iteration not in self._damaged]
        old = good[: -self.keep_last] if self.keep_last else []
        if old:
            try:
                self.read(self.states / f"{saved}.state")
            except HyperthumbError as error:
                message = f"the new checkpoint cannot be read back, so the earlier ones are kept: {error}"
                raise CheckpointError(message) from error
        for iteration in old:
            for path in (self.states / f"{iteration}.state", self.models / f"net_g_{iteration}.pth"):
                with writing(path):
                    path.unlink(missing_ok=True)

    def warn_of_little_room(self, size: int) -> None:
        """Warns if the disk has room for fewer than three checkpoints of `size` bytes."""
        free = shutil.disk_usage(self.root).free
        if free < 3 * size:
            warnings.warn(
                f"the disk of {self.root} has {free / 2**20:.1f} MiB free: room for {free / size:.1f} checkpoints of "
                f"about {size / 2**20:.1f} MiB. When it is full the run ends with an error; set logger.keep_last to "
                "remove old checkpoints",
                stacklevel=2,
            )

    def iterations(self) -> list[int]:
        """The iterations of all training states, in ascending order.

        Raises:
            HyperthumbError: if the folder cannot be read, which does not mean that it is empty.
        """
        try:
            names = os.listdir(self.states)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _not_readable(self.states, error) from error
        numbers = [whole_number(name.removesuffix(".state")) for name in names if name.endswith(".state")]
        return sorted(number for number in numbers if number is not None)

    def newest(self) -> Resume | None:
        """Reads the newest checkpoint that is not damaged. Damaged ones are skipped with a warning.

        Raises:
            HyperthumbError: if the system cannot read a file. It may be undamaged, and a run that skipped it would
                train its iterations again and remove their rows from the table.
        """
        for iteration in reversed(self.iterations()):
            try:
                return self.read(self.states / f"{iteration}.state")
            except CheckpointError as error:
                self._damaged.add(iteration)
                warnings.warn(f"skipping a damaged checkpoint: {error}", stacklevel=2)
        return None

    def read(self, state_path: Path) -> Resume:
        """Reads the training state at `state_path`, and its weights from the folder `models` of the experiment.

        Raises:
            CheckpointError: if a file is missing or damaged.
            HyperthumbError: if the system cannot read a file.
        """
        state = _read(state_path)
        missing = sorted(_STATE.keys() - _OPTIONAL - state.keys())
        if missing:
            raise CheckpointError(f"{state_path} is not a training state: it has no {', '.join(missing)}")
        wrong = sorted(name for name, fits in _STATE.items() if name in state and not fits(state[name]))
        if wrong:
            raise CheckpointError(f"{state_path} is damaged: it has invalid values of {', '.join(wrong)}")
        experiment = state_path.resolve().parent.parent
        models = experiment / "models"
        weights = _read(models / f"net_g_{state['iteration']}.pth")
        choose_weights(weights, "params", models)
        return Resume(experiment, state["iteration"], weights, state)


def _read(path: Path) -> dict[str, Any]:
    """Does the same as `read_safely`, but a file that the system cannot read does not count as damaged."""
    try:
        return read_safely(path)
    except CheckpointError as error:
        refusal = _refusal(error, path)
        if refusal is None:
            raise
        raise _not_readable(path, refusal) from error


def _refusal(error: CheckpointError, path: Path) -> OSError | None:
    """The system's error in reading a file; None if the file is damaged or does not exist."""
    cause = error.__cause__
    # A damaged archive may point to places before its own beginning; the system then reports EINVAL.
    if isinstance(cause, OSError) and cause.errno not in (errno.ENOENT, errno.EINVAL):
        return cause
    try:  # torch.load hides some errors and reports that the file is not an archive
        with open(path, "rb") as file:
            while file.read(1 << 20):
                pass
    except FileNotFoundError:
        return None
    except OSError as refusal:
        return refusal
    return None


def _not_readable(path: Path, error: OSError) -> HyperthumbError:
    return HyperthumbError(
        f"cannot read {path}: {error.strerror or error}. It may be undamaged, so it is not skipped: make it readable, "
        "or move it away"
    )


def expected_bytes(network: nn.Module, averaged: bool) -> int:
    """The approximate size of a checkpoint: weights, their average, and two values per parameter for the optimizer."""
    weights = sum(value.nbytes for value in network.state_dict().values())
    trained = sum(value.nbytes for value in network.parameters() if value.requires_grad)
    return weights * (2 if averaged else 1) + 2 * trained
