"""hyperthumb benchmark: measures the rows of an options file and writes a report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hyperthumb.base.output import warnings_as_lines
from hyperthumb.base.wording import printable

from .arguments import new_parser

if TYPE_CHECKING:
    from hyperthumb.config import BenchmarkOptions

_EXAMPLES = """\
examples:
  hyperthumb benchmark -opt options/benchmark/kodak_4x.yml
  hyperthumb benchmark -opt options/benchmark/kodak_4x.yml --force_yml target_bpp=0.25
  hyperthumb benchmark -opt options/benchmark/zoo.yml --rows lite_4x "lite_4x, refined"
A second run measures only what changed. `hyperthumb report` writes tables, plots and report.html again without
measuring. Exit codes: 0 success, 1 some rows failed, 2 nothing was started.
"""


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "benchmark", "Measures the rows of an options file, and writes tables, plots and report.html.", _EXAMPLES
    )
    parser.add_argument("-opt", required=True, metavar="FILE.yml", help="the options file")
    parser.add_argument(
        "--force_yml", nargs="+", default=[], metavar="a:b=c", help="set an option, such as target_bpp=0.25"
    )
    parser.add_argument(
        "--rows", nargs="+", default=[], metavar="NAME",
        help="measure only these rows; keep the others as in results.json (default: all)",
    )  # fmt: skip
    return parser


def run(arguments: argparse.Namespace) -> int:
    from hyperthumb.config import load_benchmark_options

    with warnings_as_lines():
        return measure(load_benchmark_options(arguments.opt, arguments.force_yml), arguments.rows)


def measure(options: BenchmarkOptions, only: Sequence[str] = ()) -> int:
    """Runs a benchmark, writes its report, and prints its table and the paths of its files.

    `only` names the rows to measure; empty for all.

    Returns:
        1 when a row failed, else 0.

    Raises:
        HyperthumbError: when an error is found before anything is measured.
    """
    from hyperthumb.benchmark.report.published import find_published
    from hyperthumb.benchmark.report.write import write_report
    from hyperthumb.benchmark.runner import run_benchmark

    find_published(options.published, dataset="")  # an unknown name is an error before anything is measured
    results = run_benchmark(options, only)
    folder = options.results_root / options.name
    write_report(folder, results)
    print((folder / "table.md").read_text(encoding="utf-8"))
    print(f"files: {printable(folder)}: report.html, table.md, table.tex, table.csv, results.json, plots, crops/")
    failed = [row.name for row in results.rows if row.failure is not None]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0
