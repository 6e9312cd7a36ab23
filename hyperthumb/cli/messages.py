"""Collects notes and warnings for the file to which they belong."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from hyperthumb.base.wording import printable

_current: ContextVar[list[str] | None] = ContextVar("notes of the file in hand", default=None)


def note(*sentences: str) -> None:
    """Adds notes about the current file, each once."""
    notes = _current.get()
    assert notes is not None, "no file is being processed"
    notes += [sentence for sentence in sentences if sentence not in notes]


def say_remarks(remarks: Sequence[str], quiet: bool) -> None:
    """Prints remarks that do not belong to a single file, unless `quiet`."""
    for remark in () if quiet else remarks:
        print(f"note: {printable(remark)}", file=sys.stderr)


def warn_ignored(option: str, where: str) -> None:
    """Prints that an option has no effect: `warning: --port is ignored without --serve`."""
    print(f"warning: {option} is ignored {where}", file=sys.stderr)


@contextmanager
def collected_notes() -> Iterator[list[str]]:
    """Context that collects the notes and warnings of this thread."""
    notes: list[str] = []
    token = _current.set(notes)
    try:
        yield notes
    finally:
        _current.reset(token)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Context in which a `UserWarning`, for example from Pillow, becomes a note about the thread's current file."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show
        yield


def _show(message: Warning | str, *_: Any, **__: Any) -> None:
    if _current.get() is not None:
        note(str(message))
    else:
        print(f"warning: {message}", file=sys.stderr)
