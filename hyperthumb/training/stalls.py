"""A disk that hangs must not stop a run silently: a wait that takes too long is warned about while it lasts."""

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
    """Warns about a wait that takes longer than `limit` seconds, and again after twice as long, four times, ...

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
        # The thread has to end before the interpreter does: a thread that is still inside PyTorch then aborts the
        # process. If it hangs in writing its warning to a dead disk, it is left behind, so that the run's own error
        # can still be reported.
        self._closing.set()
        self._thread.join(_PATIENCE)

    @contextmanager
    def over(self, what: Callable[[], str]) -> Iterator[None]:
        """Put this around whatever may hang. `what` says what is waited for; another thread calls it when it takes too
        long.

        Raises:
            HyperthumbError: when an earlier warning could not be written to the log.
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
            except HyperthumbError as error:  # the log cannot be written: the loop's next wait raises it
                self._failed = error
                return

    def _warn_if_long(self) -> None:
        wait = self._wait  # a local name: what it waits for may hold a trainer with its networks
        if wait is None:
            return
        seconds = time.monotonic() - wait.since
        if seconds >= wait.next_warning:
            wait.next_warning, wait.warned = 2 * seconds, True
            self._logger.warning("warning: waiting for %.0f s now: %s", seconds, wait.what())


class WatchedSource(SourceView):
    """Another source whose reading is watched, in one process. Training's data workers have a record instead."""

    def __init__(self, source: ImageSource, watch: StallWatch) -> None:
        super().__init__(source)
        self.watch = watch

    def load(self, index: int) -> ImagePair:
        with self.watch.over(lambda: f"for {self.label(index)} to be read"):
            return super().load(index)
