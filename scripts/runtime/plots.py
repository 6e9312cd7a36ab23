"""Figure 5 of the paper and the Pareto plot, from the measured points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hyperthumb.benchmark.report.plots import COLORS

from .cases import PAPER, Point, Size, pareto_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUALITY = (Path("results/benchmark/kodak_4x"), Path("results/zoo"))
"""Where the PSNR at 0.30 bpp comes from."""
METHODS = {
    "lite_4x": "HyperThumbnail lite 4x",
    "fast_4x": "fast_4x",
    "lite_2x_low": "HyperThumbnail lite 2x, low",
    "qpm_1x": "QPM only (s = 1)",
    "AVIF": "AVIF 4:4:4",
    "WebP": "WebP",
}
"""A model's row in one of them."""
TARGET_BPP = 0.30
_TITLES = {"restore": "decoder", "compress": "encoder"}
_STYLES = {"fp32": "-", "int8": "--", "bf16": ":"}


def read_quality(root: Path) -> dict[str, float]:
    """PSNR-RGB in dB at 0.30 bpp on Kodak, by model; read off the measured curves, published for the paper's."""
    from hyperthumb.benchmark.report.curves import at_rate
    from hyperthumb.benchmark.report.published import find_published
    from hyperthumb.benchmark.results import load_results

    rows = {row.name: row for folder in QUALITY for row in load_results(root / folder).rows}
    (published,) = find_published(["HyperThumbnail"], "kodak")
    found = {PAPER: published.psnr_rgb[0]}
    for model, name in METHODS.items():
        points = [point for curve in rows[name].curves if curve.dataset == "kodak" for point in curve.points]
        scores = at_rate(points, TARGET_BPP).values
        if scores and scores.psnr_rgb is not None:
            found[model] = scores.psnr_rgb
    return found


def ms_per_megapixel(point: Point) -> float:
    """The time from a file to pixels, without writing a PNG."""
    seconds = sum(value for stage, value in point.seconds.items() if stage != "PNG")
    return 1e9 * seconds / (point.case.width * point.case.height)


def draw(points: Sequence[Point], sizes: Sequence[Size], quality: dict[str, float], folder: Path) -> list[Path]:
    """Writes `figure5.png` and `pareto.png`, and returns their paths."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(11, 9), layout="constrained")
    for column, part in enumerate(_TITLES):
        chosen = [point for point in points if point.case.part == part]
        _curves(axes[0, column], chosen, "network, seconds", lambda point: point.seconds["network"])
        _curves(axes[1, column], chosen, "peak memory of the process, GB", lambda point: point.peak_bytes / 1e9)
        axes[0, column].set_title(_TITLES[part])
        if axes[1, column].lines:
            axes[1, column].legend(
                fontsize=7.5, handlelength=4, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2)
            )
    paths = [folder / "figure5.png", folder / "pareto.png"]
    figure.savefig(paths[0], dpi=130)
    figure, axis = pyplot.subplots(figsize=(8, 5), layout="constrained")
    _pareto(axis, points, pareto_size(sizes), quality)
    figure.savefig(paths[1], dpi=130)
    pyplot.close("all")
    return paths


def _curves(axis: Axes, points: Sequence[Point], label: str, value: Any) -> None:
    curves: dict[str, list[Point]] = {}
    for point in points:
        curves.setdefault(point.case.label, []).append(point)
    curves = {name: mine for name, mine in curves.items() if len(mine) > 1}
    systems = list(dict.fromkeys(mine[0].case[1:3] for mine in curves.values()))
    for name, mine in curves.items():
        megapixels = [point.case.width * point.case.height / 1e6 for point in mine]
        color, style = COLORS[systems.index(mine[0].case[1:3])], _STYLES[mine[0].case.precision]
        values = [value(point) for point in mine]
        axis.plot(megapixels, values, marker="o", markersize=3, color=color, linestyle=style, label=name)
    axis.set(xlabel="megapixels of the photograph", ylabel=label, xscale="log", yscale="log")
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_formatter("{x:g}")
        side.set_minor_formatter("")
    axis.grid(alpha=0.3, which="both")


def _pareto(axis: Axes, points: Sequence[Point], size: Size, quality: dict[str, float]) -> None:
    """Each model on its fastest engine, and the reference. Lower precisions lose less than 0.05 dB."""
    shown: dict[tuple[str, bool], Point] = {}
    for point in points:
        case = point.case
        if case.part in ("restore", "codec") and (case.width, case.height) == size and case.model in quality:
            key = case.model, case.engine == "layers"
            shown[key] = min(shown.get(key, point), point, key=ms_per_megapixel)
    for point in shown.values():
        place = ms_per_megapixel(point), quality[point.case.model]
        marker = {"pillow": "s", "layers": "^"}.get(point.case.engine, "o")
        axis.plot(*place, marker, color="#d55e00" if marker == "s" else "#0072b2")
        label = point.case.label.removesuffix(", fp32").replace(", ", "\n", 1)
        axis.annotate(label, place, (6, 0), textcoords="offset points", fontsize=6.5, va="center")
    axis.set(
        xscale="log",
        xlabel=f"from the file to pixels, ms per megapixel at {size[0]}x{size[1]}",
        ylabel="PSNR-RGB at 0.30 bpp, Kodak, dB",
    )
    axis.margins(0.3, 0.15)  # room for the labels on the right
    axis.grid(alpha=0.3, which="both")
