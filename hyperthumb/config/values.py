"""A node to a Python value of an annotated type, strictly: `"3"` is no integer, `true` is no number."""

from __future__ import annotations

import collections.abc
import math
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from hyperthumb.base.wording import did_you_mean, join_words

from .complaints import Complaints, Location
from .nodes import Listing, Mapping, Node, Scalar, is_refused, plain


class _Invalid:
    """Stands in for a value that was complained of; it never leaves the loader."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Any = _Invalid()

_NAMES: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
_PLURALS: dict[Any, str] = {int: "whole numbers", float: "numbers", bool: "booleans", str: "texts", Path: "paths"}
_LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)
_DICTS = (dict, collections.abc.Mapping)
_LARGEST = 2**63 - 1
_LONGEST_SHOWN = 60


class ValueReader:
    """Reads nodes as plain types, lists, dicts and unions of those; subclasses add components and records.

    Attributes:
        complaints: what was wrong.
        locations: the place of every setting that was read, by its dotted path.
        keys: the key that a mapping stands under, by its dotted path; keys may hold dots themselves.
    """

    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints
        self.locations: dict[str, Location] = {}
        self.keys: dict[str, str] = {}

    def read(self, node: Node, annotation: Any, where: str) -> Any:
        """The node's value as `annotation` says, or `INVALID` after a complaint."""
        if is_refused(node):
            return INVALID
        if get_origin(annotation) is typing.Annotated:
            base, *marks = get_args(annotation)
            return self.read_annotated(node, base, marks, where)
        return self.read_type(node, annotation, where)

    def read_annotated(self, node: Node, base: Any, marks: list[Any], where: str) -> Any:
        """The value as `base` says, if every constraint among the `marks` holds."""
        value = self.read(node, base, where)
        for mark in marks:
            problem = mark.problem(value) if value is not INVALID and hasattr(mark, "problem") else None
            if problem:
                self.complaints.add(node.location, where, problem)
                return INVALID
        return value

    def read_type(self, node: Node, annotation: Any, where: str) -> Any:
        """The value as an annotation without marks says. What this does not know is passed on as it stands."""
        origin = get_origin(annotation) or annotation
        if origin in (Union, types.UnionType):
            return self._read_union(node, annotation, where)
        if origin is Literal:
            return self._read_choice(node, get_args(annotation), where)
        if origin in _LISTS:
            return self._read_list(node, annotation, where)
        if origin in _DICTS:
            return self._read_dict(node, annotation, where)
        if origin in _NAMES:
            return self._read_scalar(node, origin, where)
        if annotation in (None, type(None)):
            return None if is_null(node) else self.refuse(node, annotation, where)
        return plain(node)

    def refuse(self, node: Node, annotation: Any, where: str, hint: str = "") -> Any:
        """Complain that the node is not what `annotation` says."""
        self.complaints.add(node.location, where, f"wants {describe(annotation)}, not {show(node)}{hint}")
        return INVALID

    def _read_scalar(self, node: Node, wanted: type, where: str) -> Any:
        value = node.value if isinstance(node, Scalar) else INVALID
        if wanted is bool:
            hint = "; booleans are written true and false" if value in ("yes", "no", "on", "off") else ""
            return value if isinstance(value, bool) else self.refuse(node, wanted, where, hint)
        if wanted in (str, Path):
            if not isinstance(value, str):
                hint = " (put it in quotes)" if isinstance(value, (bool, int, float)) else ""
                return self.refuse(node, wanted, where, hint)
            return Path(value).expanduser() if wanted is Path else value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            hint = ""
            number = _number_in(value) if isinstance(value, str) else None
            if isinstance(value, str) and number is not None:
                way = (
                    "without quotes and underscores" if value.isascii() else "in plain digits without other characters"
                )
                hint = f"; write {number}, {way}"
            return self.refuse(node, wanted, where, hint)
        if wanted is float:
            return float(value) if math.isfinite(value) else self.refuse(node, wanted, where)
        # Iterations are often written 5e3: the same count, so it passes.
        if not math.isfinite(value) or value != int(value):
            return self.refuse(node, wanted, where)
        return (
            int(value) if abs(value) <= _LARGEST else self.refuse(node, wanted, where, f"; {_LARGEST} is the largest")
        )

    def _read_choice(self, node: Node, choices: tuple[Any, ...], where: str) -> Any:
        value = node.value if isinstance(node, Scalar) else INVALID
        for choice in choices:
            if type(choice) is type(value) and choice == value:
                return choice
        hint = did_you_mean(value, map(str, choices)) if isinstance(value, str) else ""
        return self.refuse(node, Literal[choices], where, hint)

    def _read_union(self, node: Node, annotation: Any, where: str) -> Any:
        members = get_args(annotation)
        if is_null(node) and type(None) in members:
            return None
        members = tuple(member for member in members if member is not type(None))
        if len(members) == 1:
            return self.read(node, members[0], where)
        for member in members:
            value = self._attempt(node, member, where)
            if value is not INVALID:
                return value
        fitting = [member for member in members if isinstance(node, Listing) and get_origin(member) in _LISTS]
        return self.read(node, fitting[0], where) if fitting else self.refuse(node, annotation, where)

    def _attempt(self, node: Node, annotation: Any, where: str) -> Any:
        kept, self.complaints = self.complaints, Complaints()
        try:
            value = self.read(node, annotation, where)
            return INVALID if self.complaints else value
        finally:
            self.complaints = kept

    def _read_list(self, node: Node, annotation: Any, where: str) -> Any:
        if not isinstance(node, Listing):
            hint = " (write it in brackets)" if isinstance(node, Scalar) and node.value is not None else ""
            return self.refuse(node, annotation, where, hint)
        arguments = get_args(annotation)
        is_tuple = (get_origin(annotation) or annotation) is tuple
        if is_tuple and arguments and Ellipsis not in arguments:
            if len(arguments) != len(node.items):
                return self.refuse(node, annotation, where)
            kinds: Iterator[Any] = iter(arguments)
        else:
            kinds = iter([arguments[0] if arguments else Any] * len(node.items))
        values = [
            self.read(item, kind, f"{where}[{i}]") for i, (item, kind) in enumerate(zip(node.items, kinds, strict=True))
        ]
        if any(value is INVALID for value in values):
            return INVALID
        return tuple(values) if is_tuple else values

    def _read_dict(self, node: Node, annotation: Any, where: str) -> Any:
        if is_null(node):
            return {}
        if not isinstance(node, Mapping):
            return self.refuse(node, annotation, where)
        key_kind, kind = get_args(annotation) or (str, Any)
        known = get_args(key_kind) if get_origin(key_kind) is Literal else None
        values = {}
        for key, child in node.entries.items():
            self.keys[f"{where}.{key}"] = key
            if known is not None and key not in known:
                hint = did_you_mean(key, known) or f" (known here: {', '.join(known)})"
                self.complaints.add(child.location, where, f'unknown key "{key}"{hint}')
                values[key] = INVALID
            else:
                values[key] = self.read(child, kind, f"{where}.{key}")
        return INVALID if any(value is INVALID for value in values.values()) else values


