"""A tree of nodes to the schema's dataclasses, complaining of everything at once."""

from __future__ import annotations

import dataclasses
import functools
import typing
from typing import Annotated, Any, get_args, get_origin

from hyperthumb.base.registry import PartOf
from hyperthumb.base.wording import did_you_mean

from .complaints import Complaints
from .components import ComponentReader
from .ignored import KEYS, Ignored
from .marks import Flat, KeysFrom, NamedByKey
from .nodes import Mapping, Node, Scalar, is_refused
from .values import INVALID, is_null


class RecordReader(ComponentReader):
    """Reads dataclasses: one key a field.

    Attributes:
        ignored: the settings without effect that were met.
    """

    def __init__(self, complaints: Complaints, supplied: dict[str, dict[str, Any]] | None = None) -> None:
        super().__init__(complaints, supplied)
        self.ignored: list[Ignored] = []

    def complain(self, where: str, message: str) -> None:
        """Complain of a setting that was read, at its line or, when it was not given, at that of what it belongs to."""
        given = where
        while given and given not in self.locations:
            given = given.rpartition(".")[0]
        self.complaints.add(self.locations[given], where, message)

    def ignore(self, record: Any, name: str, where: str, reason: str) -> None:
        """Note that the setting `name` of the record at `where` has no effect, if it was given and is not the default.

        A default asks for nothing; resolved options, which hold all of them, load without a warning.
        """
        place = self.locations.get(_join(where, name))
        default = next((entry.default for entry in dataclasses.fields(record) if entry.name == name), None)
        if place is not None and getattr(record, name) != default:
            self.ignored.append(Ignored(place, _join(where, name), reason))

    def read_type(self, node: Node, annotation: Any, where: str) -> Any:
        if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
            return self.read_record(node, annotation, where)
        return super().read_type(node, annotation, where)

    def read_record(self, node: Node, cls: type, where: str, **given: Any) -> Any:
        """An instance of the dataclass `cls`.

        Fields that were complained of are `INVALID` in it, so that what depends on the others can still be checked;
        who calls must raise the complaints before using it.

        Args:
            node: a mapping; null stands for an empty one, as when all keys of a section are commented out.
            cls: the dataclass.
            where: dotted path, for complaints.
            given: fields that do not come from the file.
        """
        layout = _layout(cls)
        if is_refused(node):
            return INVALID
        if is_null(node):
            node = Mapping({}, node.location)
        if not isinstance(node, Mapping):
            hint = f"; write {{type: {node.value}}}" if layout.flat and isinstance(node, Scalar) else ""
            return self.refuse(node, cls, where, hint)
        self.locations[where] = node.location
        keys = self._keys_with_effect(node, cls, where)
        values = dict(given)
        named = {name: entry for name, entry in layout.named.items() if name not in given}
        for name in [name for name in named if name in keys]:
            values[name] = self.read(keys.pop(name), named[name].annotation, _join(where, name))
        for name in [name for name in named if name not in values]:
            if NamedByKey in named[name].marks:
                key = Scalar(self.keys[where], node.location)
                values[name] = self.read(key, named[name].annotation, _join(where, name))
            elif named[name].required:
                self.complaints.add(node.location, where, f'the key "{name}" is missing')
                values[name] = INVALID
        if layout.gathering is not None:
            kind, prefix = layout.gathering.value_kind(), layout.gathering.marks[KeysFrom].prefix
            taken = {key: keys.pop(key) for key in list(keys) if key.startswith(prefix)}
            gathered = {key: self.read(child, kind, _join(where, key)) for key, child in taken.items()}
            values[layout.gathering.name] = gathered
        if layout.flat is not None:
            registry = layout.flat.marks[PartOf].registry
            rest = Mapping(keys, node.location)
            values[layout.flat.name] = self.read_component(rest, registry, where, beside=tuple(named))
        else:
            self._complain_of_unknown(keys, list(named), where)
        return cls(**values)

    def _keys_with_effect(self, node: Mapping, cls: type, where: str) -> dict[str, Node]:
        without_effect = KEYS.get(cls, {})
        keys: dict[str, Node] = {}
        for key, child in node.entries.items():
            self.locations[_join(where, key)] = child.location
            self.keys[_join(where, key)] = key
            if key in without_effect:
                self.ignored.append(Ignored(child.location, _join(where, key), without_effect[key]))
            else:
                keys[key] = child
        return keys

    def _complain_of_unknown(self, keys: dict[str, Node], names: list[str], where: str) -> None:
        for key, child in keys.items():
            hint = did_you_mean(key, names) or f" (known here: {', '.join(names)})"
            self.complaints.add(child.location, where, f'unknown key "{key}"{hint}')


@dataclasses.dataclass(frozen=True)
class _Field:
    """One field of a record: how it is read and whether it has to be given."""

    name: str
    annotation: Any
    required: bool
    marks: dict[type, Any]

    def value_kind(self) -> Any:
        """Of a field that is a dict: the annotation of its values."""
        return get_args(get_args(self.annotation)[0])[1]


@dataclasses.dataclass(frozen=True)
class _Layout:
    """Which fields of a record are keys, which one takes some of the other keys, and which one all the rest."""

    named: dict[str, _Field]
    gathering: _Field | None
    flat: _Field | None


@functools.cache
def _layout(cls: type) -> _Layout:
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = []
    for entry in dataclasses.fields(cls):
        required = entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        annotation = hints[entry.name]
        marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
        fields.append(_Field(entry.name, annotation, required, {type(mark): mark for mark in marks}))
    gathering = next((entry for entry in fields if KeysFrom in entry.marks), None)
    flat = next((entry for entry in fields if Flat in entry.marks), None)
    return _Layout({entry.name: entry for entry in fields if entry not in (gathering, flat)}, gathering, flat)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
