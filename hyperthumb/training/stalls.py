"""Warns about waits that take too long while they last, so that a disk that hangs does not stop a run silently."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data import ImagePair, ImageSource, SourceView

_PATIENCE = 5.0  # seconds, for the thread to end


class _Wait:
    def __init__(self, what: Callable[[], str], limit: float) -> None:
        self.what, self.since = what, time.monotonic()
        self.next_warning = limit
        self.warned = False


class StallWatch:
    """Warns about a wait that takes longer than `limit` seconds, and again after 2, 4, 8, ... times the limit.

    A thread of its own looks at the clock; a wait costs the loop two assignments.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._wait: _Wait | None = None
        self._failed: HyperthumbError | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, name="stall watch", daemon=True)
        self._logger = logging.getLogger("hyperthumb")

    def __enter__(self) -> StallWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        # The thread must end before the interpreter does, because a thread that is still in PyTorch would abort the
        # process. A thread that hangs while it writes to a dead disk is abandoned, so that the error can be reported.
        self._closing.set()
        self._thread.join(_PATIENCE)

    @contextmanager
    def over(self, what: Callable[[], str]) -> Iterator[None]:
        """Put this around whatever may hang. `what` says what is waited for; another thread calls it when it takes too
        long.

        Raises:
            HyperthumbError: if an earlier warning could not be written to the log.
        """
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        outer, wait = self._wait, _Wait(what, self._limit)
        self._wait = wait
        try:
            yield
        finally:
            self._wait = outer
            if wait.warned:
                self._logger.warning("the wait of %.0f s is over", time.monotonic() - wait.since)

    def _look(self) -> None:
        while not self._closing.wait(min(1.0, self._limit / 4)):
            try:
                self._warn_if_long()
            except HyperthumbError as error:  # the log cannot be written; the next wait raises this error
                self._failed = error
                return

    def _warn_if_long(self) -> None:
        wait = self._wait  # local, because it may refer to a trainer with its networks
        if wait is None:
            return
        seconds = time.monotonic() - wait.since
        if seconds >= wait.next_warning:
            wait.next_warning, wait.warned = 2 * seconds, True
            self._logger.warning("warning: waiting for %.0f s so far: %s", seconds, wait.what())


class WatchedSource(SourceView):
    """A source whose reads are watched by a `StallWatch` in this process. Data workers are watched in another way."""

    def __init__(self, source: ImageSource, watch: StallWatch) -> None:
        super().__init__(source)
        self.watch = watch

    def load(self, index: int) -> ImagePair:
        with self.watch.over(lambda: f"for {self.label(index)} to be read"):
            return super().load(index)
