"""The columns of a benchmark's tables: one list for Markdown, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from hyperthumb.benchmark.results import BenchmarkResults

from .curves import at_curve
from .published import Published
from .table import TableLine

NOTHING = "-"

Value = float | int | str | None


class Column(NamedTuple):
    """A column.

    Attributes:
        group: of columns that are shown or hidden together, a key of `group_titles`.
        field: what is shown, of the part of a `TableLine` that the group is about.
        unit: in the table's head, behind the title.
        pattern: format specification of a number; empty for text.
        best: which end is good, and comes first in a sorted table; None for text.
        suffix: behind a number.
    """

    group: str
    field: str
    title: str
    unit: str = ""
    pattern: str = ""
    best: Literal["high", "low"] | None = None
    suffix: str = ""

    @property
    def key(self) -> str:
        """What the page's address calls it."""
        return f"{self.field}_at_target" if self.group == "target" else self.field

    @property
    def kind(self) -> Literal["number", "text"]:
        return "number" if self.pattern else "text"

    @property
    def heading(self) -> str:
        """Title and unit, for a table's head."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def value(self, line: TableLine) -> Value:
        """The number or text of a line; None where it has none or its row failed."""
        found: Value = getattr(getattr(line, _PARTS[self.group]), self.field, None)
        return found if line.row.failure is None else None

    def text(self, line: TableLine) -> str:
        """The cell of a line."""
        value, margin = self.value(line), self._margin(line)
        if value is None or not self.pattern:
            return str(value or NOTHING)
        text = f"{value:{self.pattern}}{self.suffix}"
        return text if margin is None else f"{text} ± {margin:{self.pattern.lstrip('+')}}"

    def rounded(self, line: TableLine) -> float:
        """The number of a cell, as far as its digits tell."""
        return float(f"{self.value(line):{self.pattern}}")

    def _margin(self, line: TableLine) -> float | None:
        """How far the number may be off: over seeds, or of a difference over pictures; None where nothing is known."""
        if self.group == "target":
            return line.at_target.spread.get(self.field)
        return line.delta.interval if self.field == "difference" and line.delta is not None else None


def _scores(group: str) -> list[Column]:
    return [
        Column(group, "psnr_rgb", "PSNR-RGB", "dB", ".2f", "high"),
        Column(group, "psnr_y", "PSNR-Y", "dB", ".2f", "high"),
        Column(group, "ssim", "SSIM", "", ".4f", "high"),
        Column(group, "lpips", "LPIPS", "", ".4f", "low"),
        Column(group, "thumb_psnr", "thumb PSNR", "dB", ".2f", "high"),
    ]


_PARTS = {
    "target": "values", "anchor": "delta", "time": "nearest", "network": "facts", "nearest": "nearest",
    "file": "nearest",
}  # fmt: skip
"""What of a `TableLine` each group shows, in the order of the tables."""
_COLUMNS = [
    *_scores("target"),
    Column("anchor", "difference", "difference", "dB", "+.2f", "high"),
    Column("anchor", "bd_rate", "BD-rate", "%", "+.1f", "low"),
    Column("anchor", "bd_psnr", "BD-PSNR", "dB", "+.2f", "high"),
    Column("time", "seconds_encode", "encode", "s", ".3f", "low"),
    Column("time", "seconds_decode", "decode", "s", ".3f", "low"),
    Column("network", "scale", "scale", "", "d", "high", "x"),
    Column("network", "kmacs_encode", "enc", "kMAC/px", ",.1f", "low"),
    Column("network", "kmacs_decode", "dec", "kMAC/px", ",.1f", "low"),
    Column("network", "parameters", "parameters", "", ",", "low"),
    Column("nearest", "setting", "setting"),
    Column("nearest", "bpp", "bpp", "", ".3f", "low"),
    *_scores("nearest"),
    Column("file", "seconds_downscale", "downscale", "s", ".3f", "low"),
    Column("file", "seconds_upscale", "upscale", "s", ".3f", "low"),
]


def group_titles(results: BenchmarkResults) -> dict[str, str]:
    """What stands over each group of columns."""
    return {
        "target": f"at {results.target_bpp:g} bpp",
        "anchor": f"against {results.anchor}",
        "time": "per image, median",
        "network": "network",
        "nearest": f"measured point nearest to {results.target_bpp:g} bpp",
        "file": "without the file",
    }


def columns(lines: Sequence[TableLine], *groups: str, lpips: str | None = None) -> list[Column]:
    """The columns of some groups (none: all) in which some line has something; without the rows' names and notes.

    Args:
        lines: of the table.
        groups: keys of `group_titles`.
        lpips: LPIPS' backbone, which stands where other columns have their unit.
    """
    wanted = [column for column in _COLUMNS if not groups or column.group in groups]
    named = [column._replace(unit=lpips or "") if column.field == "lpips" else column for column in wanted]
    return [column for column in named if any(column.value(line) not in (None, "") for line in lines)]


def standing(column: Column, lines: Sequence[TableLine]) -> dict[str, int]:
    """The best (1) and the second-best rows (2) of a column of quality by name, as far as its digits tell.

    Empty for other columns, and where only one row has a number.
    """
    judged = [line for line in lines if column.group in ("target", "anchor") and column.value(line) is not None]
    numbers = {line.row.name: column.rounded(line) for line in judged}
    order = sorted(set(numbers.values()), reverse=column.best == "high")[:2]
    if len(numbers) < 2:
        return {}
    return {name: order.index(value) + 1 for name, value in numbers.items() if value in order}


PUBLISHED_TITLES = ("method", "bpp", "PSNR-RGB (dB)", "thumb PSNR (dB)", "as published by")


def published_cells(entry: Published, target_bpp: float) -> list[str]:
    """A line of the published figures; of a curve, its value at the target rate."""
    if entry.is_curve:
        psnr = at_curve(entry.bpp, entry.psnr_rgb, target_bpp)
        bpp = None if psnr is None else target_bpp
    else:
        psnr, bpp = entry.psnr_rgb[0], entry.bpp[0] if entry.bpp else None
    source = f"{entry.description}; {entry.source}" if entry.description else entry.source
    return [entry.name, _number(bpp, ".3f"), _number(psnr, ".2f"), _number(entry.thumb_psnr, ".2f"), source]


def _number(value: float | None, pattern: str) -> str:
    return NOTHING if value is None else f"{value:{pattern}}"
