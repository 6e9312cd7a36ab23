"""The tables of `report.html`: measured rows, sortable in the browser, and apart from them what others published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby

from hyperthumb.benchmark.results import BenchmarkResults

from .columns import NOTHING, PUBLISHED_TITLES, Column, columns, group_titles, published_cells, standing
from .published import Published
from .table import DatasetTable, TableLine

_RANKS = {1: " best", 2: " second"}


def measured_table(table: DatasetTable, results: BenchmarkResults) -> str:
    """HTML of one data set's measured rows; every cell that can be sorted by carries its exact value."""
    shown = columns(table.lines, lpips=results.lpips)
    titles = group_titles(results)
    starts = [column.group != before for column, before in zip(shown, ["", *(c.group for c in shown)], strict=False)]
    groups = "".join(
        f'<th colspan="{len(list(members))}" scope="colgroup" class="of-{group}">{escape(titles[group])}</th>'
        for group, members in groupby(shown, key=lambda column: column.group)
    )
    heads = "".join(_head(column, start) for column, start in zip(shown, starts, strict=True))
    ranks = {column: standing(column, table.lines) for column in shown}
    several = len(table.devices) > 1
    rows = "\n".join(_line(line, shown, starts, ranks, several) for line in table.lines)
    method = (
        '<th scope="col" class="text" data-key="method" data-kind="text"><button type="button">method</button></th>'
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="Measured on {escape(table.dataset)}">'
        f'<table class="sortable"><thead><tr class="group"><td></td>{groups}</tr>\n<tr>{method}{heads}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>\n<p class='note'>{_explanation(table, results)}</p>"
    )


def published_table(published: Sequence[Published], target_bpp: float) -> str:
    """HTML of figures that others report, curves at the target rate; empty without any."""
    if not published:
        return ""
    kinds = ["text", *["number"] * (len(PUBLISHED_TITLES) - 2), "text"]
    heads = "".join(
        f'<th scope="col" class="{kind}">{escape(title)}</th>'
        for title, kind in zip(PUBLISHED_TITLES, kinds, strict=True)
    )
    rows = []
    for entry in published:
        name, *cells = published_cells(entry, target_bpp)
        texts = [f'<td class="{kind}">{escape(cell)}</td>' for cell, kind in zip(cells, kinds[1:], strict=True)]
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(texts)}</tr>')
    body = "\n".join(rows)
    return (
        '<div class="published"><h3>Published by others, not measured here</h3>'
        f"<p>Curves are read at {target_bpp:g}&nbsp;bpp, points stand as they were published.</p>"
        '<div class="wide" role="region" tabindex="0" aria-label="Published by others"><table>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div></div>"
    )


def _head(column: Column, starts: bool) -> str:
    kind = "number" if column.pattern else "text"
    best = f' data-best="{column.best}"' if column.best else ""
    unit = f"<small>{escape(column.unit)}</small>" if column.unit else ""
    return (
        f'<th scope="col" class="{kind} of-{column.group}{" starts" * starts}" data-key="{column.key}" '
        f'data-kind="{kind}"{best}><button type="button"><span>{escape(column.title)}</span>{unit}</button></th>'
    )


def _line(
    line: TableLine,
    shown: Sequence[Column],
    starts: Sequence[bool],
    ranks: dict[Column, dict[str, int]],
    several_devices: bool,
) -> str:
    name = escape(line.row.name)
    if line.row.failure is not None:
        finished = f" ({len(line.points)} of its points had been measured)" if line.points else ""
        return (
            f'<tr><th scope="row" data-value="{name}">{name}<small></small></th>'
            f'<td class="failure" colspan="{len(shown)}"><strong>failed</strong> '
            f"{escape(line.row.failure + finished)}</td></tr>"
        )
    device = [f"times on {line.nearest.device}"] if several_devices and line.nearest is not None else []
    notes = "; ".join([*line.notes, *device])
    remarks = f"<small>{_breakable(line.row.obtained)}</small>" + (f"<em>{escape(notes)}</em>" if notes else "")
    cells = []
    for column, start in zip(shown, starts, strict=True):
        value = column.value(line)
        kind = "number" if column.pattern else "text"
        rank = _RANKS.get(ranks[column].get(line.row.name, 0), "")
        # A typographic minus would be prettier, but would not survive being copied into a spreadsheet.
        exact = "" if value is None else f' data-value="{escape(value if isinstance(value, str) else repr(value))}"'
        text = escape(column.text(line)) if value is not None else NOTHING
        cells.append(f'<td class="{kind} of-{column.group}{" starts" * start}{rank}"{exact}>{text}</td>')
    return f'<tr><th scope="row" data-value="{name}">{name}{remarks}</th>{"".join(cells)}</tr>'


def _breakable(text: str) -> str:
    """Escaped text that a browser may break behind the signs that paths and settings consist of."""
    return re.sub(r"(?<=[/=:_])(?=\w)", "<wbr>", escape(text))


def _explanation(table: DatasetTable, results: BenchmarkResults) -> str:
    sentences = [
        f"Means over {table.images} image{'s' if table.images != 1 else ''}. Values at {results.target_bpp:g} bpp are "
        "interpolated between measured points, never extrapolated; everything else is at the nearest measured point. "
        "The best value of a column is bold, the second-best is underlined."
    ]
    if len(table.devices) == 1:
        sentences.append(f"Times on {table.devices[0]}.")
    return escape(" ".join(sentences))
