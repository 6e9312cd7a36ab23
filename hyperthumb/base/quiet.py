"""Silences messages of other packages that do not help our users. It is thread-safe."""

from __future__ import annotations

import contextlib
import io
import logging
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


@contextmanager
def silently() -> Iterator[None]:
    """Hides what other packages print to standard output, their warnings, and log messages below ERROR.

    It changes settings of the whole process, as `quietly` does.
    """
    root, level = logging.getLogger(), logging.root.manager.disable
    with quietly(), contextlib.redirect_stdout(io.StringIO()):
        handlers = list(root.handlers)
        logging.disable(max(level, logging.WARNING))
        try:
            yield
        finally:
            logging.disable(level)
            root.handlers[:] = handlers  # `logging.warning` adds one, also when it prints nothing
