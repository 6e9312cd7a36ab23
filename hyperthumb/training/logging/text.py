"""The text log: to the terminal, and to a file in the experiment's folder."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

from tqdm import tqdm

_PACKAGE = Path(__file__).parents[2]


class _BesideTheBar(logging.Handler):
    """Writes lines to stderr without breaking a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


def open_log(is_main: bool = True) -> logging.Logger:
    """The package's logger on the terminal; other ranks than the main one say warnings only."""
    logger = logging.getLogger("hyperthumb")
    close_log(logger)
    logger.setLevel(logging.INFO if is_main else logging.WARNING)
    logger.propagate = False
    terminal = _BesideTheBar()
    terminal.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(terminal)
    _route_warnings(logger)
    return logger


def log_to_file(logger: logging.Logger, path: Path) -> None:
    """Everything from here on goes to a file too."""
    file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(file)


def close_log(logger: logging.Logger) -> None:
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def _route_warnings(logger: logging.Logger) -> None:
    """Warnings of ours become log lines; those of other packages stay as they are."""
    original = warnings.showwarning

    def show(message, category, filename, lineno, file=None, line=None):  # type: ignore[no-untyped-def]
        if category.__module__.startswith("hyperthumb") or Path(filename).is_relative_to(_PACKAGE):
            logger.warning("warning: %s", message)
        else:
            original(message, category, filename, lineno, file, line)

    warnings.showwarning = show
