"""Validation during training: the evaluator on the validation sets, shared out among the processes."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from hyperthumb.data import ImageSource
from hyperthumb.evaluation.evaluator import OutputFolder, evaluate_image
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.metrics import QUALITY, Distance, ImageScores, Protocol, mean_scores
from hyperthumb.models.contract import RescalingNetwork

from .distributed import World, gather_in_order
from .experiment import ValidationTable
from .stopping import StopRequest


class Validator:
    """Measures a network on each validation set and keeps the numbers in `metrics.csv`; false when there is no set.

    Args:
        sources: validation sets by name.
        protocol: crop and channels.
        lpips: a distance, or None.
        profile: how the files are coded.
        rate_scale: multiplies the predicted tables.
        refine: steps of gradient descent on each thumbnail's coefficients; 0 is none.
        visualization: where pictures are kept, one folder an iteration, or None to keep none.
        table: the file of numbers; on the main process only.
        world: who else takes part.
    """

    def __init__(
        self,
        sources: Mapping[str, ImageSource],
        protocol: Protocol,
        lpips: Distance | None,
        profile: Literal["small", "fast", "optimized", "default"],
        rate_scale: float,
        refine: int,
        visualization: Path | None,
        table: ValidationTable | None,
        world: World,
        logger: logging.Logger,
    ) -> None:
        self.sources, self.protocol, self.lpips = sources, protocol, lpips
        self.profile, self.rate_scale, self.refine = profile, rate_scale, refine
        self.visualization, self.table, self.world, self.logger = visualization, table, world, logger
        self.last_seconds = 0.0

    def __bool__(self) -> bool:
        return bool(self.sources)

    def run(self, network: RescalingNetwork, iteration: int, stop: StopRequest) -> dict[str, float] | None:
        """Validates, and returns `val/<dataset>/<metric>`, or None when a signal broke it off, on every rank alike.

        `network` is left in the mode it came in.
        """
        started = time.monotonic()
        was_training = network.training
        means: dict[str, float] = {}
        for name, source in self.sources.items():
            rows = self._measure(name, source, network, iteration, stop)
            if rows is None:
                network.train(was_training)
                return None
            means |= self._record(name, rows, iteration)
        network.train(was_training)
        self.last_seconds = time.monotonic() - started
        return means

    def _measure(
        self, name: str, source: ImageSource, network: RescalingNetwork, iteration: int, stop: StopRequest
    ) -> list[ImageScores] | None:
        rescaler = NetworkRescaler(network, profile=self.profile, rate_scale=self.rate_scale, refine=self.refine)
        folder = OutputFolder(self.visualization / name / f"{iteration:07d}") if self.visualization else None
        rows = []
        for index in range(self.world.rank, len(source), self.world.size):
            rows.append(evaluate_image(rescaler, source.load(index), self.protocol, folder, self.lpips).scores)
            if stop.signal:
                break
        gathered = gather_in_order(rows, self.world)
        broken_off = stop.agree(max(gather_in_order([stop.signal], self.world)))
        return None if broken_off else gathered

    def _record(self, name: str, rows: list[ImageScores], iteration: int) -> dict[str, float]:
        mean = mean_scores(rows)
        known = {key: value for key in ("bpp", *QUALITY) if (value := getattr(mean, key)) is not None}
        if self.table is not None:
            place = {"iteration": iteration, "dataset": name, "protocol": self.protocol.name, "count": len(rows)}
            self.table.append({**place, **known})
        shown = "  ".join(f"{key} {value:.4f}" for key, value in known.items())
        self.logger.info("validation at %s on %s (%s): %s", f"{iteration:,}", name, self.protocol.label, shown)
        return {f"val/{name}/{key}": value for key, value in known.items()}