def is_null(node: Node) -> bool:
    """Whether the node is YAML's null."""
    return isinstance(node, Scalar) and node.value is None


def show(node: Node) -> str:
    """The node's value as a complaint quotes it."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Listing):
        return f"a list of {len(node.items)}" if node.items else "an empty list"
    if node.value is None:
        return "nothing (null)"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    text = str(node.value)
    text = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    return f'"{text}"' if isinstance(node.value, str) else text


def describe(annotation: Any) -> str:
    """The annotation in a user's words."""
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if origin is typing.Annotated:
        return describe(arguments[0])
    if origin in (Union, types.UnionType):
        return join_words(describe(member) for member in arguments if member is not type(None))
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin is tuple and arguments and Ellipsis not in arguments:
        return f"a list of {len(arguments)} {_plural(arguments[0])}"
    if origin in _LISTS:
        return f"a list of {_plural(arguments[0])}" if arguments else "a list"
    if origin in _DICTS:
        return "a mapping"
    if annotation in (None, type(None)):
        return "null"
    return _NAMES.get(origin, "a mapping of keys")


def _plural(annotation: Any) -> str:
    kind = get_args(annotation)[0] if get_origin(annotation) is typing.Annotated else annotation
    return _PLURALS.get(kind, "values")


def _number_in(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number == int(number) and abs(number) <= _LARGEST else number
