"""The models that ship with hyperthumb: the model files beside this one."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import CheckpointError
from ..wording import did_you_mean

DEFAULT_MODEL = "lite_4x"
_FOLDER = Path(__file__).parent
_SUFFIX = ".safetensors"


def model_names() -> list[str]:
    """The models that ship, sorted."""
    return sorted(path.stem for path in _FOLDER.glob(f"*{_SUFFIX}"))


def find_model(name_or_path: str | os.PathLike[str] | None = None) -> Path:
    """The file of a shipped model, or the path as it was given: to a model file, a training's folder or a checkpoint.

    Args:
        name_or_path: None is the best model that ships.

    Raises:
        CheckpointError: when there is nothing; the message says what there is and how to get a model.
    """
    names = model_names()
    if name_or_path is None:
        if DEFAULT_MODEL not in names:
            raise CheckpointError(
                "no model ships with hyperthumb yet: name one yourself, such as --model PATH or "
                "hyperthumb.load(PATH), where PATH is a model file, or the folder of a training under experiments/ "
                "(python run_train.py -opt options/train/lite_4x.yml trains one)"
            )
        return _FOLDER / f"{DEFAULT_MODEL}{_SUFFIX}"
    if name_or_path in names:
        return _FOLDER / f"{name_or_path}{_SUFFIX}"
    path = Path(name_or_path).expanduser()
    if not path.exists():
        name = os.fspath(name_or_path)
        known = f"known: {', '.join(names)}" if names else "none ships yet"
        raise CheckpointError(
            f'there is no model "{name}"{did_you_mean(name, names)}: neither a file or folder, nor a model that ships '
            f"with hyperthumb ({known})"
        )
    return path
