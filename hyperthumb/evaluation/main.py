"""`run_test.py`: measures a network and baselines on test sets, and writes files, numbers and a table."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence

from hyperthumb.base.errors import HyperthumbError, OptionsWarning


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run_test.py",
        description="Measures a network on test sets: writes .jpg thumbnails, reads them back, restores and compares.",
    )
    parser.add_argument("-opt", required=True, metavar="FILE.yml", help="the options file")
    parser.add_argument(
        "--force_yml", nargs="+", default=[], metavar="a:b=c", help="set an option, such as val:protocol=sr"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures; returns the process's exit code."""
    arguments = parse_arguments(argv)
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    logging.captureWarnings(True)
    try:
        from hyperthumb.config import load_test_options

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", OptionsWarning)
            options = load_test_options(arguments.opt, arguments.force_yml)
        for warning in (w for w in caught if issubclass(w.category, OptionsWarning)):
            print(f"warning: {warning.message}", file=sys.stderr)
        from .testing import test

        test(options)
    except HyperthumbError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
