"""What every part of a run needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from hyperthumb.config import TrainOptions

from .distributed import World
from .stalls import StallWatch


@dataclass(frozen=True)
class RunContext:
    """The circumstances of a run, which stay the same while it lasts.

    Attributes:
        options: all settings.
        world: this process among all.
        device: where to train.
        stalls: warns when the disk hangs.
    """

    options: TrainOptions
    world: World
    device: torch.device
    stalls: StallWatch

    @property
    def folder(self) -> Path:
        """The experiment's folder."""
        return self.options.path.experiments_root / self.options.name
