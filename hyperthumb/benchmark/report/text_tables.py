"""`table.md`, `table.csv` and `images.csv`."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from typing import Any

from hyperthumb.base.wording import markdown_table
from hyperthumb.benchmark.results import BenchmarkResults
from hyperthumb.metrics import QUALITY, SECONDS

from .columns import PUBLISHED_TITLES, Column, columns, published_cells, standing
from .curves import AtRate
from .table import DatasetTable, describe_protocol

_EMPHASIS = ("", "**", "*")
_FACTS = ("scale", "parameters", "kmacs_encode", "kmacs_decode")
_DELTAS = ("bd_rate", "bd_psnr", "difference", "interval")
_SCORES = ("bpp", "psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr")


def markdown(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> str:
    """All tables for reading: at the target rate, every measured point, and apart what others published."""
    target = f"{results.target_bpp:.2f} bpp"
    parts = [f"# {results.name}", _preface(results)]
    for table in tables:
        parts.append(f"## {table.dataset}, {table.images} images, at {target}")
        parts.append(_at_target(table, results.lpips))
        parts += missing_values(results, table)
        parts += ["Measured points:", _measured_points(table, results.lpips)]
        if table.published:
            cells = [published_cells(entry, results.target_bpp) for entry in table.published]
            parts.append("Published by others, not measured here; curves at the target rate, points as they are:")
            parts.append(markdown_table(PUBLISHED_TITLES, cells, [False, True, True, True, False]))
    return "\n\n".join(parts) + "\n"


def describe(results: BenchmarkResults) -> str:
    """How the numbers of a table came about, in sentences."""
    sentences = [
        f"Protocol {results.protocol}: {describe_protocol(results)}; means over the images; "
        "bpp is 8 x bytes of the file / pixels of the photograph.",
        f"Values at {results.target_bpp:.2f} bpp are read off the measured curves (PCHIP over the logarithm of the "
        "rate), never beyond them.",
    ]
    if results.anchor is not None:
        sentences.append(
            f"BD-rate, BD-PSNR and difference are against {results.anchor}; the difference is the mean over the images "
            "at the target rate, with its 95 % interval."
        )
    if any(point.spread for row in results.rows for curve in row.curves for point in curve.points):
        sentences.append("Scores are means over seeds, with their standard deviation.")
    if results.lpips is not None:
        sentences.append(f"LPIPS: {results.lpips}.")
    return " ".join(sentences)


def missing_values(results: BenchmarkResults, table: DatasetTable) -> list[str]:
    """A sentence that says which rows have no values at the target rate, and why; empty when all have."""
    lines = [line for line in table.lines if line.row.failure is None and line.values is None]
    reasons = [f"{line.row.name} ({line.at_target.note})".replace("\n", " ") for line in lines]
    if results.anchor in [line.row.name for line in lines]:
        reasons.append("therefore no differences from the anchor")
    return [f"No values at {results.target_bpp:.2f} bpp: {'; '.join(reasons)}."] if reasons else []


def comma_separated(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> str:
    """Everything for other programs: a line for each measured point, each row at the target rate, each published point.

    The column `what` is `measured`, `interpolated`, `failed` or `published`. Empty cells were not measured.
    """
    titles = ["what", "dataset", "method", "obtained", "setting", *_SCORES, *SECONDS, "device", *_FACTS, *_DELTAS]
    lines: list[dict[str, Any]] = []
    for table in tables:
        for line in table.lines:
            about = {"dataset": table.dataset, "method": line.row.name, "obtained": line.row.obtained}
            about |= _fields(line.facts, _FACTS)
            for point in line.points:
                measured = {"what": "measured", "setting": point.setting, "device": point.device}
                lines.append({**about, **measured, **_fields(point, (*_SCORES, *SECONDS))})
            failed = line.row.failure is not None
            values = _fields(None if failed else line.values, _SCORES) | _fields(line.delta, _DELTAS)
            row = {"what": "failed" if failed else "interpolated", "setting": f"{results.target_bpp:g} bpp"}
            lines.append({**about, **row, **values, "notes": "; ".join(line.notes)})
        for entry in table.published:
            source: dict[str, Any] = {"dataset": table.dataset, "method": entry.name, "obtained": entry.source}
            source |= {"what": "published", "setting": entry.description, "thumb_psnr": entry.thumb_psnr}
            for rate, psnr in zip(entry.bpp or (None,), entry.psnr_rgb, strict=True):
                lines.append({**source, "bpp": rate, "psnr_rgb": psnr})
    return _csv([*titles, "notes"], lines)


def image_scores(tables: Sequence[DatasetTable]) -> str:
    """A line for each image at each measured point."""
    titles = ["dataset", "method", "setting", "image", "height", "width", "bytes", "bpp", *QUALITY]
    lines = (
        {"dataset": table.dataset, "method": line.row.name, "setting": point.setting, **vars(image)}
        for table in tables
        for line in table.lines
        for point in line.points
        for image in point.images
    )
    return _csv(titles, lines)


def _at_target(table: DatasetTable, lpips: str | None) -> str:
    shown = columns(table.lines, "target", "anchor", "time", "file", "network", lpips=lpips)
    ranks = [standing(column, table.lines) for column in shown]
    cells = []
    for line in table.lines:
        marks = [_EMPHASIS[rank.get(line.row.name, 0)] for rank in ranks]
        texts = [f"{mark}{column.text(line)}{mark}" for mark, column in zip(marks, shown, strict=True)]
        obtained = "-" if line.row.failure else line.row.obtained
        cells.append([line.row.name, *texts, "; ".join(line.notes), obtained])
    numeric = [False, *(True for _ in shown), False, False]
    return markdown_table(["method", *(column.heading for column in shown), "notes", "obtained"], cells, numeric)


def _measured_points(table: DatasetTable, lpips: str | None) -> str:
    """Every point of every row that did not fail."""
    points = [
        dataclasses.replace(line, points=[point], at_target=AtRate(None, ""), delta=None, nearest=point)
        for line in table.lines
        if line.row.failure is None
        for point in line.points
    ]
    shown: list[Column] = columns(points, "nearest", lpips=lpips)
    cells = [[line.row.name, *(column.text(line) for column in shown)] for line in points]
    numeric = [False, *(bool(column.pattern) for column in shown)]
    return markdown_table(["method", *(column.heading for column in shown)], cells, numeric)


def _preface(results: BenchmarkResults) -> str:
    sentences = [describe(results), "The best value of a column is bold, the second-best is in italics."]
    if results.devices:
        sentences.append(
            "Times are medians at the measured point nearest to the target: encode is downscale and writing the file, "
            f"decode is reading it and upscale; on {', '.join(results.devices)}."
        )
    return " ".join(sentences)


def _fields(record: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(record, name, None) for name in names}


def _csv(titles: Sequence[str], lines: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, titles, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
