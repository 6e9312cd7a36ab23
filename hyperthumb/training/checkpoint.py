"""Checkpoints that are whole or absent, and whose loading runs no code.

A checkpoint is two files: the weights, `models/net_g_<iteration>.pth` ({"params", "params_ema"} as BasicSR stores
them), and the training state, `training_states/<iteration>.state` (iteration, optimizers, gradient scaler). The state
is written last: where it stands, its weights do too, and `net_g_latest.pth` is no older.
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
from hyperthumb.models.weights import choose_weights, read_safely


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0  # a bool is no number here


def _is_duration(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


_STATE: dict[str, Callable[[Any], bool]] = {
    "iteration": _is_count,
    "optimizers": lambda value: isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()),
    "scaler": lambda value: isinstance(value, dict),
    "validated": lambda value: type(value) is bool,
    "validation_seconds": _is_duration,
    "skipped_steps": _is_count,
}
STATE_KEYS = _STATE.keys() - {"skipped_steps"}
"""Those that every state has."""


class Resume(NamedTuple):
    """A checkpoint to go on from."""

    iteration: int
    weights: dict[str, dict[str, Tensor]]
    state: dict[str, Any]


class CheckpointFolder:
    """The checkpoints of one experiment.

    Args:
        experiment: the experiment's folder.
        keep_last: how many to keep; None keeps all.
    """

    def __init__(self, experiment: Path, keep_last: int | None = None) -> None:
        self.root = experiment
        self.models = experiment / "models"
        self.states = experiment / "training_states"
        self.keep_last = keep_last
        self._damaged: set[int] = set()

    def save(self, iteration: int, weights: dict[str, dict[str, Tensor]], state: dict[str, Any]) -> Path:
        """Writes the weights, `net_g_latest.pth`, then the state; then removes checkpoints beyond `keep_last`.

        Raises:
            HyperthumbError: when it cannot be written. The earlier checkpoints stay.
        """
        path, state_path = self.models / f"net_g_{iteration}.pth", self.states / f"{iteration}.state"
        write_atomically(path, partial(torch.save, weights), durable=True)
        try:
            # The other way round, a run that is killed after its last state would leave older weights under that name.
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
        """Takes weights back whose state could not be written: they are no checkpoint, and room is what is missing."""
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
        """Removes all but the last `keep_last` that are known to be good, the one of iteration `saved` among them.

        Later ones are left alone: they are of a run that went on from here before, and may be damaged.
        """
        good = [iteration for iteration in self.iterations() if iteration <= saved and iteration not in self._damaged]
        old = good[: -self.keep_last] if self.keep_last else []
        if old:
            try:
                self.read(self.states / f"{saved}.state")
            except HyperthumbError as error:
                message = f"what was just written does not read back, so the earlier checkpoints stay: {error}"
                raise CheckpointError(message) from error
        for iteration in old:
            for path in (self.states / f"{iteration}.state", self.models / f"net_g_{iteration}.pth"):
                with writing(path):
                    path.unlink(missing_ok=True)

    def warn_of_little_room(self, size: int) -> None:
        """Warns when the disk holds fewer than three checkpoints of `size` bytes."""
        free = shutil.disk_usage(self.root).free
        if free < 3 * size:
            warnings.warn(
                f"the disk of {self.root} has {free / 2**20:.1f} MiB free: room for {free / size:.1f} checkpoints of "
                f"about {size / 2**20:.1f} MiB. When it is full the run ends with an error; "
                "logger.keep_last removes old checkpoints",
                stacklevel=2,
            )

    def iterations(self) -> list[int]:
        """The iterations that have a training state, ascending.

        Raises:
            HyperthumbError: when the system does not let the folder be read; that is not to have no checkpoints.
        """
        try:
            names = os.listdir(self.states)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _not_readable(self.states, error) from error
        stems = [name.removesuffix(".state") for name in names if name.endswith(".state")]
        return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdecimal())

    def newest(self) -> Resume | None:
        """The newest checkpoint that can be read; a damaged one is passed over with a warning.

        Raises:
            HyperthumbError: when the system does not let one be read. It may be sound, and a run that passed it over
                would train its iterations again and drop their rows of the table.
        """
        for iteration in reversed(self.iterations()):
            try:
                return self.read(self.states / f"{iteration}.state")
            except CheckpointError as error:
                self._damaged.add(iteration)
                warnings.warn(f"passing over a checkpoint: {error}", stacklevel=2)
        return None

    def read(self, state_path: Path) -> Resume:
        """The checkpoint whose training state is at `state_path`; its weights stand beside it in `models/`.

        Raises:
            CheckpointError: when either is missing or damaged.
            HyperthumbError: when the system does not let either be read.
        """
        state = _read(state_path)
        missing = sorted(STATE_KEYS - state.keys())
        if missing:
            raise CheckpointError(f"{state_path} is no training state: it has no {', '.join(missing)}")
        wrong = sorted(name for name, fits in _STATE.items() if name in state and not fits(state[name]))
        if wrong:
            raise CheckpointError(f"{state_path} is damaged: what it holds as {', '.join(wrong)} cannot be that")
        models = state_path.resolve().parent.parent / "models"
        weights = _read(models / f"net_g_{state['iteration']}.pth")
        choose_weights(weights, "params", models)
        return Resume(state["iteration"], weights, state)


def _read(path: Path) -> dict[str, Any]:
    """`read_safely`, which takes whatever goes wrong for damage; but what the system refuses is no damage."""
    try:
        return read_safely(path)
    except CheckpointError as error:
        refusal = _refusal(error, path)
        if refusal is None:
            raise
        raise _not_readable(path, refusal) from error


def _refusal(error: CheckpointError, path: Path) -> OSError | None:
    """What the system has against reading a file; None where its content is to blame, or it is not there."""
    cause = error.__cause__
    # A damaged archive points to places before its own beginning, and the system says EINVAL.
    if isinstance(cause, OSError) and cause.errno not in (errno.ENOENT, errno.EINVAL):
        return cause
    try:  # the readers swallow some errors and say that it is no archive
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
        f"cannot read {path}: {error.strerror or error}. It is not passed over, because nothing says that it is "
        "damaged: see to it that it can be read, or move it away"
    )


def expected_bytes(network: nn.Module, averaged: bool) -> int:
    """About what a checkpoint takes: the weights, their average, and two numbers a parameter of optimizer state."""
    weights = sum(value.nbytes for value in network.state_dict().values())
    trained = sum(value.nbytes for value in network.parameters() if value.requires_grad)
    return weights * (2 if averaged else 1) + 2 * trained
