"""`run_test.py`: measures a network and baselines on test sets, and writes files, numbers and a table."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence

from hyperthumb.base.errors import OptionsWarning
from hyperthumb.base.output import entry_point, warnings_as_lines


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


@entry_point
def main(argv: Sequence[str] | None = None) -> int:
    """Measures; returns the process's exit code."""
    arguments = parse_arguments(argv)
    with warnings_as_lines():
        warnings.simplefilter("always", OptionsWarning)
        from hyperthumb.config import load_test_options

        options = load_test_options(arguments.opt, arguments.force_yml)
        from .testing import test

        test(options)
    return 0
