"""Options as YAML that loads again to an equal object: what a run leaves behind as its resolved options."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from hyperthumb.base.component import Component

from .schema import EvaluationOptions, TrainDatasets, TrainOptions
from .schema_training import LossesOptions
from .yaml_text import to_yaml


def dump_options(options: TrainOptions | EvaluationOptions) -> str:
    """Every setting with the value that it has, defaults too; inherited and expanded ones are written out."""
    return to_yaml({key: value for key, value in _plain(options).items() if key != "source"})


def _plain(value: Any) -> Any:
    if isinstance(value, Component):
        return {"type": value.type, **_plain(value.arguments)}
    if isinstance(value, TrainDatasets):
        return {"train": _plain(value.train), **_plain(value.val)}
    if dataclasses.is_dataclass(value):
        fields = {entry.name: _plain(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
        flat = fields.pop("terms" if isinstance(value, LossesOptions) else getattr(value, "flat", ""), {})
        return {**flat, **fields}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
