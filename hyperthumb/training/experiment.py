"""The folder of an experiment: options, environment, log, and the table of validations."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from hyperthumb.base.environment import describe_environment
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import remove_scraps, write_atomically, writing
from hyperthumb.base.wording import whole_number
from hyperthumb.config import TrainOptions, dump_options
from hyperthumb.metrics import QUALITY

RESOLVED = "options.resolved.yml"
"""The file with the values of all settings of a run, including defaults."""


class Experiment:
    """`<experiments_root>/<name>` and its subfolders.

    When not `resuming`, an existing folder is moved aside, never overwritten.
    """

    def __init__(self, options: TrainOptions, resuming: bool) -> None:
        self.root = options.path.experiments_root / options.name
        self.tensorboard = options.path.tb_root / options.name
        self.archived: Path | None = None
        stamp = time.strftime("%Y%m%d_%H%M%S")
        self.log_file = self.root / f"train_{options.name}_{stamp}.log"
        text = options.source.read_bytes()  # read now, because it may be in the folder that is renamed
        models, states, pictures = (self.root / name for name in ("models", "training_states", "visualization"))
        with writing(self.root):
            if not resuming:
                self.archived = _move_aside(self.root, stamp)
                _move_aside(self.tensorboard, stamp)
            for folder in (self.root, models, states, pictures):
                folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.root, models, states, self.root / "bad_steps", *pictures.rglob("*")):
            if folder.is_dir():
                remove_scraps(folder)
        write_atomically(self.root / "options.yml", text)

    def write_records(self, options: TrainOptions, argv: Iterable[str]) -> None:
        """Writes the resolved options and the environment beside the copy of the options file."""
        write_atomically(self.root / RESOLVED, dump_options(options).encode())
        lines = {"command": " ".join(argv), **describe_environment()}
        text = "".join(f"{key}: {value}\n" for key, value in lines.items())
        write_atomically(self.root / "environment.txt", text.encode())


class ValidationTable:
    """`metrics.csv` of an experiment, with a row for each validation. It is written atomically.

    Args:
        path: the file.
        keep_through: rows of later iterations, which a killed run may have left, are removed.

    Raises:
        HyperthumbError: if the file exists but is not such a table or cannot be read. It is not changed then.
    """

    COLUMNS = ("iteration", "dataset", "protocol", "count", "bpp", *QUALITY)

    def __init__(self, path: Path, keep_through: int) -> None:
        self.path = path
        self._rows: list[Mapping[str, object]] = []
        self._rows += [row for row in self._read() if int(row["iteration"]) <= keep_through]
        self._write()

    def append(self, row: Mapping[str, object]) -> None:
        """Adds a row. Raises HyperthumbError when it cannot be written; the file stays as it was."""
        self._rows.append(row)
        self._write()

    def _read(self) -> list[dict[str, str]]:
        """Reads the existing rows. It raises an error for rows that could not be written back unchanged."""
        try:
            with open(self.path, newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                rows, columns = list(reader), reader.fieldnames or ()
            for name in columns:
                if name not in self.COLUMNS:
                    raise ValueError(f'it has a column "{name[:40]}"')
            for number, row in enumerate(rows, 1):
                if None in row or None in row.values():
                    raise ValueError(f"row {number} has more or fewer cells than there are columns")
                if whole_number(row.get("iteration", "")) is None:
                    raise ValueError(f"row {number} has no iteration")
        except FileNotFoundError:
            return []
        except (OSError, ValueError, csv.Error) as error:  # bytes that are not UTF-8 are a ValueError
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise HyperthumbError(
                f"{self.path} cannot be read as the table of validations: {reason}. It was not changed: correct it, or "
                "move it away to start a new one"
            ) from error
        return rows

    def _write(self) -> None:
        """Writes the file durably, so that a checkpoint that survives a power cut has its earlier rows."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        write_atomically(self.path, text.getvalue().encode(), durable=True)


def _move_aside(folder: Path, stamp: str) -> Path | None:
    """Renames a folder, if it exists, and returns its new name."""
    if not folder.exists():
        return None
    target, number = folder.with_name(f"{folder.name}_archived_{stamp}"), 1
    while target.exists():
        number += 1
        target = folder.with_name(f"{folder.name}_archived_{stamp}_{number}")
    folder.rename(target)
    return target
