"""`report.html`: tables, plots and details side by side, in one file that loads nothing from a network.

The page's fixed parts lie in `page/`; here they are filled. Everything that comes from results is escaped, and the
page's own policy forbids it to load anything from elsewhere or to run any other script.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.benchmark.results import BenchmarkResults, CropResult, RestoredCrop
from hyperthumb.images.pictures import decode_picture, encode_picture

from .columns import columns
from .html_table import measured_table, published_table
from .table import FAMILIES, DatasetTable, describe_protocol

FILE_NAME = "report.html"
_ORIGINAL = "original"
_OPTIONAL = {"nearest": "nearest points", "file": "times without the file", "network": "network"}
"""Groups of columns that a reader can hide or show."""


def write_html(folder: Path, results: BenchmarkResults, tables: Sequence[DatasetTable], plots: Sequence[Path]) -> Path:
    """Writes `report.html`; details whose pictures are not in the folder are left out, and the page says which.

    Args:
        folder: of `results.json`, which the pictures of details are relative to; where the report goes.
        results: what was measured.
        tables: of `make_tables`.
        plots: of `write_plots`; the SVGs become parts of the page.

    Returns:
        The file.

    Raises:
        HyperthumbError: when a picture or plot cannot be read, or the report cannot be written.
    """
    details, missing = _details(folder, results)
    script = _part("report.js")
    titles = {"results": "Tables and plots", "viewer": "Details side by side", "about": "How it was measured"}
    if not details:
        del titles["viewer"]
    page = Template(_part("page.html")).substitute(
        policy=_policy(script),
        title=escape(f"Benchmark {results.name}"),
        style=_part("style.css"),
        summary=escape(_summary(results)),
        navigation="".join(f'<a href="#{key}">{title}</a>' for key, title in titles.items()),
        datasets="\n".join(_dataset(table, results, plots) for table in tables),
        viewer=_viewer(results, missing) if results.crops else "",
        about=_about(results),
        data=_as_script(details),
        script=script,
    )
    path = folder / FILE_NAME
    write_atomically(path, page.encode())
    return path


def _part(name: str) -> str:
    return (resources.files("hyperthumb.benchmark.report") / "page" / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """A Content-Security-Policy (level 3) under which the page runs this one script and shows what it carries."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _as_script(details: Sequence[dict[str, Any]]) -> str:
    """JSON for a script element. Browsers end it at the first `</script`, even inside a string, so `<` is escaped."""
    return json.dumps({"details": details}, ensure_ascii=False).replace("<", "\\u003c")


def _summary(results: BenchmarkResults) -> str:
    images = ", ".join(f"{info.name} ({len(info.images)})" for info in results.datasets)
    failed = [row.name for row in results.rows if row.failure is not None]
    told = f" Failed: {', '.join(failed)}." if failed else ""
    return (
        f"{len(results.rows)} methods on {images}, scale {results.scale}, compared at {results.target_bpp:g} bpp. "
        f"Protocol {results.protocol}: {describe_protocol(results)}.{told}"
    )


def _dataset(table: DatasetTable, results: BenchmarkResults, plots: Sequence[Path]) -> str:
    captions = {f"rd_{table.dataset}": "restored photographs", f"thumb_{table.dataset}": "thumbnails"}
    figures = [
        f'<figure role="img" aria-label="Rate and distortion of the {captions[path.stem]} on {escape(table.dataset)}">'
        f"{_svg(path)}</figure>"
        for path in plots
        if path.suffix == ".svg" and path.stem in captions
    ]
    present = {column.group for column in columns(table.lines)}
    groups = {key: title for key, title in _OPTIONAL.items() if key in present}
    families = {line.family for line in table.lines} | ({"published"} if table.published else set())
    shown = {key: title for key, title in FAMILIES.items() if key in families}
    return (
        f"<section><h2>{escape(table.dataset)}</h2>\n{_switches('Columns', groups)}{measured_table(table, results)}\n"
        f"{_switches('Curves', shown) if figures else ''}"
        f'<div class="plots">{"".join(figures)}</div>\n'
        f"{published_table(table.published, results.target_bpp)}</section>"
    )


def _switches(legend: str, parts: dict[str, str]) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" data-part="{key}" checked>{title}</label>' for key, title in parts.items()
    )
    return f'<fieldset class="switches" hidden><legend>{legend}</legend>{boxes}</fieldset>\n' if parts else ""


