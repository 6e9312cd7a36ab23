"""The folder of one experiment: what ran, with which options, on what machine, and what came out."""

from __future__ import annotations

import csv
import io
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from hyperthumb.config import TrainOptions, dump_options
from hyperthumb.environment import describe_environment
from hyperthumb.files import write_atomically


class Experiment:
    """`<experiments_root>/<name>` and its subfolders.

    Args:
        options: the run's options.
        resuming: go on in the folder that is there; otherwise an existing one is moved aside, never overwritten.
    """

    def __init__(self, options: TrainOptions, resuming: bool) -> None:
        self.root = options.path.experiments_root / options.name
        self.stamp = time.strftime("%Y%m%d_%H%M%S")
        self.archived: Path | None = None
        if self.root.exists() and not resuming:
            self.archived = _move_aside(self.root, self.stamp)
        tensorboard = options.path.tb_root / options.name
        if tensorboard.exists() and not resuming:
            _move_aside(tensorboard, self.stamp)
        self.tensorboard = tensorboard
        self.visualization = self.root / "visualization"
        for folder in ("models", "training_states", "visualization"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    @property
    def log_file(self) -> Path:
        return self.root / f"train_{self.root.name}_{self.stamp}.log"

    def write_records(self, options: TrainOptions, argv: Iterable[str]) -> None:
        """Copies the options file, and writes the resolved options and the environment."""
        shutil.copyfile(options.source, self.root / "options.yml")
        (self.root / "options.resolved.yml").write_text(dump_options(options), encoding="utf-8")
        lines = {"command": " ".join(argv), **describe_environment()}
        text = "".join(f"{key}: {value}\n" for key, value in lines.items())
        (self.root / "environment.txt").write_text(text, encoding="utf-8")


class ValidationTable:
    """`metrics.csv` of an experiment: a row for each validation; rows of lost iterations go when a run resumes."""

    COLUMNS = (
        "iteration", "dataset", "protocol", "count", "bpp", "psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr",
        "rate_estimate_bpp",
    )  # fmt: skip

    def __init__(self, path: Path, start_iteration: int) -> None:
        self.path = path
        rows = []
        if path.exists():
            with open(path, newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if int(row["iteration"]) <= start_iteration]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(path, text.getvalue().encode())

    def append(self, row: Mapping[str, object]) -> None:
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.COLUMNS, lineterminator="\n").writerow(row)


def _move_aside(folder: Path, stamp: str) -> Path:
    target = folder.with_name(f"{folder.name}_archived_{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = folder.with_name(f"{folder.name}_archived_{stamp}_{number}")
    folder.rename(target)
    return target
