"""`report.html`: tables, plots and details side by side, in one file that loads nothing from a network.

The page is made of the templates in `page/`, which escape everything that comes from results. The page's own policy
forbids it to load anything from elsewhere or to run any other script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Sequence
from functools import partial
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.benchmark.results import BenchmarkResults, CropResult
from hyperthumb.images.pictures import decode_picture, encode_picture

from .columns import NOTHING, PUBLISHED_TITLES, columns, group_titles, published_cells, standing
from .table import FAMILIES, DatasetTable, TableLine, describe_protocol

FILE_NAME = "report.html"
_OPTIONAL = {"nearest": "nearest points", "file": "times without the file", "network": "network"}
"""Groups of columns that a reader can hide or show."""


def write_html(folder: Path, results: BenchmarkResults, tables: Sequence[DatasetTable], plots: Sequence[Path]) -> Path:
    """Writes `report.html`; details whose pictures are not in the folder are left out, and the page says which.

    Args:
        folder: of `results.json`, to which the pictures of details are relative; the report goes there too.
        results: what was measured.
        tables: of `make_tables`.
        plots: of `write_plots`; the SVGs become parts of the page.

    Raises:
        HyperthumbError: when a picture or plot cannot be read, or the report cannot be written.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    details, missing = _details(folder, results)
    page = resources.files("hyperthumb.benchmark.report") / "page"
    style, script = ((page / name).read_text(encoding="utf-8") for name in ("style.css", "report.js"))
    # Browsers end a script element at the first `</script`, even inside a string.
    data = json.dumps({"details": details}, ensure_ascii=False).replace("<", "\\u003c")
    environment = Environment(
        loader=PackageLoader("hyperthumb.benchmark.report", "page"),
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,
    )  # fmt: skip
    # A browser may break a line behind the signs that paths and settings consist of.
    environment.filters["breakable"] = partial(re.sub, r"(?<=[/=:_])(?=\w)", "<wbr>")
    text = environment.get_template("page.html").render(
        results=results,
        target=f"{results.target_bpp:g}",
        protocol=describe_protocol(results),
        failed=[row.name for row in results.rows if row.failure is not None],
        titles=group_titles(results),
        sets=[_dataset(table, plots, results.lpips) for table in tables],
        published_titles=PUBLISHED_TITLES,
        published_cells=published_cells,
        nothing=NOTHING,
        has_details=bool(details),
        missing=missing,
        about=_about(results),
        style=style,
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=data,
    )
    path = folder / FILE_NAME
    write_atomically(path, text.encode())
    return path


def _dataset(table: DatasetTable, plots: Sequence[Path], lpips: str | None) -> dict[str, Any]:
    """What the template `dataset.html` shows of a data set."""
    shown = columns(table.lines, lpips=lpips)
    groups = {group: list(members) for group, members in groupby(shown, key=lambda column: column.group)}
    families = {line.family for line in table.lines} | ({"published"} if table.published else set())
    subjects = {f"rd_{table.dataset}.svg": "restored photographs", f"thumb_{table.dataset}.svg": "thumbnails"}
    figures = {subjects[path.name]: _read(path).decode() for path in plots if path.name in subjects}
    several_devices = len(table.devices) > 1

    def notes(line: TableLine) -> str:
        point = line.nearest if several_devices else None
        device = [f"times on {point.device}"] if point is not None and point.is_timed else []
        return "; ".join([*line.notes, *device])

    return {
        "table": table,
        "groups": groups,
        "count": len(shown),
        "ranks": {column: standing(column, table.lines) for column in shown},
        "notes": notes,
        "figures": {subject: text[text.index("<svg") :] for subject, text in figures.items()},
        "optional": {key: title for key, title in _OPTIONAL.items() if key in groups},
        "families": {key: title for key, title in FAMILIES.items() if key in families},
    }


def _details(folder: Path, results: BenchmarkResults) -> tuple[list[dict[str, Any]], list[str]]:
    """What the viewer shows, and the names of the picture files that are missing."""
    details: list[dict[str, Any]] = []
    missing: list[str] = []
    for crop in results.crops:
        original: dict[str, Any] = {"name": "original", "caption": "as it was photographed", "tables": None}
        methods = [(crop.original, original)]
        for one in crop.restored:
            psnr = "" if one.psnr_rgb is None else f"{one.psnr_rgb:.2f}\u00a0dB"
            caption = ", ".join(filter(None, (one.setting, f"{one.bpp:.3f}\u00a0bpp", psnr)))
            methods.append((one.file, {"name": one.row, "caption": caption, "tables": one.tables}))
        found = [
            {**method, "picture": _picture(folder / file)} for file, method in methods if (folder / file).is_file()
        ]
        missing += [Path(file).name for file, _ in methods if not (folder / file).is_file()]
        if found:
            details.append(_detail(crop, found, [str(detail["key"]) for detail in details]))
    return details, missing


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


def _about(results: BenchmarkResults) -> dict[str, dict[str, str]]:
    """What the page says about the measurement, by heading."""
    measured = {
        "protocol": f"{results.protocol}: {describe_protocol(results)}",
        "rate": "8 x bytes of the file / pixels of the photograph, mean over the images",
        "target rate": f"{results.target_bpp:g} bpp",
        "anchor of BD-rates": results.anchor or "none",
        "LPIPS": results.lpips or "not measured",
        "times taken on": "; ".join(results.devices) or "no times were taken",
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
    return {
        "Protocol and devices": measured,
        "Data sets": sets,
        "Methods and weights": rows,
        "Machine and versions": results.environment,
    }


def _sizes(sizes: Sequence[Sequence[int]]) -> str:
    """Widths by heights, the smallest and the largest picture."""
    ends = [min(sizes, key=math.prod), max(sizes, key=math.prod)]
    return " to ".join(dict.fromkeys(f"{width}x{height}" for height, width in ends))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise HyperthumbError(f"cannot read {path}: {error.strerror}") from error