def _svg(path: Path) -> str:
    """The element of an SVG file, without the file's own declarations."""
    text = _read(path).decode("utf-8")
    return text[text.index("<svg") :]


def _viewer(results: BenchmarkResults, missing: Sequence[str]) -> str:
    lost = f"Not shown, because the pictures are not beside the results: {', '.join(missing)}." if missing else ""
    return Template(_part("viewer.html")).substitute(
        target=f"{results.target_bpp:g}", missing=f'<p class="note">{escape(lost)}</p>' if lost else ""
    )


def _details(folder: Path, results: BenchmarkResults) -> tuple[list[dict[str, Any]], list[str]]:
    """What the viewer shows, and the names of the picture files that are missing."""
    details: list[dict[str, Any]] = []
    missing: list[str] = []
    for crop in results.crops:
        original: dict[str, Any] = {"name": _ORIGINAL, "caption": "as it was photographed", "tables": None}
        methods = [(crop.original, original)]
        methods += [
            (one.file, {"name": one.row, "caption": describe_crop(one), "tables": one.tables}) for one in crop.restored
        ]
        found = [
            {**method, "picture": _picture(folder / file)} for file, method in methods if (folder / file).is_file()
        ]
        missing += [Path(file).name for file, _ in methods if not (folder / file).is_file()]
        if found:
            details.append(_detail(crop, found, [str(detail["key"]) for detail in details]))
    return details, missing


def describe_crop(one: RestoredCrop) -> str:
    """Setting, rate and quality of a detail."""
    psnr = "" if one.psnr_rgb is None else f"{one.psnr_rgb:.2f}\u00a0dB"
    return ", ".join(filter(None, (one.setting, f"{one.bpp:.3f}\u00a0bpp", psnr)))


def _detail(crop: CropResult, methods: list[dict[str, Any]], taken: Sequence[str]) -> dict[str, Any]:
    left, top, width, height = crop.box
    same = sum(key == crop.image or key.startswith(f"{crop.image} #") for key in taken)
    return {
        "key": f"{crop.image} #{same + 1}" if same else crop.image,
        "label": f"{crop.image} ({crop.dataset}), {width} x {height} at ({left}, {top})",
        "width": width,
        "height": height,
        "methods": methods,
    }


def _picture(path: Path) -> str:
    """A picture as a lossless WebP, half the PNG's size."""
    content = encode_picture(decode_picture(_read(path), str(path)).pixels, ".webp")
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def _about(results: BenchmarkResults) -> str:
    devices = {point.device for row in results.rows for curve in row.curves for point in curve.points}
    measured = {
        "protocol": f"{results.protocol}: {describe_protocol(results)}",
        "rate": "8 x bytes of the file / pixels of the photograph, mean over the images",
        "target rate": f"{results.target_bpp:g} bpp",
        "anchor of BD-rates": results.anchor or "none",
        "LPIPS": results.lpips or "not measured",
        "times taken on": "; ".join(sorted(devices)) or "nothing was measured",
    }
    sets = {
        info.name: f"{len(info.images)} images, {_sizes(info.sizes)}; SHA-256 of the pixels {info.sha256}"
        for info in results.datasets
    }
    rows = {
        row.name: ". ".join(
            filter(None, (row.obtained, row.weights_sha256 and f"SHA-256 of the weights {row.weights_sha256}"))
        )
        for row in results.rows
    }
    parts = {
        "Protocol and devices": measured,
        "Data sets": sets,
        "Methods and weights": rows,
        "Machine and versions": results.environment,
    }
    blocks = (f"<details><summary>{title}</summary>{_list(entries)}</details>" for title, entries in parts.items())
    return '<section id="about"><h2>How it was measured</h2>' + "\n".join(blocks) + "</section>"


def _sizes(sizes: Sequence[Sequence[int]]) -> str:
    """Widths by heights, the smallest and the largest picture."""
    ends = [min(sizes, key=lambda size: size[0] * size[1]), max(sizes, key=lambda size: size[0] * size[1])]
    return " to ".join(dict.fromkeys(f"{width}x{height}" for height, width in ends))


def _list(entries: dict[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>" for key, text in entries.items()) + "</dl>"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise HyperthumbError(f"cannot read {path}: {error.strerror}") from error
