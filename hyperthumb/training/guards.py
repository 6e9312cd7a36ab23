"""Reports and counts steps whose loss or gradient is not finite, with everything that is needed to reproduce them."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError, NonFiniteError
from hyperthumb.base.files import pretty_json, write_atomically

from .context import RunContext
from .distributed import Health
from .objective import LossTerms


class StepRecord:
    """The photographs of one process in one step, and the loss terms of each micro-batch."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.terms: list[dict[str, Tensor]] = []
        self._finite: list[Tensor] = []

    def add(self, terms: LossTerms, names: Sequence[str]) -> None:
        self.names += names
        self.terms.append(terms.named())
        self._finite.append(torch.isfinite(terms.total.detach()))

    def add_auxiliary(self, loss: Tensor) -> None:
        """Adds the entropy bottleneck's own loss."""
        self.terms.append({"auxiliary": loss.detach()})
        self._finite.append(torch.isfinite(loss.detach()))

    def finite(self) -> Tensor:
        """Whether all losses are finite, as a bool on their device."""
        return torch.stack(self._finite).all()

    def described(self) -> dict[str, Any]:
        """Names and terms for a report. Infinite numbers and NaN become strings, because JSON does not have them."""
        terms = [{name: _number(float(value)) for name, value in entry.items()} for entry in self.terms]
        return {"images": self.names, "terms": terms}


class BadStepReports:
    """Writes a report, `bad_steps/<iteration>.json`, for each skipped step. Too many skipped steps end the run."""

    def __init__(self, context: RunContext) -> None:
        options = context.options
        self._folder = context.folder / "bad_steps" if context.world.is_main else None
        self._allowed = options.train.skip_bad_steps
        self._circumstances = {
            "seed": options.manual_seed,
            "precision": options.train.precision,
            "processes": context.world.size,
            "accumulate": options.train.accumulate,
            "batch_size_per_gpu": context.share.at_once,
        }

    def report(
        self, iteration: int, healths: Sequence[Health], steps: Sequence[dict[str, Any]], norm: float, skipped: int
    ) -> None:
        """Reports a step that must not change the weights.

        Args:
            iteration: number of the step.
            healths: health of each rank.
            steps: result of `StepRecord.described` on each rank.
            norm: norm of the averaged gradient.
            skipped: number of steps that were skipped before.

        Raises:
            NonFiniteError: if no more steps may be skipped, on every rank.
        """
        worst = max(healths)
        # If the gradient is finite on every rank but its mean is not, all ranks are reported.
        ranks = [rank for rank, health in enumerate(healths) if health == worst]
        what = "loss" if worst == Health.BAD_LOSS else "gradient"
        path = self._write(iteration, what, norm, [{"rank": rank, **steps[rank]} for rank in ranks])
        sentence = _describe(iteration, what, norm, ranks, steps)
        if skipped >= self._allowed:
            raise NonFiniteError(
                f"{sentence} The weights were not changed, and the last checkpoint is good. "
                f"Seed, photographs and terms: {path}"
                + (f". {skipped} such steps were skipped before" if skipped else "")
            )
        if self._folder is not None:
            count = f"{skipped + 1} of {self._allowed} (train.skip_bad_steps)"
            logging.getLogger("hyperthumb").warning("%s The step is skipped, %s; %s", sentence, count, path)

    def _write(self, iteration: int, what: str, norm: float, ranks: list[dict[str, Any]]) -> str:
        """Writes the report and returns its path. If it cannot be written, returns the reason: the run must go on."""
        if self._folder is None:
            return "on the first process"
        path = self._folder / f"{iteration:07d}.json"
        content = {"iteration": iteration, "what": what, "gradient_norm": _number(norm), **self._circumstances}
        try:
            write_atomically(path, (pretty_json({**content, "ranks": ranks}) + "\n").encode())
        except HyperthumbError as error:
            return f"not written, {error}"
        return str(path)


def _describe(iteration: int, what: str, norm: float, ranks: Sequence[int], steps: Sequence[dict[str, Any]]) -> str:
    where = "" if len(steps) == 1 else f" on rank {', '.join(map(str, ranks))} of {len(steps)} processes"
    terms = [entry for rank in ranks for entry in steps[rank]["terms"]]
    bad = next((entry for entry in terms if any(isinstance(value, str) for value in entry.values())), terms[-1])
    values = ", ".join(f"{name} {value if isinstance(value, str) else f'{value:g}'}" for name, value in bad.items())
    images = ", ".join(name for rank in ranks for name in steps[rank]["images"])
    size = f"norm {norm:g}; " if what == "gradient" else ""
    return f"the {what} is not finite at iteration {iteration}{where} ({size}{values}); images: {images}."


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else f"{value:g}"
