"""The tables of `report.html`: measured rows, sortable in the browser, and apart from them what others published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise
from typing import Literal

from hyperthumb.benchmark.results import BenchmarkResults, Facts, PointResult
from hyperthumb.metrics import Scores

from .columns import NOTHING, PUBLISHED_TITLES, published_cells
from .curves import Delta
from .published import Published
from .table import DatasetTable, TableLine

Number = float | int | None


@dataclass(frozen=True)
class _Column:
    """A column of the measured table.

    Attributes:
        key: what the page's address calls it.
        title: in the table's head.
        group: title over this and its neighbours, or empty.
        read: the number or text of a line; None where it has none.
        pattern: format specification of a number; None for text.
        best: which end of it is good, and comes first when it is sorted by; None for text.
        unit: behind a number.
    """

    key: str
    title: str
    group: str
    read: Callable[[TableLine], Number | str]
    pattern: str | None = None
    best: Literal["high", "low"] | None = None
    unit: str = ""


def measured_table(table: DatasetTable, results: BenchmarkResults) -> str:
    """HTML of one data set's measured rows; every cell that can be sorted by carries its exact value."""
    columns = _columns(results, several_devices=len(_devices(table)) > 1)
    groups = []
    for title, members in groupby(columns[1:], key=lambda column: column.group):
        count = len(list(members))
        groups.append(f'<th colspan="{count}" scope="colgroup">{escape(title)}</th>' if title else "<td></td>" * count)
    starts = _group_starts(columns)
    heads = "".join(_head(column, column.key in starts) for column in columns)
    rows = "\n".join(_line(line, columns, starts) for line in table.lines)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="Measured on {escape(table.dataset)}">'
        f'<table class="sortable"><thead><tr class="group"><td></td>{"".join(groups)}</tr>\n<tr>{heads}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>\n<p class='note'>{_explanation(table, results)}</p>"
    )


def published_table(published: Sequence[Published], target_bpp: float) -> str:
    """HTML of figures that others report, curves at the target rate; empty without any."""
    if not published:
        return ""
    numeric = [title != PUBLISHED_TITLES[0] and title != PUBLISHED_TITLES[-1] for title in PUBLISHED_TITLES]
    kinds = ["number" if right else "text" for right in numeric]
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


def _columns(results: BenchmarkResults, several_devices: bool) -> list[_Column]:
    target = f"at {results.target_bpp:g} bpp, interpolated"
    nearest = f"measured point nearest to {results.target_bpp:g} bpp"
    columns = [_Column("method", "Method", "", lambda line: line.row.name)]
    columns += [
        _Column(f"{key}_at_target", title, target, _at_target(key), pattern, best)
        for key, title, pattern, best in _SCORES
        if key != "lpips" or results.lpips is not None
    ]
    if results.anchor is not None:
        versus = f"against {results.anchor}"
        columns += [
            _Column("bd_rate", "BD-rate", versus, _of_delta(lambda delta: delta.bd_rate), "+.1f", "low", " %"),
            _Column("bd_psnr", "BD-PSNR", versus, _of_delta(lambda delta: delta.bd_psnr), "+.2f", "high"),
        ]
    columns += [
        _Column("setting", "Setting", nearest, lambda line: line.nearest.setting if line.nearest else ""),
        _Column("bpp", "bpp", nearest, _of_nearest(lambda point: point.bpp), ".3f", "low"),
    ]
    columns += [
        _Column(key, title, nearest, _of_nearest(_reader(key)), pattern, best)
        for key, title, pattern, best in _SCORES
        if key != "lpips" or results.lpips is not None
    ]
    time = "seconds an image, median"
    columns += [
        _Column(key, title, time, _of_nearest(_reader(f"seconds_{key}")), ".3f", "low") for key, title in _TIMES
    ]
    columns += [
        _Column("kmacs_encode", "Encoder kMAC", "an HR pixel", _of_facts(lambda f: f.kmacs_encode), ",.1f", "low"),
        _Column("kmacs_decode", "Decoder kMAC", "an HR pixel", _of_facts(lambda f: f.kmacs_decode), ",.1f", "low"),
        _Column("scale", "Scale", "", _of_facts(lambda f: f.scale), "d", "high", "x"),
        _Column("parameters", "Parameters", "", _of_facts(lambda f: f.parameters), ",", "low"),
        _Column("points", "Points", "", lambda line: len(line.points), "d", "high"),
        _Column("notes", "Notes", "", lambda line: "; ".join(_notes(line, several_devices))),
    ]
    return columns


