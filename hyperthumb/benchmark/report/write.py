"""Everything that is made of results alone: tables, plots, montages, and the page that shows them."""

from __future__ import annotations

from pathlib import Path

from hyperthumb.base.files import write_atomically
from hyperthumb.benchmark.results import BenchmarkResults

from .html_report import write_html
from .latex import latex
from .latex_document import latex_document
from .montage import write_montages
from .pictures import picture_tables
from .plots import write_plots
from .table import make_tables
from .text_tables import comma_separated, image_scores, markdown


def write_report(folder: Path, results: BenchmarkResults) -> list[Path]:
    """Writes tables (Markdown, CSV, LaTeX), plots, montages and `report.html`.

    Returns:
        The files.

    Raises:
        HyperthumbError: when the folder cannot be written to, or a picture in it is damaged.

    Warns:
        UserWarning: when curves are too short for Bjontegaard deltas.
    """
    tables = make_tables(results)
    texts = {
        "table.md": markdown(results, tables),
        "table.tex": latex(results, tables),
        "table.csv": comma_separated(results, tables),
        "images.csv": image_scores(tables),
        "pictures.md": picture_tables(results, tables),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    plots = write_plots(folder, results, tables)
    write_atomically(folder / "report.tex", latex_document(plots).encode())
    montages = write_montages(folder, results)
    written = [*(folder / name for name in (*texts, "report.tex")), *plots, *montages]
    return [*written, write_html(folder, results, tables, plots)]
