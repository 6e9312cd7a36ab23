"""Rate-distortion plots: PNG and SVG to look at, PDF and another SVG for a paper's column.

What was measured is in color, what others published is grey. Each curve has its name beside its end.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hyperthumb.base.files import write_atomically
from hyperthumb.benchmark.results import BenchmarkResults

from .table import FAMILIES, DatasetTable, TableLine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colors, which the color-blind tell apart, without their yellow, which is too pale for lines on white.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_STYLES: dict[str, dict[str, Any]] = {
    "models": {"linewidth": 2.0, "linestyle": "-"},
    "rescalers": {"linewidth": 1.2, "linestyle": "-"},
    "codecs": {"linewidth": 1.2, "linestyle": "--"},
    "published": {"linewidth": 0.7, "linestyle": "-"},
}
"""By family, so that only rows of one family differ by color alone."""
_MARKERS = {"models": "oD", "rescalers": "sX", "codecs": "^v"}
"""The second one is for the rows of a family whose color an earlier row of the family has."""
_GREY, _SOFT = "#9a9a9a", "#6b6b6b"
_WIDEST = 2.5
"""The highest rate in a plot, in multiples of the target. Points beyond it are in the tables."""


class _Look(NamedTuple):
    """Of a figure: its size in inches, its type in points, the thickness of lines, and whether it has a title."""

    width: float
    height: float
    type_size: float
    scale: float
    titled: bool


_SCREEN, _COLUMN = _Look(10.5, 6.2, 8.5, 1.0, True), _Look(3.45, 3.3, 5.0, 0.5, False)


@dataclass(frozen=True)
class _Curve:
    name: str
    family: str
    color: str
    marker: str
    points: list[tuple[float, float]]
    spreads: list[float] = field(default_factory=list)
    """Over seeds, of each point; empty for one training."""


def write_plots(folder: Path, results: BenchmarkResults, tables: Sequence[DatasetTable]) -> list[Path]:
    """Writes `rd_<set>.png`, `.svg`, `.pdf` and `.column.svg`, and `thumb_<set>.*` where a row has a thumbnail.

    Returns:
        The files.

    Raises:
        HyperthumbError: when the folder cannot be written to.
    """
    import matplotlib

    written = []
    settings: Any = {"text.parse_math": False, "svg.hashsalt": "hyperthumb", "svg.fonttype": "none", "pdf.fonttype": 42}
    with matplotlib.rc_context(settings):  # a dollar in a row's name does not begin a formula
        for table in tables:
            for stem, label, curves, published in _plots(results, table):
                title = f"{table.dataset}, {table.images} images, protocol {results.protocol}"
                for look, suffixes in ((_SCREEN, (".png", ".svg")), (_COLUMN, (".pdf", ".column.svg"))):
                    figure = _draw(look, title, label, curves, published, results.target_bpp)
                    for suffix in suffixes:
                        path = folder / f"{stem}{suffix}"
                        write_atomically(path, _render(figure, path.suffix[1:]))
                        written.append(path)
    return written


def _plots(
    results: BenchmarkResults, table: DatasetTable
) -> Iterator[tuple[str, str, list[_Curve], list[tuple[str, float, float]]]]:
    """Stem, label of the scores, curves, and published points of each figure of a data set."""
    channels = "RGB" if results.headline == "psnr_rgb" else "Y"
    lines = [line for line in table.lines if line.row.failure is None]
    published = table.published if results.headline == "psnr_rgb" else []
    curves = _measured(lines, results.headline)
    if curves:
        curves += [
            _Curve(entry.name, "published", _GREY, "", list(zip(entry.bpp, entry.psnr_rgb, strict=True)))
            for entry in published
            if entry.is_curve
        ]
        points = [(e.name, e.bpp[0], e.psnr_rgb[0]) for e in published if e.bpp and not e.is_curve]
        yield f"rd_{table.dataset}", f"PSNR-{channels} of the restored photograph (dB)", curves, points
    thumbnails = _measured(lines, "thumb_psnr")
    if thumbnails:
        points = [(e.name, e.bpp[0], e.thumb_psnr) for e in table.published if e.bpp and e.thumb_psnr is not None]
        yield f"thumb_{table.dataset}", "PSNR-RGB of the thumbnail against bicubic (dB)", thumbnails, points


def _measured(lines: Sequence[TableLine], score: str) -> list[_Curve]:
    """The curves of the rows that have this score; a row's color is the same in both plots of a data set.

    Each row gets the color that its family uses least, and of those the one that all rows use least.
    """
    uses: Counter[str] = Counter()
    uses_in: dict[str, Counter[str]] = {family: Counter() for family in _MARKERS}
    curves = []
    for line in lines:
        own = uses_in[line.family]
        color = min(COLORS, key=lambda each: (own[each], uses[each]))
        marker = _MARKERS[line.family][own[color] % 2]
        own[color] += 1
        uses[color] += 1
        points = [(point.bpp, getattr(point, score)) for point in line.points if getattr(point, score) is not None]
        spreads = [point.spread[score] for point in line.points if point.spread and score in point.spread]
        if points:
            curves.append(_Curve(line.row.name, line.family, color, marker, points, spreads))
    return curves


def _draw(
    look: _Look,
    title: str,
    label: str,
    curves: Sequence[_Curve],
    published: Sequence[tuple[str, float, float]],
    target_bpp: float,
) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(look.width, look.height), layout="constrained")
    axes = figure.add_subplot()
    measured = [point for curve in curves if curve.family != "published" for point in curve.points]
    near = [point for point in measured if point[0] <= _WIDEST * target_bpp] or measured
    right = 1.02 * max(target_bpp, *(rate for rate, _ in near))
    scores = [score for rate, score in (*near, *(_end(curve, right) for curve in curves)) if rate <= right]
    axes.set_xlim(0.85 * min(rate for rate, _ in near), right)
    axes.set_ylim(min(score for _, score in near) - 0.5, max(scores) + 0.5)
    axes.axvline(target_bpp, color=_GREY, linewidth=0.8 * look.scale, linestyle=":", zorder=1)
    for number, curve in enumerate(curves):
        style = _style(curve.family, curve.marker, look, f"{curve.family}-{number}")
        axes.plot(
            *zip(*curve.points, strict=True), color=curve.color, zorder=1 + (curve.family != "published"), **style
        )
        if curve.spreads:
            rates, scores = np.array(curve.points).T
            axes.fill_between(
                rates, scores - curve.spreads, scores + curve.spreads, color=curve.color, alpha=0.2, linewidth=0,
                gid=f"{curve.family}-band-{number}",
            )  # fmt: skip
    if look.titled:
        axes.set_title(title)
        _explain_styles(axes, curves, look)
    axes.set_xlabel("bits per pixel of the photograph", fontsize=1.2 * look.type_size)
    axes.set_ylabel(label, fontsize=1.2 * look.type_size)
    axes.tick_params(labelsize=1.1 * look.type_size, width=0.8 * look.scale, length=3 * look.scale)
    axes.grid(color="#e6e6e6", linewidth=0.6 * look.scale)
    for spine in axes.spines.values():
        spine.set_linewidth(0.8 * look.scale)
    _name_points(axes, published, look)
    _name_curves(axes, curves, look)
    return figure


def _style(family: str, marker: str, look: _Look, gid: str) -> dict[str, Any]:
    thickness = _STYLES[family]["linewidth"] * look.scale
    return {**_STYLES[family], "linewidth": thickness, "marker": marker, "markersize": 4 * look.scale, "gid": gid}


def _name_curves(axes: Axes, curves: Sequence[_Curve], look: _Look) -> None:
    """Names to the right of the plot, each with a dotted line to where its curve ends or leaves the plot."""
    (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    ends = [_end(curve, high) for curve in curves]
    shown = [index for index, (rate, score) in enumerate(ends) if low <= rate <= high and bottom <= score <= top]
    gap = _line_height(axes, look)
    places = spread([ends[index][1] for index in shown], gap, bottom, top)
    margin = 3 * look.type_size / 72 / (axes.get_position().width * look.width) * (high - low)
    for index, place in zip(shown, places, strict=True):
        curve, end = curves[index], ends[index]
        axes.annotate(
            curve.name, end, (high + margin, place), annotation_clip=False, fontsize=look.type_size, va="center",
            color=_SOFT if curve.family == "published" else "#1b1f24", gid=f"{curve.family}-name-{index}",
            arrowprops={"arrowstyle": "-", "color": curve.color, "linewidth": 0.8 * look.scale,
                        "linestyle": (0, (1, 1.5)), "relpos": (0, 0.5), "patchA": None, "shrinkA": 1, "shrinkB": 0,
                        "gid": f"{curve.family}-leader-{index}"},
        )  # fmt: skip


def _explain_styles(axes: Axes, curves: Sequence[_Curve], look: _Look) -> None:
    """A legend of the families; the rows have their names beside them."""
    for family in [family for family in FAMILIES if any(curve.family == family for curve in curves)]:
        style = _style(family, _MARKERS.get(family, "")[:1], look, f"{family}-style")
        axes.plot([], [], color=_GREY if family == "published" else "#1b1f24", label=FAMILIES[family], **style)
    axes.legend(loc="lower right", fontsize=look.type_size, framealpha=0.9, edgecolor="#e6e6e6")


def _name_points(axes: Axes, published: Sequence[tuple[str, float, float]], look: _Look) -> None:
    """Published points as letters, and under the plot what the letters mean."""
    (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    inside = [(name, rate, score) for name, rate, score in published if low < rate < high and bottom < score < top]
    inside.sort(key=lambda point: point[2])
    if inside:
        letters = [chr(ord("a") + number % 26) for number in range(len(inside))]
        key = "; ".join(f"{letter}\u00a0=\u00a0{name}" for letter, (name, _, _) in zip(letters, inside, strict=True))
        axes.figure.supxlabel(f"published by others: {key}", fontsize=look.type_size, color=_SOFT, wrap=True)
    gap, thin = 1.3 * _line_height(axes, look), 0.5 * look.scale
    places = spread([score for _, _, score in inside], gap, bottom, top)
    for number, ((_, rate, score), place) in enumerate(zip(inside, places, strict=True)):
        axes.plot(
            rate, score, marker="x", markersize=5 * look.scale, markeredgewidth=look.scale, color=_SOFT, zorder=4,
            gid=f"published-point-{number}",
        )  # fmt: skip
        axes.annotate(
            chr(ord("a") + number % 26), (rate, score), (rate + 0.025 * (high - low), place), fontsize=look.type_size,
            va="center", ha="center", zorder=5, gid=f"published-letter-{number}",
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": _SOFT, "linewidth": thin},
            arrowprops={"arrowstyle": "-", "color": _SOFT, "linewidth": thin, "shrinkA": 0, "shrinkB": 0,
                        "gid": f"published-line-{number}"},
        )  # fmt: skip


def _line_height(axes: Axes, look: _Look) -> float:
    """Of a line of the small type, in dB."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # lays the figure out
    bottom, top = axes.get_ylim()
    return 1.2 * look.type_size / 72 / (axes.get_position().height * look.height) * (top - bottom)


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Moves places apart until neighbors have a gap, by the least squares.

    Args:
        places: in any order.
        gap: the least distance.
        low: the lowest place.
        high: the highest place; there is more than one place only where all of them fit.

    Returns:
        The new places, in the order of the old ones.
    """
    from scipy.optimize import isotonic_regression

    if not places:
        return []
    order, gaps = np.argsort(places, kind="stable"), gap * np.arange(len(places))
    flat = isotonic_regression(np.take(places, order) - gaps).x
    moved = np.empty(len(places))
    moved[order] = np.maximum(low, np.minimum(high - gaps[-1], flat)) + gaps
    return [float(place) for place in moved]


def _end(curve: _Curve, right: float) -> tuple[float, float]:
    """Where a curve ends, or leaves the plot on its right."""
    rates, scores = zip(*sorted(curve.points), strict=True)
    if rates[-1] > right and rates[0] < right:
        below = max(index for index, rate in enumerate(rates) if rate <= right)
        part = (right - rates[below]) / (rates[below + 1] - rates[below])
        return right, scores[below] + part * (scores[below + 1] - scores[below])
    return rates[-1], scores[-1]


def _render(figure: Figure, suffix: str) -> bytes:
    """The file's bytes, the same ones from the same numbers."""
    buffer = io.BytesIO()
    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None},
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    }
    figure.savefig(buffer, format=suffix, dpi=150, metadata=metadata[suffix])
    return buffer.getvalue()
