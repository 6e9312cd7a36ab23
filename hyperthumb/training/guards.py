"""Keeps numbers that are not finite out of the weights, and writes down what is needed to see them again."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError, NonFiniteError
from hyperthumb.base.files import pretty_json, write_atomically

from .objective import LossTerms


class Health(IntEnum):
    """What one process's numbers of a step are like; the worst counts."""

    FINE = 0
    BAD_GRADIENT = 1
    BAD_LOSS = 2


class StepRecord:
    """What one process saw in one step: its photographs and the terms of each micro-batch."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.terms: list[dict[str, Tensor]] = []
        self._finite: list[Tensor] = []

    def add(self, terms: LossTerms, names: Sequence[str]) -> None:
        """A micro-batch."""
        self.names += names
        self.terms.append(terms.named())
        self._finite.append(torch.isfinite(terms.total.detach()))

    def add_auxiliary(self, loss: Tensor) -> None:
        """The entropy bottleneck's own loss."""
        self.terms.append({"auxiliary": loss.detach()})
        self._finite.append(torch.isfinite(loss.detach()))

    def finite(self) -> Tensor:
        """Whether all losses are, as a bool where they were computed."""
        return torch.stack(self._finite).all()

    def described(self) -> dict[str, Any]:
        """Names and terms for a report; numbers that JSON does not have are words."""
        terms = [{name: _number(float(value)) for name, value in entry.items()} for entry in self.terms]
        return {"images": self.names, "terms": terms}


class BadStepReports:
    """Counts the steps that are left out, writes a file for each, and says when it is enough.

    Args:
        folder: where `<iteration>.json` goes; None on processes other than the first.
        allowed: how many steps may be left out.
        circumstances: what else belongs in a report: the seed, the precision, how many processes.
        logger: where a step that is left out is a warning.
    """

    def __init__(
        self, folder: Path | None, allowed: int, circumstances: dict[str, Any], logger: logging.Logger
    ) -> None:
        self.folder, self.allowed, self.circumstances, self.logger = folder, allowed, circumstances, logger
        self.skipped = 0

    def take(self, iteration: int, healths: Sequence[Health], steps: Sequence[dict[str, Any]], norm: float) -> None:
        """Takes note of a step that must not reach the weights.

        Args:
            iteration: its number.
            healths: of each rank.
            steps: of each rank, what `StepRecord.described` said.
            norm: of the averaged gradient.

        Raises:
            NonFiniteError: when no more may be left out; the same on every rank.
        """
        worst = max(healths)
        # A gradient that is finite on every rank and not in its mean is everyone's.
        ranks = [rank for rank, health in enumerate(healths) if health == worst]
        what = "loss" if worst == Health.BAD_LOSS else "gradient"
        stop = self.skipped >= self.allowed
        path = self._write(iteration, what, norm, [{"rank": rank, **steps[rank]} for rank in ranks])
        sentence = _describe(iteration, what, norm, ranks, steps)
        if stop:
            raise NonFiniteError(
                f"{sentence} The weights were not touched; the last checkpoint is good. "
                f"Seed, photographs and terms: {path}"
                + (f". {self.skipped} such steps were left out before" if self.skipped else "")
            )
        self.skipped += 1
        if self.folder is not None:
            self.logger.warning(
                "%s The step is left out, %s of %s (train.skip_bad_steps); %s",
                sentence,
                self.skipped,
                self.allowed,
                path,
            )

    def _write(self, iteration: int, what: str, norm: float, ranks: list[dict[str, Any]]) -> str:
        """The report's path, or why there is none: the run's end must not depend on it."""
        if self.folder is None:
            return "on the first process"
        path = self.folder / f"{iteration:07d}.json"
        content = {"iteration": iteration, "what": what, "gradient_norm": _number(norm), **self.circumstances}
        try:
            write_atomically(path, (pretty_json({**content, "ranks": ranks}) + "\n").encode())
        except HyperthumbError as error:
            return f"not kept, {error}"
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
