"""The lines of a benchmark's tables, before they become Markdown, LaTeX, CSV or HTML."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from hyperthumb.benchmark.results import BenchmarkResults, Facts, PointResult, RowResult, nearest_point
from hyperthumb.metrics import Scores

from .curves import ENOUGH_POINTS, AtRate, Delta, against_anchor, at_rate
from .paired import paired, picture_scores
from .published import Published, find_published

FAMILIES = {
    "models": "models of hyperthumb",
    "rescalers": "other rescalers",
    "codecs": "codecs at full size",
    "published": "published by others",
}
"""Kinds of rows, which plots draw differently and a page can hide."""


@dataclass(frozen=True)
class TableLine:
    """A row on one data set.

    Attributes:
        row: everything that was measured of it.
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
    def values(self) -> Scores | None:
        """Its scores at the target rate; None where it has none."""
        return self.at_target.values

    @property
    def facts(self) -> Facts | None:
        return self.row.facts

    @property
    def family(self) -> str:
        """A key of `FAMILIES`."""
        if self.facts is not None and self.facts.kind == "codec":
            return "codecs"
        return "models" if any(point.setting.startswith("rate_scale=") for point in self.points) else "rescalers"

    @property
    def notes(self) -> list[str]:
        """What readers should know about the numbers, or why the row failed."""
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

    @property
    def devices(self) -> list[str]:
        """The devices that times were taken on."""
        nearest = (line.nearest for line in self.lines)
        return list(dict.fromkeys(point.device for point in nearest if point is not None and point.is_timed))


def make_tables(results: BenchmarkResults) -> list[DatasetTable]:
    """One table for each data set, rows in the options' order, without those that were not measured on it.

    Warns:
        UserWarning: once, naming the rows with too few points for Bjontegaard deltas.
    """
    tables = []
    for info in results.datasets:
        curves = {row.name: _points(row, info.name) for row in results.rows}
        anchor = next((row for row in results.rows if row.name == results.anchor and row.failure is None), None)
        base = curves[anchor.name] if anchor is not None else []
        lines = []
        for row in results.rows:
            points = curves[row.name]
            if not points and row.failure is None:
                continue
            delta = None
            if anchor is not None and row is not anchor and row.failure is None:
                delta = _against(points, base, results)
            nearest = nearest_point(points, results.target_bpp) if points else None
            lines.append(TableLine(row, points, at_rate(points, results.target_bpp), delta, nearest))
        shown = find_published(results.published, info.name) if results.protocol == "paper" else []
        tables.append(DatasetTable(info.name, len(info.images), lines, shown))
    _warn_of_short_curves(results, tables)
    return tables


def _against(points: list[PointResult], base: list[PointResult], results: BenchmarkResults) -> Delta:
    """A row against the anchor: over the curves, and at the target rate over the pictures."""
    delta = against_anchor(points, base, results.headline)
    ours, theirs = (picture_scores(curve, results.headline, results.target_bpp) for curve in (points, base))
    found = paired(ours, theirs) if ours is not None and theirs is not None else None
    if found is None:
        return delta
    notes = [delta.note, *_within_seeds(points, base, results)]
    return dataclasses.replace(
        delta, difference=found.mean, interval=found.interval, note="; ".join(note for note in notes if note)
    )


def _within_seeds(points: list[PointResult], base: list[PointResult], results: BenchmarkResults) -> list[str]:
    """Which differences from the anchor are smaller than those between two trainings that differ in their seeds."""
    one, other = (at_rate(curve, results.target_bpp) for curve in (points, base))
    notes = []
    for field, title in ((results.headline, "PSNR"), ("thumb_psnr", "thumb PSNR")):
        if field in one.spread and field in other.spread:
            spread = math.hypot(one.spread[field], other.spread[field])
            if abs(getattr(one.values, field) - getattr(other.values, field)) < spread:
                notes.append(f"{title} differs by less than seeds do ({spread:.2f} dB)")
    return notes


def describe_protocol(results: BenchmarkResults) -> str:
    """Channels and border of the numbers: "RGB, whole image"."""
    channels = "RGB" if results.headline == "psnr_rgb" else "Y"
    return f"{channels}, {f'without {results.crop} pixels at each border' if results.crop else 'whole image'}"


def _points(row: RowResult, dataset: str) -> list[PointResult]:
    return next((curve.points for curve in row.curves if curve.dataset == dataset), [])


def _warn_of_short_curves(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> None:
    lines = [line for table in tables for line in table.lines if line.delta is not None]
    short = list(dict.fromkeys(line.row.name for line in lines if len(line.points) < ENOUGH_POINTS))
    anchor = [line for table in tables for line in table.lines if line.row.name == results.anchor]
    if any(len(line.points) < ENOUGH_POINTS for line in anchor):
        short.insert(0, f"the anchor {results.anchor}")
    if short:
        sentence = f"BD-rates need {ENOUGH_POINTS} points of a curve or more; fewer have: {', '.join(short)}"
        warnings.warn(sentence, stacklevel=3)
