"""The text log, on the terminal and in a file in the experiment's folder."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import sys
import warnings
from pathlib import Path

from tqdm import tqdm

from hyperthumb.base.files import writing

_PACKAGE = Path(__file__).parents[1]


class _BesideTheBar(logging.Handler):
    """Writes lines to stderr without breaking a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


class _LogFile(logging.FileHandler):
    """The log file. A line that cannot be written ends the run, because later lines would be lost too.

    Python's own handler would print a traceback for each line and continue.
    """

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        logging.getLogger("hyperthumb").removeHandler(self)  # the terminal still shows why the run ends
        with contextlib.suppress(OSError):
            self.close()
        if error is not None:
            with writing(Path(self.baseFilename)):
                raise error


def open_log(rank: int = 0) -> logging.Logger:
    """Opens the package's logger on the terminal. Ranks other than the first print only warnings, with their rank."""
    logger = logging.getLogger("hyperthumb")
    close_log(logger)
    logger.setLevel(logging.WARNING if rank else logging.INFO)
    logger.propagate = False
    terminal = _BesideTheBar()
    terminal.setFormatter(logging.Formatter(f"[rank {rank}] %(message)s" if rank else "%(message)s"))
    logger.addHandler(terminal)
    if rank == 0:
        logger.addHandler(logging.handlers.MemoryHandler(sys.maxsize, flushLevel=sys.maxsize))
    _route_warnings(logger)
    return logger


def log_to_file(logger: logging.Logger, path: Path) -> None:
    """Adds a file for all lines, including the lines that were logged before.

    Raises:
        HyperthumbError: if the file cannot be written, now or at a later line.
    """
    with writing(path):
        file = _LogFile(path, encoding="utf-8", errors="backslashreplace")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for early in [handler for handler in logger.handlers if isinstance(handler, logging.handlers.MemoryHandler)]:
        logger.removeHandler(early)
        early.setTarget(file)
        early.close()
    logger.addHandler(file)


def close_log(logger: logging.Logger) -> None:
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def _route_warnings(logger: logging.Logger) -> None:
    """Logs warnings of this package. Warnings of other packages are printed as usual."""
    original = warnings.showwarning

    def show(message, category, filename, lineno, file=None, line=None):  # type: ignore[no-untyped-def]
        if category.__module__.startswith("hyperthumb") or Path(filename).is_relative_to(_PACKAGE):
            logger.warning("warning: %s", message)
        else:
            original(message, category, filename, lineno, file, line)

    warnings.showwarning = show
