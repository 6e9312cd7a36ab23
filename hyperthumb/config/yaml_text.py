"""YAML text to sections, lists and values, and back.

PyYAML parses. What unquoted words mean follows YAML 1.2: `2e-4` is a number, `yes` is a word. Of all tags only those of
the plain types exist (`!!float`, `!!int`, `!!str` ...), so nothing in a file can run code.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from hyperthumb.base.wording import join_words

from .complaints import Complaints, Location
from .tree import REFUSED, Items, Section

# Aliases may share settings; a few lines of nested ones could also stand for billions. No options file comes near this.
_MAX_NODES = 20_000
_MAX_DEPTH = 50
_TAG = "tag:yaml.org,2002:"

# What PyYAML says, and what is mostly meant by it.
_HINTS = (
    (r"'\t' that cannot start", "indent with spaces, not with tabs"),
    (r"that cannot start any token", "put a value that starts with such a character in quotes"),
    (r"mapping values are not allowed", "keys of one section start in one column; put values with colons in quotes"),
    (r"found unexpected end of stream", "a quotation mark or a bracket is not closed"),
    (r"expected ',' or", "a bracket is not closed"),
    (r"found another document", "a file holds one set of options, without a line of ---"),
)  # fmt: skip


class _Resolver(BaseResolver):
    """What unquoted words mean. A number of more than 100 characters is a word: it would only take time to convert."""


for _kind, _pattern, _first in (
    ("null", r"(~|null|Null|NULL|None|)\Z", ["~", "n", "N", ""]),
    ("bool", r"(true|True|false|False)\Z", "tTfF"),
    ("int", r"(?=.{1,100}\Z)([-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)\Z", "-+0123456789"),
    (
        "float",
        r"(?=.{1,100}\Z)([-+]?((\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))|\.(nan|NaN|NAN))\Z",
        "-+.0123456789",
    ),
    ("merge", r"<<\Z", "<"),
):
    _Resolver.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(_pattern), list(_first))


class _Loader(Reader, Scanner, Parser, Composer, _Resolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)


def parse(text: str, file: str, complaints: Complaints) -> Section:
    """Parse an options file's text.

    Duplicate keys, foreign tags and merge keys are collected in `complaints`.

    Raises:
        OptionsError: when the text is no YAML at all, or not a mapping of keys: nothing more can be said then.
    """
    start = Location(file, 1)
    value = _Converter(complaints).convert(_compose(text, start, complaints), start)
    if value is None:
        return Section(start)
    if not isinstance(value, Section):
        complaints.add(start, "", "an options file is a mapping of keys (`name: ...`), not a list or a single value")
        complaints.raise_if_any()
    assert isinstance(value, Section)
    return value


def parse_value(text: str, location: Location, complaints: Complaints) -> Any:
    """Parses a value given outside of a file; every part of it gets the same `location`. Raises as `parse`."""
    return _Converter(complaints).convert(_compose(text, location, complaints), location)


def to_yaml(value: Any) -> str:
    """Plain values as YAML that `parse` reads back, lists of plain values in brackets."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True))


def _compose(text: str, location: Location, complaints: Complaints) -> yaml.Node | None:
    try:
        return _Loader(text).get_single_node()
    except RecursionError:
        complaints.add(Location(location.file), "", f"it is nested more than {_MAX_DEPTH} levels deep")
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if location.line else 0
        problem = f"the character U+{error.character:04X} is not allowed"
        complaints.add(Location(location.file, line), "", f"this is not valid YAML: {problem}")
    except yaml.YAMLError as error:
        mark, begin = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None and location.line else location.line
        problem = ", ".join(filter(None, (getattr(error, "context", None), getattr(error, "problem", None))))
        since = f" (it starts on line {begin.line + 1})" if begin is not None and location.line else ""
        hint = next((f"; {hint}" for pattern, hint in _HINTS if pattern in problem), "")
        complaints.add(Location(location.file, line), "", f"this is not valid YAML: {problem or error}{since}{hint}")
    complaints.raise_if_any()
    raise AssertionError("unreachable")


