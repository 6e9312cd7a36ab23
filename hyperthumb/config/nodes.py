"""YAML text to a tree that knows the line of every key.

PyYAML parses; what its values mean is decided here, by the rules of YAML 1.2: `2e-4` is a number, `yes` is a word.
Nothing in a file can run code: of all tags only those of the plain types (`!!float`, `!!int`, `!!str` ...) exist.
A value that is complained of here is `refused`: who reads it further has nothing to add.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from hyperthumb.base.wording import join_words

from .complaints import Complaints, Location

Value: TypeAlias = bool | int | float | str | None

# Aliases may share settings; a few lines of nested ones could also stand for billions. No options file comes near this.
_MAX_NODES = 20_000
_MAX_DEPTH = 50
_LONGEST_NUMBER = 100
_TAG_PREFIX = "tag:yaml.org,2002:"
_PLAIN = "plain"

_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL", "None"), None),
    **dict.fromkeys(("true", "True"), True),
    **dict.fromkeys(("false", "False"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

# What PyYAML says, and what is mostly meant by it.
_HINTS = (
    (r"'\t' that cannot start", "indent with spaces, not with tabs"),
    (r"that cannot start any token", "a value that begins with such a character goes in quotes"),
    (r"mapping values are not allowed", "keys of one section begin in one column; values with colons go in quotes"),
    (r"found unexpected end of stream", "a quotation mark or a bracket is not closed"),
    (r"expected ',' or", "a bracket is not closed"),
    (r"found another document", "a file holds one set of options, without a line of ---"),
)  # fmt: skip


@dataclass
class Scalar:
    """A single value.

    Attributes:
        value: what it means.
        location: the line of its key.
        written: what the file says where that is something else, before variables were expanded.
        refused: whether it was complained of already.
    """

    value: Value
    location: Location
    written: str = ""
    refused: bool = False


@dataclass
class Listing:
    """A list of nodes."""

    items: list[Node]
    location: Location


@dataclass
class Mapping:
    """Keys with nodes. A node's location is the line of its key."""

    entries: dict[str, Node]
    location: Location


Node: TypeAlias = Scalar | Listing | Mapping


def is_refused(node: Node) -> bool:
    """Whether the node was complained of already."""
    return isinstance(node, Scalar) and node.refused


def plain(node: Node) -> object:
    """The node's value as None, bool, int, float, str, lists and dicts of those."""
    if isinstance(node, Mapping):
        return {key: plain(child) for key, child in node.entries.items()}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return node.value


def plain_at(node: Node | None, key: str) -> object:
    """The plain value under a mapping's key; None when there is no such key, or no mapping."""
    child = node.entries.get(key) if isinstance(node, Mapping) else None
    return plain(child) if child is not None else None


def read_plain_scalar(text: str) -> Value:
    """What an unquoted YAML scalar means: null, a boolean, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))
    if _NUMBER.fullmatch(text):
        return float(text)
    if _SPECIAL_NUMBER.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return text


def parse(text: str, file: str, complaints: Complaints) -> Mapping:
    """Parse an options file's text.

    Duplicate keys, foreign tags and merge keys are collected in `complaints`.

    Raises:
        OptionsError: when the text is no YAML at all, or not a mapping of keys: nothing more can be said then.
    """
    start = Location(file, 1)
    node = _Converter(complaints).convert(_compose(text, start, complaints), start)
    if isinstance(node, Scalar) and node.value is None:
        node = Mapping({}, start)
    if not isinstance(node, Mapping):
        complaints.add(start, "", "an options file is a mapping of keys (`name: ...`), not a list or a single value")
        complaints.raise_if_any()
    assert isinstance(node, Mapping)
    return node


def parse_value(text: str, location: Location, complaints: Complaints) -> Node:
    """Parse a value given outside of a file; every part of it gets the same `location`.

    Raises:
        OptionsError: when the text is no YAML.
    """
    return _Converter(complaints).convert(_compose(text, location, complaints), location)


class _Loader(yaml.SafeLoader):
    """PyYAML's parser without its opinions about what a scalar means."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else f"{_TAG_PREFIX}str"
        return f"{_TAG_PREFIX}{'map' if kind is yaml.MappingNode else 'seq'}"


