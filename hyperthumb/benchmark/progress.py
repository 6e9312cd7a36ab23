"""The progress of a benchmark: a bar on a terminal, a line for each point elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm


class Progress:
    """Counts images on standard error; `images` is their number over all rows and settings."""

    def __init__(self, images: int) -> None:
        self._bar: tqdm[Any] = tqdm(total=images, unit="image", disable=not sys.stderr.isatty())
        self._total, self._done, self._measured, self._seconds = images, 0, 0, 0.0

    def begin(self, label: str) -> None:
        """Names the point that comes next."""
        self._bar.set_description(label)

    def count(self, seconds: float | None) -> None:
        """Counts an image, with the seconds that measuring it took; None for one whose scores were on disk."""
        self._done += 1
        self._bar.update()
        if seconds is not None:
            self._measured += 1
            self._seconds += seconds

    def end(self, label: str, result: str) -> None:
        """Reports a finished point where there is no bar."""
        if self._bar.disable:
            print(f"{self._done} of {self._total} images: {label}: {result}{self._time_left()}", file=sys.stderr)

    def skip_to(self, images: int) -> None:
        """Counts what a row that failed has left out; `images` are those of all rows so far."""
        self._bar.update(images - self._done)
        self._done = images

    def close(self) -> None:
        self._bar.close()

    def _time_left(self) -> str:
        """At the mean speed so far, as if no other score were on disk."""
        if not self._measured or self._done == self._total:
            return ""
        return f"; about {in_words(self._seconds / self._measured * (self._total - self._done))} left"


def in_words(seconds: float) -> str:
    """Such as "40 s", "12 min", "3 h 05 min"."""
    minutes = round(seconds / 60)
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes <= 60 else f"{minutes // 60} h {minutes % 60:02} min"
