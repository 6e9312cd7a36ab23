"""`table.tex`: tables for a paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase

from hyperthumb.benchmark.results import BenchmarkResults

from .columns import Column, columns, published_cells, standing
from .published import Published
from .table import DatasetTable
from .text_tables import describe

_SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
}
_EMPHASIS = {1: r"\textbf{%s}", 2: r"\underline{%s}"}


def latex(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> str:
    r"""One `table*` for each data set, as wide as the page, for `\usepackage{booktabs}`.

    Published figures stand below a rule, in italics. The best value of a column is bold, the second-best is underlined.
    Columns without values are left out. Notes stand below the table. How each row was obtained stands above it as
    comments: that belongs to the text of a paper.
    """
    return "\n\n".join(_table(results, table) for table in tables) + "\n"


def _table(results: BenchmarkResults, table: DatasetTable) -> str:
    every = columns(table.lines, "target", "anchor", "network", lpips=results.lpips)
    shown = [column for column in every if column.field != "bd_psnr"]
    # A letter for each note; of a row that failed the reason may be long, and is not for a paper.
    notes = dict.fromkeys(note for line in table.lines for note in line.notes)
    marks = {note: _letters(number) for number, note in enumerate(notes)}
    ranks = {column: standing(column, table.lines) for column in shown}
    units = [_escape(f"({column.unit})") if column.unit else "" for column in shown]
    lines = [_row("Method", [_escape(column.title) for column in shown]), _row("", units), r"\midrule"]
    for line in table.lines:
        name = _escape(line.row.name) + "".join(rf"\textsuperscript{{{marks[note]}}}" for note in line.notes)
        emphasis = [_EMPHASIS.get(ranks[column].get(line.row.name, 0), "%s") for column in shown]
        cells = [pattern % _number(column.text(line)) for pattern, column in zip(emphasis, shown, strict=True)]
        lines.append(_row(name, cells))
    if table.published:
        lines += [r"\midrule", _row(rf"\multicolumn{{{len(shown) + 1}}}{{l}}{{\emph{{as published}}}}", [])]
        lines += [_published(entry, shown, results.target_bpp) for entry in table.published]
    caption = (
        f"{table.dataset}, {table.images} images, at {results.target_bpp:.2f} bpp. {describe(results)} "
        "Bold: best; underlined: second-best."
    )
    label = re.sub(r"[^a-z0-9]+", "-", f"{results.name}-{table.dataset}".lower()).strip("-")
    obtained = [f"% {line.row.name}: {line.row.obtained}" for line in table.lines if line.row.failure is None]
    return "\n".join(
        [
            *(comment.replace("\n", " ") for comment in obtained),
            r"\begin{table*}",
            r"\centering",
            r"\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{_escape(caption)}}}",
            rf"\label{{tab:{label}}}",
            rf"\begin{{tabular}}{{l{'r' * len(shown)}}}",
            r"\toprule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            *_notes(marks),
            r"\end{table*}",
        ]
    )


def _letters(number: int) -> str:
    """a, b, ..., z, aa, ab, ..."""
    rest, last = divmod(number, len(ascii_lowercase))
    return (_letters(rest - 1) if rest else "") + ascii_lowercase[last]


def _notes(marks: dict[str, str]) -> list[str]:
    if not marks:
        return []
    sentences = [rf"\textsuperscript{{{mark}}}{_escape(note)}" for note, mark in marks.items()]
    return [r"\par\smallskip\begin{minipage}{\linewidth}\footnotesize", ";\n".join(sentences) + ".", r"\end{minipage}"]


def _published(entry: Published, shown: Sequence[Column], target_bpp: float) -> str:
    """A published row; its rate is in its name where that is not the target."""
    name, bpp, psnr, thumb, _ = published_cells(entry, target_bpp)
    known = {"psnr_rgb": psnr, "thumb_psnr": thumb}
    rate = f" ({bpp} bpp)" if bpp not in ("-", f"{target_bpp:.3f}") else ""
    cells = [_number(known.get(column.field, "-") if column.group == "target" else "-") for column in shown]
    return _row(rf"\emph{{{_escape(name + rate)}}}", cells)


def _row(name: str, cells: Sequence[str]) -> str:
    return " & ".join([name, *cells]) + r" \\"


def _number(text: str) -> str:
    """A number with a minus sign instead of a hyphen; a dash for none."""
    return "--" if text == "-" else _escape(text).replace("-", "$-$").replace("±", r"$\pm$")


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)
