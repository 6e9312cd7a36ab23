"""Mappings, lists and values of an options file that know where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .complaints import Location

REFUSED: Any = object()
"""Stands for a value that was complained of while the file was parsed: who reads it further has nothing to add."""


class Section(dict[str, Any]):
    """A mapping of keys to values.

    Attributes:
        location: the line of the section's own key.
        places: the line of each key in it.
        path: its dotted path, such as `datasets.train` (set by `label`).
    """

    def __init__(self, location: Location, path: str = "") -> None:
        super().__init__()
        self.location, self.path = location, path
        self.places: dict[str, Location] = {}

    def put(self, key: str, value: Any, location: Location) -> None:
        """Set a key, and where it stands."""
        self[key], self.places[key] = value, location

    def select(self, keys: Iterable[str]) -> Section:
        """A section of the same place with these of the keys."""
        part = Section(self.location, self.path)
        for key in keys:
            part.put(key, self[key], self.places[key])
        return part

    def locate(self, keys: Iterable[str | int]) -> tuple[Location, str]:
        """The place and the dotted path of the innermost setting that `keys` lead to; steps that lead nowhere are left
        out."""
        node: Any = self
        location, where = self.location, self.path
        for key in keys:
            if isinstance(node, Section) and key in node:
                location, where = node.places[str(key)], join(node.path, str(key))
            elif isinstance(node, Items) and isinstance(key, int) and key < len(node):
                location, where = node.places[key], f"{where}[{key}]"
            else:
                continue
            node = node[key]
        return location, where


class Items(list[Any]):
    """A list; `places` has the line of each item."""

    def __init__(self, items: Iterable[Any] = (), places: Iterable[Location] = ()) -> None:
        super().__init__(items)
        self.places = list(places)


def join(path: str, key: str) -> str:
    """`path.key`, or the key alone at the root."""
    return f"{path}.{key}" if path else key


def label(node: Any, path: str = "") -> None:
    """Tell every section in `node` its dotted path."""
    if isinstance(node, Section):
        node.path = path
        for key, value in node.items():
            label(value, join(path, key))
    elif isinstance(node, Items):
        for index, value in enumerate(node):
            label(value, f"{path}[{index}]")


def plain(value: Any) -> Any:
    """The value with ordinary dicts and lists."""
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
