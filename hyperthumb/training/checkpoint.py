"""Checkpoints that are whole or absent, and whose loading runs no code.

A checkpoint is two files: the weights, `models/net_g_<iteration>.pth` ({"params", "params_ema"} as BasicSR stores
them), and the training state, `training_states/<iteration>.state` (iteration, optimizers, gradient scaler). The state
is written last: where it stands, its weights do too, and `net_g_latest.pth` is no older.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import warnings
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.errors import CheckpointError, HyperthumbError
from hyperthumb.files import scrap_beside, write_atomically, writing
from hyperthumb.weights import choose_weights, read_safely

STATE_KEYS = {"iteration", "optimizers", "scaler", "validated", "validation_seconds"}


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
            except CheckpointError as error:
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
        """The iterations that have a training state, ascending."""
        return sorted(int(path.stem) for path in self.states.glob("*.state") if path.stem.isdigit())

    def newest(self) -> Resume | None:
        """The newest checkpoint that can be read; a damaged one is passed over with a warning."""
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
            CheckpointError: when either cannot be read.
        """
        state = read_safely(state_path)
        missing = sorted(STATE_KEYS - state.keys())
        if missing:
            raise CheckpointError(f"{state_path} is no training state: it has no {', '.join(missing)}")
        models = state_path.resolve().parent.parent / "models"
        weights = read_safely(models / f"net_g_{state['iteration']}.pth")
        choose_weights(weights, "params", models)
        return Resume(state["iteration"], weights, state)


def expected_bytes(network: nn.Module, averaged: bool) -> int:
    """About what a checkpoint takes: the weights, their average, and two numbers a parameter of optimizer state."""
    weights = sum(value.nbytes for value in network.state_dict().values())
    trained = sum(value.nbytes for value in network.parameters() if value.requires_grad)
    return weights * (2 if averaged else 1) + 2 * trained
