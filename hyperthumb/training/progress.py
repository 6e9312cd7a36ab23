"""Shows the progress of a run: a bar on a terminal, and a log line every `print_freq` iterations."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tqdm import tqdm


class Progress:
    """Counts the iterations of a run after `start`, and the time that is spent waiting for data."""

    def __init__(self, name: str, start: int, total: int, show_bar: bool = True) -> None:
        self._name, self._total = name, total
        hidden = not (show_bar and sys.stderr.isatty())
        self._bar = tqdm(total=total, initial=start, desc=name, unit="it", disable=hidden, dynamic_ncols=True)
        self._reset(start)

    def _reset(self, iteration: int) -> None:
        self._since, self._from = time.perf_counter(), iteration
        self._data_seconds = self._paused = 0.0

    @contextmanager
    def waiting_for_data(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._data_seconds += time.perf_counter() - started

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Excludes validation and checkpoints from the reported speed."""
        started = time.perf_counter()
        yield
        self._paused += time.perf_counter() - started

    def step(self) -> None:
        self._bar.update()

    def report(self, iteration: int, values: Mapping[str, float], rates: Mapping[str, float]) -> dict[str, float]:
        """Writes a log line. Returns iterations per second, and seconds of waiting for data per iteration."""
        steps = max(iteration - self._from, 1)
        seconds = max(time.perf_counter() - self._since - self._paused, 1e-9)
        speed = steps / seconds
        data = self._data_seconds / steps
        left = int((self._total - iteration) / speed)
        eta = f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
        terms = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        lr = "/".join(f"{rate:.2e}" for rate in rates.values())
        logging.getLogger("hyperthumb").info(
            "[%s] iter %s/%s  lr %s  %.2f it/s  data %.3f s  eta %s  |  %s",
            self._name, f"{iteration:,}", f"{self._total:,}", lr, speed, data, eta, terms,
        )  # fmt: skip
        self._bar.set_postfix_str(f"{terms}  data {data:.3f}s", refresh=False)
        self._reset(iteration)
        return {"it_per_second": speed, "data_seconds": data}

    def close(self) -> None:
        self._bar.close()
