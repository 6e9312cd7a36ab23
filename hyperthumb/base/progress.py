"""How far the work on one picture is. Engines report it, and a program that shows a bar listens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Listener = Callable[[int, int], None]
"""Takes the rows that are done, and all rows."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Context in which reports of this thread go to a listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(done: int, total: int) -> None:
    """Says that so many rows of all are done, in whatever unit the caller counts."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)
