"""Progress of a run: a bar on a terminal, and a line every `print_freq` iterations in the log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping

from tqdm import tqdm


class Progress:
    """Counts iterations, and the time that is spent waiting for data.

    Args:
        logger: where the lines go.
        name: the run's name.
        start, total: the iteration that is done already, and the last one.
        show_bar: draw a bar; by default where stderr is a terminal.
    """

    def __init__(self, logger: logging.Logger, name: str, start: int, total: int, show_bar: bool | None = None) -> None:
        self.logger = logger
        self.name = name
        self.total = total
        show = sys.stderr.isatty() if show_bar is None else show_bar
        self._bar = tqdm(total=total, initial=start, desc=name, unit="it", disable=not show, dynamic_ncols=True)
        self._reset(start)

    def _reset(self, iteration: int) -> None:
        self._since, self._from = time.perf_counter(), iteration
        self._data_seconds = 0.0
        self._paused = 0.0

    def waited_for_data(self, seconds: float) -> None:
        self._data_seconds += seconds

    def paused(self, seconds: float) -> None:
        """Takes out of the speed what was not training: validation and checkpoints."""
        self._paused += seconds

    def step(self) -> None:
        self._bar.update()

    def report(self, iteration: int, values: Mapping[str, float], rates: Mapping[str, float]) -> dict[str, float]:
        """Writes the line and returns the speeds: it/s and seconds of waiting for data an iteration."""
        steps = max(iteration - self._from, 1)
        seconds = max(time.perf_counter() - self._since - self._paused, 1e-9)
        speed = steps / seconds
        data = self._data_seconds / steps
        left = int((self.total - iteration) / speed)
        eta = f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
        terms = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        lr = "/".join(f"{rate:.2e}" for rate in rates.values())
        self.logger.info(
            "[%s] iter %s/%s  lr %s  %.2f it/s  data %.3f s  eta %s  |  %s",
            self.name, f"{iteration:,}", f"{self.total:,}", lr, speed, data, eta, terms,
        )  # fmt: skip
        self._bar.set_postfix_str(f"{terms}  data {data:.3f}s", refresh=False)
        self._reset(iteration)
        return {"it_per_second": speed, "data_seconds": data}

    def close(self) -> None:
        self._bar.close()
