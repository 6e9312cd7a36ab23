"""Silences warnings of other packages that do not help our users. It is thread-safe."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()


@contextmanager
def quietly(category: type[Warning] = Warning) -> Iterator[None]:
    """Ignores warnings of a category. Only one thread can be inside at a time, so keep the code inside short.

    The filters of `warnings` belong to the whole process. If two threads change and restore them at overlapping times,
    the second puts back what the first had set, and the process ignores warnings from then on.
    """
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield
