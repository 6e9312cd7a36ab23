"""hyperthumb report: writes a benchmark's tables, plots and report.html again from its results.json."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from hyperthumb.base.wording import printable

from .arguments import new_parser

_EXAMPLES = """\
examples:
  hyperthumb report results/benchmark/kodak_4x
  hyperthumb report results/benchmark/*/results.json
"""


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "report", "Writes tables, plots and report.html of results again, without measuring.", _EXAMPLES
    )
    parser.add_argument(
        "results", nargs="+", type=Path, metavar="RESULTS", help="a results.json, or the folder that contains it"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    from hyperthumb.base.errors import HyperthumbError
    from hyperthumb.benchmark.report.write import write_report
    from hyperthumb.benchmark.results import load_results

    failed = 0
    for path in arguments.results:
        folder = path if path.is_dir() else path.parent
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                written = write_report(folder, load_results(path))
        except HyperthumbError as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
            continue
        for warning in caught:
            print(f"warning: {printable(folder)}: {warning.message}", file=sys.stderr)
        print("\n".join(printable(file) for file in written))
    return 1 if failed else 0
