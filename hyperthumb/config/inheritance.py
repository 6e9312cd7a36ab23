"""One file's settings from several places: its own, those of its `base:`, and those forced on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .complaints import Complaints, Location
from .tree import REFUSED, Items, Section, join
from .yaml_text import parse, parse_value

VARIABLE = "HYPERTHUMB_DATA"
VARIABLE_DEFAULT = "datasets"
_VARIABLE_USE = re.compile(r"\$\{([^}]*)\}?")
_MAX_BYTES = 1_000_000
"""Of an options file; what is larger is something else that was named by mistake."""


def read_tree(path: Path, complaints: Complaints) -> Section:
    """The tree of an options file, merged over the one its `base:` names (relative to the file itself).

    Raises:
        OptionsError: when the file, or its base, cannot be read, is no YAML, or may not be inherited from: without all
            settings, every other complaint would mislead.
    """
    tree = _read_file(path, Location(str(path)), complaints)
    if not tree:
        complaints.add(Location(str(path)), "", "there are no settings in this file")
        complaints.raise_if_any()
    base_path = _base_of(tree, path, complaints)
    if base_path is None:
        return tree
    base = _read_file(base_path, tree.places["base"], complaints)
    if "base" in base:
        message = f"inheritance has one level: {path} inherits from this file, so it cannot have a base of its own"
        complaints.add(base.places["base"], "base", message)
        complaints.raise_if_any()
    return merge(base, tree.select(key for key in tree if key != "base"))


def _base_of(tree: Section, path: Path, complaints: Complaints) -> Path | None:
    if "base" not in tree:
        return None
    named, location = tree["base"], tree.places["base"]
    if not isinstance(named, str):
        if named is not REFUSED:
            complaints.add(location, "base", "wants one file name")
        complaints.raise_if_any()
    base = path.parent / str(named)
    if base.resolve() == path.resolve():
        complaints.add(location, "base", "a file cannot inherit from itself")
        complaints.raise_if_any()
    return base


def merge(base: Section, over: Section) -> Section:
    """`over` on top of `base`: mappings merge key by key, lists and single values replace.

    A mapping with another `type` than its counterpart replaces it whole: the arguments of one class mean nothing to
    another.
    """
    merged = base.select(base)
    merged.location = over.location
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Section) and isinstance(below, Section) and not _types_differ(below, value):
            value = merge(below, value)
        merged.put(key, value, over.places[key])
    return merged


def force_settings(tree: Section, entries: Sequence[str], complaints: Complaints) -> None:
    """Write `--force_yml` entries (`train:total_iter=100`) into the tree, in order."""
    for entry in entries:
        location = Location(f"--force_yml {entry}")
        path, equals, text = entry.partition("=")
        keys = [key.strip() for key in path.split(":")]
        if not equals or not all(keys):
            complaints.add(location, "", "wants key:key=value, such as train:total_iter=100")
            continue
        if keys[0] == "base":
            complaints.add(location, "", "a file's base cannot be changed here; -opt names another file")
            continue
        parent = tree
        for key in keys[:-1]:
            if not isinstance(parent.get(key), Section):
                parent.put(key, Section(location), location)
            parent = parent[key]
        parent.put(keys[-1], parse_value(text, location, complaints), location)


def expand_variables(tree: Section, environment: Mapping[str, str], complaints: Complaints) -> dict[str, str]:
    """Replace `${HYPERTHUMB_DATA}` inside of text by the folder that holds the data sets (default `datasets`).

    Returns:
        What stands in the file, by what it became.
    """
    folder = environment.get(VARIABLE) or VARIABLE_DEFAULT
    written: dict[str, str] = {}

    def expand(value: Any, location: Location, where: str) -> Any:
        if isinstance(value, Section):
            for key, child in value.items():
                value[key] = expand(child, value.places[key], join(where, key))
        elif isinstance(value, Items):
            value[:] = [expand(item, at, where) for item, at in zip(value, value.places, strict=True)]
        elif isinstance(value, str) and "${" in value:
            unknown = [use[0] for use in _VARIABLE_USE.finditer(value) if use[0] != f"${{{VARIABLE}}}"]
            for use in unknown:
                complaints.add(location, where, f"{use} is unknown; the one variable is ${{{VARIABLE}}}")
            expanded = value.replace(f"${{{VARIABLE}}}", folder)
            written[expanded] = value
            return REFUSED if unknown else expanded
        return value

    expand(tree, tree.location, "")
    return written


def _read_file(path: Path, named_at: Location, complaints: Complaints) -> Section:
    where, name = ("base", str(path)) if named_at.line else ("", "it")
    data = b""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) <= _MAX_BYTES:
            return parse(data.decode("utf-8"), str(path), complaints)
        complaints.add(named_at, where, f"{name} is larger than 1 MB: no options file")
    except FileNotFoundError:
        complaints.add(named_at, where, f"there is no file {path}" if where else "there is no such file")
    except OSError as error:
        complaints.add(named_at, where, f"cannot read {name}: {error.strerror}")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"this is not text in UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8, if it is text at all"
        complaints.add(Location(str(path), line), "", problem)
    complaints.raise_if_any()
    raise AssertionError("unreachable")


def _types_differ(base: Section, over: Section) -> bool:
    return "type" in base and "type" in over and base["type"] != over["type"]
