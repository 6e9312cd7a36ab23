"""Tables, plots and the page that shows them, from results alone."""

from __future__ import annotations

from pathlib import Path

from hyperthumb.base.files import write_atomically
from hyperthumb.benchmark.results import BenchmarkResults

from .html_report import write_html
from .plots import write_plots
from .table import make_tables
from .text_tables import comma_separated, latex, markdown


def write_report(folder: Path, results: BenchmarkResults) -> list[Path]:
    """Writes `table.md`, `table.tex`, `table.csv`, the plots and `report.html`.

    Returns:
        The files.

    Raises:
        HyperthumbError: when the folder cannot be written to.

    Warns:
        UserWarning: when curves are too short for Bjontegaard deltas.
    """
    tables = make_tables(results)
    texts = {"table.md": markdown, "table.tex": latex, "table.csv": comma_separated}
    for name, make in texts.items():
        write_atomically(folder / name, make(results, tables).encode())
    plots = write_plots(folder, results, tables)
    return [*(folder / name for name in texts), *plots, write_html(folder, results, tables, plots)]
