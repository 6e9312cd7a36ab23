"""Options as YAML that loads again to an equal object: what a run leaves behind as its resolved options."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import yaml

from hyperthumb.base.component import Component

from .nodes import read_plain_scalar
from .schema import DatasetOptions, TestOptions, TrainDatasets, TrainOptions, WeightedLoss


def dump_options(options: TrainOptions | TestOptions) -> str:
    """Every setting with the value that it has, defaults too; inherited and expanded ones are written out."""
    return yaml.dump(_plain(options), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Component):
        return {"type": value.type, **{key: _plain(argument) for key, argument in value.arguments.items()}}
    if isinstance(value, DatasetOptions):
        return {**_plain(value.source), **_fields(value, without="source")}
    if isinstance(value, WeightedLoss):
        return {**_plain(value.loss), **_fields(value, without="loss")}
    if isinstance(value, TrainDatasets):
        return {"train": _plain(value.train), **_plain(value.val)}
    if isinstance(value, (TrainOptions, TestOptions)):
        return _fields(value, without="source")
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _fields(value: Any, without: str | None = None) -> dict[str, Any]:
    names = [entry.name for entry in dataclasses.fields(value) if entry.name != without]
    return {name: _plain(getattr(value, name)) for name in names}


_LINE_BREAKS = frozenset("\x85\u2028\u2029")


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader would take for something else than text, and shares nothing by aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if not isinstance(read_plain_scalar(text), str) or text == "<<":
        style = "'"
    if not _LINE_BREAKS.isdisjoint(text):  # only double quotes escape them
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_list(dumper: _Dumper, items: list[Any]) -> yaml.SequenceNode:
    simple = all(not isinstance(item, (dict, list)) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=simple)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
