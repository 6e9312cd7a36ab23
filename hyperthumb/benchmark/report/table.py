"""The lines of a benchmark's table, before they become Markdown, LaTeX or CSV."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from hyperthumb.benchmark.results import BenchmarkResults, CurveResult, PointResult, RowResult, nearest_point

from .curves import ENOUGH_POINTS, AtRate, Delta, against_anchor, at_rate
from .published import Published, find_published


@dataclass(frozen=True)
class TableLine:
    """A row on one data set.

    Attributes:
        row: all that was measured of it.
        points: on this data set, by rising rate.
        at_target: its scores at the target rate.
        delta: against the anchor; None for the anchor itself, and without one.
        nearest: its point nearest to the target rate, which times are taken from; None when it has no points.
    """

    row: RowResult
    points: list[PointResult]
    at_target: AtRate
    delta: Delta | None
    nearest: PointResult | None

    @property
    def notes(self) -> list[str]:
        """What is to be said of the numbers; a failure alone where it failed."""
        if self.row.failure is not None:
            return [f"failed: {self.row.failure}"]
        return [note for note in (self.at_target.note, self.delta.note if self.delta else "") if note]


@dataclass(frozen=True)
class DatasetTable:
    """One data set: measured lines, and apart from them what others have published."""

    dataset: str
    images: int
    lines: list[TableLine]
    published: list[Published]


def make_tables(results: BenchmarkResults) -> list[DatasetTable]:
    """One table a data set, rows in the options' order.

    Warns:
        UserWarning: once, naming the rows with too few points for Bjontegaard deltas.
    """
    tables = []
    for info in results.datasets:
        curves = {row.name: _curve(row, info.name).points for row in results.rows}
        anchor = next((row for row in results.rows if row.name == results.anchor and row.failure is None), None)
        lines = []
        for row in results.rows:
            points = curves[row.name]
            delta = None
            if anchor is not None and row is not anchor and row.failure is None:
                delta = against_anchor(points, curves[anchor.name], results.headline)
            nearest = nearest_point(points, results.target_bpp) if points else None
            lines.append(TableLine(row, points, at_rate(points, results.target_bpp), delta, nearest))
        shown = find_published(results.published, info.name) if results.protocol == "paper" else []
        tables.append(DatasetTable(info.name, len(info.images), lines, shown))
    _warn_of_short_curves(results, tables)
    return tables


def _curve(row: RowResult, dataset: str) -> CurveResult:
    return next((curve for curve in row.curves if curve.dataset == dataset), CurveResult(dataset, []))


def _warn_of_short_curves(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> None:
    lines = [line for table in tables for line in table.lines if line.delta is not None]
    short = list(dict.fromkeys(line.row.name for line in lines if len(line.points) < ENOUGH_POINTS))
    anchor = [line for table in tables for line in table.lines if line.row.name == results.anchor]
    if any(len(line.points) < ENOUGH_POINTS for line in anchor):
        short.insert(0, f"the anchor {results.anchor}")
    if short:
        sentence = f"BD-rates want {ENOUGH_POINTS} points of a curve or more; fewer have: {', '.join(short)}"
        warnings.warn(sentence, stacklevel=3)
