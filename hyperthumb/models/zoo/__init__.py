"""The models that ship with hyperthumb: the model files beside this one."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.wording import did_you_mean
from hyperthumb.models.header import SUFFIX, read_model_header

from .checksums import verify

DEFAULT_MODEL = "lite_4x"
FOLDER = Path(__file__).parent


def model_names() -> list[str]:
    """The models that ship, sorted."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def find_model(name_or_path: str | os.PathLike[str] | None = None) -> Path:
    """The file of a shipped model, or the path as it was given: to a model file, a training's folder or a checkpoint.

    Args:
        name_or_path: None is the best model that ships.

    Raises:
        CheckpointError: when there is nothing, or the shipped file is damaged; the message says what to do.
    """
    names = model_names()
    if name_or_path is None:
        if DEFAULT_MODEL not in names:
            raise CheckpointError(
                f"the model {DEFAULT_MODEL}, which ships with hyperthumb, is not in {FOLDER}: install hyperthumb anew, "
                "or name a model of your own, such as --model PATH or hyperthumb.load(PATH)"
            )
        name_or_path = DEFAULT_MODEL
    if name_or_path in names:
        path = FOLDER / f"{name_or_path}{SUFFIX}"
        verify(path)
        return path
    path = Path(name_or_path).expanduser()
    if not path.exists():
        name = os.fspath(name_or_path)
        known = f"known: {', '.join(names)}" if names else "none is there"
        raise CheckpointError(
            f'there is no model "{name}"{did_you_mean(name, names)}: neither a file or folder, nor a model that ships '
            f"with hyperthumb ({known})"
        )
    return path


def find_model_of(model_id: bytes) -> Path | None:
    """The file of the shipped model with that id; None for a model that does not ship.

    Raises:
        CheckpointError: when a shipped file is damaged.
    """
    paths = (FOLDER / f"{name}{SUFFIX}" for name in model_names())
    return next((path for path in paths if _model_id(path, path.stat().st_mtime_ns) == model_id), None)


def is_shipped(model_id: bytes) -> bool:
    """Whether a model with that id ships.

    Raises:
        CheckpointError: when a shipped file is damaged.
    """
    return find_model_of(model_id) is not None


@lru_cache(maxsize=64)
def _model_id(path: Path, changed: int) -> bytes:
    """The id of the model in a shipped file that was last changed at that time; every file is read and checked once.

    Raises:
        CheckpointError: when the file is damaged.
    """
    verify(path)
    return read_model_header(path).model_id
