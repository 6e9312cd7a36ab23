"""The mean and the spread of several benchmarks whose models differ in their seeds alone."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence
from typing import Any

from hyperthumb.benchmark.results import BenchmarkResults, CurveResult, PointResult, RowResult
from hyperthumb.metrics import QUALITY, SECONDS, ImageScores

_SAME_RATE = 0.08
"""Points whose rates differ by less than this part of an octave are points of one rate."""


def mean_over_seeds(results: Sequence[BenchmarkResults], name: str) -> BenchmarkResults:
    """Results whose scores are means over the seeds, with their standard deviations. Details are left out.

    Args:
        results: of one benchmark, one for each seed, with the same rows and photographs.
        name: of the new results.
    """
    first = results[0]
    rows = [
        _mean_row([next(row for row in each.rows if row.name == one.name) for each in results]) for one in first.rows
    ]
    anchor = next((row.name for row in rows if row.name == first.anchor), None)
    return dataclasses.replace(first, name=name, anchor=anchor, rows=rows, crops=[])


def _mean_row(seeds: Sequence[RowResult]) -> RowResult:
    failure = next((row.failure for row in seeds if row.failure is not None), None)
    curves = []
    for curve in seeds[0].curves:
        others = [next(each.points for each in row.curves if each.dataset == curve.dataset) for row in seeds[1:]]
        matched = [[point, *(_nearest(points, point.bpp) for points in others)] for point in curve.points]
        points = [_mean_point([p for p in group if p is not None]) for group in matched if None not in group]
        curves.append(CurveResult(curve.dataset, points))
    obtained = f"{seeds[0].obtained}; mean of {len(seeds)} seeds"
    return dataclasses.replace(seeds[0], obtained=obtained, weights_sha256=None, failure=failure, curves=curves)


def _nearest(points: Sequence[PointResult], bpp: float) -> PointResult | None:
    """The point of this rate; None where there is none."""
    found = min(points, key=lambda point: abs(math.log2(point.bpp / bpp)), default=None)
    return found if found is not None and abs(math.log2(found.bpp / bpp)) < _SAME_RATE else None


def _mean_point(seeds: Sequence[PointResult]) -> PointResult:
    fields = ("bpp", *QUALITY, *SECONDS)
    values = {name: [getattr(point, name) for point in seeds] for name in fields}
    known = {name: column for name, column in values.items() if None not in column}
    means: dict[str, Any] = {name: statistics.fmean(column) for name, column in known.items()}
    spread = {name: statistics.stdev(known[name]) for name in ("bpp", *QUALITY) if name in known and len(seeds) > 1}
    images = [_mean_image(pictures) for pictures in zip(*(point.images for point in seeds), strict=True)]
    settings = list(dict.fromkeys(point.setting.removeprefix("rate_scale=") for point in seeds))
    missing: dict[str, Any] = dict.fromkeys(name for name in fields if name not in known)
    return dataclasses.replace(
        seeds[0], **missing, **means, setting=f"rate_scale={', '.join(settings)}", images=images, spread=spread or None
    )


def _mean_image(seeds: Sequence[ImageScores]) -> ImageScores:
    columns = {name: [getattr(image, name) for image in seeds] for name in ("bpp", *QUALITY)}
    means: dict[str, Any] = {
        name: None if None in column else statistics.fmean(column) for name, column in columns.items()
    }
    return dataclasses.replace(seeds[0], **means, bytes=round(statistics.fmean(image.bytes for image in seeds)))
