"""How far the work on one picture is. Engines report it, and a program that shows a bar listens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Listener = Callable[[int, int], None]
"""Takes the number of parts that are done, and of all parts: rows or tiles."""

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
    """Tells the listener how many of all parts are done. A caller counts rows or tiles."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)
