"""The text log: to the terminal, and to a file in the experiment's folder."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

from tqdm import tqdm


class _BesideTheBar(logging.Handler):
    """Writes lines to stderr without breaking a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


def open_log(path: Path | None, is_main: bool = True) -> logging.Logger:
    """The package's logger, with a terminal handler and, given a path, a file; other ranks say warnings only."""
    logger = logging.getLogger("hyperthumb")
    close_log(logger)
    logger.setLevel(logging.INFO if is_main else logging.WARNING)
    logger.propagate = False
    terminal = _BesideTheBar()
    terminal.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(terminal)
    if path is not None:
        file = logging.FileHandler(path, encoding="utf-8")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(file)
    _route_warnings(logger)
    return logger


def close_log(logger: logging.Logger) -> None:
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def _route_warnings(logger: logging.Logger) -> None:
    """Warnings of ours become log lines; those of other packages stay as they are."""
    original = warnings.showwarning

    def show(message, category, filename, lineno, file=None, line=None):  # type: ignore[no-untyped-def]
        if "hyperthumb" in Path(filename).parts or category.__module__.startswith("hyperthumb"):
            logger.warning("warning: %s", message)
        else:
            original(message, category, filename, lineno, file, line)

    warnings.showwarning = show
