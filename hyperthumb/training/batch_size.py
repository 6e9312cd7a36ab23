"""Divides the crops of an optimizer step among processes and micro-batches."""

from __future__ import annotations

from dataclasses import dataclass

from hyperthumb.base.errors import OptionsError
from hyperthumb.config import TrainOptions

_PER_PROCESS = 16
"""Crops of a micro-batch if the options set neither `train.batch_size` nor `batch_size_per_gpu`."""


@dataclass(frozen=True)
class StepShare:
    """One step's crops: `processes` take `at_once` crops, `accumulate` times. `side` is a crop's, in HR pixels."""

    at_once: int
    accumulate: int
    processes: int
    side: int

    @property
    def crops(self) -> int:
        return self.processes * self.accumulate * self.at_once

    @property
    def pixels(self) -> int:
        """HR pixels of the whole step."""
        return self.crops * self.side**2

    def __str__(self) -> str:
        """For example "16 crops of 256x256 a step: 4 processes x 2 micro-batches x 2"."""
        factors = [(self.processes, "processes"), (self.accumulate, "micro-batches")]
        shares = [f"{count} {name}" for count, name in factors if count > 1]
        shared = f": {' x '.join([*shares, str(self.at_once)])}" if shares else ""
        return f"{self.crops} crops of {self.side}x{self.side} a step{shared}"


def remark_on_growth(options: TrainOptions, share: StepShare) -> str | None:
    """A remark for the log if every process adds crops to the step, so that its size depends on their number."""
    if options.train.batch_size is not None or share.processes == 1:
        return None
    one = share.crops // share.processes
    return (
        f"{share.processes} processes take {share.processes} times the crops of one; to keep {one} a step, write "
        f"`batch_size: {one}` under `train:` in place of datasets.train.batch_size_per_gpu"
    )


def share_step(options: TrainOptions, processes: int = 1) -> StepShare:
    """Divides `train.batch_size`; if it is not set, uses `datasets.train.batch_size_per_gpu`, as in BasicSR.

    Raises:
        OptionsError: if `train.batch_size` cannot be divided evenly.
    """
    total, accumulate, data = options.train.batch_size, options.train.accumulate, options.datasets.train
    if total is None:
        return StepShare(data.batch_size_per_gpu or _PER_PROCESS, accumulate, processes, data.crop_size)
    shares = processes * accumulate
    if total % shares:
        near = max(1, round(total / shares)) * shares
        raise OptionsError(
            f"train.batch_size: {total} crops a step cannot be divided evenly among {processes} "
            f"process{'es' if processes > 1 else ''} x {accumulate} micro-batch{'es' if accumulate > 1 else ''} "
            f"(train.accumulate); {near} can"
        )
    return StepShare(total // shares, accumulate, processes, data.crop_size)
