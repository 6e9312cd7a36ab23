"""Stops a run early, for the job's time limit or a signal."""

from __future__ import annotations

import os
import select
import signal
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from types import FrameType
from typing import TypeVar

# A shell reports 128 + the signal's number for a process that a signal ended.
_EXIT_CODES: dict[int, int] = {signal.SIGINT: 130, signal.SIGTERM: 143}

GO_ON, TIME_UP = 0, 1
"""The wishes of a process. The third is a signal's number, which is larger than both: stop because of that signal."""

SAME_REQUEST_SECONDS = 1.0
"""Signals within this time count as one, because torchrun repeats a signal that its process group already got."""


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
    """Collects reasons to stop. The training loop checks it between iterations.

    A second signal stops at once, without a checkpoint, even if the data workers hang. If a run has several processes,
    each has its own wish, and the most urgent wish is agreed on. It determines the message and the exit code.

    Args:
        max_minutes: the job's time limit, counted from `started`; None for no limit.
        started: `time.monotonic()` at the start of the process.
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
            with suppress(OSError):  # stderr may be closed, or a pipe that is full
                if select.select([], [2], [], 0)[1]:
                    os.write(2, b"a second signal: stopped at once, without a checkpoint\n")
            os._exit(128 + number)  # an orderly exit would wait for the data workers

    def wish(self, reserve: float) -> int:
        """This process's wish: the signal that it got, TIME_UP if less than `reserve` seconds are left, or GO_ON."""
        time_is_up = self._deadline is not None and time.monotonic() + reserve >= self._deadline
        return self.signal or (TIME_UP if time_is_up else GO_ON)

    def agree(self, wish: int) -> None:
        """Accepts the most urgent wish of all processes, which is the largest number."""
        self._agreed = max(self._agreed, wish)

    @property
    def agreed(self) -> bool:
        """Whether all processes have agreed to stop."""
        return self._agreed != GO_ON

    @property
    def signalled(self) -> bool:
        """Whether this process or, as agreed, another one got a signal."""
        return max(self._agreed, self.signal) in _EXIT_CODES

    def comes_within(self, seconds: float) -> bool:
        """Waits up to `seconds` for a signal. True if there was one before or during the wait."""
        deadline = time.monotonic() + seconds
        while self.signal == GO_ON and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.signal != GO_ON

    @property
    def exit_code(self) -> int:
        """0 for the time limit, 130 or 143 for a signal to any process."""
        return _EXIT_CODES.get(max(self._agreed, self.signal), 0)

    @property
    def reason(self) -> str:
        if not self.signalled:
            return "the time given with --max_minutes is nearly up"
        number = max(self._agreed, self.signal)
        return f"{'got' if self.signal else 'another process got'} {signal.Signals(number).name}"
