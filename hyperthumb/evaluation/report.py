"""Numbers on disk and on the screen: a CSV row an image, a JSON a dataset, and tables to read.

Every file is written beside its place and moved there whole, so that none is ever seen half-written.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hyperthumb.base.files import write_atomically
from hyperthumb.metrics import MetricMean, MetricRow, Protocol, accumulate


@dataclass(frozen=True)
class TableEntry:
    """One line of a table: what a method reached on a dataset, and how it was measured."""

    method: str
    dataset: str
    protocol: Protocol
    mean: MetricMean


def write_metrics_csv(path: Path, rows: Sequence[MetricRow]) -> None:
    """A header and one line an image, in the order given; the columns are the fields of `MetricRow`.

    Numbers keep every digit; what was not measured is an empty cell.

    Raises:
        HyperthumbError: when the folder cannot be written to.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in dataclasses.fields(MetricRow)])
    writer.writerows(dataclasses.astuple(row) for row in rows)
    write_atomically(path, text.getvalue().encode(), durable=True)


def write_metrics_json(
    path: Path,
    *,
    dataset: str,
    protocol: Protocol,
    rows: Sequence[MetricRow],
    checkpoint: str | None,
    checkpoint_sha256: str | None,
    versions: Mapping[str, str],
    device: str | None = None,
    profile: str | None = None,
) -> MetricMean:
    """The dataset's means with what is needed to repeat them.

    Keys: `dataset`, `protocol` (its name), `crop` (pixels), `count`, `mean` (`bpp`, `psnr_rgb`, `psnr_y`,
    `ssim`, `lpips`, `thumb_psnr`, `rate_estimate_bpp`), `median` (`seconds_encode`, `seconds_decode`),
    `checkpoint`, `checkpoint_sha256`, `versions`, `device`, `profile`. What was not measured, or does not
    apply, is null.

    Args:
        path: where to.
        dataset: its name.
        protocol: how `rows` were measured.
        rows: at least one.
        checkpoint: the file of the network's weights, None for a method without one.
        checkpoint_sha256: hexadecimal digest of that file.
        versions: package to version.
        device: what the network ran on, in words.
        profile: how the files are coded: "small", "fast", "optimized" or "default".

    Returns:
        The means that were written.

    Raises:
        HyperthumbError: without rows, or when the folder cannot be written to.
    """
    mean = accumulate(rows)
    means = ("bpp", "psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr", "rate_estimate_bpp")
    medians = ("seconds_encode", "seconds_decode")
    content = {
        "dataset": dataset,
        "protocol": protocol.name,
        "crop": protocol.crop,
        "count": mean.count,
        "mean": {name: getattr(mean, name) for name in means},
        "median": {name: getattr(mean, name) for name in medians},
        "checkpoint": checkpoint,
        "checkpoint_sha256": checkpoint_sha256,
        "versions": dict(versions),
        "device": device,
        "profile": profile,
    }
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_atomically(path, text.encode(), durable=True)
    return mean


def format_table(entries: Sequence[TableEntry]) -> str:
    """A Markdown table, aligned so that it reads as plain text too; "-" where nothing was measured.

    Times are medians in seconds an image, the other numbers means over the dataset's images.
    """
    header = [
        "method",
        "dataset",
        "images",
        "protocol",
        "bpp",
        "est. bpp",
        "PSNR-RGB",
        "PSNR-Y",
        "SSIM",
        "LPIPS",
    ]
    header += ["thumb PSNR", "encode s", "decode s"]
    cells = [header, *(_cells(entry) for entry in entries)]
    widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(header))]
    numeric = [name not in ("method", "dataset", "protocol") for name in header]
    rule = ["-" * (width - right) + ":" * right for width, right in zip(widths, numeric, strict=True)]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join(_line(line, widths, numeric) for line in lines) + "\n"


def _cells(entry: TableEntry) -> list[str]:
    mean = entry.mean
    return [
        entry.method.replace("|", "/"),
        entry.dataset.replace("|", "/"),
        str(mean.count),
        entry.protocol.label,
        f"{mean.bpp:.4f}",
        _number(mean.rate_estimate_bpp, 4),
        _number(mean.psnr_rgb, 2),
        _number(mean.psnr_y, 2),
        _number(mean.ssim, 4),
        _number(mean.lpips, 4),
        _number(mean.thumb_psnr, 2),
        _number(mean.seconds_encode, 3),
        _number(mean.seconds_decode, 3),
    ]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    columns = zip(cells, widths, numeric, strict=True)
    return "| " + " | ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in columns) + " |"