def _compose(text: str, location: Location, complaints: Complaints) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except RecursionError:
        complaints.add(Location(location.file), "", f"it is nested more than {_MAX_DEPTH} levels deep")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if location.line else 0
        problem = f"the character U+{error.character:04X} is not allowed"
        complaints.add(Location(location.file, line), "", f"this is not valid YAML: {problem}")
    except yaml.YAMLError as error:
        mark, begin = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None and location.line else location.line
        problem = ", ".join(filter(None, (getattr(error, "context", None), getattr(error, "problem", None))))
        since = f" (it begins on line {begin.line + 1})" if begin is not None and location.line else ""
        hint = next((f"; {hint}" for pattern, hint in _HINTS if pattern in problem), "")
        complaints.add(Location(location.file, line), "", f"this is not valid YAML: {problem or error}{since}{hint}")
    complaints.raise_if_any()
    raise AssertionError("unreachable")


class _Converter:
    """Turns PyYAML's nodes into ours."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._count = 0
        self._open: list[yaml.Node] = []

    def convert(self, node: yaml.Node | None, location: Location, where: str = "") -> Node:
        """Our node for PyYAML's; `location` is the line of its key, `where` its dotted path."""
        self._count += 1
        if node is None:
            return Scalar(None, location)
        problem = ""
        if node in self._open:
            problem = "this alias stands for itself"
        elif len(self._open) > _MAX_DEPTH:
            problem, where = f"it is nested more than {_MAX_DEPTH} levels deep", re.split(r"[.\[]", where)[0]
        elif self._count > _MAX_NODES:
            problem, where = f"there are more than {_MAX_NODES} values in one file", ""
        if problem:
            self._complaints.add(location, where, problem)
            self._complaints.raise_if_any()
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, location, where)
            if isinstance(node, yaml.SequenceNode):
                return self._listing(node, location, where)
            assert isinstance(node, yaml.ScalarNode)
            return self._scalar(node, location, where)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, location: Location, where: str) -> Mapping | Scalar:
        if node.tag != f"{_TAG_PREFIX}map":
            return self._refuse_tag(node, location, where)
        mapping = Mapping({}, location)
        for key_node, value_node in node.value:
            at = self._line(key_node, location)
            key = str(key_node.value)
            if not isinstance(key_node, yaml.ScalarNode):
                self._complaints.add(at, where, "a key is a single word, not a list or a mapping")
            elif key_node.tag == _PLAIN and key == "<<":
                self._complaints.add(
                    at, where, "merge keys (<<) are not supported; inherit from a file with `base: other.yml`"
                )
            elif key in mapping.entries:
                first = mapping.entries[key].location
                self._complaints.add(at, where, f'the key "{key}" is here twice; it stands at {first} already')
            else:
                mapping.entries[key] = self.convert(value_node, at, f"{where}.{key}" if where else key)
        return mapping

    def _listing(self, node: yaml.SequenceNode, location: Location, where: str) -> Listing | Scalar:
        if node.tag != f"{_TAG_PREFIX}seq":
            return self._refuse_tag(node, location, where)
        items = [self.convert(item, self._line(item, location), f"{where}[{i}]") for i, item in enumerate(node.value)]
        return Listing(items, location)

    def _scalar(self, node: yaml.ScalarNode, location: Location, where: str) -> Scalar:
        text = str(node.value)
        if "\0" in text:
            return self._refuse(location, where, "no text or name can hold a zero character")
        if node.tag == _PLAIN:
            return Scalar(read_plain_scalar(text), location)
        kind = node.tag.removeprefix(_TAG_PREFIX)
        types: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}
        if not node.tag.startswith(_TAG_PREFIX) or kind not in types:
            return self._refuse_tag(node, location, where)
        value = text if kind == "str" else read_plain_scalar(text)
        if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not types[kind]:
            return self._refuse(location, where, f'"{text}" is not what its tag !!{kind} says')
        return Scalar(value, location)

    def _refuse_tag(self, node: yaml.Node, location: Location, where: str) -> Scalar:
        tag = node.tag.replace(_TAG_PREFIX, "!!")
        allowed = join_words(("!!float", "!!int", "!!str", "!!bool", "!!null"), "and")
        return self._refuse(location, where, f"the tag {tag} is not allowed (only {allowed} are)")

    def _refuse(self, location: Location, where: str, problem: str) -> Scalar:
        self._complaints.add(location, where, problem)
        return Scalar(None, location, refused=True)

    @staticmethod
    def _line(node: yaml.Node, location: Location) -> Location:
        return Location(location.file, node.start_mark.line + 1) if location.line else location
