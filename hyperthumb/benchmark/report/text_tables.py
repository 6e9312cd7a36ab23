"""`table.md`, `table.tex` and `table.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from hyperthumb.base.wording import markdown_table
from hyperthumb.benchmark.results import BenchmarkResults
from hyperthumb.metrics import Scores

from .columns import PUBLISHED_TITLES, SCORE_TITLES, columns, notes, published_cells, scores
from .table import DatasetTable

_TEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}"}
_TEX |= {"^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}

_CSV_SCORES = ("bpp", "psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr")
_CSV_SECONDS = ("seconds_encode", "seconds_decode", "seconds_downscale", "seconds_upscale")


def markdown(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> str:
    """All tables for reading: at the target rate, the nearest measured points, and apart what others published."""
    target = f"{results.target_bpp:.2f} bpp"
    parts = [f"# {results.name}", _preface(results)]
    for table in tables:
        parts.append(f"## {table.dataset}, {table.images} images, at {target}")
        header = ["method", *(column.title for column in columns()), "notes"]
        numeric = [False, *(column.numeric for column in columns()), False]
        lines = [[line.row.name, *(column.cell(line) for column in columns()), notes(line)] for line in table.lines]
        parts.append(markdown_table(header, lines, numeric))
        nearest = [
            [line.row.name, line.nearest.setting, *scores(line.nearest)]
            for line in table.lines
            if line.nearest is not None and line.row.failure is None
        ]
        parts += [
            f"Measured points nearest to {target}:",
            markdown_table(["method", "setting", *SCORE_TITLES], nearest, _RIGHT),
        ]
        if table.published:
            cells = [published_cells(entry, results.target_bpp) for entry in table.published]
            parts.append("Published by others, not measured here; curves at the target rate, points as they are:")
            parts.append(markdown_table(list(PUBLISHED_TITLES), cells, [False, True, True, True, False]))
    return "\n\n".join(parts) + "\n"


_RIGHT = [False, False, *[True] * len(SCORE_TITLES)]


def latex(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> str:
    r"""One `table` a data set, for `\usepackage{booktabs}`; published figures below a rule, in italics.

    How each row was obtained stands above it as comments: it is for the text of a paper, not for a column.
    """
    parts = []
    for table in tables:
        titles = ("method", *SCORE_TITLES, "BD-rate %", "enc kMAC/px", "dec kMAC/px", "parameters")
        shown = [column for column in columns() if column.title in titles]
        lines = [" & ".join(map(_tex, ["Method", *(column.title for column in shown)])) + r" \\", r"\midrule"]
        for line in table.lines:
            lines.append(" & ".join(map(_tex, [line.row.name, *(column.cell(line) for column in shown)])) + r" \\")
        if table.published:
            lines += [r"\midrule", rf"\multicolumn{{{len(shown) + 1}}}{{l}}{{\emph{{as published}}}} \\"]
        for entry in table.published:
            name, bpp, psnr, thumb, _ = published_cells(entry, results.target_bpp)
            cells = {"bpp": bpp, "PSNR-RGB": psnr, "thumb PSNR": thumb}
            row = [rf"\emph{{{_tex(name)}}}", *(_tex(cells.get(column.title, "-")) for column in shown)]
            lines.append(" & ".join(row) + r" \\")
        caption = f"{table.dataset}, {table.images} images, at {results.target_bpp:.2f} bpp. {_protocol(results)}"
        begin = [r"\begin{table}", r"\centering", rf"\caption{{{_tex(caption)}}}"]
        begin += [rf"\begin{{tabular}}{{l{'r' * len(shown)}}}", r"\toprule"]
        rows = [line.row for line in table.lines if line.row.failure is None]
        comments = [f"% {row.name}: {row.obtained}".replace("\n", " ") for row in rows]
        parts.append("\n".join([*comments, *begin, *lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]))
    return "\n\n".join(parts) + "\n"


def comma_separated(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> str:
    """Everything for other programs: a line a measured point, a line a row at the target rate, published figures.

    The column `what` is `measured`, `interpolated`, `failed` or `published`; empty cells were not measured.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    facts = ("scale", "parameters", "kmacs_encode", "kmacs_decode")
    deltas = ("bd_rate", "bd_psnr")
    writer.writerow(["what", "dataset", "method", "obtained", "setting", *_CSV_SCORES, *_CSV_SECONDS, "device", *facts,
                     *deltas, "notes"])  # fmt: skip
    for table in tables:
        for line in table.lines:
            row = line.row
            about = [getattr(row.facts, name) if row.facts is not None else None for name in facts]
            for point in line.points:
                start = ["measured", table.dataset, row.name, row.obtained, point.setting, *_plain(point)]
                times = [getattr(point, name) for name in _CSV_SECONDS]
                writer.writerow([*start, *times, point.device, *about, None, None, ""])
            what = "failed" if row.failure is not None else "interpolated"
            values = _plain(None if row.failure is not None else line.at_target.values)
            delta = [getattr(line.delta, name) if line.delta is not None else None for name in deltas]
            start = [what, table.dataset, row.name, row.obtained, f"{results.target_bpp:g} bpp"]
            empty = [None] * (len(_CSV_SECONDS) + 1)
            writer.writerow([*start, *values, *empty, *about, *delta, notes(line)])
        for entry in table.published:
            for rate, psnr in zip(entry.bpp or (None,), entry.psnr_rgb, strict=True):
                start = ["published", table.dataset, entry.name, entry.source, entry.description, rate, psnr]
                missing = [None] * (len(_CSV_SECONDS) + 1 + len(facts) + len(deltas))
                writer.writerow([*start, None, None, None, entry.thumb_psnr, *missing, ""])
    return text.getvalue()


def _plain(values: Scores | None) -> list[float | None]:
    return [getattr(values, name) if values is not None else None for name in _CSV_SCORES]


def _preface(results: BenchmarkResults) -> str:
    devices = {point.device for row in results.rows for curve in row.curves for point in curve.points}
    return (
        f"{_protocol(results)} Times are medians at the nearest point: encode is downscale and writing the file, "
        f"decode is reading it and upscale; {', '.join(sorted(devices))}."
    )


def _protocol(results: BenchmarkResults) -> str:
    border = f"{results.crop} pixels left out at each border" if results.crop else "whole image"
    channels = "RGB" if results.headline == "psnr_rgb" else "Y"
    sentences = [
        f"Protocol {results.protocol}: {channels}, {border}; means over the images; "
        "bpp is 8 x bytes of the file / pixels of the photograph.",
        f"Values at {results.target_bpp:.2f} bpp are read off the measured curves (PCHIP over the logarithm of the "
        "rate), never beyond them.",
    ]
    if results.anchor is not None:
        sentences.append(f"BD-rate and BD-PSNR are against {results.anchor}.")
    if results.lpips is not None:
        sentences.append(f"LPIPS: {results.lpips}.")
    return " ".join(sentences)


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)
