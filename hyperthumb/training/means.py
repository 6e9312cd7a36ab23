"""Means of the loss terms between two log lines, because the terms of single batches differ by large factors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from .distributed import World, mean_over_ranks


class LossMeans:
    """Sums the terms of micro-batches on their device. The sums are only for the log, and not part of a checkpoint.

    After a run resumes, its first log line averages the steps since the checkpoint.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count: Tensor | None = None

    def add(self, terms: Mapping[str, Tensor]) -> None:
        """Adds a micro-batch's scalars, by the same names each time, unless one is not finite: it would hide all."""
        finite = torch.stack([torch.isfinite(value) for value in terms.values()]).all()
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0) + torch.where(finite, value.float(), 0.0)
        self._count = finite.float() + (0.0 if self._count is None else self._count)

    def take(self, world: World) -> dict[str, float]:
        """The means over all micro-batches of all processes since the last call; NaN if none was finite.

        All processes must call it at the same iteration, after at least one `add`.
        """
        assert self._count is not None
        *sums, count = mean_over_ranks({**self._sums, "": self._count}, world).values()
        means = {name: value / count if count else float("nan") for name, value in zip(self._sums, sums, strict=True)}
        self._sums, self._count = {}, None
        return means
