"""Lists settings that differ from those of the run that is resumed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from hyperthumb.config import TrainOptions, dump_options


def changed_settings(resolved: Path, options: TrainOptions) -> list[str]:
    """Lists changed settings, for example "train.optim_g.lr 0.002, before 0.001".

    Args:
        resolved: the file of the resolved options of the run that is resumed. If it cannot be read, a warning is given.
        options: the options of this run.
    """
    try:
        before = dict(_leaves(yaml.safe_load(resolved.read_text(encoding="utf-8"))))
    except (OSError, ValueError, yaml.YAMLError) as error:
        warnings.warn(f"{resolved} cannot be read, so changed settings are not listed: {error}", stacklevel=2)
        return []
    now = dict(_leaves(yaml.safe_load(dump_options(options))))
    return [
        f"{key} {_written(now, key)}, before {_written(before, key)}"
        for key in (*now, *(key for key in before if key not in now))
        if _written(now, key) != _written(before, key)
    ]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from _leaves(entry, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _written(leaves: dict[str, Any], key: str) -> str:
    if key not in leaves:
        return "not given"
    return "~" if leaves[key] is None else str(leaves[key])
