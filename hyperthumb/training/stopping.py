"""When to stop before the end: the job's time limit, or a signal."""

from __future__ import annotations

import os
import select
import signal
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from types import FrameType
from typing import TypeVar

# What a shell reports for a process that a signal ended: 128 + its number.
_EXIT_CODES: dict[int, int] = {signal.SIGINT: 130, signal.SIGTERM: 143}

GO_ON, TIME_UP = 0, 1
"""What a process may wish for. A signal's number, which is larger than both, wishes to stop for that signal."""

SAME_REQUEST_SECONDS = 1.0
"""Signals that come closer together are one request: torchrun repeats what its whole process group got already."""


Listener = TypeVar("Listener", bound="SignalListener")


class SignalListener(ABC):
    """Inside a `with` statement, Ctrl+C and SIGTERM are reported to this object instead of ending the process."""

    @abstractmethod
    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Called in the main thread, between two of its instructions."""

    def __enter__(self: Listener) -> Listener:
        self._previous = {number: signal.signal(number, self._on_signal) for number in _EXIT_CODES}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)


class StopRequest(SignalListener):
    """Collects reasons to stop; the loop asks between iterations.

    A second signal stops at once, without a checkpoint, even if the data workers hang. When several processes work
    together, each has its own wish. All are told the most urgent one; it becomes the run's message and exit code.

    Args:
        max_minutes: the job's time limit, counted from `started`; None for none.
        started: `time.monotonic()` at the start of the process's work.
    """

    def __init__(self, max_minutes: float | None, started: float) -> None:
        self._deadline = None if max_minutes is None else started + 60 * max_minutes
        self._agreed = GO_ON
        self.signal = GO_ON
        """The number of the signal that this process got."""
        self._signal_time = 0.0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.signal == GO_ON:
            self.signal, self._signal_time = number, now
        elif now - self._signal_time >= SAME_REQUEST_SECONDS:
            with suppress(OSError):  # perhaps nobody listens any more, or nobody reads what is in the pipe
                if select.select([], [2], [], 0)[1]:
                    os.write(2, b"a second signal: stopped at once, without a checkpoint\n")
            os._exit(128 + number)  # an orderly exit would wait for the data workers

    def wish(self, reserve: float) -> int:
        """This process's wish: the signal that it got, TIME_UP with less than `reserve` seconds left, or GO_ON."""
        time_is_up = self._deadline is not None and time.monotonic() + reserve >= self._deadline
        return self.signal or (TIME_UP if time_is_up else GO_ON)

    def agree(self, wish: int) -> None:
        """Accepts the most urgent wish of all processes, the largest."""
        self._agreed = max(self._agreed, wish)

    @property
    def agreed(self) -> bool:
        """Whether all processes have agreed to stop."""
        return self._agreed != GO_ON

    @property
    def signalled(self) -> bool:
        """Whether a signal came, to this process or, as agreed, to another one."""
        return max(self._agreed, self.signal) in _EXIT_CODES

    def comes_within(self, seconds: float) -> bool:
        """True when a signal came, or comes within so many seconds."""
        deadline = time.monotonic() + seconds
        while self.signal == GO_ON and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.signal != GO_ON

    @property
    def exit_code(self) -> int:
        """0 for a time limit that was kept, 130 or 143 for a signal, whichever process got it."""
        return _EXIT_CODES.get(max(self._agreed, self.signal), 0)

    @property
    def reason(self) -> str:
        if not self.signalled:
            return "the time given with --max_minutes is nearly up"
        number = max(self._agreed, self.signal)
        return f"{'got' if self.signal else 'another process got'} {signal.Signals(number).name}"
