"""Rate-distortion plots as PNG and SVG: what was measured in color, what others published thin and grey behind it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.files import write_atomically
from hyperthumb.benchmark.results import BenchmarkResults, PointResult

from .published import Published
from .table import DatasetTable, TableLine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colors, which most eyes tell apart, without their yellow, which is too pale for lines on white.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_MARKERS = "osD^vPX"
_GREY = "#9a9a9a"
_LABEL_HEIGHT = 0.018  # of the axes, for a line of the small type
_LEADER = {"arrowstyle": "-", "color": "#b0b0b0", "linewidth": 0.4}
_WIDEST = 4.0
"""Of the rates that are drawn, in multiples of the target: what lies beyond is in the tables."""


def write_plots(folder: Path, results: BenchmarkResults, tables: Sequence[DatasetTable]) -> list[Path]:
    """Writes `rd_<set>.png` and `.svg`, and `thumb_<set>.*` where a row has a thumbnail.

    Returns:
        The files.

    Raises:
        HyperthumbError: when the folder cannot be written to.
    """
    import matplotlib

    written = []
    with matplotlib.rc_context({"text.parse_math": False}):  # names of rows are no formulas, whatever dollars they hold
        for table in tables:
            lines = [line for line in table.lines if line.points and line.row.failure is None]
            if not lines:
                continue
            for stem, figure in _figures(results, table, lines):
                for suffix in ("png", "svg"):
                    path = folder / f"{stem}.{suffix}"
                    write_atomically(path, _render(figure, suffix))
                    written.append(path)
    return written


def _figures(
    results: BenchmarkResults, table: DatasetTable, lines: Sequence[TableLine]
) -> Iterator[tuple[str, Figure]]:
    label = "PSNR-RGB" if results.headline == "psnr_rgb" else "PSNR-Y"
    title = f"{table.dataset}, {table.images} images, protocol {results.protocol}"
    curves = [
        (line, [(p.bpp, float(getattr(p, results.headline))) for p in _shown(line.points, results)]) for line in lines
    ]
    behind = table.published if results.headline == "psnr_rgb" else []
    yield f"rd_{table.dataset}", _draw(title, f"{label} of the restored photograph (dB)", curves, behind, results)
    with_thumbnails = [
        (line, [(p.bpp, p.thumb_psnr) for p in _shown(line.points, results) if p.thumb_psnr is not None])
        for line in lines
    ]
    with_thumbnails = [(line, curve) for line, curve in with_thumbnails if curve]
    if with_thumbnails:
        points = [entry for entry in table.published if entry.thumb_psnr is not None and entry.bpp]
        label = "PSNR-RGB of the thumbnail against bicubic (dB)"
        yield f"thumb_{table.dataset}", _draw(title, label, with_thumbnails, points, results, of_thumbnails=True)


def _draw(
    title: str,
    label: str,
    curves: Sequence[tuple[TableLine, list[tuple[float, float]]]],
    published: Sequence[Published],
    results: BenchmarkResults,
    of_thumbnails: bool = False,
) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 6), layout="constrained")
    axes = figure.add_subplot()
    names = [row.name for row in results.rows]
    for line, curve in curves:
        number = names.index(line.row.name)  # a method looks the same in all plots
        codec = line.row.facts is not None and line.row.facts.kind == "codec"
        axes.plot(
            *zip(*curve, strict=True),
            color=_COLORS[number % len(_COLORS)],
            marker=_MARKERS[number // len(_COLORS) % len(_MARKERS)],
            markersize=3 if codec else 5,
            linewidth=1.3 if codec else 2.2,
            linestyle="--" if codec else "-",
            label=f"{line.row.name} (full size)" if codec else line.row.name,
            zorder=3,
        )
    rates = [rate for _, curve in curves for rate, _ in curve]
    scores = [score for _, curve in curves for _, score in curve]
    axes.set_xlim(0.9 * min(rates), 1.05 * max(*rates, results.target_bpp))
    axes.set_ylim(min(scores) - 0.5, max(scores) + 0.5)
    axes.axvline(results.target_bpp, color=_GREY, linewidth=0.8, linestyle=":", zorder=1)
    _draw_published(axes, published, of_thumbnails)
    axes.set_title(title)
    axes.set_xlabel("bits per pixel of the photograph")
    axes.set_ylabel(label)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure


def _draw_published(axes: Axes, published: Sequence[Published], of_thumbnails: bool) -> None:
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    for number, entry in enumerate(entry for entry in published if entry.is_curve and not of_thumbnails):
        axes.plot(entry.bpp, entry.psnr_rgb, color=_GREY, linewidth=0.7, zorder=1)
        inside = [
            (rate, psnr)
            for rate, psnr in zip(entry.bpp, entry.psnr_rgb, strict=True)
            if low < rate < high and bottom < psnr < top
        ]
        if inside:  # names at different places along the curves, so that they do not cover each other
            rate, psnr = inside[-1 - number % min(3, len(inside))]
            axes.annotate(entry.name, (rate, psnr), fontsize=6, color="#707070", ha="right", va="bottom", zorder=1)
    points = []
    for entry in published:
        score = entry.thumb_psnr if of_thumbnails else entry.psnr_rgb[0]
        if entry.is_curve or not entry.bpp or score is None:
            continue
        if low < entry.bpp[0] < high and bottom < score < top:
            points.append((score, entry.bpp[0], entry.name))
    height = bottom
    for score, rate, name in sorted(points):
        axes.plot(rate, score, marker="x", markersize=5, color="#707070", linestyle="none", zorder=4)
        height = max(score, height + _LABEL_HEIGHT * (top - bottom))  # names of near points, one above the other
        place = (rate + 0.02 * (high - low), height)
        axes.annotate(
            name, (rate, score), place, fontsize=6, color="#303030", va="center", zorder=4, arrowprops=_LEADER
        )
    if published:
        axes.plot([], [], color=_GREY, linewidth=0.7, marker="x", markersize=4, label="published by others")


def _shown(points: Sequence[PointResult], results: BenchmarkResults) -> list[PointResult]:
    near = [point for point in points if point.bpp <= _WIDEST * results.target_bpp]
    return near or list(points)


def _render(figure: Figure, suffix: str) -> bytes:
    """The file's bytes, the same ones from the same numbers."""
    import matplotlib

    buffer = io.BytesIO()
    metadata = {"Date": None} if suffix == "svg" else {"Software": None}
    with matplotlib.rc_context({"svg.hashsalt": "hyperthumb", "svg.fonttype": "none"}):
        figure.savefig(buffer, format=suffix, dpi=150, metadata=metadata)
    return buffer.getvalue()
