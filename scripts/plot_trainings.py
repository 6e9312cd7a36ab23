"""Plots validations of trainings over iterations, and over CPU time where the time of a step is given.

    python scripts/plot_trainings.py convolutional=experiments/a@85 transformer=experiments/b@138 -o encoders.png

Each word is NAME=FOLDER, or NAME=FOLDER@MS with the milliseconds of a training step (`scripts/measure_training.py`
measures them). Trainings with one name, such as two seeds, share a color. `metrics.csv` in each folder has the numbers;
the first validation, before any training, is left out.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.output import entry_point
from hyperthumb.benchmark.report.plots import COLORS

COLUMNS = {"bpp": "bpp", "psnr_rgb": "PSNR-RGB, dB", "thumb_psnr": "thumbnail PSNR, dB", "lpips": "LPIPS"}


class Training(NamedTuple):
    """One training.

    Attributes:
        name: its curve's name.
        step_ms: CPU milliseconds of a step, if known.
        rows: the validations after the first, with the columns of `metrics.csv`.
    """

    name: str
    step_ms: float | None
    rows: list[dict[str, str]]

    @property
    def iterations(self) -> list[int]:
        return [int(row["iteration"]) for row in self.rows]


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trainings", nargs="+", metavar="NAME=FOLDER[@MS]")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png")
    options = parser.parse_args(arguments)
    draw([read_training(word) for word in options.trainings], options.output)
    print(f"written: {options.output}", file=sys.stderr)
    return 0


def read_training(word: str) -> Training:
    """Reads the validations of NAME=FOLDER or NAME=FOLDER@MS.

    Raises:
        HyperthumbError: if the word has another form, or the folder has no validation after the first.
    """
    name, equals, rest = word.partition("=")
    folder, at, step = rest.rpartition("@") if "@" in rest else (rest, "", "")
    try:
        step_ms = float(step) if at else None
    except ValueError:
        raise HyperthumbError(f'"{step}" in "{word}" is not a number of milliseconds') from None
    if not (name and equals and folder):
        raise HyperthumbError(f'"{word}" is not of the form NAME=FOLDER or NAME=FOLDER@MS')
    path = Path(folder) / "metrics.csv"
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise HyperthumbError(f"{path} cannot be read: {error.strerror}") from error
    rows = [row for row in rows if row["iteration"] != "0"]
    if not rows:
        raise HyperthumbError(f"{path} has no validation after the first")
    return Training(name, step_ms, rows)


def draw(trainings: Sequence[Training], path: Path) -> None:
    """Draws a column of plots for each measure; the second row, over CPU minutes, needs the times of all steps."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = [name for name in COLUMNS if all(row[name] for training in trainings for row in training.rows)]
    timed = all(training.step_ms is not None for training in trainings)
    figure, axes = pyplot.subplots(
        1 + timed, len(columns), figsize=(3.2 * len(columns), 2.8 * (1 + timed)), squeeze=False, layout="constrained"
    )
    names = list(dict.fromkeys(training.name for training in trainings))
    for training in trainings:
        color = COLORS[names.index(training.name) % len(COLORS)]
        scales = [1.0] + ([(training.step_ms or 0) / 60_000] if timed else [])
        for line, scale in zip(axes, scales, strict=True):
            for axis, column in zip(line, columns, strict=True):
                values = [float(row[column]) for row in training.rows]
                places = [scale * iteration for iteration in training.iterations]
                axis.plot(places, values, "o-", color=color, label=training.name, markersize=3)
    for line, label in zip(axes, ("iterations", "CPU minutes of training"), strict=False):
        for axis, column in zip(line, columns, strict=True):
            axis.set(xlabel=label, ylabel=COLUMNS[column])
            axis.grid(alpha=0.3)
    handles = dict(zip(*reversed(axes[0, 0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main())
