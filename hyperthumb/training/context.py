"""The circumstances of a run, which all parts of the training use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from hyperthumb.config import TrainOptions

from .batch_size import StepShare, share_step
from .distributed import World
from .stalls import StallWatch


@dataclass(frozen=True)
class RunContext:
    """The circumstances of a run, which stay the same while it lasts. `stalls` warns when the disk hangs."""

    options: TrainOptions
    world: World
    device: torch.device
    stalls: StallWatch

    @property
    def folder(self) -> Path:
        """The experiment's folder."""
        return self.options.path.experiments_root / self.options.name

    @cached_property
    def share(self) -> StepShare:
        """The crops of each step. Raises OptionsError if they cannot be divided evenly."""
        return share_step(self.options, self.world.size)