_Best = Literal["high", "low"]
_SCORES: tuple[tuple[str, str, str, _Best], ...] = (
    ("psnr_rgb", "PSNR-RGB", ".2f", "high"),
    ("psnr_y", "PSNR-Y", ".2f", "high"),
    ("ssim", "SSIM", ".4f", "high"),
    ("lpips", "LPIPS", ".4f", "low"),
    ("thumb_psnr", "Thumb PSNR", ".2f", "high"),
)
_TIMES = (
    ("encode", "Encode"),
    ("downscale", "without file"),
    ("decode", "Decode"),
    ("upscale", "without file"),
)


def _at_target(key: str) -> Callable[[TableLine], Number]:
    def read(line: TableLine) -> Number:
        values: Scores | None = line.at_target.values
        return None if values is None else getattr(values, key)

    return read


def _of_nearest(read: Callable[[PointResult], Number]) -> Callable[[TableLine], Number]:
    return lambda line: None if line.nearest is None else read(line.nearest)


def _of_delta(read: Callable[[Delta], Number]) -> Callable[[TableLine], Number]:
    return lambda line: None if line.delta is None else read(line.delta)


def _of_facts(read: Callable[[Facts], Number]) -> Callable[[TableLine], Number]:
    return lambda line: None if line.row.facts is None else read(line.row.facts)


def _reader(key: str) -> Callable[[PointResult], Number]:
    return lambda point: getattr(point, key)


def _notes(line: TableLine, several_devices: bool) -> list[str]:
    device = [f"times on {line.nearest.device}"] if several_devices and line.nearest is not None else []
    return [*line.notes, *device]


def _devices(table: DatasetTable) -> list[str]:
    return list(dict.fromkeys(line.nearest.device for line in table.lines if line.nearest is not None))


def _group_starts(columns: Sequence[_Column]) -> set[str]:
    return {after.key for before, after in pairwise(columns) if before.group != after.group}


def _head(column: _Column, starts: bool) -> str:
    kind = "text" if column.pattern is None else "number"
    best = f' data-best="{column.best}"' if column.best else ""
    return (
        f'<th scope="col" class="{kind}{" starts" * starts}" data-key="{column.key}" data-kind="{kind}"{best}>'
        f'<button type="button">{escape(column.title)}</button></th>'
    )


def _line(line: TableLine, columns: Sequence[_Column], starts: set[str]) -> str:
    name = escape(line.row.name)
    obtained = "" if line.row.failure else escape(line.row.obtained)
    head = f'<th scope="row" data-value="{name}">{name}<small>{obtained}</small></th>'
    if line.row.failure is not None:
        finished = f" ({len(line.points)} of its points had been measured)" if line.points else ""
        return (
            f'<tr>{head}<td class="failure" colspan="{len(columns) - 1}"><strong>failed</strong> '
            f"{escape(line.row.failure + finished)}</td></tr>"
        )
    cells = []
    for column in columns[1:]:
        value = column.read(line)
        edge = " starts" if column.key in starts else ""
        if column.pattern is None:
            text = escape(str(value or ""))
            cells.append(f'<td class="text{edge} {column.key}" data-value="{text}">{text}</td>')
        else:
            assert not isinstance(value, str), "a pattern is for numbers"
            cells.append(_cell(value, column.pattern, column.unit, edge))
    return f"<tr>{head}{''.join(cells)}</tr>"


def _cell(value: Number, pattern: str, unit: str = "", edge: str = "") -> str:
    if value is None:
        return f'<td class="number{edge}">{NOTHING}</td>'
    # A typographic minus would be prettier, but would not survive being copied into a spreadsheet.
    return f'<td class="number{edge}" data-value="{value!r}">{format(value, pattern)}{unit}</td>'


def _explanation(table: DatasetTable, results: BenchmarkResults) -> str:
    devices = _devices(table)
    sentences = [
        f"Means over {table.images} image{'s' if table.images != 1 else ''}. Values at {results.target_bpp:g} bpp are "
        "interpolated between measured points, never extrapolated; everything else is at the nearest measured point.",
    ]
    if len(devices) == 1:
        sentences.append(f"Times on {devices[0]}.")
    sentences.append("Times without file leave out writing and reading the file's bytes.")
    return escape(" ".join(sentences))
