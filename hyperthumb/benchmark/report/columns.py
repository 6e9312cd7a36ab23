"""What a benchmark's tables show, column by column; Markdown, LaTeX and CSV differ in dress alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from hyperthumb.metrics import Scores

from .curves import at_curve
from .published import Published
from .table import TableLine

NOTHING = "-"


@dataclass(frozen=True)
class Column:
    """A column's title, and its cell for a line."""

    title: str
    cell: Callable[[TableLine], str]
    numeric: bool = True


def scores(values: Scores | None) -> list[str]:
    """bpp, PSNR-RGB, PSNR-Y, SSIM, LPIPS and thumbnail PSNR as text; what was not measured is a dash."""
    if values is None:
        return [NOTHING] * len(SCORE_TITLES)
    return [
        number(values.bpp, 3),
        number(values.psnr_rgb, 2),
        number(values.psnr_y, 2),
        number(values.ssim, 4),
        number(values.lpips, 4),
        number(values.thumb_psnr, 2),
    ]


SCORE_TITLES = ("bpp", "PSNR-RGB", "PSNR-Y", "SSIM", "LPIPS", "thumb PSNR")


def number(value: float | None, digits: int) -> str:
    """A number with so many decimals, or a dash."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def columns() -> list[Column]:
    """The columns of the table at the target rate, without the first, the method's name, and the last, the notes."""
    found = [
        Column("obtained", lambda line: NOTHING if line.row.failure else line.row.obtained, numeric=False),
        Column("scale", _scale),
    ]
    return [
        *found,
        *(Column(title, functools.partial(_score, index)) for index, title in enumerate(SCORE_TITLES)),
        Column("BD-rate %", lambda line: _of_delta(line, "bd_rate", 1)),
        Column("BD-PSNR dB", lambda line: _of_delta(line, "bd_psnr", 2)),
        Column("encode s", lambda line: _seconds(line, "seconds_encode")),
        Column("downscale s", lambda line: _seconds(line, "seconds_downscale")),
        Column("decode s", lambda line: _seconds(line, "seconds_decode")),
        Column("upscale s", lambda line: _seconds(line, "seconds_upscale")),
        Column("enc kMAC/px", lambda line: _fact(line, "kmacs_encode")),
        Column("dec kMAC/px", lambda line: _fact(line, "kmacs_decode")),
        Column("parameters", _parameters),
    ]


PUBLISHED_TITLES = ("method", "bpp", "PSNR-RGB", "thumb PSNR", "as published by")


def published_cells(entry: Published, target_bpp: float) -> list[str]:
    """A line of the published figures; of a curve, its value at the target rate."""
    if entry.is_curve:
        psnr = at_curve(entry.bpp, entry.psnr_rgb, target_bpp)
        bpp = None if psnr is None else target_bpp
    else:
        psnr, bpp = entry.psnr_rgb[0], entry.bpp[0] if entry.bpp else None
    source = f"{entry.description}; {entry.source}" if entry.description else entry.source
    return [entry.name, number(bpp, 3), number(psnr, 2), number(entry.thumb_psnr, 2), source]


def notes(line: TableLine) -> str:
    """What is to be said of a line's numbers."""
    return "; ".join(line.notes)


def _scale(line: TableLine) -> str:
    return NOTHING if line.row.facts is None else f"{line.row.facts.scale}x"


def _score(index: int, line: TableLine) -> str:
    if line.row.failure is not None:
        return "failed" if index == 0 else NOTHING
    return scores(line.at_target.values)[index]


def _of_delta(line: TableLine, field: str, digits: int) -> str:
    value = getattr(line.delta, field) if line.delta is not None else None
    return NOTHING if value is None else f"{value:+.{digits}f}"


def _seconds(line: TableLine, field: str) -> str:
    if line.nearest is None or line.row.failure is not None:
        return NOTHING
    return number(getattr(line.nearest, field), 3)


def _fact(line: TableLine, field: str) -> str:
    return NOTHING if line.row.facts is None else number(getattr(line.row.facts, field), 1)


def _parameters(line: TableLine) -> str:
    facts = line.row.facts
    return NOTHING if facts is None or facts.parameters is None else f"{facts.parameters:,}"