class _Converter:
    """Turns PyYAML's nodes into sections, lists and values."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._count = 0
        self._open: list[yaml.Node] = []

    def convert(self, node: yaml.Node | None, location: Location, where: str = "") -> Any:
        """What the node means; `location` is the line of its key, `where` its dotted path."""
        self._count += 1
        if node is None:
            return None
        problem = ""
        if node in self._open:
            problem = "this alias refers to itself"
        elif len(self._open) > _MAX_DEPTH:
            problem, where = f"it is nested more than {_MAX_DEPTH} levels deep", re.split(r"[.\[]", where)[0]
        elif self._count > _MAX_NODES:
            problem, where = f"there are more than {_MAX_NODES} values in one file", ""
        if problem:
            self._complaints.add(location, where, problem)
            self._complaints.raise_if_any()
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
                return self._section(node, location, where)
            if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
                places = [_line(item, location) for item in node.value]
                items = zip(node.value, places, strict=True)
                return Items((self.convert(item, at, f"{where}[{i}]") for i, (item, at) in enumerate(items)), places)
            return self._scalar(node, location, where)
        finally:
            self._open.pop()

    def _section(self, node: yaml.MappingNode, location: Location, where: str) -> Section:
        section = Section(location)
        for key_node, value_node in node.value:
            at, key = _line(key_node, location), str(key_node.value)
            if not isinstance(key_node, yaml.ScalarNode):
                self._complaints.add(at, where, "a key must be a single word, not a list or a mapping")
            elif key_node.tag == f"{_TAG}merge":
                hint = "inherit from a file with `base: other.yml`"
                self._complaints.add(at, where, f"merge keys (<<) are not supported; {hint}")
            elif key in section:
                first = section.places[key]
                self._complaints.add(at, where, f'the key "{key}" is given twice; the first one is at {first}')
            else:
                section.put(key, self.convert(value_node, at, f"{where}.{key}" if where else key), at)
        return section

    def _scalar(self, node: yaml.Node, location: Location, where: str) -> Any:
        text, kind = str(node.value), node.tag.removeprefix(_TAG)
        meant = _meaning(text)
        if not isinstance(node, yaml.ScalarNode) or kind not in ("str", "int", "float", "bool", "null", "merge"):
            allowed = join_words(("!!float", "!!int", "!!str", "!!bool", "!!null"), "and")
            problem = f"the tag {node.tag.replace(_TAG, '!!')} is not allowed (only {allowed} are)"
        elif "\0" in text:
            problem = "text and names cannot hold a zero character"
        elif kind not in ("str", meant) and (kind, meant) != ("float", "int"):
            problem = f'"{text}" is not what its tag !!{kind} says'
        else:
            return _value(text, kind)
        self._complaints.add(location, where, problem)
        return REFUSED


def _meaning(text: str) -> str:
    """The type that an unquoted word has."""
    return _Resolver().resolve(yaml.ScalarNode, text, (True, False)).removeprefix(_TAG)


def _value(text: str, kind: str) -> bool | int | float | str | None:
    if kind == "null":
        return None
    if kind == "bool":
        return text in ("true", "True")
    if kind == "int":
        return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if kind == "float" else text


def _line(node: yaml.Node, location: Location) -> Location:
    return Location(location.file, node.start_mark.line + 1) if location.line else location


class _Dumper(yaml.SafeDumper):
    """Quotes what our loader, or PyYAML's own, would take for something else than text; shares nothing by aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if _meaning(text) == "str" else "'"
    if not frozenset("\x85\u2028\u2029").isdisjoint(text):  # only double quotes escape these
        style = '"'
    return dumper.represent_scalar(f"{_TAG}str", text, style=style)


def _represent_list(dumper: _Dumper, items: list[Any]) -> yaml.SequenceNode:
    simple = all(not isinstance(item, (dict, list)) for item in items)
    return dumper.represent_sequence(f"{_TAG}seq", items, flow_style=simple)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
