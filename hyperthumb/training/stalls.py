"""A disk that hangs must not stop a run silently: a wait that takes too long is warned of while it lasts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data import ImagePair, ImageSource

_PATIENCE = 5.0  # seconds, for the thread to end


class _Wait:
    def __init__(self, what: Callable[[], str], limit: float) -> None:
        self.what, self.since = what, time.monotonic()
        self.next_warning = limit
        self.warned = False


class StallWatch:
    """Warns of a wait that takes longer than `limit` seconds, again when it has taken twice that, four times, ...

    A thread looks at the clock, and nothing else: the loop pays for two assignments a wait.

    Args:
        limit: in seconds.
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Gone before the interpreter is: a thread that it finds at work inside PyTorch then aborts the process. One
        # that hangs in writing its warning to a dead disk is left behind: what ended the run has to be said.
        self._closing.set()
        self._thread.join(_PATIENCE)

    @contextmanager
    def over(self, what: Callable[[], str]) -> Iterator[None]:
        """Around what may hang.

        Args:
            what: says what is waited for; called in another thread, and only when it takes too long.

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
            except HyperthumbError as error:  # the log cannot be written: the next wait of the loop says so
                self._failed = error
                return

    def _warn_if_long(self) -> None:
        wait = self._wait  # of this call: what it waits for may be a trainer with its networks
        if wait is None:
            return
        seconds = time.monotonic() - wait.since
        if seconds >= wait.next_warning:
            wait.next_warning, wait.warned = 2 * seconds, True
            self._logger.warning("warning: waiting for %.0f s now: %s", seconds, wait.what())


class WatchedSource(ImageSource):
    """Another source whose reading is watched. Of one process: the data workers of training have a record instead."""

    def __init__(self, source: ImageSource, watch: StallWatch) -> None:
        self.source, self.watch = source, watch
        self.names = source.names

    def load(self, index: int) -> ImagePair:
        with self.watch.over(lambda: f"for {self.label(index)} to be read"):
            return self.source.load(index)

    def size(self, index: int) -> tuple[int, int]:
        return self.source.size(index)

    def label(self, index: int) -> str:
        return self.source.label(index)
