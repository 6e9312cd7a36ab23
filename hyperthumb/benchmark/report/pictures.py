"""`pictures.md`: what each method makes of each picture at the target rate."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from hyperthumb.base.wording import markdown_table
from hyperthumb.benchmark.results import BenchmarkResults

from .columns import NOTHING
from .paired import paired, picture_scores
from .table import DatasetTable
from .text_tables import missing_values


def picture_tables(results: BenchmarkResults, tables: Sequence[DatasetTable]) -> str:
    """A table for each data set: a line for each picture, a column for each method that reaches the target rate."""
    title = "PSNR-RGB" if results.headline == "psnr_rgb" else "PSNR-Y"
    parts = [
        f"# {results.name}, each picture",
        f"{title} in dB at the settings with which the set has {results.target_bpp:g} bpp. Below the mean: the mean of "
        "the differences from the anchor, and its 95 % interval over the pictures.",
    ]
    for table in tables:
        info = next(info for info in results.datasets if info.name == table.dataset)
        found = {
            line.row.name: scores
            for line in table.lines
            if line.row.failure is None
            and (scores := picture_scores(line.points, results.headline, results.target_bpp)) is not None
        }
        cells = [
            [image, *(f"{scores[number]:.2f}" for scores in found.values())] for number, image in enumerate(info.images)
        ]
        cells.append(["mean", *(f"{statistics.fmean(scores):.2f}" for scores in found.values())])
        if results.anchor in found:
            anchor = found[results.anchor]
            differences = [None if scores is anchor else paired(scores, anchor) for scores in found.values()]
            texts = [NOTHING if one is None else f"{one.mean:+.2f} ± {one.interval:.2f}" for one in differences]
            cells.append([f"from {results.anchor}", *texts])
        parts.append(f"## {table.dataset}")
        parts.append(markdown_table(["picture", *found], cells, [False, *(True for _ in found)]))
        parts += missing_values(results, table)
    return "\n\n".join(parts) + "\n"
