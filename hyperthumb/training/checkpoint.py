"""Checkpoints that are whole or absent, and whose loading runs no code.

A checkpoint is two files: the weights, `models/net_g_<iteration>.pth` ({"params", "params_ema"} as BasicSR stores
them), and the training state, `training_states/<iteration>.state` (iteration, optimizers, gradient scaler). The state
is written last: where it stands, its weights do too.
"""

from __future__ import annotations

import os
import shutil
import warnings
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hyperthumb.errors import CheckpointError
from hyperthumb.files import write_atomically
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

    def save(self, iteration: int, weights: dict[str, dict[str, Tensor]], state: dict[str, Any]) -> Path:
        """Writes the weights, the state, then `net_g_latest.pth`; then removes checkpoints beyond `keep_last`."""
        path = self.models / f"net_g_{iteration}.pth"
        for target, content in (
            (path, weights),
            (self.states / f"{iteration}.state", {"iteration": iteration, **state}),
        ):
            write_atomically(target, partial(torch.save, content), durable=True)
        self._point_latest_at(path)
        for old in self.iterations()[: -self.keep_last] if self.keep_last else []:
            (self.states / f"{old}.state").unlink(missing_ok=True)
            (self.models / f"net_g_{old}.pth").unlink(missing_ok=True)
        return path

    def _point_latest_at(self, path: Path) -> None:
        temporary = self.models / f".latest.{os.getpid()}.tmp"
        temporary.unlink(missing_ok=True)
        try:
            os.link(path, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(path, temporary)
        os.replace(temporary, self.models / "net_g_latest.pth")

    def iterations(self) -> list[int]:
        """The iterations that have a training state, ascending."""
        return sorted(int(path.stem) for path in self.states.glob("*.state") if path.stem.isdigit())

    def newest(self) -> Resume | None:
        """The newest checkpoint that can be read; a damaged one is passed over with a warning."""
        for iteration in reversed(self.iterations()):
            try:
                return self.read(self.states / f"{iteration}.state")
            except CheckpointError as error:
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
