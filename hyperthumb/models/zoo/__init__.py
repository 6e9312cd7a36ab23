"""The models that ship with hyperthumb, as model files in this folder."""

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
    """The names of the shipped models, sorted."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def find_model(name_or_path: str | os.PathLike[str] | None = None) -> Path:
    """Finds a model by its shipped name or by its path.

    Args:
        name_or_path: the name of a shipped model, or the path of a model file, a training's folder or a checkpoint.
            None means the best shipped model.

    Raises:
        CheckpointError: when there is no such model, or the shipped file is damaged. The message says what to do.
    """
    names = model_names()
    if name_or_path is None:
        if DEFAULT_MODEL not in names:
            raise CheckpointError(
                f"the shipped model {DEFAULT_MODEL} is missing from {FOLDER}: reinstall hyperthumb, or give your own "
                "model with --model PATH or hyperthumb.load(PATH)"
            )
        name_or_path = DEFAULT_MODEL
    if name_or_path in names:
        path = FOLDER / f"{name_or_path}{SUFFIX}"
        _verify_all(path)
        return path
    path = Path(name_or_path).expanduser()
    if not path.exists():
        name = os.fspath(name_or_path)
        known = f"known: {', '.join(names)}" if names else "none are installed"
        raise CheckpointError(
            f'there is no model "{name}"{did_you_mean(name, names)}: it is not a file, a folder or a shipped model '
            f"({known})"
        )
    return path


def find_model_of(model_id: bytes) -> Path | None:
    """The file of the shipped model with this id, or None.

    Raises:
        CheckpointError: when a shipped file is damaged.
    """
    paths = (FOLDER / f"{name}{SUFFIX}" for name in model_names())
    return next((path for path in paths if _model_id(path, path.stat().st_mtime_ns) == model_id), None)


def is_shipped(model_id: bytes) -> bool:
    """Whether a shipped model has this id.

    Raises:
        CheckpointError: when a shipped file is damaged.
    """
    return find_model_of(model_id) is not None


@lru_cache(maxsize=64)
def _model_id(path: Path, changed: int) -> bytes:
    """The id of the model in a shipped file that was last changed at that time; every file is read and checked once.

    Raises:
        CheckpointError: when the file, or an exported graph of it, is damaged.
    """
    _verify_all(path)
    return read_model_header(path).model_id


def _verify_all(path: Path) -> None:
    """Checks a shipped model file and the exported graphs beside it."""
    for file in (path, *sorted(FOLDER.glob(f"{path.stem}.*.onnx"))):
        verify(file)
